"""What Prometheus is told, and one line of log a request."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
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

TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_QUIET = 1.0  # seconds between two lines on requests that were refused for want of room
_GONE = 499  # as nginx says of a client that left before it was answered
_log = logging.getLogger("classify.access")
_PLAIN = (
    *("/", "/page.css", "/page.js", "/openapi.json", "/metrics", "/health/live", "/health/ready"),
    *("/v1/predict", "/v1/predict/file", "/v1/categories", "/v1/runs/current"),
)


class Measures:
    """The service's figures; each service has a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        disable_created_metrics()  # type: ignore[no-untyped-call]
        ProcessCollector(registry=self._registry)
        kept: dict[str, Any] = {"registry": self._registry}
        self.requests = Counter(
            "classify_requests", "Requests.", ("method", "route", "status"), **kept
        )
        self.latency = Histogram(
            "classify_request_seconds",
            "Seconds an answer took.",
            ("route",),
            buckets=_SECONDS,
            **kept,
        )
        self.batches = Histogram(
            "classify_batch_texts", "Texts computed at once.", buckets=_TEXTS, **kept
        )
        self.computing = Histogram(
            "classify_batch_seconds", "Seconds a batch took.", buckets=_SECONDS, **kept
        )
        self.explaining = Histogram(
            "classify_explanation_seconds",
            "Seconds an explanation took, all its steps.",
            buckets=_SECONDS,
            **kept,
        )
        self.categories = Counter(
            "classify_categories", "Texts in which a category holds.", ("category",), **kept
        )
        self.decisions = Counter(
            "classify_decisions",
            "Texts by decision; a person looks at those that need review.",
            ("decision",),
            **kept,
        )
        self.dropped = Counter("classify_dropped", "Requests whose client left.", **kept)
        self._gauges = {
            "classify_queue_texts": "Texts that wait.",
            "classify_requests_inside": "Requests that wait or are computed.",
            "classify_ready": "1 when texts are answered.",
        }
        self._made = {name: Gauge(name, text, **kept) for name, text in self._gauges.items()}

    def batch(self, texts: int, seconds: float) -> None:
        """Note a batch."""
        self.batches.observe(texts)
        self.computing.observe(seconds)

    def answer(self, answer: Mapping[str, Any]) -> None:
        """Note an answer."""
        self.decisions.labels(answer["decision"]).inc()
        for name in answer["categories"]:
            self.categories.labels(name).inc()

    def page(self, now: Mapping[str, float]) -> bytes:
        """All figures as Prometheus reads them. now: of the gauges."""
        for name, value in now.items():
            self._made[name].set(value)
        return generate_latest(self._registry)


class Measured:
    """The ASGI application, each of its requests counted, timed and logged.

    One that is cut off by the end of the service is told so, and logged as that.
    """

    def __init__(self, app: Any, measures: Measures) -> None:
        self._app, self._measures = app, measures
        self._refused, self._told = 0, 0.0

    async def __call__(
        self, scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Pass on, and note what came of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), _GONE

        async def noted(message: Any) -> None:
            """Read the status off an answer."""
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:  # the service ends, and waits no longer for this
            if status == _GONE:
                detail = "the service ended before this was answered. Send it again."
                wanted = {"retry-after": "2", "connection": "close"}
                await problem(503, detail, headers=wanted)(scope, receive, noted)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: dict[str, Any], status: int, seconds: float) -> None:
        route = route_of(scope)
        self._measures.requests.labels(scope["method"], route, str(status)).inc()
        self._measures.latency.labels(route).observe(seconds)
        if status == 503:
            self._refused += 1
            if time.monotonic() - self._told < _QUIET:
                return
            self._told = time.monotonic()
        facts = {"method": scope["method"], "route": route, "status": status}
        facts |= {"ms": round(seconds * 1000, 1), "client": (scope.get("client") or [""])[0]}
        facts |= scope.get("state", {}).get("facts", {})
        if status == 503:
            facts["refused"], self._refused = self._refused, 0
        _log.info("%s %s %d", scope["method"], route, status, extra={"facts": facts})


def route_of(scope: Mapping[str, Any]) -> str:
    """The route's template: no path a client made up, and no secret in it."""
    known = getattr(scope.get("route"), "path", None)
    return str(known) if known else scope["path"] if scope["path"] in _PLAIN else "other"
