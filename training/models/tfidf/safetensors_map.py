"""Weights mapped into memory from safetensors: read as they are used, shared between processes.

The library reads a file whole, one copy for each process. The format is the length, in 8 bytes, of
a JSON header that says where each array lies in the rest
(https://huggingface.co/docs/safetensors).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}


def map_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Map the arrays of a safetensors file into memory, read-only.

    Raises:
        ValueError, KeyError: it is no such file, or holds another type.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 0 < size <= path.stat().st_size - 8:
            raise ValueError("its header is longer than the file")
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    data = np.memmap(path, np.uint8, "r", offset=8 + size)
    arrays: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        if not 0 <= begin <= end <= len(data):
            raise ValueError(f"array {name} lies outside the file")
        part = np.asarray(data[begin:end])
        arrays[name] = part.view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays
