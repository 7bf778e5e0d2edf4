"""JSON messages through a pipe, each behind its length: how the service and its worker talk."""

import json
import struct
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
