"""Records on disk: JSON lines read with their place, every write atomic, one writer at a time."""

import contextlib
import fcntl
import glob
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from seeds.errors import InputError

_LOOK_SECONDS = 0.2  # between two looks at whether a workspace has become free
_STALE_SECONDS = 3600  # a temporary file untouched for so long belongs to no living command


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


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; the file appears whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[Any]:
    """A binary file to write that takes the path's place only once it is whole and on disk.

    On any error, Ctrl-C included, the old file stays and the temporary one goes. The mode is
    narrowed by the user's umask.

    Raises:
        InputError: the disk is full, or the folder can't be written to.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode & ~_umask())
        temporary.replace(path)
        temporary = None
        sync(path.parent)
    except OSError as error:
        raise InputError(
            f"{path}: could not be written: {error.strerror or error}. "
            "What was there before is untouched; free some space or choose another folder."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what killed commands left of this file; a command still writing is left alone."""
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - stale.stat().st_mtime > _STALE_SECONDS:
                stale.unlink()


def readable(path: Path) -> None:
    """Give a file the mode that the user's umask leaves a new one; some libraries write 0600."""
    path.chmod(0o666 & ~_umask())


def _umask() -> int:
    """The user's umask, which can only be read by setting it."""
    now = os.umask(0o077)
    os.umask(now)
    return now


def sync(path: Path) -> None:
    """Make a file, or the renames in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(workspace: Path, task: str, *, patience: float = 0.0) -> Iterator[None]:
    """Hold the workspace for one writing command; the kernel frees it when the process dies.

    Args:
        workspace: the folder, made if missing.
        task: what is being done, for the message another command gets.
        patience: seconds to wait for another command, where nobody is there to try again.

    Raises:
        InputError: another command holds it; names that command and its process.
    """
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        file = (workspace / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{workspace}: {error.strerror or error}. Choose another folder with --workspace."
        ) from error
    with file:
        deadline = time.monotonic() + patience
        while not _got(file):
            if time.monotonic() < deadline:
                time.sleep(_LOOK_SECONDS)
                continue
            file.seek(0)
            holder = file.read().strip() or "another command"
            raise InputError(
                f"{workspace}: in use by {holder}. Wait until it ends, then run this again."
            )
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name
            os.truncate(file.fileno(), 0)
            os.write(file.fileno(), f"{task} (process {os.getpid()})".encode())
        yield


def _got(file: IO[str]) -> bool:
    """Whether the lock on a file is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
