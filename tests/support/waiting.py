"""Ports, and conditions to wait for."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], *, seconds: float = 60, what: str = "") -> Any:
    """Ask until the answer is true, and give it back; fail after the deadline."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        pause.wait(0.02)
    return pytest.fail(f"not within {seconds} s: {what or condition}")
