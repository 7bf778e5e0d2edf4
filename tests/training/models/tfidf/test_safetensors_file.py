"""Weights read without the safetensors library, held against the files that it writes."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from training.models.tfidf.safetensors_file import read_arrays


@pytest.mark.parametrize("in_memory", [10**6, 0])
def test_arrays_are_those_the_library_wrote(tmp_path: Path, in_memory: int) -> None:
    """Small files are read into memory, large ones mapped."""
    path = tmp_path / "model.safetensors"
    arrays = {
        "wide": np.arange(12, dtype=np.float32).reshape(3, 4),
        "none": np.zeros((0, 4), np.float32),
        "numbers": np.array([3, -1, 7], np.int32),
        "single": np.array(2.5),
    }
    save_file(arrays, path, metadata={"made": "by hand"})
    loaded = read_arrays(path, in_memory)
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype
        assert not loaded[name].flags.writeable
    mapped = str(path) in Path("/proc/self/maps").read_text()
    assert mapped == (in_memory == 0)


def test_weights_in_memory_do_not_follow_the_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a": np.ones(1000, np.float32)}, path)
    array = read_arrays(path)["a"]
    with path.open("r+b") as file:
        file.seek(-4000, 2)
        file.write(bytes(4000))
    assert array.sum() == 1000


def header(text: bytes) -> bytes:
    """Return a file with this header and room for a number."""
    return len(text).to_bytes(8, "little") + text + bytes(4)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 40,
        (20).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"xx",
        (64).to_bytes(8, "little")
        + b'{"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}'.ljust(64),
        (64).to_bytes(8, "little")
        + b'{"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}'.ljust(64)
        + bytes(4),
        header(b"[]"),
        header(b'{"a": ' + b"[" * 100_000 + b"}"),
        header(b'{"a": 5}'),
        header(b'{"a": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}'),
        header(b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}'),
        header(b'{"a": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}}'),
        header(b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}'),
        header(b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}'),
        header(b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1e400]}}'),
        header(b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}'),
        header(
            b'{"a": {"dtype": "F32", "shape": [' + b"9," * 9000 + b'9], "data_offsets": [0, 4]}}'
        ),
        header(b" " * 2_000_000),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"header|array|JSON|Expecting|decode"):
        read_arrays(path)
