"""The port of loopback that the embedded Label Studio gets, and the workspace that uses one."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seeds.base.errors import InputError

USUAL = range(8080, 8100)  # Label Studio's own port and those after it


def choose_port(port: int | None, last_url: str, usual: Sequence[int] = USUAL) -> tuple[int, str]:
    """Return a free port, and a note if it is not the one to be expected.

    Args:
        port: the one asked for; None takes the last one again, else the first usual one free.
        last_url: the address of the workspace's server when it ran last, "" if it never did.
        usual: the ports to choose from, in order.

    Raises:
        InputError: the port asked for is taken (says by whom), or all of the usual ones are.
    """
    if port is not None:
        if reason := _taken_reason(port):
            raise InputError(f"127.0.0.1:{port}: {reason}. {_advise(port)}")
        return port, ""
    expected = (urlsplit(last_url).port if last_url else None) or usual[0]
    for candidate in (expected, *usual):
        if not _taken_reason(candidate):
            if candidate == expected:
                return candidate, ""
            owner = find_owner(expected)
            by_owner = f" (by the server of {owner})" if owner else ""
            return candidate, f"port {expected} is taken{by_owner}; this server gets {candidate}"
    raise InputError(
        f"127.0.0.1: ports {usual[0]} to {usual[-1]} are all taken. Choose another with --port."
    )


def _taken_reason(port: int) -> str:
    """Return why a port can't be used; "" if it can.

    Label Studio itself would use the next port without a word.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            return str(getattr(error, "strerror", None) or error)
    return ""


def _advise(port: int) -> str:
    """Return what to do about a port that is taken."""
    owner = find_owner(port)
    if owner is None:
        return "Choose another port with --port."
    return (
        f"The server of {owner} listens there: stop it with `classify labels server stop "
        f"--workspace {owner}`, or choose another port with --port."
    )


def find_owner(port: int) -> Path | None:
    """Return the workspace whose embedded server was started on a port and runs, if any."""
    import psutil

    for process in psutil.process_iter(["cmdline", "cwd"]):
        facts: dict[str, Any] = process.info  # None for what may not be asked
        command, folder = facts["cmdline"] or [], facts["cwd"] or ""
        embedded = "--internal-host" in command and command[-2:] == ["--port", str(port)]
        if embedded and Path(folder).name == "label-studio":
            return Path(folder).parent
    return None
