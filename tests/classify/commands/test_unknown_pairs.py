"""Unknown pairs at the command line: counted in what is said, and measured nowhere."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labels.annotations import Annotation, write_annotations
from labels.dataset import Dataset, read_dataset, write_dataset
from seeds.document import Document, write_documents
from tests.support.command import classify
from tests.support.corpus import article, dataset, taxonomy, write_taxonomy

QUICK = "test = 0.3\nfolds = 2\ncurve_repeats = 0\n[model]\nbuckets = 12\n"


def run_in(folder: Path, *arguments: str | Path) -> tuple[str, str]:
    """Run a command that must succeed; return both outputs."""
    done = classify(*arguments, "--workspace", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def open_pairs(data: Dataset) -> Dataset:
    """Make trade unknown for every second article."""
    examples = tuple(
        replace(e, categories=tuple(c for c in e.categories if c != "trade"), unknown=("trade",))
        if n % 2
        else e
        for n, e in enumerate(data.examples)
    )
    return replace(data, examples=examples)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w")
    data = open_pairs(dataset(60))
    write_taxonomy(folder, data.taxonomy)
    write_dataset(folder / "dataset.jsonl", data)
    (folder / "tfidf.toml").write_text(QUICK)
    _, err = run_in(folder, "train")
    assert "unknown pairs: 30 of 180 pairs" in err
    return folder


def test_evaluate_leaves_them_out_and_counts_them(trained: Path) -> None:
    out, err = run_in(trained, "evaluate", "--format", "json")
    figures: dict[str, Any] = json.loads(out)
    tested = set(json.loads((trained / "split.json").read_text())["test"])
    examples = [e for e in read_dataset(trained).examples if e.document.id in tested]
    asked = sum(e.unknown == () for e in examples)
    assert figures["articles"] == len(examples)
    assert figures["unknown_pairs"] == len(examples) - asked > 0
    assert figures["unknown"] == {"trade": len(examples) - asked}
    assert f"not measured: {len(examples) - asked} pairs of article and category" in err


def test_a_dataset_with_unknown_pairs_is_read_as_one(trained: Path, tmp_path: Path) -> None:
    new = open_pairs(dataset(20, seed=7))
    write_dataset(tmp_path / "new.jsonl", new)
    out, _ = run_in(trained, "evaluate", "--on", tmp_path / "new.jsonl", "--format", "json")
    assert json.loads(out)["unknown_pairs"] == 10


# ------------------------------------------------- annotators who do not agree, or do not answer

TEXTS = [article(names, random.Random(n)) for n, names in enumerate([("trade",)] * 4)]


def pulled(folder: Path, *annotations: tuple[int, str, tuple[str, ...], str]) -> Path:
    """Make a workspace as a pull leaves it, its labels not yet settled."""
    documents = [Document.of(text) for text in TEXTS]
    write_taxonomy(folder, taxonomy())
    write_documents(folder, {document.id: document for document in documents})
    write_annotations(
        folder,
        [
            Annotation(documents[n].id, who, categories, status)  # type: ignore[arg-type]
            for n, who, categories, status in annotations
        ],
    )
    return folder


SKIP, SUBMIT = "skipped", "submitted"


@pytest.mark.parametrize(
    ("annotations", "votes", "counts"),
    [
        ([(n, "lea", ("trade",), SUBMIT) for n in range(4)], 0, (0, 0, 4)),
        ([(n, "lea", ("trade",), SUBMIT) for n in range(4)], 1, (4, 0, 0)),
        ([(n, who, (), SKIP) for n in range(4) for who in ("lea", "max")], 0, (0, 0, 0)),
        ([(n, who, (), SUBMIT) for n in range(4) for who in ("lea", "max")], 0, (4, 0, 0)),
        ([(0, "lea", (), SKIP), (0, "max", (), SKIP), (0, "ines", (), SUBMIT)], 0, (0, 0, 1)),
        ([(0, "lea", ("trade",), SUBMIT), (0, "max", (), SUBMIT)], 0, (0, 1, 0)),
        ([(0, "import:a.csv", (), SUBMIT), (1, "lea", (), SUBMIT)], 0, (1, 0, 1)),
    ],
    ids=["alone", "alone, one vote", "all skipped", "empty", "one of two", "tied", "from a file"],
)
def test_each_annotated_article_is_agreed_disputed_or_waiting(
    tmp_path: Path,
    annotations: list[tuple[int, str, tuple[str, ...], str]],
    votes: int,
    counts: tuple[int, int, int],
) -> None:
    folder = pulled(tmp_path, *annotations)
    (folder / "labelstudio.toml").write_text(f"votes = {votes}\n")
    out, _ = run_in(folder, "labels", "status", "--offline", "--format", "json")
    report = json.loads(out)
    assert tuple(report[name] for name in ("agreed", "to_adjudicate", "waiting")) == counts
    assert sum(counts) == report["annotated"]


def test_more_votes_than_annotators_see_an_article_are_refused(tmp_path: Path) -> None:
    folder = pulled(tmp_path)
    (folder / "labelstudio.toml").write_text("overlap = 2\nvotes = 3\n")
    done = classify("labels", "status", "--offline", "--workspace", folder)
    assert done.returncode == 1
    assert "votes must be at most overlap (2)" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_training_says_that_articles_may_wait(tmp_path: Path) -> None:
    folder = pulled(tmp_path)
    (folder / "dataset.jsonl").write_text("")
    done = classify("train", "--workspace", folder)
    assert done.returncode == 1
    assert "how many articles wait for more votes" in done.stderr
