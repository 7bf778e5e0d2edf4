"""uvicorn's HTTP/1.1 protocol with what its defaults lack: deadlines, a limit of headers, a drain.

With the defaults (uvicorn 0.54) a half-sent request is held for ever, and so is an answer that
nobody reads; headers of any size are taken, and SIGTERM closes connections whose request is on its
way.
"""

import asyncio
import contextlib
import functools
import json
import socket
import struct
from dataclasses import dataclass
from typing import Any, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from classify.serving.http.problems import MEDIA_TYPE

try:
    import fcntl
    import termios
except ModuleNotFoundError:  # Windows
    termios = None  # type: ignore[assignment]

_INT = struct.Struct("i")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for 0 s
HEADERS = 64 * 1024  # bytes of a request before its body; browsers send 1 to 8 kB
LINGER = 0.5  # seconds that a connection without a request is kept open while the service drains
# A client that is refused before it has sent all hears of it only if the rest is taken, too.
DISCARD_SECONDS, DISCARD = 5.0, 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: for a request's line and headers, for a connection that is not used, for an answer.

    unread: in which a client reads nothing of what waits for it.
    """

    headers: float = 10.0
    idle: float = 30.0
    unread: float = 15.0


class Bounded(HttpToolsProtocol):
    """One connection.

    It is idle, or in a request's head, or in its body, or answering, or it discards the rest
    of a body whose answer was given before its end.
    """

    _state: Literal["idle", "head", "body", "answering", "discarding"] = "idle"
    _timer: asyncio.TimerHandle | None = None
    _reader: asyncio.TimerHandle | None = None
    _unread = 0  # bytes of an answer that waited for the client at the last look
    _count = 0  # bytes of the head, or of what is discarded
    _draining = False

    def __init__(self, deadlines: Deadlines, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._deadlines = deadlines

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first request its time."""
        super().connection_made(transport)
        self._after(self._deadlines.headers, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop()
        if self._reader:
            self._reader.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Watch whether the client reads."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """It does."""
        super().resume_writing()
        if self._reader:
            self._reader.cancel()

    def _watch(self) -> None:
        """Give up a client that does not read on, and what it was to get with it."""
        if self._reader:
            self._reader.cancel()
        self._unread = self._left()
        if self._unread:
            self._reader = self.loop.call_later(self._deadlines.unread, self._look)

    def _look(self) -> None:
        if self._left() < self._unread:
            self._watch()
        else:  # reset, or the system would go on keeping for it what it holds
            with contextlib.suppress(OSError, ValueError):
                sock = self.transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()

    def _left(self) -> int:
        """Bytes of answers that the client has not taken; those in the system's hands only on Unix.

        The system may hold megabytes, and takes more only once a good part of them is gone.
        """
        size = self.transport.get_write_buffer_size()
        if termios is not None:
            with contextlib.suppress(OSError, ValueError):  # it is closed
                file = self.transport.get_extra_info("socket").fileno()
                (held,) = _INT.unpack(fcntl.ioctl(file, termios.TIOCOUTQ, bytes(_INT.size)))
                size += held
        return size

    def data_received(self, data: bytes) -> None:
        """Count what is no part of a body that is wanted."""
        if self._state == "idle":
            self._state, self._count = "head", 0
            self._after(self._deadlines.headers, self._late)
        if self._state in ("head", "discarding"):
            self._count += len(data)
        state = self._state
        super().data_received(data)
        if state == self._state == "head" and self._count > HEADERS:
            self._refuse(b"431 Request Header Fields Too Large")
        if state == self._state == "discarding" and self._count > DISCARD:
            self._close()

    def on_headers_complete(self) -> None:
        """The body is watched over by `limits`."""
        self._stop()
        self._state = "body"
        super().on_headers_complete()
        if self._draining and self.cycle:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """All of it is there."""
        super().on_message_complete()
        self._state = "answering"
        if self.cycle and self.cycle.response_complete:
            self._rest()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the end of this one."""
        pipelined = bool(self.pipeline)
        super().on_response_complete()
        if pipelined:
            return
        if self.transport.is_closing():  # as the client wished; it may still have to read
            self._watch()
            return
        if self._state == "body":
            self._state, self._count = "discarding", 0
            self._after(DISCARD_SECONDS, self._close)
        else:
            self._rest()

    def shutdown(self) -> None:
        """Close, but for a request that may be on its way."""
        self._draining = True
        if self._state == "idle":
            self._rest()
        elif self.cycle:
            self.cycle.keep_alive = False

    def _rest(self) -> None:
        """Nothing is under way."""
        self._state = "idle"
        self._after(LINGER if self._draining else self._deadlines.idle, self._close)

    def _after(self, seconds: float, then: Any) -> None:
        self._stop()
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(seconds, then)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        """Tell a client that sends too slowly; one that sent nothing is left without a word."""
        if self._state == "head":
            self._refuse(b"408 Request Timeout")
        else:
            self._close()

    def send_400_response(self, msg: str) -> None:
        """Tell of what is no HTTP."""
        self._refuse(b"400 Bad Request")

    def _refuse(self, status: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(_refusal(status))
            self._close()

    def _close(self) -> None:
        self.transport.close()
        self._watch()


def _refusal(status: bytes) -> bytes:
    """An answer to what never became a request."""
    code, _, title = status.decode().partition(" ")
    record = {"type": "about:blank", "title": title, "status": int(code), "detail": _DETAILS[code]}
    body = json.dumps(record).encode()
    head = (
        f"HTTP/1.1 {status.decode()}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


_DETAILS = {
    "400": "this is not an HTTP/1.1 request, or its address is too long.",
    "408": "the request did not arrive in time. Send it again.",
    "431": f"a request's line and headers may have {HEADERS:,} bytes.",
}


def uvicorn_options(deadlines: Deadlines) -> dict[str, Any]:
    """What uvicorn must be told for it."""
    return {
        "http": functools.partial(Bounded, deadlines),
        "ws": "none",
        "timeout_keep_alive": 3600,  # a connection's own timer is shorter
        "server_header": False,
    }
