"""Weights read from a safetensors file with NumPy alone, whatever the file holds.

The format is the length, in 8 bytes, of a JSON header that says where each array lies in the rest
(https://huggingface.co/docs/safetensors).

Weights of up to 512 MB are read into memory: what happens to the file later changes no answer.
Larger ones are mapped, read as they are used and shared between processes. A file that is in use
must then be replaced, not written to.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seeds.base.errors import InputError

_TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}
_LONGEST_HEADER = 1_000_000  # bytes; a run has a few arrays
_DIMENSIONS = 4
_HUGE = 1e9  # no weight that was learned is as large, and scores would overflow
_IN_MEMORY = 512_000_000  # bytes


def read_arrays(path: Path, in_memory: int = _IN_MEMORY) -> dict[str, NDArray[Any]]:
    """Return the arrays of a safetensors file, read-only.

    Args:
        path: the file.
        in_memory: the most bytes that are read into memory; a larger file is mapped.

    Raises:
        ValueError: it is no such file, or holds another type.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        size, length = path.stat().st_size, int.from_bytes(file.read(8), "little")
        if not 0 < length <= min(size - 8, _LONGEST_HEADER):
            raise ValueError("its header is longer than the file, or than 1 MB")
        header = _parse_header(file.read(length))
        if size <= in_memory:
            data: NDArray[np.uint8] = np.frombuffer(file.read(), np.uint8)
        else:
            data = np.memmap(path, np.uint8, "r", offset=8 + length)
    return {name: _array(data, name, entry) for name, entry in header.items()}


def check_weights(*weights: NDArray[Any]) -> None:
    """Check that weights can be computed with.

    Raises:
        InputError: one is no float32, not finite or far too large.
    """
    for array in weights:
        lowest, highest = array.min(initial=0), array.max(initial=0)  # NaN where any is
        if array.dtype != np.float32 or not (lowest > -_HUGE and highest < _HUGE):
            raise InputError("the weights must be finite float32 numbers, below a billion")


def _parse_header(text: bytes) -> dict[str, Any]:
    """Return the entry of each array."""
    try:
        header = json.loads(text)
    except RecursionError as error:
        raise ValueError("its header is nested too deep") from error
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    header.pop("__metadata__", None)
    return header


def _array(data: NDArray[np.uint8], name: str, entry: Any) -> NDArray[Any]:
    """Return one array, at the place and of the type and shape that its entry gives."""
    try:
        kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        kind = np.dtype(_TYPES[kind])
        numbers = [begin, end, *shape[:_DIMENSIONS]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"array {name[:50]!r} has no known type, shape and place") from error
    if not all(type(number) is int and 0 <= number <= len(data) for number in numbers):
        raise ValueError(f"array {name[:50]!r} lies outside the file")
    if len(shape) > _DIMENSIONS or end - begin != math.prod(shape) * kind.itemsize:
        raise ValueError(f"array {name[:50]!r} is not as long as its shape says")
    return np.asarray(data[begin:end]).view(kind).reshape(shape)
