"""`classify labels suspects` on a workspace, without a server."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from labels.annotations import Annotation, write_annotations
from labels.dataset import Dataset, Example, write_dataset
from tests.support.command import ROOT, classify
from tests.support.corpus import dataset, write_taxonomy

WRONG = 10  # the article whose label was changed: of trade, and labelled cinema


def make(folder: Path, choice: str = "multiple") -> Path:
    """Make a workspace of 61 articles: one labelled wrong, and the last a near-duplicate."""
    data = dataset(60, choice)
    examples = list(data.examples)
    examples[WRONG] = Example(examples[WRONG].document, ("cinema",))
    copy = replace(dataset(61, choice).examples[60].document, group=examples[5].document.id)
    examples.append(Example(copy, ("trade",)))
    write_taxonomy(folder, data.taxonomy)
    write_dataset(folder / "dataset.jsonl", Dataset(tuple(examples), data.taxonomy))
    votes = [
        Annotation(example.document.id, person, example.categories)
        for example in examples
        for person in ("lea@example.org", "paul@example.org")
    ]
    write_annotations(folder, votes)
    recipe = (ROOT / "configs" / "tfidf.toml").read_text(encoding="utf-8")
    quick = recipe.replace("curve_repeats = 3", "curve_repeats = 0")
    (folder / "tfidf.toml").write_text(quick.replace("buckets = 20", "buckets = 12"))
    return folder


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace that no test writes to."""
    return make(tmp_path_factory.mktemp("suspects") / "workspace")


def report(space: Path, *more: str) -> dict:
    """Return what the command gives as JSON."""
    done = classify("labels", "suspects", "--format", "json", "--workspace", space, *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_changed_label_is_named_with_who_gave_it(space: Path) -> None:
    """Near-duplicates with different labels come before it."""
    data = dataset(60)
    found = report(space)
    assert found["articles"] == 61
    assert "tfidf" in found["judge"]
    ranks = {record["article"]: record["rank"] for record in found["suspects"]}
    wrong = data.examples[WRONG].document.id
    assert ranks[data.examples[5].document.id] < 3 <= ranks[wrong]
    pairs = [record for record in found["suspects"] if record["article"] == wrong]
    people = ["lea@example.org", "paul@example.org"]
    assert {(pair["name"], pair["labelled"]) for pair in pairs} == {
        ("Cinema", True),
        ("Trade", False),
    }
    assert all(pair["annotators"] == people for pair in pairs)
    assert all(pair["part"] == "training" and pair["reason"] == "model" for pair in pairs)


def test_text_names_categories_and_csv_has_a_row_for_each_label(space: Path) -> None:
    """Each format has the same labels; --n counts articles."""
    records = report(space, "--n", "3")["suspects"]
    assert {record["rank"] for record in records} == {1, 2, 3}
    text = classify("labels", "suspects", "--n", "3", "--workspace", space).stdout
    table = classify("labels", "suspects", "--n", "3", "--format", "csv", "--workspace", space)
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert [row["article"] for row in rows] == [record["article"] for record in records]
    assert "Cinema: labelled by lea@example.org, paul@example.org; the model says" in text
    assert "labelled otherwise in its near-duplicate" in text


def test_a_run_that_learned_these_labels_is_asked_and_test_articles_stand_apart(
    tmp_path: Path,
) -> None:
    """It keeps its probabilities; without them, or with other labels, new models are asked."""
    folder = make(tmp_path / "workspace")
    trained = classify("train", "--workspace", folder)
    assert trained.returncode == 0, trained.stderr
    run = Path(trained.stdout.strip().splitlines()[-1])
    found = report(folder, "--n", "61")
    assert found["judge"] == run.name
    test = set(json.loads((folder / "split.json").read_text())["test"])
    for record in found["suspects"]:
        assert (record["part"] == "test") == (record["article"] in test)
    before = (folder / "dataset.jsonl").read_bytes()
    wrong = dataset(60).examples[WRONG].document.id
    assert wrong in {record["article"] for record in found["suspects"]}
    assert (folder / "dataset.jsonl").read_bytes() == before
    kept = json.loads((run / "out_of_fold.json").read_text())
    assert len(kept["probabilities"]) == len(kept["ids"])
    earlier = {name: kept[name] for name in ("ids", "categories")}
    (run / "out_of_fold.json").write_text(json.dumps(earlier))
    assert "tfidf models" in report(folder)["judge"]
    lines = (folder / "dataset.jsonl").read_text().splitlines(keepends=True)
    (folder / "dataset.jsonl").write_text("".join(lines[:-1]))
    done = classify("labels", "suspects", "--workspace", folder)
    assert "learned from other labels" in done.stderr
    assert "judged by tfidf" in done.stdout


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "no labels yet"),
        ([], "no labels yet"),
        ([("cinema",)] * 12, "too few labels to tell categories apart"),
    ],
)
def test_too_few_labels_are_refused_in_one_line(
    tmp_path: Path, labels: list[tuple[str, ...]] | None, message: str
) -> None:
    """No dataset, an empty one, and one of a single category."""
    data = dataset(12, "single")
    write_taxonomy(tmp_path, data.taxonomy)
    if labels is not None:
        pairs = zip(data.examples, labels, strict=False)
        examples = tuple(Example(example.document, names) for example, names in pairs)
        write_dataset(tmp_path / "dataset.jsonl", Dataset(examples, data.taxonomy))
    done = classify("labels", "suspects", "--workspace", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
