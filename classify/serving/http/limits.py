"""Refuses requests before any work is done: too large, too slow, too many, or without the key."""

import asyncio
import hmac
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

from classify.serving.http.problems import problem

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Bytes of all request bodies that are being read or answered; the largest allowed body always fits.
TOTAL_BODIES = 256_000_000
PROMPT_REFUSALS = 200  # a second; refusals beyond them are delayed
# Seconds of delay, random so that the refused clients do not all come back at the same moment.
DELAY = (0.5, 1.5)
WORK = ("/v1/predict", "/v1/predict/file")  # paths that need the model, refused while it is busy
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{0,5})?")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one request.

    Attributes:
        body: bytes.
        seconds: for the whole body to arrive.
        key: that /v1 and /metrics require; "": none.
        hosts: names in the Host header that are answered without a key; (): all.
    """

    body: int = 10_000_000
    seconds: float = 15.0
    key: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def too_large(self) -> str:
        """The detail of a 413."""
        return f"a body may have at most {self.body:,} bytes. Send less at once."

    @property
    def too_slow(self) -> str:
        """The detail of a 408."""
        return f"the body did not arrive within {self.seconds:g} s. Send it again."


class LimitedApp:
    """The ASGI application behind its limits."""

    def __init__(self, app: App, limits: Limits, busy: Callable[[], int]) -> None:
        """busy: returns the seconds after which to come again, 0 while there is room."""
        self._app, self._limits, self._busy = app, limits, busy
        self._body_bytes, self._max_body_bytes = 0, max(TOTAL_BODIES, limits.body)
        self._second, self._refused = 0, 0  # requests refused as busy in the current second

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on with a body that is counted and timed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if refusal := self._refusal(scope):
            await refusal(scope, receive, send)
            return
        body = _Body(receive, self._limits, self.reserve)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self.reserve(-body.size)

    def reserve(self, size: int) -> None:
        """Count the bytes of a body that arrive, or (negative) those that are done with.

        Raises:
            HTTPException: 503, all bodies together are too large.
        """
        self._body_bytes += size
        if size > 0 and self._body_bytes > self._max_body_bytes:
            detail = "too many large requests at once. Send it again later."
            raise HTTPException(503, detail, {"retry-after": "2"})

    def _refusal(self, scope: Scope) -> App | None:
        """Return the answer to a request that is not even read; None if it is to be read."""
        headers = dict(scope["headers"])
        if refusal := _check_host(scope) or self._authorize(scope, headers):
            return refusal
        if scope["path"] in WORK and (seconds := self._busy()):
            return self._delay(
                problem(
                    503,
                    "too many requests are waiting. Send it again after Retry-After seconds.",
                    headers={"retry-after": str(seconds)},
                )
            )
        length = headers.get(b"content-length", b"")
        if length.isdigit() and (len(length) > 18 or int(length) > self._limits.body):
            return problem(413, self._limits.too_large)
        return None

    def _authorize(self, scope: Scope, headers: dict[bytes, bytes]) -> App | None:
        """Return a refusal unless the key is right or, without one, this machine itself asks."""
        path = scope["path"]
        if not self._limits.key:
            # A health check may leave Host out; every browser sends it.
            host, hosts = headers.get(b"host"), self._limits.hosts
            if host is not None and hosts and _host_name(host.decode("latin-1")) not in hosts:
                return problem(
                    403,
                    "without a key, this service answers only its own machine, and the Host header "
                    "names another. Set CLASSIFY_API_KEY to serve others or to use a proxy.",
                )
            # Any open page could otherwise send forms to this machine unasked.
            if headers.get(b"sec-fetch-site") == b"cross-site" and scope["method"] == "POST":
                return problem(403, "pages of other sites may not ask. Open the page at /.")
        elif path.startswith("/v1/") or path == "/metrics":
            scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
            right = hmac.compare_digest(key.strip(), self._limits.key.encode())
            if scheme.lower() != b"bearer" or not right:
                return problem(
                    401,
                    "the key is missing or wrong. Send the header Authorization: Bearer KEY.",
                    headers={"www-authenticate": "Bearer"},
                )
        return None

    def _delay(self, refusal: App) -> App:
        """Delay a refusal if there are many: clients that retry at once would take all the time."""
        now = int(asyncio.get_running_loop().time())
        if now != self._second:
            self._second, self._refused = now, 0
        self._refused += 1
        if self._refused <= PROMPT_REFUSALS:
            return refusal

        async def refuse_later(scope: Scope, receive: Receive, send: Send) -> None:
            """Refuse after a pause."""
            await asyncio.sleep(random.uniform(*DELAY))
            await refusal(scope, receive, send)

        return refuse_later


class _Body:
    """A request's body as it arrives; one that exceeds a limit raises HTTPException."""

    def __init__(self, receive: Receive, limits: Limits, reserve: Callable[[int], None]) -> None:
        self._receive, self._limits, self._reserve = receive, limits, reserve
        self._deadline = asyncio.get_running_loop().time() + limits.seconds
        self._complete = False
        self.size = 0

    async def receive(self) -> Any:
        """Return the next ASGI message."""
        if self._complete:  # only the end of the connection can follow, and has no deadline
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, self._limits.too_slow, {"connection": "close"}) from None
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            self.size += size
            self._reserve(size)
            if self.size > self._limits.body:
                raise HTTPException(413, self._limits.too_large)
            self._complete = not message.get("more_body", False)
        return message


def _check_host(scope: Scope) -> App | None:
    """Return a refusal if the Host header is no name of a host, or there are several."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1 or (hosts and hosts[0] and not _HOST.fullmatch(hosts[0])):
        return problem(400, "send one Host header: a name or an address, and a port if you wish.")
    return None


def _host_name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
