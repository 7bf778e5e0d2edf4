"""uvicorn's HTTP/1.1 protocol, with deadlines, a limit on headers and a graceful shutdown.

With uvicorn's defaults (0.54), a half-sent request stays open for ever, and so does an answer that
nobody reads; headers may have any size, and SIGTERM closes connections whose request is still on
its way.
"""

import asyncio
import contextlib
import functools
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from classify.serving.http.problems import MEDIA_TYPE

try:
    import fcntl
    import termios
except ModuleNotFoundError:  # Windows
    termios = None  # type: ignore[assignment]

_INT = struct.Struct("i")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for 0 s
HEADERS = 64 * 1024  # bytes of a request before its body; browsers send 1 to 8 kB
FRAMING = 16  # bytes that may frame a byte of a body; chunks of one byte have 6
LINGER = 0.5  # seconds that an idle connection stays open once the service is shutting down
# A client that is refused before it has sent everything only sees the answer if the rest is read.
DISCARD_SECONDS, DISCARD = 5.0, 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until a connection is closed.

    Attributes:
        headers: a request's line and headers have not arrived.
        idle: no request has come.
        unread: the client has read nothing of an answer that waits for it.
    """

    headers: float = 10.0
    idle: float = 30.0
    unread: float = 15.0


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    It waits for a request, reads its head or its body, answers, or discards the rest of a body
    that was answered before its end.
    """

    _state: Literal["idle", "head", "body", "answering", "discarding"] = "idle"
    _timer: asyncio.TimerHandle | None = None
    _reading_timer: asyncio.TimerHandle | None = None
    _unread = 0  # bytes of an answer that waited for the client at the last check
    _count = 0  # bytes of the head, of what frames the body, of the next head, or discarded ones
    _draining = False
    _answered: RequestResponseCycle | None = None  # the request that is being answered

    def __init__(self, deadlines: Deadlines, **options: Any) -> None:
        super().__init__(**options)
        self._deadlines = deadlines

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first request."""
        super().connection_made(transport)
        self._schedule(self._deadlines.headers, self._time_out)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers, and tell all requests: uvicorn tells the one that came last."""
        self._stop()
        if self._reading_timer:
            self._reading_timer.cancel()
        if self._answered:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Answer a request."""
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def pause_writing(self) -> None:
        """Check from now on that the client reads."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Stop checking: the client reads."""
        super().resume_writing()
        if self._reading_timer:
            self._reading_timer.cancel()

    def _watch(self) -> None:
        """Drop a client that stops reading, and its answer."""
        if self._reading_timer:
            self._reading_timer.cancel()
        self._unread = self._unsent()
        if self._unread:
            self._reading_timer = self.loop.call_later(self._deadlines.unread, self._check_reading)

    def _check_reading(self) -> None:
        if self._unsent() < self._unread:
            self._watch()
        else:  # reset, or the system would go on holding what it has buffered
            with contextlib.suppress(OSError, ValueError):
                sock = self.transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()

    def _unsent(self) -> int:
        """Return the bytes of answers that the client has not taken.

        On Unix this includes the system's buffer, which may hold megabytes and accepts more only
        once a good part of them is gone.
        """
        size = self.transport.get_write_buffer_size()
        if termios is not None:
            with contextlib.suppress(OSError, ValueError):  # it is closed
                file = self.transport.get_extra_info("socket").fileno()
                (buffered,) = _INT.unpack(fcntl.ioctl(file, termios.TIOCOUTQ, bytes(_INT.size)))
                size += buffered
        return size

    def data_received(self, data: bytes) -> None:
        """Count what arrives, but for wanted bodies, which have their own limits."""
        if self._state == "idle":
            self._state, self._count = "head", 0
            self._schedule(self._deadlines.headers, self._time_out)
        self._count += len(data)
        state = self._state
        super().data_received(data)
        if state == self._state and self._count > (DISCARD if state == "discarding" else HEADERS):
            if state in ("answering", "discarding"):  # the answer is on its way, or has gone
                self._close()
            else:
                self._refuse(b"431 Request Header Fields Too Large")

    def on_body(self, body: bytes) -> None:
        """Count what frames the body: in chunks, with headers at its end."""
        super().on_body(body)
        if self._state == "body":
            self._count = max(0, self._count - len(body) * FRAMING)

    def on_headers_complete(self) -> None:
        """Stop the clock: `limits` times the body."""
        self._stop()
        self._state, self._count = "body", 0
        super().on_headers_complete()
        if self._draining and self.cycle:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Note that the whole request has arrived."""
        super().on_message_complete()
        self._state, self._count = "answering", 0
        if self.cycle and self.cycle.response_complete:
            self._wait_for_request()

    def on_response_complete(self) -> None:
        """Wait for the next request, or discard the rest of this one."""
        pipelined = bool(self.pipeline)
        super().on_response_complete()
        if pipelined:
            return
        if self.transport.is_closing():  # at the client's request; it may still have to read
            self._watch()
            return
        if self._state == "body":
            self._state, self._count = "discarding", 0
            self._schedule(DISCARD_SECONDS, self._close)
        else:
            self._wait_for_request()

    def shutdown(self) -> None:
        """Close the connection, after a request that may be on its way."""
        self._draining = True
        if self._state == "idle":
            self._wait_for_request()
        elif self.cycle:
            self.cycle.keep_alive = False

    def _wait_for_request(self) -> None:
        """Close the connection unless a request comes in time."""
        self._state = "idle"
        self._schedule(LINGER if self._draining else self._deadlines.idle, self._close)

    def _schedule(self, seconds: float, action: Callable[[], None]) -> None:
        """Call something later, unless the connection moves on."""
        self._stop()
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(seconds, action)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        """Refuse a client that sends too slowly; one that sent nothing gets no answer."""
        if self._state == "head":
            self._refuse(b"408 Request Timeout")
        else:
            self._close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(b"400 Bad Request")

    def _refuse(self, status: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(_refusal(status))
            self._close()

    def _close(self) -> None:
        self.transport.close()
        self._watch()


def _refusal(status: bytes) -> bytes:
    """Return the answer to what never became a request."""
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
    "431": f"a request's line and headers may have at most {HEADERS:,} bytes together.",
}


def uvicorn_options(deadlines: Deadlines) -> dict[str, Any]:
    """Return the options with which uvicorn uses this protocol."""
    return {
        "http": functools.partial(BoundedProtocol, deadlines),
        "ws": "none",
        "timeout_keep_alive": 3600,  # the timer of the connection is shorter
        "server_header": False,
        "proxy_headers": False,  # they may hold any text; `metrics` reads one
    }
