"""Requests that are refused before any work is done for them."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from classify.serving.http import limits
from classify.serving.http.limits import LOOPBACK, LimitedApp, Limits

KEY = "une-clef-de-test-0123456789"


def scope(path: str = "/v1/predict", method: str = "POST", **headers: str) -> dict[str, Any]:
    """Return a request; underscores in the names of headers become hyphens."""
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"type": "http", "path": path, "method": method, "headers": pairs}


class Application:
    """Reads the body of each request, and answers 200."""

    def __init__(self) -> None:
        self.bodies: list[int] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message["body"])
            more = message["more_body"]
        self.bodies.append(size)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(app: LimitedApp, request: dict[str, Any], parts: Sequence[bytes] = (b"",)) -> int:
    """Return the status of the answer to a request, whose body comes in parts."""
    answers: list[dict[str, Any]] = []
    rest = list(parts)

    async def receive() -> dict[str, Any]:
        if not rest:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": rest.pop(0), "more_body": bool(rest)}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    try:
        async with asyncio.timeout(10):
            await app(request, receive, send)
    except HTTPException as error:
        return error.status_code
    if answers[0]["status"] != 200:
        assert json.loads(answers[1]["body"])["detail"]
    return int(answers[0]["status"])


def status(
    request: dict[str, Any], parts: Sequence[bytes] = (b"",), *, busy: int = 0, **allowed: Any
) -> int:
    """Return the status of the answer to one request."""
    return asyncio.run(
        ask(LimitedApp(Application(), Limits(**allowed), lambda: busy), request, parts)
    )


@pytest.mark.parametrize(
    ("length", "expected"), [("10", 200), ("11", 413), ("9" * 30, 413), ("-1", 200), ("²", 200)]
)
def test_a_declared_length_beyond_the_limit_is_refused_before_anything_is_read(
    length: str, expected: int
) -> None:
    """Lengths that are none are left to the server, which counts."""
    app = Application()
    limited = LimitedApp(app, Limits(body=10), lambda: 0)
    assert asyncio.run(ask(limited, scope(content_length=length))) == expected
    assert len(app.bodies) == (expected == 200)


def test_a_body_is_counted_as_it_arrives() -> None:
    assert status(scope(), [b"a" * 5, b"a" * 5], body=10) == 200
    assert status(scope(), [b"a" * 5, b"a" * 6], body=10) == 413


def test_all_bodies_together_are_limited_and_each_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "TOTAL_BODIES", 100)
    reading = asyncio.Event()

    class Slow(Application):
        """Holds what it has read until it is told to go on."""

        async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
            async def hold() -> Any:
                message = await receive()
                await reading.wait()
                return message

            await super().__call__(scope, hold, send)

    async def run() -> None:
        app = LimitedApp(Slow(), Limits(body=60), lambda: 0)
        first = asyncio.create_task(ask(app, scope(), [b"a" * 60]))
        await asyncio.sleep(0)
        assert await ask(app, scope(), [b"a" * 60]) == 503
        reading.set()
        assert await first == 200
        assert await ask(app, scope(), [b"a" * 60]) == 200

    asyncio.run(run())


def test_the_largest_body_that_is_allowed_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if it is larger than all bodies together may be."""
    monkeypatch.setattr(limits, "TOTAL_BODIES", 100)
    assert status(scope(), [b"a" * 150], body=150) == 200


def test_a_body_that_does_not_arrive_in_time_is_refused() -> None:
    incomplete = [b"a"]

    async def run() -> int:
        app = LimitedApp(Application(), Limits(seconds=0.05), lambda: 0)

        async def receive() -> dict[str, Any]:
            if not incomplete:
                await asyncio.sleep(60)
            return {"type": "http.request", "body": incomplete.pop(), "more_body": True}

        with pytest.raises(HTTPException) as caught:
            await app(scope(), receive, None)  # type: ignore[arg-type]
        return caught.value.status_code

    assert asyncio.run(run()) == 408


def test_while_the_model_is_busy_only_its_work_is_refused() -> None:
    assert status(scope("/v1/predict"), busy=7) == 503
    assert status(scope("/v1/predict/file"), busy=7) == 503
    assert status(scope("/health/live", "GET"), busy=7) == 200


def test_many_refusals_are_delayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that ask again at once would take all the time."""
    monkeypatch.setattr(limits, "PROMPT_REFUSALS", 3)
    monkeypatch.setattr(limits, "DELAY", (0.2, 0.2))

    async def run() -> list[float]:
        app, loop = LimitedApp(Application(), Limits(), lambda: 1), asyncio.get_running_loop()

        async def measure() -> float:
            began = loop.time()
            assert await ask(app, scope()) == 503
            return loop.time() - began

        while loop.time() % 1 > 0.5:  # all within one second
            await asyncio.sleep(0.05)
        return await asyncio.gather(*(measure() for _ in range(5)))

    seconds = asyncio.run(run())
    assert [took > 0.1 for took in seconds] == [False, False, False, True, True]


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/categories", "/metrics"])
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"Bearer {KEY}", 200),
        (f"bearer  {KEY} ", 200),
        (f"Bearer {KEY}x", 401),
        (f"Bearer {KEY[:-1]}", 401),
        (f"Basic {KEY}", 401),
        (KEY, 401),
        ("Bearer", 401),
        ("", 401),
    ],
)
def test_the_key_is_compared_as_a_whole(path: str, header: str, expected: int) -> None:
    assert status(scope(path, authorization=header), key=KEY) == expected


def test_health_and_the_page_need_no_key() -> None:
    for path in ("/", "/health/live", "/health/ready", "/openapi.json"):
        assert status(scope(path, "GET"), key=KEY) == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.2", ""])
def test_without_a_key_another_host_is_refused(host: str) -> None:
    assert status(scope("/v1/categories", "GET", host=host), hosts=LOOPBACK) == 403
    assert (
        status(scope("/v1/categories", "GET", host=host, authorization=f"Bearer {KEY}"), key=KEY)
        == 200
    )


def test_a_page_of_another_site_may_post_nothing_without_a_key() -> None:
    assert status(scope(sec_fetch_site="cross-site", host="localhost"), hosts=LOOPBACK) == 403
    assert status(scope(sec_fetch_site="same-origin", host="localhost"), hosts=LOOPBACK) == 200
