"""Which port of loopback the embedded Label Studio gets, and which workspace's has it already."""

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seeds.base.errors import InputError

USUAL = range(8080, 8100)  # Label Studio's own port and those after it


def choose(port: int | None, last: str) -> tuple[int, str]:
    """A free port, and a note where it is not the one that was to be expected.

    Args:
        port: the one asked for; None takes the last one again, else the first usual one free.
        last: the address where the workspace's server listened before, "" if it never did.

    Raises:
        InputError: the port asked for is taken (says by whom), or all of the usual ones are.
    """
    if port is not None:
        if reason := _taken(port):
            raise InputError(f"127.0.0.1:{port}: {reason}. {_way_out(port)}")
        return port, ""
    wanted = (urlsplit(last).port if last else None) or USUAL[0]
    for each in (wanted, *USUAL):
        if not _taken(each):
            other = f"port {wanted} is taken{_by(wanted)}; this server gets {each}"
            return each, "" if each == wanted else other
    raise InputError(
        f"127.0.0.1: ports {USUAL[0]} to {USUAL[-1]} are all taken. Choose another with --port."
    )


def _taken(port: int) -> str:
    """Why a port can't be had; "" if it can. Label Studio would take the next without a word."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            return str(getattr(error, "strerror", None) or error)
    return ""


def _by(port: int) -> str:
    """Whose server listens there, in brackets, where that is known."""
    owner = holder(port)
    return f" (by the server of {owner})" if owner else ""


def _way_out(port: int) -> str:
    owner = holder(port)
    if owner is None:
        return "Choose another port with --port."
    return (
        f"The server of {owner} listens there: stop it with `classify labels server stop "
        f"--workspace {owner}`, or choose another port with --port."
    )


def holder(port: int) -> Path | None:
    """The workspace whose embedded server was started on a port and runs; None if none was."""
    import psutil

    for process in psutil.process_iter(["cmdline", "cwd"]):
        told: dict[str, Any] = process.info  # None for what may not be asked
        command, folder = told["cmdline"] or [], told["cwd"] or ""
        ours = "--internal-host" in command and command[-2:] == ["--port", str(port)]
        if ours and Path(folder).name == "label-studio":
            return Path(folder).parent
    return None
