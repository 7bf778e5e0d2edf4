"""`classify compare`, the frozen test set over several trainings, and the guard of promotion."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labels.dataset import Dataset, Example, read_dataset, write_dataset
from tests.support.command import classify
from tests.support.corpus import dataset, workspace
from tests.support.forgery import forge_manifest
from tests.support.kill import kill_before
from training.models.tfidf.model import TfidfSettings
from training.runs.registry import list_promotions, list_runs
from training.runs.run import save_run
from training.splitting.split import Split, read_split
from training.train import Recipe, train

QUICK = "test = 0.25\nfolds = 2\n[model]\nbuckets = 12\n"
# Single letters tell no categories apart.
WEAK = "test = 0.25\nfolds = 2\n[model]\nbuckets = 8\nchar_ngrams = [2, 2]\nC = 0.001\n"


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 80 articles with a good run, the current one, and a weak one after it."""
    folder = workspace(tmp_path_factory.mktemp("w"), 80)
    (folder / "tfidf.toml").write_text(QUICK)
    (folder / "weak.toml").write_text(WEAK)
    assert classify("train", "--workspace", folder).returncode == 0
    result = classify("train", "--workspace", folder, "--config", folder / "weak.toml")
    assert result.returncode == 0, result.stderr
    (folder / "notes.txt").write_text(result.stderr)
    return folder


@pytest.fixture
def copy(two_runs: Path, tmp_path: Path) -> Path:
    """A copy of the workspace, to change."""
    return Path(shutil.copytree(two_runs, tmp_path / "copy"))


def run_names(folder: Path) -> list[str]:
    return [run.name for run in list_runs(folder / "runs")]


def frozen_split(folder: Path) -> Split:
    parts = read_split(folder)
    assert parts
    return parts


def read_split_of(folder: Path, number: int) -> dict[str, list[str]]:
    """Read split.json of a run, by its position in the list."""
    path = list_runs(folder / "runs")[number] / "split.json"
    split: dict[str, list[str]] = json.loads(path.read_text())
    return split


