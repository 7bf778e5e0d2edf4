"""Run folders from a stranger: loaded, or refused with one line."""

import contextlib
import copy
import hashlib
import io
import json
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from classify.commands.runs import list_
from seeds.base.errors import InputError
from tests.fuzz.choices import Choices, mutate, to_json
from tests.fuzz.readers import check_error, scratch_folder
from tests.support.corpus import dataset
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.runs.provenance import read_fold_predictions, read_run_split
from training.runs.run import load_run, save_run, verify_scores
from training.train import train

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,60}")  # that may be written here
_WEIGHTS, _MANIFEST = "model.safetensors", "manifest.json"


@cache
def sound_run() -> tuple[Path, dict[str, Any], bytes]:
    """Return a run's folder, its JSON files with the header of its weights, and their numbers."""
    recipe = replace(Recipe(), folds=2, curve_repeats=0)
    trained = train(dataset(30), "tfidf", recipe, TfidfSettings(buckets=8))
    path = save_run(scratch_folder() / "runs", trained)
    files = {file.name: json.loads(file.read_text()) for file in sorted(path.glob("*.json"))}
    del files[_MANIFEST]
    weights = (path / _WEIGHTS).read_bytes()
    size = int.from_bytes(weights[:8], "little")
    files[_WEIGHTS] = json.loads(weights[8 : 8 + size])
    return path, files, weights[8 + size :]


def check_run(data: bytes) -> None:
    """Load, verify, list and use a run whose files were changed and whose manifest fits them."""
    choices = Choices(data)
    _, files, numbers = sound_run()
    changed = mutate(copy.deepcopy(files), choices)
    run = scratch_folder() / "changed" / "runs" / "changed"
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    for name in ("README.md", "report.html"):
        (run / name).touch()
    if isinstance(changed, dict):
        for name, value in changed.items():
            if _NAME.fullmatch(name):
                _write(run / name, value, numbers, choices)
    _write_manifest(run, choices)
    _use(run)


def _write(path: Path, value: Any, numbers: bytes, choices: Choices) -> None:
    """Write a file of a run; the numbers of its weights follow their header."""
    content = to_json(value).encode("utf-8", "surrogatepass")
    if path.name == _WEIGHTS:
        size = len(content)
        if choices.below(16) == 1:
            size = choices.pick((0, size - 1, size + 1, 2**31, 2**64 - 1))
        content = size.to_bytes(8, "little") + content + numbers
    path.write_bytes(content)


def _write_manifest(run: Path, choices: Choices) -> None:
    """Write the manifest that fits, which may then be changed, too."""
    hashes: Any = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in run.iterdir()
    }
    if choices.below(16) == 1:
        hashes = mutate(hashes, choices)
    (run / _MANIFEST).write_bytes(to_json(hashes).encode("utf-8", "surrogatepass"))


def _use(run: Path) -> None:
    """Do with a run what commands do; each may refuse it."""
    for use in (_predict, read_run_split, read_fold_predictions, _list):
        try:
            use(run)
        except InputError as error:
            check_error(error)


def _predict(run: Path) -> None:
    """Load a run, verify it and ask it."""
    loaded = load_run(run)
    verify_scores(loaded)
    (prediction,) = loaded.predict(["Le film sort en salle."])
    assert all(0 <= p <= 1 for p in prediction.probabilities.values())


def _list(run: Path) -> None:
    """List the runs of its workspace, as `classify runs list` does."""
    assert list_.callback
    with contextlib.redirect_stdout(io.StringIO()) as output:
        list_.callback("text", run.parents[1])
    assert output.getvalue().count("\n") == 1
