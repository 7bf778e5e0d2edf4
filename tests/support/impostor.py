"""A server that answers as Label Studio does, except where a test wants it to lie."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "f" * 40
Lie = bytes | Callable[["Handler"], None]

PROJECT = {"id": 7, "title": "Any title", "created_at": "2026-11-01T10:00:00.000000Z"}
TRUTHS: dict[str, Any] = {
    "/api/current-user/whoami": {"id": 1, "email": "lea@classify.localhost"},
    "/api/version/": {"release": "1.23.2"},
    "/api/projects/": {"count": 1, "results": [PROJECT]},
    "/api/projects/7/": PROJECT,
    "/api/tasks/": {"tasks": [], "total": 0},
    "/api/ml/": [],
    "/api/webhooks/": [],
}


class Impostor(ThreadingHTTPServer):
    """Attributes: lies: path -> the body or the conduct there; seen: the paths asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.lies: dict[str, Lie] = {}
        self.seen: list[str] = []
        self.keys: set[str] = set()
        self.closing = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Impostor
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.seen.append(path)
        self.server.keys.add(self.headers.get("Authorization", ""))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        lie = self.server.lies.get(path)
        if callable(lie):
            lie(self)
        elif lie is not None:
            self.answer(lie)
        elif path in TRUTHS:
            self.answer(json.dumps(TRUTHS[path]).encode())
        else:
            self.answer(b'{"detail": "Not found."}', 404)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **names}
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, piece: bytes) -> None:
        """Send a piece of an answer every now and then, without end."""
        while not self.server.closing.is_set():
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(0.05)

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@contextmanager
def impostor() -> Iterator[Impostor]:
    """Run one, on loopback."""
    with Impostor() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