def compare(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    """Return the comparison as JSON, and the notes on standard error under "notes"."""
    result = classify("compare", "--workspace", folder, "--format", "json", *arguments)
    assert result.returncode == 0, result.stderr
    return {**json.loads(result.stdout), "notes": result.stderr.splitlines()}


# ---------------------------------------------------------------- compare


def test_a_weak_run_is_called_worse_with_every_article_they_differ_on(two_runs: Path) -> None:
    good, weak = run_names(two_runs)
    comparison = compare(two_runs, good, weak)
    test = frozen_split(two_runs).test
    metrics = [
        json.loads((run / "metrics.json").read_text()) for run in list_runs(two_runs / "runs")
    ]
    assert (comparison["a"], comparison["b"], comparison["verdict"]) == (good, weak, "A is better")
    assert comparison["articles"] == len(test) >= 15
    for name in ("micro_f1", "macro_f1", "weighted_f1", "exact"):
        assert comparison[name]["a"] == pytest.approx(metrics[0][name]["value"])
        assert comparison[name]["b"] == pytest.approx(metrics[1][name]["value"])
    assert comparison["macro_f1"]["high"] < 0
    gold = {
        example.document.id: list(example.categories) for example in read_dataset(two_runs).examples
    }
    assert comparison["differ"] == len(comparison["disagreements"]) > 5
    for article in comparison["disagreements"]:
        assert article["id"] in test
        assert article["gold"] == gold[article["id"]]
        assert set(article["a"]) != set(article["b"])
    assert compare(two_runs, weak, good)["verdict"] == "B is better"


def test_people_get_the_verdict_in_words_and_some_of_the_articles(two_runs: Path) -> None:
    good, weak = run_names(two_runs)
    result = classify("compare", "--workspace", two_runs, good, weak)
    lines = result.stdout.splitlines()
    count = len(frozen_split(two_runs).test)
    assert lines[:2] == [f"A  {good}", f"B  {weak}"]
    assert lines[2].startswith(f"A is better on {count} articles: macro-F1 of B minus A -0.")
    assert "McNemar p < 0.001" in result.stdout
    assert sum(line.startswith("    gold  ") for line in lines) <= 20
    same = classify("compare", "--workspace", two_runs, good, good).stdout
    assert f"no difference can be shown on {count} articles" in same
    assert "articles labelled differently: 0" in same


def test_a_file_is_compared_on_without_what_either_run_learned_from(
    copy: Path, tmp_path: Path
) -> None:
    """A third run has learned from the first ten new articles."""
    new = dataset(40, seed=7)
    old = read_dataset(copy)
    grown = Dataset((*old.examples, *new.examples[:10]), old.taxonomy)
    trained = train(grown, "tfidf", Recipe(test=0, folds=2), TfidfSettings(buckets=12))
    path = save_run(copy / "runs", trained)
    write_dataset(tmp_path / "new.jsonl", new)
    comparison = compare(copy, run_names(copy)[0], path.name, "--on", tmp_path / "new.jsonl")
    assert (comparison["articles"], comparison["left_out"]) == (30, 10)
    assert "10 articles that a run was trained on" in comparison["notes"][0]


def test_runs_of_different_categories_are_compared_on_those_they_share(copy: Path) -> None:
    data = read_dataset(copy)
    parts = frozen_split(copy)
    two = replace(data.taxonomy, categories=data.taxonomy.categories[:2])
    examples = tuple(
        Example(example.document, tuple(name for name in example.categories if name != "sport"))
        for example in data.examples
    )
    recipe = Recipe(test=0.25, folds=2)
    settings = TfidfSettings(buckets=12)
    trained = train(Dataset(examples, two), "tfidf", recipe, settings, frozen=parts)
    path = save_run(copy / "runs", trained)
    comparison = compare(copy, run_names(copy)[0], path.name)
    assert list(comparison["categories"]) == ["cinema", "trade"]
    tested = [x.categories for x in data.examples if x.document.id in parts.test]
    sport = sum("sport" in categories for categories in tested)
    alone = sum(categories == ("sport",) for categories in tested)
    assert comparison["articles"] == len(parts.test) - alone
    assert comparison["unknown_categories"] == {"sport": sport}
    assert comparison["notes"] == [
        f"not measured, because a run does not know it: sport ({sport} articles)",
        f"not measured: {alone} articles only of categories a run does not know (sport)",
    ]
    assert comparison["verdict"] == "no difference can be shown"


# ---------------------------------------------------------------- the guard


def test_training_keeps_a_worse_run_but_does_not_make_it_current(two_runs: Path) -> None:
    good, weak = run_names(two_runs)
    assert list_promotions(two_runs / "runs") == [good]
    notes = (two_runs / "notes.txt").read_text()
    assert f"\n{weak} is worse than the current run {good} on " in notes
    assert "test articles: macro-F1 0." in notes
    assert f": classify runs promote {weak} --even-if-worse\n" in notes


def test_promote_refuses_a_worse_run_unless_told(copy: Path) -> None:
    good, weak = run_names(copy)
    result = classify("runs", "promote", weak, "--workspace", copy)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {weak} is worse than the current run {good} on ")
    assert "--even-if-worse" in result.stderr
    assert result.stderr.count("\n") == 1
    assert list_promotions(copy / "runs") == [good]
    forced = classify("runs", "promote", weak, "--workspace", copy, "--even-if-worse")
    assert (forced.returncode, forced.stderr) == (0, f"current run: {weak}\n")
    back = classify("runs", "promote", good, "--workspace", copy)
    assert (back.returncode, back.stderr) == (0, f"current run: {good}\n")


def _damaged(folder: Path) -> None:
    (list_runs(folder / "runs")[0] / "rule.json").write_text("{}")


def _without_split(folder: Path) -> None:
    run = list_runs(folder / "runs")[0]
    (run / "split.json").unlink()
    forge_manifest(run)


def _few(folder: Path) -> None:
    data = read_dataset(folder)
    gone = frozen_split(folder).test[9:]
    remaining = tuple(example for example in data.examples if example.document.id not in gone)
    write_dataset(folder / "dataset.jsonl", Dataset(remaining, data.taxonomy))


def _broken(folder: Path) -> None:
    (folder / "split.json").write_text("{")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_damaged, "rule.json: altered"),
        (_without_split, "split.json"),
        (_few, "only 9 test articles to compare on"),
        (_broken, "split.json: not JSON"),
    ],
)
def test_where_no_verdict_is_possible_a_run_is_promoted_and_why_is_said(
    copy: Path, change: Any, why: str
) -> None:
    good, weak = run_names(copy)
    change(copy)
    result = classify("runs", "promote", weak, "--workspace", copy)
    assert result.returncode == 0
    note, current = result.stderr.splitlines()
    assert note.startswith(f"not compared with the current run {good}: ")
    assert why in note
    assert current == f"current run: {weak}"


