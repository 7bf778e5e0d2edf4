"""Training TF-IDF on many articles: seconds and memory, and how both grow with their number.

    python benchmarks/training_speed.py [--articles 10000,100000] [--folder FOLDER]

Makes so many articles of 3 KB, about 480 words drawn by rank from invented ones, in 16 categories
of which each article has one to three, and runs `classify train` on them, a process each. FOLDER
holds the articles and the runs (0.4 GB for 100,000); without it they are removed again.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tomlkit

from benchmarks.results import table
from labels.taxonomy import Category, Taxonomy
from seeds.document import Document

SYLLABLES = re.findall(
    r"\S+",
    """ba be ca cha con da de di do ec en es fa fi fran gou im in ju la le lo ma me mi mon na ne no
    ou pa par per po pré qua ra re ri ro ru sa se si so su ta te ti to tra tu va ve vi vo é eur tion
    ment age isme ique""",
)
CATEGORIES = tuple(f"category{n:02}" for n in range(16))
WORDS, TOPICAL, CHARACTERS = 40_000, 300, 3000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--articles", default="10000,100000")
    parser.add_argument("--folder", type=Path, help="where articles and runs stay")
    given = parser.parse_args()
    numbers = [int(each) for each in given.articles.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        found = [measure(n, (given.folder or Path(temporary)) / str(n)) for n in numbers]
    print(rows(numbers, found))


def measure(articles: int, workspace: Path) -> tuple[float, float, float]:
    """Seconds, GB at most and micro-F1 of a training of its own process."""
    if not (workspace / "dataset.jsonl").is_file():
        make(articles, workspace)
    command = [sys.executable, "-m", "classify", "train", "--workspace", str(workspace)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert process.stdout is not None
    process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)  # of this child alone: the others are smaller
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    newest = max((workspace / "runs").glob("*/metrics.json"), key=lambda each: each.stat().st_mtime)
    micro = json.loads(newest.read_text(encoding="utf-8"))["micro_f1"]
    f1 = micro["value"] if isinstance(micro, dict) else micro
    return seconds, used.ru_maxrss * 1024 / 1e9, float(f1)


def make(articles: int, workspace: Path) -> None:
    """Write a workspace with labelled articles; the same for the same number."""
    workspace.mkdir(parents=True, exist_ok=True)
    categories = tuple(Category(id=name, fr=name, en=name) for name in CATEGORIES)
    taxonomy = tomlkit.dumps(Taxonomy("1", "multiple", categories).record())
    (workspace / "taxonomy.toml").write_text(taxonomy, encoding="utf-8")
    with (workspace / "dataset.jsonl").open("w", encoding="utf-8") as file:
        for text, labels in texts(articles):
            document = Document.of(text)
            record = {"id": document.id, "text": text, "labels": labels}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def texts(articles: int) -> Iterator[tuple[str, list[str]]]:
    """Articles of some 3 KB with their categories."""
    rng = np.random.default_rng(articles)
    made = {"".join(rng.choice(SYLLABLES, rng.integers(1, 4))) for _ in range(3 * WORDS)}
    words = np.array(sorted(made, key=lambda word: (len(word), hash_of(word)))[:WORDS])
    common = np.cumsum(1 / np.arange(1, len(words) + 1))
    topical = rng.integers(len(words) // 100, len(words), (len(CATEGORIES), TOPICAL))
    for _ in range(articles):
        own = rng.choice(len(CATEGORIES), rng.integers(1, 4), replace=False)
        drawn = np.searchsorted(common, rng.random(CHARACTERS // 5) * common[-1])
        special = rng.random(len(drawn)) < 0.06
        drawn[special] = topical[
            rng.choice(own, special.sum()), rng.integers(0, TOPICAL, special.sum())
        ]
        text = " ".join(words[drawn])[:CHARACTERS]
        yield text, [CATEGORIES[n] for n in sorted(own)]


def hash_of(word: str) -> int:
    """A number that is the same in every process."""
    return int.from_bytes(word.encode(), "little") * 0x9E3779B97F4A7C15 % (1 << 64)


def rows(numbers: list[int], found: list[tuple[float, float, float]]) -> str:
    """The figures as Markdown, each time beside the first."""
    head = ["articles of 3 KB", "seconds", "times the first", "GB at most", "micro-F1"]
    return table(
        head,
        [
            [f"{n:,}", f"{s:.0f}", f"{s / found[0][0]:.1f}", f"{gb:.2f}", f"{f1:.3f}"]
            for n, (s, gb, f1) in zip(numbers, found, strict=True)
        ],
    )


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
