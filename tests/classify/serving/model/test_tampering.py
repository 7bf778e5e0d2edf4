"""Weights that are written to after they were loaded are noticed; what leaves them alone is not."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from classify.serving.model.tampering import LoadedWeights


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with two files of weights, and another file."""
    (tmp_path / "encoder").mkdir()
    for name in ("model.safetensors", "encoder/model.onnx", "report.html"):
        (tmp_path / name).write_bytes(b"weights of " + name.encode())
    hashes = {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("model.safetensors", "encoder/model.onnx", "report.html")
    }
    (tmp_path / "manifest.json").write_text(json.dumps(hashes), "utf-8")
    time.sleep(0.02)  # the clock of files ticks every few milliseconds
    return tmp_path


@pytest.fixture
def weights(run: Path) -> LoadedWeights:
    """They have just been loaded."""
    opened = LoadedWeights(run)
    opened.note_hashes()
    return opened


def overwrite(file: Path, content: bytes) -> None:
    """Write into a file as it is."""
    with file.open("r+b") as opened:
        opened.write(content)


@pytest.mark.parametrize("name", ["model.safetensors", "encoder/model.onnx"])
def test_weights_that_are_overwritten_in_place_are_noticed(
    run: Path, weights: LoadedWeights, name: str
) -> None:
    assert weights.find_altered() is None
    overwrite(run / name, b"W")
    assert weights.find_altered() == run / name


def test_a_date_that_is_put_back_hides_nothing(run: Path, weights: LoadedWeights) -> None:
    file = run / "model.safetensors"
    before = file.stat()
    overwrite(file, b"W")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert weights.find_altered() == file


def test_weights_that_are_cut_short_are_noticed(run: Path, weights: LoadedWeights) -> None:
    os.truncate(run / "model.safetensors", 3)
    assert weights.find_altered() == run / "model.safetensors"


def test_what_changes_no_byte_of_the_weights_goes_unnoticed(
    run: Path, weights: LoadedWeights
) -> None:
    """A copy over itself, other rights, another name, a new file in its place, another file."""
    file = run / "model.safetensors"
    overwrite(file, file.read_bytes())
    file.chmod(0o600)
    assert weights.find_altered() is None
    (run / "new").write_bytes(b"other weights")
    (run / "new").replace(file)
    (run / "encoder" / "model.onnx").unlink()
    (run / "report.html").write_text("changed", "utf-8")
    assert weights.find_altered() is None
