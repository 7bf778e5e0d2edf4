"""How commands grow: processor time and memory on n, 2n and 4n articles.

    python benchmarks/growth.py [--articles 2000]

Twice as many articles should take about twice the time, and a command that streams no more memory.
The articles are made up: words as frequent as in a language, 200 of them their own and 100 in a
notice that all share; one article in ten is a rewrite of another. Each is labelled with one of four
categories. The last row adds a single article to those that are there.
"""

import argparse
import csv
import itertools
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import table

CLASSIFY = [str(Path(sys.executable).with_name("classify"))]
CATEGORIES = ("international", "nationale", "economie", "sport")
WORDS = [f"mot{n}" for n in range(30_000)]
WEIGHTS = list(itertools.accumulate(1 / (n + 3) for n in range(len(WORDS))))


@dataclass(frozen=True, slots=True)
class Use:
    """What a command used: seconds of all processors, megabytes at most."""

    seconds: float
    megabytes: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=2000, help="n")
    sizes = [parser.parse_args().articles * factor for factor in (1, 2, 4)]
    uses = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            uses.append(measure(Path(folder) / str(size), size))
    print(f"Processor seconds and megabytes on {', '.join(f'{n:,}' for n in sizes)} articles.\n")
    print(table_of(uses))


def measure(folder: Path, articles: int) -> dict[str, Use]:
    """What each command uses on so many articles, by its name."""
    folder.mkdir()
    texts = write_articles(folder / "articles.csv", articles, seed=articles)
    write_articles(folder / "one.csv", 1, seed=0)
    columns = ("--text-columns", "text", "--label-column", "category")
    where = ("--workspace", folder / "w")
    empty = ("--workspace", folder / "empty")
    commands: dict[str, Sequence[object]] = {
        "seeds add": ("seeds", "add", folder / "articles.csv", *where),
        "seeds list": ("seeds", "list", *where),
        "seeds stats": ("seeds", "stats", *where),
        "labels import": (
            *("labels", "import", folder / "articles.csv", *columns, "--create-categories", *where),
        ),
        "labels status --offline": ("labels", "status", "--offline", *where),
        "train tfidf": ("train", "tfidf", *where),
        "runs list": ("runs", "list", *where),
        "predict": (
            *("predict", folder / "articles.csv", "--text-columns", "text", "--processes", "1"),
            *("--output", folder / "labels.jsonl", *where),
        ),
        "evaluate": ("evaluate", "--on", folder / "w" / "dataset.jsonl", *where),
        "seeds add, one more": ("seeds", "add", folder / "one.csv", *where),
        "labels import, alone": (
            *("labels", "import", folder / "articles.csv", *columns, "--create-categories", *empty),
        ),
    }
    print(f"{articles:,} articles, {texts / 1e6:.0f} MB", file=sys.stderr)
    return {name: run([*CLASSIFY, *map(str, words)]) for name, words in commands.items()}


def write_articles(path: Path, count: int, seed: int) -> int:
    """Write a table of labelled articles; return the characters of their texts."""
    chance = random.Random(seed)
    notice = chance.choices(WORDS, cum_weights=WEIGHTS, k=100)
    texts: list[list[str]] = []
    for _ in range(count):
        if texts and chance.random() < 0.1:
            text = list(chance.choice(texts))
            for place in chance.sample(range(200), 20):
                text[place] = chance.choice(WORDS)
        else:
            text = chance.choices(WORDS, cum_weights=WEIGHTS, k=200)
        texts.append(text)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "category"])
        for n, text in enumerate(texts):
            category = CATEGORIES[n % len(CATEGORIES)]
            rows.writerow([" ".join([f"{category} " * 8, *text, *notice]), category])
    return path.stat().st_size


def run(command: Sequence[str]) -> Use:
    """Run a command to its end; if it fails, so does the benchmark, with what it said."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(command)}: {said.read().decode(errors='replace')}")
    return Use(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def table_of(uses: Sequence[dict[str, Use]]) -> str:
    """Return the figures as Markdown: a row a command, with what each doubling does to its time."""
    rows = []
    for name in uses[0]:
        steps = [use[name] for use in uses]
        times = [later.seconds / earlier.seconds for earlier, later in itertools.pairwise(steps)]
        rows.append(
            [
                f"`{name}`",
                *(f"{step.seconds:.1f}" for step in steps),
                *(f"{factor:.1f}" for factor in times),
                *(f"{step.megabytes:.0f}" for step in steps),
            ]
        )
    heading = ["", "s, n", "2n", "4n", "2n / n", "4n / 2n", "MB, n", "2n", "4n"]
    return table(heading, rows)


if __name__ == "__main__":
    main()
