"""The embedded Label Studio's programs: installed once for each user."""

import contextlib
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from seeds.base.errors import InputError
from seeds.base.locks import acquire
from seeds.base.storage import write_text

Say = Callable[[str], None]

VERSION = "1.23.2"  # earlier ones carry SSRF, XSS and token-leak CVEs
REPORT_SECONDS = 10  # between two progress lines
_COMPLETE = "complete"  # written last, so an environment without it is half-made


def home() -> Path:
    """The server's virtual environment: one for each user, shared by all workspaces."""
    own = os.environ.get("CLASSIFY_SERVER_HOME")
    if own:
        return Path(own).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "classify" / f"label-studio-{VERSION}"


def install(say: Say) -> Path:
    """The label-studio command, installed on first use: 2 minutes, 1 GB.

    Raises:
        InputError: pip failed; shows its last lines and where the rest is.
    """
    where = home()
    command = where / "bin" / "label-studio"
    make_folder(where.parent, 0o755, "Choose another folder with CLASSIFY_SERVER_HOME.")
    with alone(where.with_name(f"{where.name}.lock"), say, "installed"):
        if (where / _COMPLETE).is_file():
            return command
        shutil.rmtree(where, ignore_errors=True)
        say(f"Installing Label Studio {VERSION} into {where} (once; about 2 minutes, 1 GB).")
        log = where.with_name(f"{where.name}.log")
        log.unlink(missing_ok=True)
        _run([sys.executable, "-m", "venv", str(where)], log, say)
        pip = [str(where / "bin" / "python"), "-m", "pip", "install", "--no-input"]
        _run([*pip, f"label-studio=={VERSION}"], log, say)
        write_text(where / _COMPLETE, f"label-studio {VERSION}\n")
    return command


def _run(command: list[str], log: Path, say: Say) -> None:
    """Run one step of the installation, its output added to a log."""
    began = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(REPORT_SECONDS)
                break
            say(f"Installing Label Studio: {time.monotonic() - began:.0f} s")
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise InputError(
            f"Label Studio {VERSION} could not be installed: {last_lines(log)} "
            f"The whole output is in {log}. Mend that, then run this again."
        )


def make_folder(folder: Path, mode: int, hint: str) -> None:
    """A folder with those above it.

    Raises:
        InputError: it can't be made.
    """
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}. {hint}") from error


@contextlib.contextmanager
def alone(path: Path, say: Say, done: str) -> Iterator[None]:
    """One command at a time; the next waits. The kernel frees the lock when a process dies."""
    with path.open("a") as file:
        if not acquire(file):
            say(f"Label Studio is being {done} by another command; waiting for it.")
            acquire(file, patience=math.inf)
        yield


def last_lines(log: Path) -> str:
    """The last three lines of a log that say something, as one."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join([line.strip() for line in lines if line.strip()][-3:])
