"""How long commands take from start to end, beside a bare Python that imports one package.

    python benchmarks/startup.py [--repeats 15]

`classify --help` stands beside a Python that imports click, `classify predict` of one article
beside one that imports NumPy: whole processes, in turn, each once before the clock runs. The run is
a tfidf run of the sample articles with their first annotator's labels.
"""

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.results import table
from benchmarks.timing import interleaved, times
from seeds.reading.sources import Article, read_articles

SAMPLE = Path(__file__).resolve().parents[1] / "seeds" / "sample"
ARTICLE = SAMPLE / "unseen" / "semaine-du-film-tachkent.txt"
CLASSIFY = [str(Path(sys.executable).with_name("classify"))]
BARE = {name: [sys.executable, "-c", f"import {name}"] for name in ("click", "numpy")}
BESIDE = {"classify --help": "import click", "classify predict FILE": "import numpy"}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        train(workspace)
        predict = [*CLASSIFY, "predict", str(ARTICLE), "--workspace", str(workspace)]
        commands = {
            "classify --help": [*CLASSIFY, "--help"],
            "import click": BARE["click"],
            "classify predict FILE": predict,
            "import numpy": BARE["numpy"],
        }
        for command in commands.values():
            run(command)
        jobs = {name: (lambda c=command: run(c)) for name, command in commands.items()}
        seconds = interleaved(jobs, given.repeats)
    print(f"Whole processes, in turn; medians of {given.repeats}.\n\n{table_of(seconds)}")


def train(workspace: Path) -> None:
    """A run of the sample articles, made by the commands a person would type."""
    labelled = workspace.parent / "labelled.csv"
    with (SAMPLE / "labels.csv").open(encoding="utf-8") as file:
        category = {row["source"]: row["annotator_a"] for row in csv.DictReader(file)}
    files = [each for each in sorted((SAMPLE / "articles").iterdir()) if each.name in category]
    with labelled.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "category"])
        for path in files:
            texts = [
                each.document.text for each in read_articles([path]) if isinstance(each, Article)
            ]
            rows.writerows([text, category[path.name]] for text in texts)
    columns = ["--text-columns", "text", "--label-column", "category"]
    where = ["--workspace", str(workspace)]
    run([*CLASSIFY, "labels", "import", str(labelled), *columns, *where])
    run([*CLASSIFY, "train", "tfidf", "--test", "0", *where])


def run(command: Sequence[str]) -> None:
    """A command to its end; if it fails, so does the benchmark, with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")


def table_of(seconds: Mapping[str, Sequence[float]]) -> str:
    """The figures as Markdown: a row a command of ours."""
    rows = [
        [
            f"`{name}`",
            f"{1000 * statistics.median(seconds[name]):.0f}",
            f'`python -c "{bare}"`',
            f"{1000 * statistics.median(seconds[bare]):.0f}",
            f"{times(seconds[name], seconds[bare]):.2f}",
        ]
        for name, bare in BESIDE.items()
    ]
    return table(["", "ms", "beside", "ms", "times as long"], rows)


if __name__ == "__main__":
    main()
