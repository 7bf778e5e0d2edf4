"""Lock files: one process at a time. The kernel frees a lock when its process dies."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from seeds.base.errors import InputError
from seeds.base.storage import open_in_place

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
def locked(workspace: Path, task: str, *, patience: float = 0.0) -> Iterator[None]:
    """Reserve the workspace for one writing command.

    Args:
        workspace: the folder, made if missing.
        task: the command's name, for the message that another command gets.
        patience: seconds to wait for another command, where nobody is there to try again.

    Raises:
        InputError: another command holds it; names that command and its process. Or its lock is a
            link to another file.
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
        yield
