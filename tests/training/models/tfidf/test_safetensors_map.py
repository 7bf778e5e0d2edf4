"""Mapped weights, held against the files that the safetensors library writes."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from training.models.tfidf.safetensors_map import map_arrays


def test_arrays_are_those_the_library_wrote_and_stay_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    arrays = {
        "wide": np.arange(12, dtype=np.float32).reshape(3, 4),
        "none": np.zeros((0, 4), np.float32),
        "numbers": np.array([3, -1, 7], np.int32),
        "single": np.array(2.5),
    }
    save_file(arrays, path, metadata={"made": "by hand"})
    loaded = map_arrays(path)
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype
        assert not loaded[name].flags.writeable
    assert "model.safetensors" in Path("/proc/self/maps").read_text()


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
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises((ValueError, KeyError)):
        map_arrays(path)
