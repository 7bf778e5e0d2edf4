"""A real `classify serve` in a process of its own."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.command import environment
from tests.support.waiting import wait_until

SECONDS = 120  # to load a model on a busy machine


@dataclass
class Service:
    """A running service. lines: of its standard error so far."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str]
    web: httpx.Client

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def predict(self, text: str | list[str], **options: Any) -> httpx.Response:
        """Ask for the categories of one text or several."""
        return self.web.post("/v1/predict", json={"text": text, **options})

    @property
    def log(self) -> list[dict[str, Any]]:
        """The JSON lines of its log."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def serving(workspace: Path, *options: str, key: str = "", **variables: str) -> Iterator[Service]:
    """Start `classify serve` on a free port and stop it at the end."""
    command = [sys.executable, "-m", "classify", "serve", "--workspace", str(workspace)]
    command += [*([] if "--port" in options else ["--port", "0"]), *options]
    variables |= {"CLASSIFY_API_KEY": key} if key else {}
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment(**variables)
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(iter_lines(process)), daemon=True)
    reader.start()
    try:
        wait_until(
            lambda: process.poll() is not None or any(" answers with " in text for text in lines),
            seconds=SECONDS,
            what="the service answers",
        )
        assert process.poll() is None, lines
        (line,) = (text for text in lines if " answers with " in text)
        url = line.split()[0]
        header = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx.Client(base_url=url, headers=header, timeout=SECONDS, trust_env=False) as web:
            yield Service(url, process, lines, web)
    finally:
        process.kill()
        process.wait()
        reader.join(5)


def iter_lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield the lines of standard error as they arrive."""
    assert process.stderr
    yield from process.stderr
