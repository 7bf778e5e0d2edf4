"""JSON messages through a pipe, each behind its length: how the service and its processes talk."""

import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import IO, Any

LENGTH = struct.Struct(">I")  # bytes that follow


def packed(message: Any) -> bytes:
    """A message as it goes through the pipe; lone surrogates become question marks."""
    data = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    return LENGTH.pack(len(data)) + data


def read(file: IO[bytes]) -> Any:
    """The next message of a blocking pipe; None at its end."""
    head = file.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    data = file.read(size := LENGTH.unpack(head)[0])
    return json.loads(data) if len(data) == size else None


def sender() -> Callable[[Any], None]:
    """What sends messages from a process of ours, which from now on prints to standard error."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # of the whole service, which drains first
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no frame

    def send(message: Any) -> None:
        """Write it, all at once."""
        out.write(packed(message))
        out.flush()

    return send
