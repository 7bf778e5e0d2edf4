"""JSON messages through a pipe, each after its length, between the service and its processes."""

import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import IO, Any

LENGTH = struct.Struct(">I")  # bytes that follow


def pack(message: Any) -> bytes:
    """Return a message as it goes through the pipe; lone surrogates become question marks."""
    content = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    return LENGTH.pack(len(content)) + content


def read(file: IO[bytes]) -> Any:
    """Return the next message of a blocking pipe, or None at its end."""
    head = file.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    content = file.read(size := LENGTH.unpack(head)[0])
    return json.loads(content) if len(content) == size else None


def take_stdout() -> Callable[[Any], None]:
    """Reserve this process's standard output for messages, and return the function that sends one.

    From then on, whatever prints writes to standard error. SIGTERM, which is meant for the whole
    service, is ignored: the service answers what it has accepted before it ends this process.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is not a message

    def send(message: Any) -> None:
        """Write a message, all at once; end this process if nobody is left to read it."""
        try:
            out.write(pack(message))
            out.flush()
        except BrokenPipeError:
            os._exit(1)

    return send
