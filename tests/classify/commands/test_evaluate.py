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
from training.splitting.split import read_split

QUICK = "test = 0.25\nfolds = 2\nmax_risk = 0.2\n[model]\nbuckets = 12\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 60 articles with one run."""
    folder = workspace(tmp_path_factory.mktemp("w"))
    (folder / "tfidf.toml").write_text(QUICK)
    write_documents(
        folder, {example.document.id: example.document for example in dataset(60).examples}
    )
    result = classify("train", "--workspace", folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def copy(trained: Path, tmp_path: Path) -> Path:
    """A copy of the workspace, to change."""
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def evaluate(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    """Return the figures as JSON, and the notes on standard error under "notes"."""
    result = classify("evaluate", "--workspace", folder, "--format", "json", *arguments)
    assert result.returncode == 0, result.stderr
    return {**json.loads(result.stdout), "notes": result.stderr.splitlines()}


def table(path: Path, examples: list[Example] | tuple[Example, ...]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["text", "labels"])
        lines.writerows(
            [example.document.text, ";".join(example.categories)] for example in examples
        )
    return path


def test_the_test_part_gives_the_figures_of_the_training(trained: Path) -> None:
    (run,) = list_runs(trained / "runs")
    metrics = json.loads((run / "metrics.json").read_text())
    measured = evaluate(trained, run.name)
    assert measured["run"] == run.name
    assert measured["articles"] == metrics["articles"] >= 12
    assert measured["decisions"] == metrics["decisions"]
    for name in ("micro_f1", "macro_f1", "weighted_f1", "exact", "brier", "calibration_error"):
        assert measured[name] == pytest.approx(metrics[name], abs=1e-6), name
    for name, figures in metrics["categories"].items():
        assert measured["categories"][name] == pytest.approx(figures, abs=1e-6)
    assert measured["left_out"] == 0
    assert measured["notes"] == []


def test_without_a_run_the_current_one_is_measured_and_people_get_a_table(trained: Path) -> None:
    (run,) = list_runs(trained / "runs")
    result = classify("evaluate", "--workspace", trained)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{run.name} on ")
    assert "of the frozen test set" in lines[0]
    for name in ("micro-F1", "macro-F1", "Brier score", "decisions", "category  precision"):
        assert any(line.strip().startswith(name) for line in lines), name
    assert [line.split()[0] for line in lines[-3:]] == ["cinema", "trade", "sport"]


def test_a_category_that_no_article_has_is_given_no_figures(trained: Path, tmp_path: Path) -> None:
    examples = [example for example in dataset(60).examples if "sport" not in example.categories]
    file = table(tmp_path / "some.csv", examples)
    result = classify("evaluate", "--workspace", trained, "--on", file)
    assert result.returncode == 0, result.stderr
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()[-3:]}
    assert rows["sport"] == ["–", "–", "–", "–", "0"]
    assert "–" not in rows["trade"]


def test_a_table_of_new_articles_is_measured_as_predict_labels_it(
    trained: Path, tmp_path: Path
) -> None:
    examples = dataset(30, seed=7).examples
    path = table(tmp_path / "new.csv", examples)
    figures = evaluate(trained, "--on", path)
    result = classify("predict", "--workspace", trained, "--format", "jsonl", path)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    pairs = [
        (set(record["categories"]), set(example.categories))
        for record, example in zip(records, examples, strict=True)
    ]
    hits = sum(len(predicted & gold) for predicted, gold in pairs)
    total = sum(len(predicted) + len(gold) for predicted, gold in pairs)
    assert figures["articles"] == 30
    assert figures["exact"]["value"] == pytest.approx(sum(x == y for x, y in pairs) / 30)
    assert figures["micro_f1"]["value"] == pytest.approx(2 * hits / total)
    review = sum(record["decision"] == "needs review" for record in records)
    assert figures["decisions"]["needs review"] == review


def test_articles_learned_from_and_their_near_duplicates_are_left_out_and_counted(
    trained: Path, tmp_path: Path
) -> None:
    parts = read_split(trained)
    assert parts
    by_id = {example.document.id: example for example in read_dataset(trained).examples}
    learned = [by_id[name] for name in parts.learn[:6]]
    rewritten = [
        Example(
            Document.of(example.document.text.replace("numéro", "n°") + " Fin."), example.categories
        )
        for example in learned[:2]
    ]
    new = dataset(20, seed=7).examples
    figures = evaluate(trained, "--on", table(tmp_path / "a.csv", [*learned[2:], *rewritten, *new]))
    assert (figures["articles"], figures["left_out"]) == (20, 6)
    assert figures["notes"] == [
        "left out: 6 articles that the run was trained on, near-duplicates included"
    ]


def test_a_dataset_is_read_as_it_was_written(trained: Path) -> None:
    """Of the workspace's own dataset the test part remains."""
    parts = read_split(trained)
    assert parts
    figures = evaluate(trained, "--on", trained / "dataset.jsonl")
    assert (figures["articles"], figures["left_out"]) == (len(parts.test), len(parts.learn))
    assert figures["macro_f1"] == evaluate(trained)["macro_f1"]


def test_only_articles_learned_from_are_one_line(trained: Path, tmp_path: Path) -> None:
    parts = read_split(trained)
    assert parts
    examples = [
        example for example in read_dataset(trained).examples if example.document.id in parts.learn
    ]
    result = classify(
        "evaluate", "--workspace", trained, "--on", table(tmp_path / "a.csv", examples)
    )
    assert result.returncode == 1
    assert (
        f"of {len(examples)} labelled articles, {len(examples)} were used for training"
        in result.stderr
    )
    assert result.stderr.count("\n") == 1


def test_categories_the_run_does_not_know_are_reported_and_not_measured(
    copy: Path, tmp_path: Path
) -> None:
    write_taxonomy(copy, read_taxonomy(copy).add_categories(["musée"]))
    examples = list(dataset(20, seed=7).examples)
    figures_before = evaluate(copy, "--on", table(tmp_path / "a.csv", examples))
    for n in range(3):
        examples[n] = replace(examples[n], categories=(*examples[n].categories, "musee"))
    figures = evaluate(copy, "--on", table(tmp_path / "a.csv", examples))
    assert figures["unknown_categories"] == {"musee": 3}
    notes = figures.pop("notes")
    assert notes == ["not measured, because the run does not know it: musee (3 articles)"]
    assert figures["micro_f1"] == figures_before["micro_f1"]
    assert list(figures["categories"]) == ["cinema", "trade", "sport"]


def test_categories_the_taxonomy_no_longer_has_are_reported(copy: Path) -> None:
    old = read_taxonomy(copy)
    write_taxonomy(copy, replace(old, categories=old.categories[:2]))
    rest = [
        replace(example, categories=tuple(name for name in example.categories if name != "sport"))
        for example in dataset(60).examples
    ]
    write_dataset(copy / "dataset.jsonl", Dataset(tuple(rest), read_taxonomy(copy)))
    figures = evaluate(copy)
    assert figures["gone_categories"] == ["sport"]
    assert list(figures["categories"]) == ["cinema", "trade"]
    assert figures["notes"] == ["not measured, because no longer in the taxonomy: sport"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_labels_outside_the_taxonomy_are_one_line_that_names_them(
    trained: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    examples = [
        replace(example, categories=("cinema", "law")) for example in dataset(12, seed=7).examples
    ]
    if name == "a.csv":
        table(path, examples)
    else:
        records = [
            {**record.document.record(), "labels": list(record.categories)} for record in examples
        ]
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    result = classify("evaluate", "--workspace", trained, "--on", path)
    assert result.returncode == 1
    assert "'law' is not" in result.stderr or "law (12 articles)" in result.stderr
    assert result.stderr.startswith(f"Error: {path}: ")
    assert result.stderr.count("\n") == 1


def test_a_table_is_read_as_labels_import_reads_it(trained: Path, tmp_path: Path) -> None:
    examples = dataset(30, seed=7).examples
    plain = evaluate(trained, "--on", table(tmp_path / "plain.csv", examples))
    rows = [
        f'{example.document.text};"{[name.upper() for name in example.categories]}";;'
        for example in examples
    ]
    path = tmp_path / "foreign.csv"
    path.write_text("\n".join(["Textes;Cate\u0301gories;;", *rows, ";;;", ";;;", "\x1a"]))
    figures = evaluate(trained, "--on", path)
    assert {**figures, "on": ""} == {**plain, "on": ""}


def test_names_that_are_no_category_are_listed_as_they_stand_in_the_file(
    trained: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\nUn film.,cinema\nUn vaccin.,Médecine\nUn port.,Trad\n")
    result = classify("evaluate", "--workspace", trained, "--on", path)
    assert result.returncode == 1
    assert result.stderr.startswith(
        f"Error: {path}: not in the taxonomy: Médecine (1 article) in row 2, "
        "Trad (1 article) in row 3 (did you mean 'Trade'?). Correct them, or add them to "
        f"{trained / 'taxonomy.toml'}. Known: cinema, trade, sport."
    )


def test_a_row_that_can_not_be_used_is_named_and_the_others_are_measured(
    trained: Path, tmp_path: Path
) -> None:
    path = table(tmp_path / "a.csv", dataset(12, seed=7).examples)
    path.write_text(path.read_text() + ",cinema\n")
    result = classify("evaluate", "--workspace", trained, "--on", path)
    assert result.returncode == 1
    assert " on 12 articles of " in result.stdout
    assert result.stderr.startswith("a.csv:")


def test_without_a_frozen_test_part_it_says_what_to_do(copy: Path) -> None:
    (copy / "split.json").unlink()
    result = classify("evaluate", "--workspace", copy)
    assert result.returncode == 1
    assert "split.json: no test set is frozen yet" in result.stderr
    assert "--on FILE" in result.stderr
    (copy / "split.json").write_text('{"by": "stratified", "learn": []}')
    result = classify("evaluate", "--workspace", copy)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {copy / 'split.json'}: 'test' is missing")
    assert result.stderr.count("\n") == 1


def test_articles_gone_from_the_dataset_are_not_measured(copy: Path) -> None:
    parts = read_split(copy)
    assert parts
    data = read_dataset(copy)
    remaining = [example for example in data.examples if example.document.id not in parts.test[:4]]
    write_dataset(copy / "dataset.jsonl", Dataset(tuple(remaining), data.taxonomy))
    assert evaluate(copy)["articles"] == len(parts.test) - 4


def test_single_choice_leaves_out_articles_of_a_category_the_run_does_not_know(
    tmp_path: Path,
) -> None:
    folder = workspace(tmp_path / "w", 60, "single")
    (folder / "tfidf.toml").write_text(QUICK)
    assert classify("train", "--workspace", folder).returncode == 0
    write_taxonomy(folder, read_taxonomy(folder).add_categories(["musée"]))
    new = list(dataset(20, "single", seed=7).examples)
    new[:3] = [replace(example, categories=("musee",)) for example in new[:3]]
    figures = evaluate(folder, "--on", table(tmp_path / "a.csv", new))
    assert (figures["articles"], figures["unknown_categories"]) == (17, {"musee": 3})
    assert figures["exact"]["value"] == figures["micro_f1"]["value"]
