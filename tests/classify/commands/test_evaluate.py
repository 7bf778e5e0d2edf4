"""`classify evaluate`, run as a person runs it: on what, without what was learned from."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labels.dataset import Dataset, Example, read_dataset, write_dataset
from labels.taxonomy import read_taxonomy
from seeds.document import Document, write_documents
from tests.support.command import classify
from tests.support.corpus import dataset, workspace, write_taxonomy
from training.runs.registry import list_runs
from training.split import read_split

QUICK = "test = 0.25\nfolds = 2\nmax_risk = 0.2\n[model]\nbuckets = 12\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 60 articles with one run."""
    folder = workspace(tmp_path_factory.mktemp("made"))
    (folder / "tfidf.toml").write_text(QUICK)
    write_documents(folder, {each.document.id: each.document for each in dataset(60).examples})
    done = classify("train", "--workspace", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return Path(shutil.copytree(made, tmp_path / "desk"))


def evaluate(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    """The figures, and what was said under "said"."""
    done = classify("evaluate", "--workspace", folder, "--format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "said": done.stderr.splitlines()}


def table(path: Path, examples: list[Example] | tuple[Example, ...]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["text", "labels"])
        lines.writerows([each.document.text, ";".join(each.categories)] for each in examples)
    return path


def test_the_test_part_gives_the_figures_of_the_training(made: Path) -> None:
    (run,) = list_runs(made / "runs")
    metrics = json.loads((run / "metrics.json").read_text())
    found = evaluate(made, run.name)
    assert found["run"] == run.name
    assert found["articles"] == metrics["articles"] >= 12
    assert found["decisions"] == metrics["decisions"]
    for name in ("micro_f1", "macro_f1", "weighted_f1", "exact", "brier", "calibration_error"):
        assert found[name] == pytest.approx(metrics[name], abs=1e-6), name
    for name, figures in metrics["categories"].items():
        assert found["categories"][name] == pytest.approx(figures, abs=1e-6)
    assert found["left_out"] == 0
    assert found["said"] == []


def test_without_a_run_the_current_one_is_measured_and_people_get_a_table(made: Path) -> None:
    (run,) = list_runs(made / "runs")
    done = classify("evaluate", "--workspace", made)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{run.name} on ")
    assert "of the frozen test set" in lines[0]
    for name in ("micro-F1", "macro-F1", "Brier score", "decisions", "category  precision"):
        assert any(line.strip().startswith(name) for line in lines), name
    assert [line.split()[0] for line in lines[-3:]] == ["cinema", "trade", "sport"]


def test_a_category_that_no_article_has_is_given_no_figures(made: Path, tmp_path: Path) -> None:
    examples = [each for each in dataset(60).examples if "sport" not in each.categories]
    file = table(tmp_path / "some.csv", examples)
    done = classify("evaluate", "--workspace", made, "--on", file)
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[-3:]}
    assert rows["sport"] == ["–", "–", "–", "–", "0"]
    assert "–" not in rows["trade"]


def test_a_table_of_new_articles_is_measured_as_predict_labels_it(
    made: Path, tmp_path: Path
) -> None:
    examples = dataset(30, seed=7).examples
    path = table(tmp_path / "new.csv", examples)
    found = evaluate(made, "--on", path)
    done = classify("predict", "--workspace", made, "--format", "jsonl", path)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    pairs = [
        (set(each["categories"]), set(example.categories))
        for each, example in zip(records, examples, strict=True)
    ]
    hits = sum(len(one & other) for one, other in pairs)
    total = sum(len(one) + len(other) for one, other in pairs)
    assert found["articles"] == 30
    assert found["exact"]["value"] == pytest.approx(sum(x == y for x, y in pairs) / 30)
    assert found["micro_f1"]["value"] == pytest.approx(2 * hits / total)
    review = sum(each["decision"] == "needs review" for each in records)
    assert found["decisions"]["needs review"] == review


def test_articles_learned_from_and_their_near_duplicates_are_left_out_and_counted(
    made: Path, tmp_path: Path
) -> None:
    parts = read_split(made)
    assert parts
    by_id = {each.document.id: each for each in read_dataset(made).examples}
    learned = [by_id[name] for name in parts.learn[:6]]
    rewritten = [
        Example(Document.of(each.document.text.replace("numéro", "n°") + " Fin."), each.categories)
        for each in learned[:2]
    ]
    new = dataset(20, seed=7).examples
    found = evaluate(made, "--on", table(tmp_path / "a.csv", [*learned[2:], *rewritten, *new]))
    assert (found["articles"], found["left_out"]) == (20, 6)
    assert found["said"] == [
        "left out: 6 articles that the run was trained on, near-duplicates included"
    ]


def test_a_dataset_is_read_as_it_was_written(made: Path) -> None:
    """Of the workspace's own dataset the test part remains."""
    parts = read_split(made)
    assert parts
    found = evaluate(made, "--on", made / "dataset.jsonl")
    assert (found["articles"], found["left_out"]) == (len(parts.test), len(parts.learn))
    assert found["macro_f1"] == evaluate(made)["macro_f1"]


def test_only_articles_learned_from_are_one_line(made: Path, tmp_path: Path) -> None:
    parts = read_split(made)
    assert parts
    examples = [each for each in read_dataset(made).examples if each.document.id in parts.learn]
    done = classify("evaluate", "--workspace", made, "--on", table(tmp_path / "a.csv", examples))
    assert done.returncode == 1
    assert (
        f"of {len(examples)} labelled articles, {len(examples)} were used for training"
        in done.stderr
    )
    assert done.stderr.count("\n") == 1


def test_categories_the_run_does_not_know_are_reported_and_not_measured(
    desk: Path, tmp_path: Path
) -> None:
    write_taxonomy(desk, read_taxonomy(desk).add_categories(["musée"]))
    examples = list(dataset(20, seed=7).examples)
    before = evaluate(desk, "--on", table(tmp_path / "a.csv", examples))
    for n in range(3):
        examples[n] = replace(examples[n], categories=(*examples[n].categories, "musee"))
    found = evaluate(desk, "--on", table(tmp_path / "a.csv", examples))
    assert found["unknown_categories"] == {"musee": 3}
    said = found.pop("said")
    assert said == ["not measured, because the run does not know it: musee (3 articles)"]
    assert found["micro_f1"] == before["micro_f1"]
    assert list(found["categories"]) == ["cinema", "trade", "sport"]


def test_categories_the_taxonomy_no_longer_has_are_reported(desk: Path) -> None:
    old = read_taxonomy(desk)
    write_taxonomy(desk, replace(old, categories=old.categories[:2]))
    rest = [
        replace(each, categories=tuple(name for name in each.categories if name != "sport"))
        for each in dataset(60).examples
    ]
    write_dataset(desk / "dataset.jsonl", Dataset(tuple(rest), read_taxonomy(desk)))
    found = evaluate(desk)
    assert found["gone_categories"] == ["sport"]
    assert list(found["categories"]) == ["cinema", "trade"]
    assert found["said"] == ["not measured, because no longer in the taxonomy: sport"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_labels_outside_the_taxonomy_are_one_line_that_names_them(
    made: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    examples = [
        replace(each, categories=("cinema", "law")) for each in dataset(12, seed=7).examples
    ]
    if name == "a.csv":
        table(path, examples)
    else:
        records = [{**each.document.record(), "labels": list(each.categories)} for each in examples]
        path.write_text("".join(json.dumps(each) + "\n" for each in records))
    done = classify("evaluate", "--workspace", made, "--on", path)
    assert done.returncode == 1
    assert "'law' is not" in done.stderr or "law (12 articles)" in done.stderr
    assert done.stderr.startswith(f"Error: {path}: ")
    assert done.stderr.count("\n") == 1


def test_a_row_that_can_not_be_used_is_named_and_the_others_are_measured(
    made: Path, tmp_path: Path
) -> None:
    path = table(tmp_path / "a.csv", dataset(12, seed=7).examples)
    path.write_text(path.read_text() + ",cinema\n")
    done = classify("evaluate", "--workspace", made, "--on", path)
    assert done.returncode == 1
    assert " on 12 articles of " in done.stdout
    assert done.stderr.startswith("a.csv:")


def test_without_a_frozen_test_part_it_says_what_to_do(desk: Path) -> None:
    (desk / "split.json").unlink()
    done = classify("evaluate", "--workspace", desk)
    assert done.returncode == 1
    assert "split.json: no test set is frozen yet" in done.stderr
    assert "--on FILE" in done.stderr
    (desk / "split.json").write_text('{"by": "stratified", "learn": []}')
    done = classify("evaluate", "--workspace", desk)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {desk / 'split.json'}: 'test' is missing")
    assert done.stderr.count("\n") == 1


def test_articles_gone_from_the_dataset_are_not_measured(desk: Path) -> None:
    parts = read_split(desk)
    assert parts
    data = read_dataset(desk)
    kept = [each for each in data.examples if each.document.id not in parts.test[:4]]
    write_dataset(desk / "dataset.jsonl", Dataset(tuple(kept), data.taxonomy))
    assert evaluate(desk)["articles"] == len(parts.test) - 4


def test_single_choice_leaves_out_articles_of_a_category_the_run_does_not_know(
    tmp_path: Path,
) -> None:
    folder = workspace(tmp_path / "w", 60, "single")
    (folder / "tfidf.toml").write_text(QUICK)
    assert classify("train", "--workspace", folder).returncode == 0
    write_taxonomy(folder, read_taxonomy(folder).add_categories(["musée"]))
    new = list(dataset(20, "single", seed=7).examples)
    new[:3] = [replace(each, categories=("musee",)) for each in new[:3]]
    found = evaluate(folder, "--on", table(tmp_path / "a.csv", new))
    assert (found["articles"], found["unknown_categories"]) == (17, {"musee": 3})
    assert found["exact"]["value"] == found["micro_f1"]["value"]
