"""`classify serve` under load: answers a second, how long they take, and whether it stays awake.

    python benchmarks/serving.py [--run RUN] [--clients 32] [--seconds 15] [--texts articles]

The service in its default setting, the same without batches, and as a peer what one would write in
an hour: FastAPI and uvicorn with a route that calls the model. Each gets the same clients in turn,
who ask over and over, each on a connection of its own, while /health/live is asked ten times a
second.
RUN is a run's folder; without it a tfidf run of the sample articles is trained. The texts are the
sample articles, their first sentences or their headlines.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.results import table
from benchmarks.startup import SAMPLE, train
from classify import load
from seeds.reading.sources import Article, read_articles
from training.runs.registry import find_run

ROOT = Path(__file__).resolve().parents[1]
PEER = """
import sys
import uvicorn
from fastapi import FastAPI
from classify import load, predict
run, app = load(sys.argv[1]), FastAPI()

@app.get("/health/live")
async def live():
    return {"status": "live"}

@app.post("/v1/predict")
def answer(asked: dict):
    (found,) = predict([asked["text"]], run)
    known = {"categories": found.categories, "probabilities": found.shown}
    return {**known, "decision": found.decision}

uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""


def main() -> None:
    """Measure each in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, help="a run's folder")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--texts", choices=PARTS, default="articles")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.run is None:
            train(Path(folder))
        run = (given.run or find_run(Path(folder) / "runs")).resolve()
        texts = sample(given.texts)
        bodies = Path(folder, "bodies.jsonl")
        lines = (json.dumps({"text": text}, ensure_ascii=False) for text in texts)
        bodies.write_text("\n".join(lines), encoding="utf-8")
        found = [
            (name, measure(command, bodies, given.clients, given.seconds))
            for name, command in commands(run).items()
        ]
        facts = load(run).facts
        base = f" of {Path(facts.base_model).name}" if facts.base_model else ""
        size = statistics.mean(map(len, texts))
        print(
            page(found, f"{facts.kind} run{base}", given.clients, f"{given.texts} of {size:,.0f}")
        )


def sample(part: str) -> list[str]:
    """The sample articles, or of each its first sentence or its headline."""
    files = sorted((SAMPLE / "articles").iterdir())
    texts = [each.document.text for each in read_articles(files) if isinstance(each, Article)]
    return [PARTS[part](text) for text in texts]


def sentence(text: str) -> str:
    """The first one below the headline."""
    return re.split(r"(?<=[.!?])\s", text.partition("\n")[2].strip() or text)[0]


PARTS = {"articles": str, "sentences": sentence, "headlines": lambda text: text.partition("\n")[0]}


def commands(run: Path) -> dict[str, list[str]]:
    """What is measured: its name and how it is started, but for the port."""
    ours = [sys.executable, "-m", "classify", "serve", "--run", str(run), "--port"]
    return {
        "classify serve": [*ours, "{port}"],
        "classify serve --max-batch 1": [*ours, "{port}", "--max-batch", "1"],
        "FastAPI, a route that calls the model": [sys.executable, "-c", PEER, str(run), "{port}"],
    }


def measure(command: list[str], bodies: Path, clients: int, seconds: float) -> dict[str, Any]:
    """What clients heard of a service, and how long its health took."""
    with running(command) as (port, process):
        ask(port, bodies, 2, 2)  # warm
        before = memory(process)
        latencies: list[float] = []
        over = threading.Event()
        watcher = threading.Thread(target=watch, args=(port, latencies, over))
        watcher.start()
        heard = ask(port, bodies, clients, seconds)
        over.set()
        watcher.join()
        heard["health"] = statistics.quantiles(latencies, n=100)[98]
        heard["rate"] = heard["statuses"].get("200", 0) / seconds
        heard["grown"] = memory(process) - before
        return heard


@contextlib.contextmanager
def running(command: list[str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A service on a free port, until it answers; ended with all it started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [each.replace("{port}", str(port)) for each in command],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                health(port)
                break
            time.sleep(0.2)
        yield port, process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(port: int, bodies: Path, clients: int, seconds: float) -> dict[str, Any]:
    """Let clients ask; what they heard."""
    command = [sys.executable, "-m", "benchmarks.clients", "127.0.0.1", str(port)]
    command += [str(clients), str(seconds), "1.0", str(bodies)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def watch(port: int, latencies: list[float], over: threading.Event) -> None:
    """Ask for its health now and then."""
    while not over.wait(0.1):
        began = time.monotonic()
        health(port)
        latencies.append(time.monotonic() - began)


def health(port: int) -> None:
    """Ask for its health once."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=60) as answer:
        answer.read()


def memory(process: subprocess.Popen[bytes]) -> float:
    """Megabytes of a service and what it started."""
    import psutil

    main = psutil.Process(process.pid)
    return sum(each.memory_info().rss for each in [main, *main.children(recursive=True)]) / 1e6


def page(found: list[tuple[str, dict[str, Any]]], run: str, clients: int, texts: str) -> str:
    """The figures as Markdown."""
    peer = found[-1][1]["rate"]
    rows = [
        [
            name,
            f"{heard['rate']:,.0f}",
            f"{heard['rate'] / peer:.1f}" if peer else "–",
            f"{heard['median'] * 1000:,.0f}",
            f"{heard['p99'] * 1000:,.0f}",
            f"{heard['health'] * 1000:,.0f}",
            ", ".join(f"{n:,} × {status}" for status, n in sorted(heard["statuses"].items())),
            f"{heard['grown']:+.0f}",
        ]
        for name, heard in found
    ]
    head = ["", "answers/s", "times the peer's", "ms, median", "ms, p99", "ms of /health/live, p99"]
    return (
        f"{clients:,} clients at once, a {run}, {texts} characters; clients and "
        f"service share the cores.\n\n{table([*head, 'answers', 'MB grown'], rows)}"
    )


if __name__ == "__main__":
    main()
