"""Files that appear whole or not at all: written aside, flushed, then renamed."""

import contextlib
import errno
import glob
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from seeds.base.errors import InputError

_STALE_SECONDS = 3600  # a temporary file untouched for so long belongs to no living command


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; the file appears whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[Any]:
    """Open a temporary binary file that replaces the path only once it is whole and on disk.

    On any error, Ctrl-C included, the old file stays and the temporary one is removed. The mode
    is narrowed by the user's umask.

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
            "An earlier file is untouched. Free some space, or choose another folder."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def open_in_place(path: Path, *, mode: int = 0o666, buffering: int = 0) -> IO[bytes]:
    """Open a file that grows where it stands, such as a lock or a log; it is made if missing.

    It can be read and written at its end. A link is never followed: whoever set it would have us
    write into a file of their choice.

    Args:
        path: the file.
        mode: of a new file, narrowed by the user's umask.
        buffering: as for `open`; by default a failed write is not tried again.

    Raises:
        InputError: it is a link, has a second name, or is no plain file.
        OSError: it can't be opened.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(path, flags, mode)
    except OSError as error:
        if error.errno == errno.ELOOP or path.is_symlink():
            raise _refuse_link(path) from error
        raise
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(handle)
        raise _refuse_link(path)
    return os.fdopen(handle, "a+b", buffering)


def _refuse_link(path: Path) -> InputError:
    return InputError(
        f"{path}: a link, or no plain file: writing to it could alter another file. Remove it, "
        "then run this again."
    )


def _sweep(path: Path) -> None:
    """Remove temporary files that killed commands left; spare those still being written."""
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - stale.stat().st_mtime > _STALE_SECONDS:
                stale.unlink()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def make_readable(path: Path) -> None:
    """Give a file the mode that the user's umask leaves a new one; some libraries write 0600."""
    path.chmod(0o666 & ~_umask())


def _umask() -> int:
    """Return the user's umask, which can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def sync(path: Path) -> None:
    """Make a file, or the renames in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
