"""Figures for Prometheus, and one line of log per request."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from ipaddress import ip_address
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from classify.serving.http.problems import problem

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_QUIET = 1.0  # seconds between two lines of log about requests that were refused as busy
CLIENT_LEFT = 499  # the status that nginx logs when a client left before it was answered
_log = logging.getLogger("classify.access")
_bugs = logging.getLogger("classify.serving")


class Measures:
    """The figures of one service, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        disable_created_metrics()  # type: ignore[no-untyped-call]
        ProcessCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"classify_{name}", text, labels, registry=registry)

        def histogram(
            name: str, text: str, *labels: str, buckets: tuple[float, ...] = _SECONDS
        ) -> Histogram:
            return Histogram(f"classify_{name}", text, labels, buckets=buckets, registry=registry)

        self.requests = counter("requests", "Requests.", "method", "route", "status")
        self.latency = histogram("request_seconds", "Seconds to answer a request.", "route")
        self.batches = histogram("batch_texts", "Texts in a batch.", buckets=_TEXTS)
        self.computing = histogram("batch_seconds", "Seconds to compute a batch.")
        self.explaining = histogram(
            "explanation_seconds", "Seconds to compute an explanation, all its steps together."
        )
        self.categories = counter("categories", "Texts given each category.", "category")
        self.decisions = counter(
            "decisions", "Texts by decision: accepted, needs review or none.", "decision"
        )
        self.dropped = counter("dropped", "Requests dropped because the client left.")
        gauges = {
            "classify_queue_texts": "Texts that are waiting.",
            "classify_requests_inside": "Requests that are waiting or being computed.",
            "classify_ready": "1 while texts are answered.",
        }
        self._gauges = {name: Gauge(name, text, registry=registry) for name, text in gauges.items()}

    def count_batch(self, texts: int, seconds: float) -> None:
        """Count a batch."""
        self.batches.observe(texts)
        self.computing.observe(seconds)

    def count_answer(self, answer: Mapping[str, Any]) -> None:
        """Count the decision and the categories of an answer."""
        self.decisions.labels(answer["decision"]).inc()
        for name in answer["categories"]:
            self.categories.labels(name).inc()

    def render(self, gauges: Mapping[str, float]) -> bytes:
        """Return all figures in the text format of Prometheus. gauges: their present values."""
        for name, figure in gauges.items():
            self._gauges[name].set(figure)
        return generate_latest(self._registry)


class MeasuredApp:
    """The ASGI application, with each request counted, timed and logged.

    A request that is cut off by the end of the service is told so, and logged as such.
    """

    def __init__(self, app: Any, measures: Measures, paths: Collection[str]) -> None:
        """paths: those without a parameter, which may be counted and logged under their name."""
        self._app, self._measures, self._paths = app, measures, paths
        self._refused, self._logged_at = 0, 0.0

    async def __call__(
        self, scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Pass a request on, and note its status and time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), CLIENT_LEFT

        async def send_and_note(message: Any) -> None:
            """Read the status off an answer."""
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except asyncio.CancelledError:  # the service ends and no longer waits for this request
            if status == CLIENT_LEFT:
                detail = "the service ended before this was answered. Send it again."
                headers = {"retry-after": "2", "connection": "close"}
                await problem(503, detail, headers=headers)(scope, receive, send_and_note)
        except Exception:  # it is answered, and raised again for the log
            _bugs.exception("%s %s failed", scope["method"], self._route(scope))
        finally:
            self._note(scope, status, time.perf_counter() - start)

    def _note(self, scope: dict[str, Any], status: int, seconds: float) -> None:
        """Count and log a request; of those refused as busy, one line a second sums up all."""
        route = self._route(scope)
        self._measures.requests.labels(scope["method"], route, str(status)).inc()
        self._measures.latency.labels(route).observe(seconds)
        if status == 503:
            self._refused += 1
            if time.monotonic() - self._logged_at < _QUIET:
                return
            self._logged_at = time.monotonic()
        facts = {"method": scope["method"], "route": route, "status": status}
        facts |= {"ms": round(seconds * 1000, 1), "client": _client_address(scope)}
        facts |= scope.get("state", {}).get("facts", {})
        if status == 503:
            facts["refused"], self._refused = self._refused, 0
        _log.info("%s %s %d", scope["method"], route, status, extra={"facts": facts})

    def _route(self, scope: Mapping[str, Any]) -> str:
        """Return the template of the route: a path may be made up, or hold a secret."""
        if template := getattr(scope.get("route"), "path", None):
            return str(template)
        return scope["path"] if scope["path"] in self._paths else "other"


def _client_address(scope: Mapping[str, Any]) -> str:
    """Return the address of the client; of one behind a proxy on this machine, as the proxy says.

    A proxy puts its own client at the end of X-Forwarded-For; what stands before it anybody may
    have written.
    """
    peer = str((scope.get("client") or [""])[0])
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if not forwarded:
        return peer
    address = forwarded[-1].decode("latin-1").rpartition(",")[2].strip()
    try:
        trusted = ip_address(peer).is_loopback and "%" not in address  # any text may follow "%"
        return str(ip_address(address)) if trusted else peer
    except ValueError:
        return peer
