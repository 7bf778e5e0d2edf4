"""Records on disk: JSON lines with their line numbers, and JSON objects in small files."""

import errno
import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from seeds.base.storage import replacing

_LARGEST = 200_000_000  # bytes of a small file, all of which is in memory


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read the objects of a JSONL file of ours, each with its line number from 1.

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


def read_object(path: Path, remedy: str = "") -> dict[str, Any]:
    """Return the JSON object in a small file of ours.

    Args:
        path: the file.
        remedy: what the user can do if it can't be read, a sentence for the end of the message;
            "" where the caller adds one.

    Raises:
        InputError: the file is missing or unreadable, or is not UTF-8 or no JSON object.
    """
    record = read_optional_object(path, remedy)
    if record is None:
        raise _unreadable(path, os.strerror(errno.ENOENT), remedy)
    return record


def read_optional_object(path: Path, remedy: str = "") -> dict[str, Any] | None:
    """Return the JSON object in a small file of ours, or None if there is no such file.

    Raises:
        InputError: the file is unreadable, or is not UTF-8 or no JSON object.
    """
    try:
        status = path.stat()
        if status.st_size > _LARGEST:
            raise _unreadable(path, f"larger than {_LARGEST // 1_000_000} MB", remedy)
        if stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode):  # may never end
            raise _unreadable(path, "no plain file", remedy)
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error), remedy) from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"not UTF-8 (byte {error.start})", remedy) from error
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, f"not JSON ({error})", remedy) from error
    if not isinstance(record, dict):
        raise _unreadable(path, "expected a JSON object", remedy)
    return record


def _unreadable(path: Path, reason: str, remedy: str) -> InputError:
    return InputError(f"{path}: {reason}. {remedy}".rstrip())


def parse_record(line: str, where: str) -> dict[str, Any]:
    """Parse one JSON object.

    Raises:
        InputError: the line is no JSON object; the message begins with `where`.
    """
    try:
        record = json.loads(line, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON ({error}). Fix or remove the line.") from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: expected a JSON object. Fix or remove the line.")
    return record


def refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python reads although JSON has none."""
    raise ValueError(f"{name} is not a JSON number")


def write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines; the file appears whole or not at all."""
    with replacing(path) as file:
        for record in records:
            file.write(encode_record(record))


def encode_record(record: dict[str, Any]) -> bytes:
    """Return a record as a line of JSON."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