def test_a_training_on_all_articles_is_no_way_past_the_guard(copy: Path) -> None:
    """What a run learned from is counted out of fold, so neither step goes uncompared."""
    good, weak = run_names(copy)[0], copy / "weak.toml"
    count = len(frozen_split(copy).test)
    on = f"on {count} test articles (out of fold where a run was trained on them): macro-F1 0."

    def train_notes(*arguments: str | Path) -> str:
        result = classify("train", "--workspace", copy, *arguments)
        assert result.returncode == 0, result.stderr
        return result.stderr

    assert f"worse than the current run {good} {on}" in train_notes("--config", weak, "--test", "0")
    assert list_promotions(copy / "runs") == [good]
    assert "compared" not in train_notes("--test", "0")
    everything = run_names(copy)[-1]
    assert read_split_of(copy, -1)["test"] == []
    assert list_promotions(copy / "runs") == [good, everything]
    assert f"worse than the current run {everything} {on}" in train_notes("--config", weak)
    assert list_promotions(copy / "runs") == [good, everything]


def test_a_run_keeps_what_its_folds_gave_to_the_articles_it_learned_from(copy: Path) -> None:
    """With nothing kept apart those are the answers that its figures were counted from."""
    assert classify("train", "--workspace", copy, "--test", "0").returncode == 0
    run = list_runs(copy / "runs")[-1]
    out_of_fold = json.loads((run / "out_of_fold.json").read_text())
    gold = {example.document.id: example.categories for example in read_dataset(copy).examples}
    assert sorted(out_of_fold["ids"]) == sorted(gold)
    pairs = zip(out_of_fold["ids"], out_of_fold["categories"], strict=True)
    right = sum(set(predicted) == set(gold[name]) for name, predicted in pairs)
    exact = json.loads((run / "metrics.json").read_text())["exact"]["value"]
    assert right / len(gold) == pytest.approx(exact)


def test_without_a_frozen_test_part_all_articles_are_compared_on(copy: Path) -> None:
    (copy / "split.json").unlink()
    good, weak = run_names(copy)
    result = classify("runs", "promote", weak, "--workspace", copy)
    assert result.returncode == 1
    assert (
        f"worse than the current run {good} on 80 labelled articles (out of fold" in result.stderr
    )
    assert list_promotions(copy / "runs") == [good]


def test_a_run_without_what_its_folds_gave_is_compared_on_what_neither_learned_from(
    copy: Path,
) -> None:
    """As one of an earlier version is."""
    for run in list_runs(copy / "runs"):
        (run / "out_of_fold.json").unlink()
        forge_manifest(run)
    good, weak = run_names(copy)
    count = len(frozen_split(copy).test)
    result = classify("runs", "promote", weak, "--workspace", copy)
    assert result.returncode == 1
    assert f"worse than the current run {good} on {count} test articles: " in result.stderr
    (copy / "split.json").unlink()
    result = classify("runs", "promote", weak, "--workspace", copy)
    assert f"worse than the current run {good} on {count} labelled articles: " in result.stderr


# ---------------------------------------------------------------- frozen over trainings


