"""Apache Spark on 50 shards of 1,000 articles: kills survived, and what an article costs.

    python benchmarks/spark.py                       # a tfidf run of the sample articles
    python benchmarks/spark.py --run RUN [--shards 50] [--each 1000]

Makes Parquet shards of articles of about 3.5 KB, sentences of the sample articles drawn anew for
each, and labels them three times on two executors of this machine: undisturbed; with an executor
killed by kill -9 half-way; with the driver killed half-way and started again. Checks that every id
has labels exactly once, that _SUCCESS is written last and that no shard is done twice. The cost is
in seconds of a core, from the done-records: what else the machine does hardly changes it.
"""

import argparse
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
from pyarrow import parquet

from benchmarks.results import table
from benchmarks.startup import SAMPLE, train
from seeds.reading.sources import Article, read_articles

CHARACTERS = 3500  # an article
MASTER = "local-cluster[2,1,1024]"  # two executors of one core
MANY = 100_000_000  # articles of the plan in docs/scale.md
SECONDS = 3600  # a job at most


@dataclass(frozen=True, slots=True)
class Job:
    """One labelling of the shards into a folder."""

    name: str
    source: Path
    target: Path
    options: tuple[str, ...]

    def start(self) -> "subprocess.Popen[str]":
        """Start its driver."""
        words = [self.source, self.target, "--engine", "spark", "--master", MASTER, *self.options]
        command = [sys.executable, "-m", "classify", "predict", *map(str, words)]
        env = {**os.environ, "SPARK_WORKER_DIR": str(self.target.with_suffix(".work"))}
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)

    def finish(self, process: "subprocess.Popen[str]") -> str:
        """What it said, once it has ended well."""
        _, said = process.communicate(timeout=SECONDS)
        if process.returncode:
            raise SystemExit(f"{self.name}: exit code {process.returncode}\n{said}")
        return said

    @property
    def records(self) -> list[Path]:
        """The done-records there are."""
        return sorted((self.target / "_done").rglob("*.json"))

    def wait_half(self, process: "subprocess.Popen[str]", shards: int) -> None:
        """Wait until half of the shards are done."""
        while len(self.records) < shards // 2:
            if process.poll() is not None:
                raise SystemExit(f"{self.name}: ended before it was half done")
            time.sleep(0.05)


def main() -> None:
    """Label three times, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", help="a run's folder")
    parser.add_argument("--shards", type=int, default=50)
    parser.add_argument("--each", type=int, default=1000)
    parser.add_argument("--options", default="", help="more of `classify predict`")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run = given.run or trained(folder / "workspace")
        ids = make(folder / "in", given.shards, given.each)
        options = ("--run", run, *given.options.split())
        rows = []
        for name, disturb in DISTURBANCES.items():
            job = Job(name, folder / "in", folder / name.replace(" ", "-"), options)
            began = time.monotonic()
            said = disturb(job, given.shards)
            rows.append(checked(job, ids, said, time.monotonic() - began))
    print(f"{given.shards} Parquet shards of {given.each:,} articles, {MASTER}.\n")
    print(table(HEAD, rows))


def trained(workspace: Path) -> str:
    """A tfidf run of the sample articles."""
    train(workspace)
    (name,) = (workspace / "runs" / "current").read_text().split()[-1:]
    return str(workspace / "runs" / name)


def make(folder: Path, shards: int, each: int) -> Counter[str]:
    """Write the shards; the ids, each once."""
    rng = random.Random(1)
    folder.mkdir()
    found = read_articles([SAMPLE / "articles"], recursive=True)
    text = " ".join(each.document.text for each in found if isinstance(each, Article))
    sentences = re.split(r"(?<=[.!?])\s+", text)
    size = CHARACTERS * len(sentences) // len(text)
    for n in range(shards):
        rows = [
            {"id": f"{n}-{k}", "text": " ".join(rng.choices(sentences, k=size))}
            for k in range(each)
        ]
        parquet.write_table(pa.Table.from_pylist(rows), folder / f"part-{n:03}.parquet")
    return Counter(f"{n}-{k}" for n in range(shards) for k in range(each))


def undisturbed(job: Job, _shards: int) -> str:
    """Nothing happens."""
    return job.finish(job.start())


def executor_killed(job: Job, shards: int) -> str:
    """One of the two executors dies half-way."""
    process = job.start()
    job.wait_half(process, shards)
    for each in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # some are gone by now
            if "CoarseGrainedExecutorBackend" in " ".join(each.cmdline()):
                each.kill()
                return job.finish(process)
    raise SystemExit(f"{job.name}: no executor found")


def driver_killed(job: Job, shards: int) -> str:
    """The driver dies half-way and is started again."""
    process = job.start()
    job.wait_half(process, shards)
    below = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    psutil.wait_procs(below, timeout=60)
    before = {path: identity(path) for path in job.records}
    said = job.finish(job.start())
    if any(identity(path) != before[path] for path in before):
        raise SystemExit(f"{job.name}: a shard was done twice")
    return said + f"\n{len(before)} kept"


DISTURBANCES: dict[str, Callable[[Job, int], str]] = {
    "undisturbed": undisturbed,
    "executor killed": executor_killed,
    "driver killed": driver_killed,
}
HEAD = (
    *("job", "seconds", "articles", "ids once", "_SUCCESS last", "shards kept", "models loaded"),
    *("ms of a core an article", "core hours for 100 million"),
)


def checked(job: Job, ids: Counter[str], said: str, seconds: float) -> list[str]:
    """A row of the table, of what is in the folder."""
    files = [each for each in job.target.rglob("*.jsonl") if not hidden(each, job.target)]
    labelled = Counter(json.loads(line)["id"] for each in files for line in each.open())
    done: list[dict[str, Any]] = [json.loads(path.read_text()) for path in job.records]
    written = [each for each in job.target.rglob("*") if each.is_file() and each.suffix != ".log"]
    last = max(written, key=lambda each: each.stat().st_mtime_ns).name
    kept = re.search(r"(\d+) kept", said)
    loaded = re.search(r"(\d+) workers? loaded", said)
    busy = sum(each["cpu_seconds"] for each in done)
    articles = sum(each["articles"] for each in done)
    return [
        job.name,
        f"{seconds:.0f}",
        f"{articles:,}",
        "yes" if labelled == ids else "NO",
        "yes" if last == "_SUCCESS" else "NO",
        kept[1] if kept else "",
        loaded[1] if loaded else "",
        f"{busy / articles * 1000:.3g}",
        f"{busy / articles * MANY / 3600:,.0f}",
    ]


def hidden(path: Path, folder: Path) -> bool:
    """Whether a name is no data, by Hadoop's rule."""
    return any(part[0] in "_." for part in path.relative_to(folder).parts)


def identity(path: Path) -> tuple[int, int]:
    """What changes when a file is written again."""
    return path.stat().st_ino, path.stat().st_mtime_ns


if __name__ == "__main__":
    main()
