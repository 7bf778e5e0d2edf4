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
from seeds.base.settings import default_config
from seeds.base.storage import open_in_place, write_text

Notify = Callable[[str], None]

VERSION = "1.23.2"  # earlier ones carry SSRF, XSS and token-leak CVEs
PINS = "label-studio-constraints.txt"  # the versions of all it brings that were tested together
REPORT_SECONDS = 10  # between two progress lines
_COMPLETE = "complete"  # written last, so an environment without it is half-made


def home() -> Path:
    """Return the server's virtual environment: one for each user, shared by all workspaces."""
    chosen = os.environ.get("CLASSIFY_SERVER_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "classify" / f"label-studio-{VERSION}"


def install(notify: Notify) -> Path:
    """Install Label Studio on first use (2 minutes, 1 GB); return its command.

    Raises:
        InputError: pip failed; shows its last lines and where the rest is.
    """
    folder = home()
    command = folder / "bin" / "label-studio"
    make_folder(folder.parent, 0o755, "Choose another folder with CLASSIFY_SERVER_HOME.")
    with exclusive(folder.with_name(f"{folder.name}.lock"), notify, "installed"):
        if (folder / _COMPLETE).is_file():
            return command
        shutil.rmtree(folder, ignore_errors=True)
        notify(f"Installing Label Studio {VERSION} into {folder} (once; about 2 minutes, 1 GB).")
        log = folder.with_name(f"{folder.name}.log")
        log.unlink(missing_ok=True)
        _run([sys.executable, "-m", "venv", str(folder)], log, notify)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input"]
        pins = default_config(PINS)
        _run([*pip, "-c", str(pins), f"label-studio=={VERSION}"], log, notify)
        write_text(folder / _COMPLETE, f"label-studio {VERSION}\n")
    return command


def _run(command: list[str], log: Path, notify: Notify) -> None:
    """Run one step of the installation and append its output to a log.

    Raises:
        InputError: it failed.
    """
    began = time.monotonic()
    with open_in_place(log) as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(REPORT_SECONDS)
                break
            notify(f"Installing Label Studio: {time.monotonic() - began:.0f} s")
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise InputError(
            f"Label Studio {VERSION} could not be installed: {last_lines(log)} "
            f"The complete output is in {log}. Correct that, then run this again."
        )


def make_folder(folder: Path, mode: int, hint: str) -> None:
    """Make a folder, with its parents.

    Raises:
        InputError: it can't be made; ends with the hint.
    """
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}. {hint}") from error


@contextlib.contextmanager
def exclusive(path: Path, notify: Notify, action: str) -> Iterator[None]:
    """Let one command in at a time; the next waits. The kernel frees the lock of a dead process.

    Args:
        path: the lock file.
        notify: takes a line if this command has to wait.
        action: as in "Label Studio is being started".
    """
    with open_in_place(path) as file:
        if not acquire(file):
            notify(f"Label Studio is being {action} by another command; waiting for it.")
            acquire(file, patience=math.inf)
        yield


def last_lines(log: Path) -> str:
    """Return the last three lines of a log that are not blank, as one."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join([line.strip() for line in lines if line.strip()][-3:])
