"""A proxy that breaks the traffic between us and Label Studio."""

import dataclasses
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from labels.studio.client import Studio
from labels.studio.connection import StudioSettings
from tests.support.label_studio import LabelStudio

CHOICE = '<Choice value="{name}" alias="{alias}"/>'
SETTINGS = StudioSettings("Any title", 2, "", batch_size=200, timeout=60.0, retries=3)


def interface(*aliases: str, control: str = "categories") -> str:
    choices = "".join(CHOICE.format(name=alias.upper(), alias=alias) for alias in aliases)
    return (
        '<View><Text name="text" value="$text"/>'
        f'<Choices name="{control}" toName="text" choice="multiple">{choices}</Choices></View>'
    )


def tasks(count: int, size: int = 40) -> list[dict[str, Any]]:
    return [
        {"data": {"seed_id": f"{n:016x}", "text": f"article {n} ".ljust(size, "é")}, "meta": {}}
        for n in range(count)
    ]


def result(*aliases: str) -> list[dict[str, Any]]:
    value = {"choices": list(aliases)}
    return [{"from_name": "categories", "to_name": "text", "type": "choices", "value": value}]


class Proxy(ThreadingHTTPServer):
    """Stands before the server and loses, delays or invents answers."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Relay)
        self.upstream = upstream
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: list[tuple[str, str, float]] = []  # method, path, when
        self.swallow = ""  # part of a path: its next answer is never given
        self.invent: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}  # path -> answers
        self.prefix = ""  # of the paths that are passed on, without it; others are not known
        self.closing = threading.Event()

    def requests(self, method: str, part: str) -> list[float]:
        return [when for verb, path, when in self.seen if verb == method and part in path]


class Relay(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def relay(self) -> None:
        self.server.seen.append((self.command, self.path, time.monotonic()))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        if self.server.invent.get(path):
            return self.answer(*self.server.invent[path].pop(0))
        if not self.path.startswith(f"{self.server.prefix}/"):
            return self.answer(404, {}, b"not here")
        names = ("authorization", "content-type", "cookie")
        headers = {name: value for name, value in self.headers.items() if name.lower() in names}
        answer = httpx.request(
            self.command,
            self.server.upstream + self.path.removeprefix(self.server.prefix),
            content=body,
            headers=headers,
            timeout=60,
        )
        if self.server.swallow and self.server.swallow in self.path:
            self.server.swallow = ""
            self.server.closing.wait(60)
            self.close_connection = True
            return None
        kind = {"Content-Type": answer.headers.get("content-type", "text/plain")}
        return self.answer(answer.status_code, kind, answer.content)

    do_GET = do_POST = do_PATCH = do_DELETE = relay  # noqa: N815

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture
def proxy(label_studio: LabelStudio) -> Iterator[Proxy]:
    proxy = Proxy(label_studio.server.url)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield proxy
    proxy.closing.set()
    proxy.shutdown()
    proxy.server_close()


def through(proxy: Proxy, label_studio: LabelStudio, **settings: Any) -> Studio:
    chosen = dataclasses.replace(SETTINGS, **settings)
    return Studio.connect(proxy.url, label_studio.server.token, chosen)
