"""Functions with the faults that the fuzzer must notice."""

import time
from pathlib import Path


def fail(data: bytes) -> None:
    """Fail in two places."""
    if data[:1] == b"a":
        raise KeyError(data)
    if data:
        Path("/nowhere").read_bytes()


def spin(data: bytes) -> None:
    """Compute for longer than is allowed."""
    end = time.process_time() + 5.5
    while data == b"a" and time.process_time() < end:
        pass


def grow(data: bytes) -> None:
    """Take more memory than is allowed, for long enough to be seen."""
    memory = bytearray(1_200_000_000) if data else b""
    time.sleep(2 if memory else 0)
