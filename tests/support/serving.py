"""A real `classify serve` in a process of its own."""

import contextlib
import json
import os
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
import psutil

from tests.support.command import READ_AT_START, ForkedProcess, environment
from tests.support.waiting import wait_until

SECONDS = 120  # to load a model on a busy machine
MODULES = (  # that `classify serve` imports, a second or two
    *("fastapi", "httptools", "prometheus_client", "python_multipart", "uvicorn", "uvloop"),
    "classify.serving.service",
)


@dataclass
class Service:
    """A running service. lines: of its standard error so far."""

    url: str
    process: ForkedProcess | subprocess.Popen[bytes]
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

    def send_file(self, name: str, content: bytes, **fields: Any) -> httpx.Response:
        """Ask for the categories of the articles of a file."""
        sent = {"file": (name, content)}
        return self.web.post("/v1/predict/file", files=sent, data=fields)

    @property
    def ready(self) -> bool:
        """Whether texts are answered."""
        return self.web.get("/health/ready").status_code == 200

    @property
    def worker(self) -> psutil.Process:
        """The process that holds the model."""
        (worker,) = self._children("classify.serving.model.worker")
        return worker

    @property
    def readers(self) -> list[psutil.Process]:
        """The processes that read files."""
        return self._children("classify.serving.files.reader")

    def _children(self, module: str) -> list[psutil.Process]:
        """Return the processes that run a module for the service."""
        processes = []
        for process in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
                if module in process.cmdline():
                    processes.append(process)
        return processes

    def stop_reader(self) -> psutil.Process:
        """Let a process read a file, then stop it, so that the next file is never read."""
        assert self.send_file("a.txt", b"film").status_code == 200
        (reader,) = self.readers
        reader.send_signal(signal.SIGSTOP)
        return reader

    @property
    def log(self) -> list[dict[str, Any]]:
        """The JSON lines of its log."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def serving(
    workspace: Path, *options: str, key: str = "", cold: bool = False, **variables: str
) -> Iterator[Service]:
    """Start `classify serve` on a free port and stop it at the end.

    Args:
        workspace: whose run answers.
        options: of the command.
        key: that the API requires.
        cold: start Python anew instead of forking a process that has imported everything.
        variables: more environment variables.
    """
    words = ["serve", "--workspace", str(workspace), *options]
    words += [] if "--port" in options else ["--port", "0"]
    variables |= {"CLASSIFY_API_KEY": key} if key else {}
    out, err = os.pipe()
    process = _start(words, err, variables, cold=cold)
    lines: list[str] = []
    reader = threading.Thread(target=_read_lines, args=(out, lines), daemon=True)
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


def _start(
    words: list[str], stderr: int, variables: dict[str, str], *, cold: bool
) -> ForkedProcess | subprocess.Popen[bytes]:
    """Start the command; its standard error is closed here."""
    if cold or any(name.startswith(READ_AT_START) for name in variables):
        command = [sys.executable, "-m", "classify", *words]
        process = subprocess.Popen(command, stderr=stderr, env=environment(**variables))
        os.close(stderr)
        return process
    files = (os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY), stderr)
    return ForkedProcess(words, files, Path.cwd(), environment(**variables), *MODULES)


def _read_lines(file: int, lines: list[str]) -> None:
    """Collect the lines of standard error as they arrive."""
    with open(file, encoding="utf-8") as pipe:
        lines.extend(pipe)
