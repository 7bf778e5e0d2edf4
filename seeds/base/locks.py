"""Lock files: one process at a time. The kernel frees a lock when its process dies."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from seeds.base.errors import InputError
from seeds.base.records import read_optional_object
from seeds.base.storage import open_in_place

UNFINISHED = ".unfinished"  # in a workspace: work that must be finished or undone before any other

_POLL_SECONDS = 0.2  # between two attempts to lock a file that another process holds
_LONGEST = 200  # bytes of a holder's name that are shown


def acquire(file: IO[Any], *, patience: float = 0.0) -> bool:
    """Lock an open file, until it is closed; return False if another process still holds it.

    Args:
        file: any open file; its content does not matter.
        patience: seconds to wait for the other process; `math.inf` waits for ever.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True


@contextlib.contextmanager
def locked(
    workspace: Path, task: str, *, patience: float = 0.0, finishes: bool = False
) -> Iterator[None]:
    """Reserve the workspace for one writing command.

    Args:
        workspace: the folder, made if missing.
        task: the command's name, for the message that another command gets.
        patience: seconds to wait for another command, where nobody is there to try again.
        finishes: the command can finish what a killed one has left half done.

    Raises:
        InputError: another command holds it; names that command and its process. Or its lock is a
            link to another file, or a killed command has left work half done.
    """
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        file = open_in_place(workspace / ".lock")
    except OSError as error:
        raise InputError(
            f"{workspace}: {error.strerror or error}. Choose another folder with --workspace."
        ) from error
    with file:
        if not acquire(file, patience=patience):
            file.seek(0)
            holder = file.read(_LONGEST).decode(errors="replace").strip() or "another command"
            raise InputError(
                f"{workspace}: in use by {holder}. Wait until it ends, then run this again."
            )
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name
            file.truncate(0)
            file.write(f"{task} (process {os.getpid()})".encode())
        if not finishes:
            _refuse_unfinished(workspace)
        yield


def _refuse_unfinished(workspace: Path) -> None:
    """Refuse to write into a workspace in which a killed command left something half done.

    Raises:
        InputError: says what it was and how it is finished, in that command's words.
    """
    record = read_optional_object(workspace / UNFINISHED, "Remove it.")
    if record is not None:
        raise InputError(f"{workspace}: {record.get('message')}")
