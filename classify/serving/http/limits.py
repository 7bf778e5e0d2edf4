"""What is refused before any work is done: too large, too slow, too many, without the key."""

import asyncio
import hmac
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

from classify.serving.http.problems import problem

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Bytes of all bodies together that wait to be read to their end or answered; one of the largest
# that are allowed always fits.
HELD = 256_000_000
AT_ONCE = 200  # refusals a second that are quick
SLOW = (0.5, 1.5)  # seconds that the others take, each its own: together they would come again
WORK = ("/v1/predict", "/v1/predict/file")  # what needs the model, and is refused when it is busy
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take.

    Attributes:
        body: bytes.
        seconds: for the whole body to arrive.
        key: that /v1 and /metrics want; "": none.
        hosts: names in the Host header that are answered without a key; () are all.
    """

    body: int = 10_000_000
    seconds: float = 15.0
    key: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def too_large(self) -> str:
        """What to say of a body that is."""
        return f"a body may have {self.body:,} bytes. Send less at once."

    @property
    def late(self) -> str:
        """What to say of a body that is."""
        return f"the body did not arrive within {self.seconds:g} s. Send it again."


class Limited:
    """The ASGI application behind its limits."""

    def __init__(self, app: App, limits: Limits, busy: Callable[[], int]) -> None:
        """busy: seconds after which to come again, 0 while there is room."""
        self._app, self._limits, self._busy = app, limits, busy
        self._held, self._most = 0, max(HELD, limits.body)
        self._second, self._refused = 0, 0  # refusals for want of room in the current second

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on with a body that is counted and timed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if refusal := self._refusal(scope):
            await refusal(scope, receive, send)
            return
        body = _Body(receive, self._limits, self)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self.hold(-body.size)

    def hold(self, size: int) -> None:
        """Count bytes that are held, or given up.

        Raises:
            HTTPException: 503, they are too many.
        """
        self._held += size
        if size > 0 and self._held > self._most:
            detail = "too many large requests at once. Send it again later."
            raise HTTPException(503, detail, {"retry-after": "2"})

    def _refusal(self, scope: Scope) -> App | None:
        """Why this request is not even read; None if it is."""
        path, headers = scope["path"], dict(scope["headers"])
        if not self._limits.key:
            # A probe of health may name none; every browser does.
            host, hosts = headers.get(b"host"), self._limits.hosts
            if host is not None and hosts and _name(host.decode("latin-1")) not in hosts:
                return problem(
                    403,
                    "this service answers its own machine only, and Host is not of it. Set "
                    "CLASSIFY_API_KEY to answer others, a proxy's too.",
                )
            # Of a page that someone has open, which could send forms to this machine unasked.
            if headers.get(b"sec-fetch-site") == b"cross-site" and scope["method"] == "POST":
                return problem(403, "another site's page may not ask. Open the page at /.")
        elif path.startswith("/v1/") or path == "/metrics":
            scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
            right = hmac.compare_digest(given.strip(), self._limits.key.encode())
            if scheme.lower() != b"bearer" or not right:
                wanted = {"www-authenticate": "Bearer"}
                return problem(401, "give the key: Authorization: Bearer …", headers=wanted)
        if path in WORK and (seconds := self._busy()):
            return self._later(
                problem(
                    503,
                    "too many requests wait. Send it again after Retry-After seconds.",
                    headers={"retry-after": str(seconds)},
                )
            )
        length = headers.get(b"content-length", b"")
        if length.isdigit() and (len(length) > 18 or int(length) > self._limits.body):
            return problem(413, self._limits.too_large)
        return None

    def _later(self, refusal: App) -> App:
        """A refusal; slow where there are many, or who does not wait would take all there is."""
        now = int(asyncio.get_running_loop().time())
        if now != self._second:
            self._second, self._refused = now, 0
        self._refused += 1
        if self._refused <= AT_ONCE:
            return refusal

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            """Refuse after a while."""
            await asyncio.sleep(random.uniform(*SLOW))
            await refusal(scope, receive, send)

        return slow


class _Body:
    """A request's body as it comes; what exceeds a limit is an HTTPException."""

    def __init__(self, receive: Receive, limits: Limits, held: Limited) -> None:
        self._receive, self._limits, self._held = receive, limits, held
        self._deadline = asyncio.get_running_loop().time() + limits.seconds
        self._whole = False
        self.size = 0

    async def receive(self) -> Any:
        """The next ASGI message."""
        if self._whole:  # what follows is only the end of the connection, which may take its time
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, self._limits.late, {"connection": "close"}) from None
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            self.size += size
            self._held.hold(size)
            if self.size > self._limits.body:
                raise HTTPException(413, self._limits.too_large)
            self._whole = not message.get("more_body", False)
        return message


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
