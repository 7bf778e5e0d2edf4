"""`classify predict` of made articles: small ones, whose category follows from their number."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from tests.support.command import classify, environment
from tests.support.corpus import WORDS
from tests.support.waiting import wait_until

COMMAND = [sys.executable, "-m", "classify", "predict", "--format", "jsonl"]


def article(number: int) -> dict[str, Any]:
    """An article whose category follows from its number."""
    name = list(WORDS)[number % 3]
    return {"id": f"n{number}", "text": f"{' '.join(WORDS[name] * 3)} {number}"}


def lines(count: int, first: int = 0) -> bytes:
    texts = (json.dumps(article(n), ensure_ascii=False) for n in range(first, first + count))
    return "".join(f"{text}\n" for text in texts).encode()


def expected(count: int, first: int = 0) -> list[tuple[str, list[str]]]:
    return [(f"n{n}", [list(WORDS)[n % 3]]) for n in range(first, first + count)]


def parse_labels(data: bytes | str) -> list[tuple[str, list[str]]]:
    text = data.decode() if isinstance(data, bytes) else data
    records = [json.loads(line) for line in text.splitlines()]
    return [(each["id"], each["categories"]) for each in records]


def predict(
    desk: Path, *arguments: str | Path, data: bytes = b""
) -> subprocess.CompletedProcess[str]:
    return classify("predict", "--workspace", desk, "--format", "jsonl", *arguments, data=data)


class RunningPredict:
    """A command that reads lines from a pipe, and so is under way as long as it is kept open."""

    def __init__(self, desk: Path, *arguments: str | Path, **streams: Any) -> None:
        command = [*COMMAND, "--workspace", desk, "--stdin-format", "jsonl", *arguments, "-"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=streams.get("stdout", subprocess.PIPE),
            stderr=streams.get("stderr", subprocess.PIPE),
            env=environment(),
        )

    def feed(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    @property
    def workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children()
        return [each for each in children if "spawn_main" in " ".join(each.cmdline())]

    def end(self) -> tuple[bytes, str]:
        out, stderr = self.process.communicate(timeout=60)
        return out or b"", stderr.decode()


def messages(stderr: str) -> list[str]:
    """The lines of a command but its progress, which a slow machine has time to show."""
    return [line for line in stderr.splitlines() if line and not line.startswith("Labelling: ")]


def count_journaled(output: Path) -> int:
    """How many articles the journal of an output counts as done."""
    path = output.with_name(f"{output.name}.journal")
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return sum(each.get("articles", 0) for each in records)


def kill_half_way(desk: Path, output: Path, *arguments: str | Path, count: int = 16_000) -> int:
    """Kill -9 a command that writes an output; how many articles it had done."""
    running = RunningPredict(desk, "--output", output, *arguments)
    running.feed(lines(count))
    wait_until(lambda: count_journaled(output) > 0)
    running.process.kill()
    running.end()
    return count_journaled(output)
