"""How good `classify train` is beside scikit-learn on the same articles, in one run.

    python benchmarks/quality.py TRAIN DEV --text-columns headline,text --label-column category
    python benchmarks/quality.py            # the MasakhaNEWS and SIB-200 files in ../shared/data
    python benchmarks/quality.py --base-model FOLDER    # `classify train embedding` as well

TRAIN and DEV are labelled tables (TSV, CSV, JSONL). The tfidf column is measured with the commands
of a user: `classify labels import`, `classify train --test 0` and `classify predict` in a temporary
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
from tests.support.reading import read_rows

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
    options = parser.parse_args()
    if options.train and options.dev:
        jobs = [(options.train, options.dev, options.text_columns)]
    elif SHARED.is_dir():
        jobs = [
            (NEWS / f"train-{n}-per-class.tsv", NEWS / "dev.tsv", "headline,text")
            for n in (5, 10, 20, 50)
        ] + [(SENTENCES / "train.tsv", SENTENCES / "dev.tsv", "text")]
    else:
        parser.error(f"{SHARED} does not exist; give TRAIN and DEV")
    print(f"weighted F1 on DEV; {platform.machine()}, Python {platform.python_version()}")
    kinds = {"tfidf": ["tfidf"]}
    if options.base_model:
        kinds["embedding"] = ["embedding", "--base-model", options.base_model]
    head = "".join(f"{name:>11}{'s':>7}" for name in kinds)
    print(f"{'TRAIN':<38}{head}{'words+SVC':>11}{'char_wb+SVC':>13}")
    for train, dev, columns in jobs:
        row = measure(train, dev, columns, options.label_column, list(kinds.values()))
        print(f"{f'{train.parent.name}/{train.name}':<38}" + row, flush=True)


def measure(train: Path, dev: Path, columns: str, label: str, kinds: list[list[str]]) -> str:
    """Return the figures of one row of the table."""
    training, test = (read(path, columns.split(","), label) for path in (train, dev))
    row = ""
    for kind in kinds:
        start = time.perf_counter()
        row += f"{measure_classify(train, columns, label, test, kind):>11.3f}"
        row += f"{time.perf_counter() - start:>7.1f}"
    words = measure_peer(TfidfVectorizer(), training, test)
    chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    return row + f"{words:>11.3f}{measure_peer(chars, training, test):>13.3f}"


def read(path: Path, columns: list[str], label: str) -> Texts:
    """Read texts and category ids from a labelled table."""
    records = [record for _, record in read_rows(path)]
    texts = ["\n\n".join(str(record[name]) for name in columns) for record in records]
    return texts, [category_id(str(record[label])) for record in records]


def measure_classify(train: Path, columns: str, label: str, test: Texts, kind: list[str]) -> float:
    """Return weighted F1 of the commands a user would type."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = ["--workspace", f"{folder}/workspace"]
        options = ["--choice", "single", "--create-categories", "--label-column", label]
        run("labels", "import", str(train), "--text-columns", columns, *options, *workspace)
        run("train", *kind, "--test", "0", *workspace)
        articles = Path(folder) / "dev.jsonl"
        lines = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(test[0])]
        articles.write_text("\n".join(lines), encoding="utf-8")
        answers = run("predict", str(articles), "--format", "jsonl", *workspace)
    predicted = [json.loads(line)["categories"][0] for line in answers.splitlines()]
    return float(f1_score(test[1], predicted, average="weighted"))


def measure_peer(vectoriser: TfidfVectorizer, training: Texts, test: Texts) -> float:
    """Return weighted F1 of scikit-learn."""
    model = make_pipeline(vectoriser, LinearSVC()).fit(*training)
    return float(f1_score(test[1], model.predict(test[0]), average="weighted"))


def run(*arguments: str) -> str:
    """Run a command of ours and return what it prints."""
    command = [sys.executable, "-m", "classify", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
