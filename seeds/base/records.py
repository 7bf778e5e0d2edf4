"""Records on disk: JSON lines, read with their line numbers."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from seeds.base.storage import replacing


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file of ours, each with its line number from 1.

    Raises:
        InputError: the file can't be read, or a line is not a JSON object.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, parse_record(line, f"{path}:{number}")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8. Save it as UTF-8.") from error


def parse_record(line: str, where: str) -> dict[str, Any]:
    """One JSON object.

    Raises:
        InputError: the line is something else.
    """
    try:
        record = json.loads(line, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON ({error}). Fix or remove the line.") from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: expected a JSON object. Fix or remove the line.")
    return record


def refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is not a JSON number")


def write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines; the file appears whole or not at all."""
    with replacing(path) as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