def test_the_test_part_stays_as_labels_grow_and_runs_remember_what_they_learned(
    copy: Path,
) -> None:
    old_split = frozen_split(copy)
    assert set(read_split_of(copy, 0)["test"]) == set(old_split.test)
    assert set(read_split_of(copy, 0)["learn"]) == set(old_split.learn)
    data = read_dataset(copy)
    grown = (*data.examples[5:], *dataset(30, seed=7).examples)
    write_dataset(copy / "dataset.jsonl", Dataset(grown, data.taxonomy))
    assert classify("train", "--workspace", copy, "--seed", "9").returncode == 0
    new_split = frozen_split(copy)
    assert new_split.test[: len(old_split.test)] == old_split.test
    assert new_split.learn[: len(old_split.learn)] == old_split.learn
    assert len(new_split.test) > len(old_split.test)
    ids = {example.document.id for example in grown}
    third = read_split_of(copy, 2)
    assert set(third["test"]) == set(new_split.test) & ids
    assert set(third["learn"]) == set(new_split.learn) & ids
    comparison = compare(copy, run_names(copy)[0], run_names(copy)[2])
    assert comparison["articles"] == len(third["test"])


def test_a_new_split_is_drawn_on_demand_only_and_that_is_said(copy: Path) -> None:
    split = frozen_split(copy)
    assert classify("train", "--workspace", copy, "--seed", "9").returncode == 0
    assert frozen_split(copy) == split
    result = classify("train", "--workspace", copy, "--seed", "9", "--new-split")
    assert result.returncode == 0
    assert "a new test set is drawn: earlier runs" in result.stderr
    assert "not compared" not in result.stderr  # of what the current run learned, its folds speak
    assert frozen_split(copy).test != split.test


def test_by_date_learns_from_the_past(copy: Path) -> None:
    data = read_dataset(copy)
    dated = tuple(
        Example(replace(example.document, date=f"2021-{1 + n // 10:02d}"), example.categories)
        for n, example in enumerate(data.examples)
    )
    write_dataset(copy / "dataset.jsonl", Dataset(dated, data.taxonomy))
    refused = classify("train", "--workspace", copy, "--split", "date")
    assert refused.returncode == 1
    assert "stratified, not by date" in refused.stderr
    assert "--new-split" in refused.stderr
    assert len(run_names(copy)) == 2
    result = classify("train", "--workspace", copy, "--split", "date", "--new-split")
    assert result.returncode == 0, result.stderr
    assert "testing on 20 articles that may date from 2021-07 or later" in result.stderr
    assert frozen_split(copy).since == "2021-07"
    assert set(frozen_split(copy).test) == {example.document.id for example in dated[60:]}


def test_test_0_freezes_nothing_and_too_few_articles_do_not_either(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w", 30)
    (folder / "tfidf.toml").write_text(QUICK)
    for arguments in (("--test", "0"), ("--test", "0.2")):
        result = classify("train", "--workspace", folder, *arguments)
        assert result.returncode == 0
        assert "out of fold" in result.stderr
        assert not (folder / "split.json").exists()
    assert len(read_split_of(folder, -1)["learn"]) == 30
    assert read_split_of(folder, -1)["test"] == []
    result = classify("train", "--workspace", folder, "--test", "0", "--new-split")
    assert result.returncode == 1
    assert "--new-split: there is no test set" in result.stderr


def test_a_damaged_split_stops_training_and_a_new_one_mends_it(copy: Path) -> None:
    (copy / "split.json").write_text('{"by": "stratified", "learn": ["x"], "test": []}')
    result = classify("train", "--workspace", copy)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {copy / 'split.json'}: 'x' is not a document id")
    assert result.stderr.count("\n") == 1
    assert len(run_names(copy)) == 2
    assert classify("train", "--workspace", copy, "--new-split").returncode == 0
    assert len(frozen_split(copy).test) >= 15


def test_kill_9_between_split_and_run_leaves_a_split_that_the_next_training_keeps(
    tmp_path: Path,
) -> None:
    folder = workspace(tmp_path / "w", 60)
    (folder / "tfidf.toml").write_text(QUICK)
    kill_before("os.mkdir", ".writing-", "train", "--workspace", folder)
    assert run_names(folder) == []
    split = frozen_split(folder)
    assert classify("train", "--workspace", folder, "--seed", "5").returncode == 0
    assert frozen_split(folder) == split
    assert set(read_split_of(folder, 0)["test"]) == set(split.test)
