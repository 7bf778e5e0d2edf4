"""How good `classify train` is beside scikit-learn on the same articles, in one run.

    python benchmarks/quality.py TRAIN DEV --text-columns headline,text --label-column category
    python benchmarks/quality.py            # the MasakhaNEWS and SIB-200 files in ../shared/data
    python benchmarks/quality.py --base-model FOLDER    # `classify train embedding` as well

TRAIN and DEV are labelled tables (TSV, CSV, JSONL). The classify column is the real thing: the
commands `classify labels import`, `classify train --test 0` and `classify predict` in a temporary
workspace. The others are scikit-learn's TfidfVectorizer with LinearSVC: with its defaults (words),
and with character n-grams within words, of 2 to 5 characters, sublinear.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from labels.taxonomy import category_id
from seeds.reading.tables import read_rows

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
NEWS, SENTENCES = SHARED / "masakhanews-fra", SHARED / "sib200-fra"
Texts = tuple[list[str], list[str]]


def main() -> None:
    """Print a table of weighted F1, one row a training file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path, nargs="?")
    parser.add_argument("dev", type=Path, nargs="?")
    parser.add_argument("--text-columns", default="headline,text")
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--base-model", help="an encoder, for a column of `train embedding`")
    given = parser.parse_args()
    if given.train and given.dev:
        jobs = [(given.train, given.dev, given.text_columns)]
    elif SHARED.is_dir():
        jobs = [
            (NEWS / f"train-{n}-per-class.tsv", NEWS / "dev.tsv", "headline,text")
            for n in (5, 10, 20, 50)
        ] + [(SENTENCES / "train.tsv", SENTENCES / "dev.tsv", "text")]
    else:
        parser.error(f"{SHARED} is not there; give TRAIN and DEV")
    print(f"weighted F1 on DEV; {platform.machine()}, Python {platform.python_version()}")
    kinds = {"tfidf": ["tfidf"]}
    if given.base_model:
        kinds["embedding"] = ["embedding", "--base-model", given.base_model]
    head = "".join(f"{name:>11}{'s':>7}" for name in kinds)
    print(f"{'TRAIN':<38}{head}{'words+SVC':>11}{'char_wb+SVC':>13}")
    for train, dev, columns in jobs:
        row = measure(train, dev, columns, given.label_column, list(kinds.values()))
        print(f"{f'{train.parent.name}/{train.name}':<38}" + row, flush=True)


def measure(train: Path, dev: Path, columns: str, label: str, kinds: list[list[str]]) -> str:
    """The figures of one row of the table."""
    known, unknown = (read(path, columns.split(","), label) for path in (train, dev))
    row = ""
    for kind in kinds:
        started = time.perf_counter()
        row += f"{classify(train, columns, label, unknown, kind):>11.3f}"
        row += f"{time.perf_counter() - started:>7.1f}"
    words = peer(TfidfVectorizer(), known, unknown)
    chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    return row + f"{words:>11.3f}{peer(chars, known, unknown):>13.3f}"


def read(path: Path, columns: list[str], label: str) -> Texts:
    """Texts and category ids of a labelled table."""
    found = [row for _, row in read_rows(path)]
    texts = ["\n\n".join(str(row[name]) for name in columns) for row in found]
    return texts, [category_id(str(row[label])) for row in found]


def classify(train: Path, columns: str, label: str, unknown: Texts, kind: list[str]) -> float:
    """Weighted F1 of the commands a user would type."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = ["--workspace", f"{folder}/workspace"]
        options = ["--choice", "single", "--create-categories", "--label-column", label]
        command("labels", "import", str(train), "--text-columns", columns, *options, *workspace)
        command("train", *kind, "--test", "0", *workspace)
        articles = Path(folder) / "dev.jsonl"
        lines = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(unknown[0])]
        articles.write_text("\n".join(lines), encoding="utf-8")
        answers = command("predict", str(articles), "--format", "jsonl", *workspace)
    found = [json.loads(line)["categories"][0] for line in answers.splitlines()]
    return float(f1_score(unknown[1], found, average="weighted"))


def peer(vectoriser: TfidfVectorizer, known: Texts, unknown: Texts) -> float:
    """Weighted F1 of scikit-learn."""
    model = make_pipeline(vectoriser, LinearSVC()).fit(*known)
    return float(f1_score(unknown[1], model.predict(unknown[0]), average="weighted"))


def command(*arguments: str) -> str:
    """Run a command of ours; what it prints."""
    made = [sys.executable, "-m", "classify", *arguments]
    return subprocess.run(made, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
