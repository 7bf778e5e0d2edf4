"""`classify predict` on a large JSONL file: one process, two, and one command killed half-way.

    python benchmarks/streams.py [--size 2GB] [--repeats 3] [--run RUN] [--folder DIR]

Makes a file of French articles of about 3.5 KB (sentences of the sample articles drawn anew for
each, so every article is another) and labels it with one process and with two, in turn. A third
command on two processes is killed by kill -9 half-way and given again with --resume: its output
must be the same, byte for byte. Memory is the sum over all processes of what is theirs (PSS: a page
that several share counts once), looked at ten times a second; the run is a tfidf run of the sample
articles unless one is named.
"""

import argparse
import hashlib
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.results import table
from benchmarks.startup import SAMPLE, train
from classify.terminal import size_in_bytes
from seeds.reading.sources import Article, read_articles

CHARACTERS = 3500  # an article
SECONDS_BETWEEN_LOOKS = 0.1  # at the memory
HEAD = ["", "seconds", "MB/s", "articles/s", "times one process", "peak memory, MB", "output"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command that ran: seconds, and the most MB that its processes had together."""

    seconds: float
    memory: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=size_in_bytes, default="2GB", help="of the file")
    parser.add_argument("--repeats", type=int, default=3, help="of one process and two, in turn")
    parser.add_argument("--run", help="a run's folder")
    parser.add_argument("--folder", help="where the file is made; the default is a temporary one")
    given = parser.parse_args()
    if given.folder:
        Path(given.folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        folder = Path(temporary)
        run = given.run or trained(folder / "workspace")
        source = folder / "articles.jsonl"
        articles = make(source, given.size)
        found: dict[str, list[Outcome]] = {"1": [], "2": []}
        for _ in range(given.repeats):
            for processes, outcomes in found.items():
                outcomes.append(label(source, run, folder / f"{processes}.jsonl", processes))
        lost, resumed = killed(source, run, folder / "killed.jsonl")
        same = len({digest(folder / f"{name}.jsonl") for name in ("1", "2", "killed")}) == 1
        size = source.stat().st_size
    print(f"{articles:,} articles, {size / 1e6:,.0f} MB of JSONL; medians of {given.repeats}.\n")
    print(table_of(found, [lost, resumed], articles, size, same))
    if not same:
        sys.exit("the outputs differ")


def trained(workspace: Path) -> str:
    """A tfidf run of the sample articles."""
    train(workspace)
    (name,) = (workspace / "runs" / "current").read_text().split()[-1:]
    return str(workspace / "runs" / name)


def make(path: Path, size: int) -> int:
    """Write articles until the file has a size; how many there are. Always the same ones."""
    rng = random.Random(1)
    found = read_articles([SAMPLE / "articles"], recursive=True)
    text = "\n".join(each.document.text for each in found if isinstance(each, Article))
    sentences = re.split(r"(?<=[.!?])\s+", text)
    each = CHARACTERS * len(sentences) // len(text)
    number = 0
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < size:
            for _ in range(100):
                drawn = rng.choices(sentences, k=each)
                breaks = [rng.choice((" ", " ", " ", "\n\n")) for _ in drawn]
                body = "".join(a + b for a, b in zip(drawn, breaks, strict=True))
                record = {"id": str(number), "title": f"Dépêche {number}", "text": body}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                number += 1
    return number


def command(source: Path, run: str, output: Path, processes: str) -> list[str]:
    """The command that is measured."""
    words = ["predict", str(source), "--run", run, "--format", "jsonl", "--output", str(output)]
    return [sys.executable, "-m", "classify", *words, "--processes", processes]


def label(source: Path, run: str, output: Path, processes: str, *more: str) -> Outcome:
    """Run it to its end."""
    began, most = time.monotonic(), 0.0
    process = start([*command(source, run, output, processes), *more])
    while process.poll() is None:
        most = max(most, memory(process.pid))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        sys.exit(f"{output.name}: exit code {process.returncode}")
    return Outcome(time.monotonic() - began, most)


def killed(source: Path, run: str, output: Path) -> tuple[Outcome, Outcome]:
    """A command killed when half of the articles are labelled, and the one that goes on with it."""
    half = (output.parent / "2.jsonl").stat().st_size // 2
    partial = output.with_name(f"{output.name}.partial")
    began, most = time.monotonic(), 0.0
    process = start(command(source, run, output, "2"))
    while not partial.exists() or partial.stat().st_size < half:
        if process.poll() is not None:
            sys.exit("the command that was to be killed ended before")
        most = max(most, memory(process.pid))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    process.kill()
    process.wait()
    lost = Outcome(time.monotonic() - began, most)
    return lost, label(source, run, output, "2", "--resume")


def start(words: list[str]) -> "subprocess.Popen[bytes]":
    """A command, with a thread a process."""
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(words, stderr=subprocess.DEVNULL, env=env)


def memory(pid: int) -> float:
    """MB of a process and those it started: PSS, which Linux alone knows; RSS elsewhere."""
    total = 0
    try:
        for each in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            found = each.memory_full_info()
            total += getattr(found, "pss", found.rss)
    except psutil.Error:  # one has just ended
        pass
    return total / 1e6


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def table_of(
    found: dict[str, list[Outcome]], broken: list[Outcome], articles: int, size: int, same: bool
) -> str:
    """The figures as Markdown."""
    verdict = "the same" if same else "DIFFERS"
    rows = []
    for processes, outcomes in found.items():
        seconds = statistics.median(each.seconds for each in outcomes)
        pairs = zip(found["1"], outcomes, strict=True)
        ratio = statistics.median(one.seconds / other.seconds for one, other in pairs)
        rows.append(
            [
                f"{processes} process{'es' if processes != '1' else ''}",
                f"{seconds:.1f}",
                f"{size / seconds / 1e6:.1f}",
                f"{articles / seconds:,.0f}",
                f"{ratio:.2f}",
                f"{max(each.memory for each in outcomes):.0f}",
                verdict,
            ]
        )
    lost, resumed = broken
    blank = ["", "", ""]
    rows.append(
        ["2, killed half-way", f"{lost.seconds:.1f}", *blank, f"{lost.memory:.0f}", "partial"]
    )
    rows.append(
        ["… then --resume", f"{resumed.seconds:.1f}", *blank, f"{resumed.memory:.0f}", verdict]
    )
    return table(HEAD, rows)


if __name__ == "__main__":
    main()
