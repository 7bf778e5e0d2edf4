"""What befalls a soak: signals, a server that dies, a network that lies, a disk that fills."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psutil

LATE_SECONDS = (0.5, 3.0)
LOCKED = b'{"detail": "database is locked"}'
NETWORK = ("answer late", "cut before", "cut after", "database locked", "429", "garbage")
LEFTOVERS = (  # of writes that were killed, as the product and other tools leave them
    ".documents.jsonl.x1.tmp",
    ".annotations.jsonl.x1.tmp",
    ".dataset.jsonl.x1.tmp",
    ".taxonomy.toml.x1.tmp",
    "runs/.current.x1.tmp",
    "runs/.writing-x1/model.safetensors",
    "training/x1/fold-0.json",
)


class FaultyProxy(ThreadingHTTPServer):
    """Stands before Label Studio and breaks what it is told to.

    Attributes:
        upstream: the address of the server.
        broken: the faults of the requests to come, in order; "" lets one pass.
    """

    daemon_threads = True

    def __init__(self, upstream: str, rng: random.Random) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.upstream, self._rng = upstream, rng
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.broken: list[str] = []
        self._waiting = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def arm(self, fault: str) -> None:
        """Break one of the next few requests, or two in a row."""
        self._waiting = self._rng.choice((1, 1, 2))
        self.broken = [""] * self._rng.randrange(5) + [fault] * self._waiting

    def disarm(self) -> bool:
        """Break nothing any more; return whether anything was broken."""
        broke = len(self.broken) < self._waiting
        self.broken = []
        return broke

    def handle_error(self, *_: object) -> None:
        """Be quiet about clients that were killed."""


class _Relay(BaseHTTPRequestHandler):
    server: FaultyProxy
    protocol_version = "HTTP/1.1"

    def relay(self) -> None:
        """Pass a request on, unless this one is to be broken."""
        fault = self.server.broken.pop(0) if self.server.broken else ""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if fault == "answer late":
            time.sleep(random.uniform(*LATE_SECONDS))
        elif fault == "database locked":
            return self.answer(500, LOCKED)
        elif fault == "429":
            return self.answer(429, b"{}", {"Retry-After": "1"})
        elif fault == "garbage":
            return self.answer(200, b"\xff\x00<html>]]>{")
        answer = None if fault == "cut before" else self.forward(body)
        if answer is None or fault == "cut after":
            self.close_connection = True
            return None
        kind = {"Content-Type": answer.headers.get("content-type", "text/plain")}
        return self.answer(answer.status_code, answer.content, kind)

    do_GET = do_POST = do_PATCH = do_DELETE = relay  # noqa: N815

    def forward(self, body: bytes) -> httpx.Response | None:
        """Return the server's answer; None if it gives none."""
        names = ("authorization", "content-type", "cookie")
        headers = {name: value for name, value in self.headers.items() if name.lower() in names}
        address = self.server.upstream + self.path
        with contextlib.suppress(httpx.TransportError):
            return httpx.request(self.command, address, content=body, headers=headers, timeout=60)
        return None

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextlib.contextmanager
def full_disk(folder: Path, free: int) -> Iterator[None]:
    """Leave so many bytes free on the disk of a folder."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    os.truncate(ballast, max(0, ballast.stat().st_size - free))
    try:
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def leftovers(folder: Path, rng: random.Random) -> Iterator[None]:
    """Leave the beginnings of files about, as killed commands would."""
    for name in LEFTOVERS:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'{"id": "' + rng.randbytes(rng.randrange(40)))
    yield


@contextlib.contextmanager
def clock_jump(folder: Path, rng: random.Random) -> Iterator[None]:
    """Date every file of a workspace to next year or to 1970."""
    moment = rng.choice((0.0, time.time() + 365 * 86_400))
    for path in (*folder.iterdir(), *(folder / "runs").rglob("*")):
        if not path.is_symlink():
            os.utime(path, (moment, moment))
    yield


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mount a small disk on a folder; yield whether that is allowed here."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


def kill_tree(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process and all it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(number)
