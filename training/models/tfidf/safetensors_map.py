"""Weights mapped into memory from safetensors: read as they are used, shared between processes.

The library reads a file whole, a copy for each process. The format is a length, 8 bytes, of a JSON
header that says where in the rest each array lies (https://huggingface.co/docs/safetensors).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}


def mapped(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file, read-only.

    Raises:
        ValueError, KeyError: it is none, or holds another type.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 0 < size <= path.stat().st_size - 8:
            raise ValueError("its header is longer than the file")
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    data = np.memmap(path, np.uint8, "r", offset=8 + size)
    found: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        if not 0 <= first <= last <= len(data):
            raise ValueError(f"array {name} lies outside of it")
        part = np.asarray(data[first:last])
        found[name] = part.view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return found
