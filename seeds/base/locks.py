"""One writing command at a time: the lock of a workspace."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from seeds.base.errors import InputError

_LOOK_SECONDS = 0.2  # between two looks at whether a workspace has become free


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
