"""`classify compare`, the frozen test set over several trainings, and the guard of promotion."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labels.dataset import Dataset, Example, read_dataset, write_dataset
from tests.support.command import classify, environment
from tests.support.corpus import dataset, workspace
from tests.support.forgery import forge_manifest
from training.models.tfidf.model import TfidfSettings
from training.runs.registry import list_promotions, list_runs
from training.runs.run import save_run
from training.split import Split, read_split
from training.train import Recipe, train

QUICK = "test = 0.25\nfolds = 2\n[model]\nbuckets = 12\n"
# Single letters tell no categories apart.
WEAK = "test = 0.25\nfolds = 2\n[model]\nbuckets = 8\nchar_ngrams = [2, 2]\nC = 0.001\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 80 articles with a good run, the current one, and a weak one after it."""
    folder = workspace(tmp_path_factory.mktemp("made"), 80)
    (folder / "tfidf.toml").write_text(QUICK)
    (folder / "weak.toml").write_text(WEAK)
    assert classify("train", "--workspace", folder).returncode == 0
    done = classify("train", "--workspace", folder, "--config", folder / "weak.toml")
    assert done.returncode == 0, done.stderr
    (folder / "said").write_text(done.stderr)
    return folder


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return Path(shutil.copytree(made, tmp_path / "desk"))


def names(folder: Path) -> list[str]:
    return [each.name for each in list_runs(folder / "runs")]


def frozen(folder: Path) -> Split:
    parts = read_split(folder)
    assert parts
    return parts


def of_run(folder: Path, number: int) -> dict[str, list[str]]:
    """split.json of a run."""
    path = list_runs(folder / "runs")[number] / "split.json"
    found: dict[str, list[str]] = json.loads(path.read_text())
    return found


def compared(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    """The comparison, and what was said under "said"."""
    done = classify("compare", "--workspace", folder, "--format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "said": done.stderr.splitlines()}


# ---------------------------------------------------------------- compare


def test_a_weak_run_is_called_worse_with_every_article_they_differ_on(made: Path) -> None:
    good, weak = names(made)
    found = compared(made, good, weak)
    test = frozen(made).test
    metrics = [json.loads((run / "metrics.json").read_text()) for run in list_runs(made / "runs")]
    assert (found["a"], found["b"], found["verdict"]) == (good, weak, "A is better")
    assert found["articles"] == len(test) >= 15
    for name in ("micro_f1", "macro_f1", "weighted_f1", "exact"):
        assert found[name]["a"] == pytest.approx(metrics[0][name]["value"])
        assert found[name]["b"] == pytest.approx(metrics[1][name]["value"])
    assert found["macro_f1"]["high"] < 0
    gold = {each.document.id: list(each.categories) for each in read_dataset(made).examples}
    assert found["differ"] == len(found["disagreements"]) > 5
    for each in found["disagreements"]:
        assert each["id"] in test
        assert each["gold"] == gold[each["id"]]
        assert set(each["a"]) != set(each["b"])
    assert compared(made, weak, good)["verdict"] == "B is better"


def test_people_get_the_verdict_in_words_and_some_of_the_articles(made: Path) -> None:
    good, weak = names(made)
    done = classify("compare", "--workspace", made, good, weak)
    lines = done.stdout.splitlines()
    count = len(frozen(made).test)
    assert lines[:2] == [f"A  {good}", f"B  {weak}"]
    assert lines[2].startswith(f"A is better on {count} articles: macro-F1 of B minus A -0.")
    assert "McNemar p < 0.001" in done.stdout
    assert sum(line.startswith("    gold  ") for line in lines) <= 20
    same = classify("compare", "--workspace", made, good, good).stdout
    assert f"no difference can be shown on {count} articles" in same
    assert "articles labelled differently: 0" in same


def test_a_file_is_compared_on_without_what_either_run_learned_from(
    desk: Path, tmp_path: Path
) -> None:
    """A third run has learned from the first ten new articles."""
    new = dataset(40, seed=7)
    old = read_dataset(desk)
    more = Dataset((*old.examples, *new.examples[:10]), old.taxonomy)
    trained = train(more, "tfidf", Recipe(test=0, folds=2), TfidfSettings(buckets=12))
    path = save_run(desk / "runs", trained)
    write_dataset(tmp_path / "new.jsonl", new)
    found = compared(desk, names(desk)[0], path.name, "--on", tmp_path / "new.jsonl")
    assert (found["articles"], found["left_out"]) == (30, 10)
    assert "10 articles that a run was trained on" in found["said"][0]


def test_runs_of_different_categories_are_compared_on_those_they_share(desk: Path) -> None:
    data = read_dataset(desk)
    parts = frozen(desk)
    two = replace(data.taxonomy, categories=data.taxonomy.categories[:2])
    examples = tuple(
        Example(each.document, tuple(name for name in each.categories if name != "sport"))
        for each in data.examples
    )
    recipe = Recipe(test=0.25, folds=2)
    settings = TfidfSettings(buckets=12)
    trained = train(Dataset(examples, two), "tfidf", recipe, settings, frozen=parts)
    path = save_run(desk / "runs", trained)
    found = compared(desk, names(desk)[0], path.name)
    assert list(found["categories"]) == ["cinema", "trade"]
    assert found["articles"] == len(parts.test)
    sport = sum("sport" in x.categories for x in data.examples if x.document.id in parts.test)
    assert found["unknown_categories"] == {"sport": sport}
    assert found["said"] == [
        f"not measured, because a run does not know it: sport ({sport} articles)"
    ]
    assert found["verdict"] == "no difference can be shown"


# ---------------------------------------------------------------- the guard


def test_training_keeps_a_worse_run_but_does_not_make_it_current(made: Path) -> None:
    good, weak = names(made)
    assert list_promotions(made / "runs") == [good]
    said = (made / "said").read_text()
    assert f"\n{weak} is worse than the current run {good} on " in said
    assert "test articles: macro-F1 0." in said
    assert f": classify runs promote {weak} --even-if-worse\n" in said


def test_promote_refuses_a_worse_run_unless_told(desk: Path) -> None:
    good, weak = names(desk)
    done = classify("runs", "promote", weak, "--workspace", desk)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {weak} is worse than the current run {good} on ")
    assert "--even-if-worse" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list_promotions(desk / "runs") == [good]
    forced = classify("runs", "promote", weak, "--workspace", desk, "--even-if-worse")
    assert (forced.returncode, forced.stderr) == (0, f"current run: {weak}\n")
    back = classify("runs", "promote", good, "--workspace", desk)
    assert (back.returncode, back.stderr) == (0, f"current run: {good}\n")


def _damaged(folder: Path) -> None:
    (list_runs(folder / "runs")[0] / "rule.json").write_text("{}")


def _without_split(folder: Path) -> None:
    run = list_runs(folder / "runs")[0]
    (run / "split.json").unlink()
    forge_manifest(run)


def _few(folder: Path) -> None:
    data = read_dataset(folder)
    gone = frozen(folder).test[9:]
    kept = tuple(each for each in data.examples if each.document.id not in gone)
    write_dataset(folder / "dataset.jsonl", Dataset(kept, data.taxonomy))


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
    desk: Path, change: Any, why: str
) -> None:
    good, weak = names(desk)
    change(desk)
    done = classify("runs", "promote", weak, "--workspace", desk)
    assert done.returncode == 0
    said, current = done.stderr.splitlines()
    assert said.startswith(f"not compared with the current run {good}: ")
    assert why in said
    assert current == f"current run: {weak}"


def test_a_training_on_all_articles_is_no_way_past_the_guard(desk: Path) -> None:
    """What a run learned from is counted out of fold, so neither step goes uncompared."""
    good, weak = names(desk)[0], desk / "weak.toml"
    count = len(frozen(desk).test)
    on = f"on {count} test articles (out of fold where a run was trained on them): macro-F1 0."

    def said(*arguments: str | Path) -> str:
        done = classify("train", "--workspace", desk, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr

    assert f"worse than the current run {good} {on}" in said("--config", weak, "--test", "0")
    assert list_promotions(desk / "runs") == [good]
    assert "compared" not in said("--test", "0")
    everything = names(desk)[-1]
    assert of_run(desk, -1)["test"] == []
    assert list_promotions(desk / "runs") == [good, everything]
    assert f"worse than the current run {everything} {on}" in said("--config", weak)
    assert list_promotions(desk / "runs") == [good, everything]


def test_a_run_keeps_what_its_folds_gave_to_the_articles_it_learned_from(desk: Path) -> None:
    """With nothing kept apart those are the answers that its figures were counted from."""
    assert classify("train", "--workspace", desk, "--test", "0").returncode == 0
    run = list_runs(desk / "runs")[-1]
    kept = json.loads((run / "out_of_fold.json").read_text())
    gold = {each.document.id: each.categories for each in read_dataset(desk).examples}
    assert sorted(kept["ids"]) == sorted(gold)
    pairs = zip(kept["ids"], kept["categories"], strict=True)
    right = sum(set(given) == set(gold[name]) for name, given in pairs)
    exact = json.loads((run / "metrics.json").read_text())["exact"]["value"]
    assert right / len(gold) == pytest.approx(exact)


def test_without_a_frozen_test_part_all_articles_are_compared_on(desk: Path) -> None:
    (desk / "split.json").unlink()
    good, weak = names(desk)
    done = classify("runs", "promote", weak, "--workspace", desk)
    assert done.returncode == 1
    assert f"worse than the current run {good} on 80 labelled articles (out of fold" in done.stderr
    assert list_promotions(desk / "runs") == [good]


def test_a_run_without_what_its_folds_gave_is_compared_on_what_neither_learned_from(
    desk: Path,
) -> None:
    """As one of an earlier version is."""
    for run in list_runs(desk / "runs"):
        (run / "out_of_fold.json").unlink()
        forge_manifest(run)
    good, weak = names(desk)
    count = len(frozen(desk).test)
    done = classify("runs", "promote", weak, "--workspace", desk)
    assert done.returncode == 1
    assert f"worse than the current run {good} on {count} test articles: " in done.stderr
    (desk / "split.json").unlink()
    done = classify("runs", "promote", weak, "--workspace", desk)
    assert f"worse than the current run {good} on {count} labelled articles: " in done.stderr


# ---------------------------------------------------------------- frozen over trainings


def test_the_test_part_stays_as_labels_grow_and_runs_remember_what_they_learned(
    desk: Path,
) -> None:
    before = frozen(desk)
    assert set(of_run(desk, 0)["test"]) == set(before.test)
    assert set(of_run(desk, 0)["learn"]) == set(before.learn)
    data = read_dataset(desk)
    more = (*data.examples[5:], *dataset(30, seed=7).examples)
    write_dataset(desk / "dataset.jsonl", Dataset(more, data.taxonomy))
    assert classify("train", "--workspace", desk, "--seed", "9").returncode == 0
    after = frozen(desk)
    assert after.test[: len(before.test)] == before.test
    assert after.learn[: len(before.learn)] == before.learn
    assert len(after.test) > len(before.test)
    there = {each.document.id for each in more}
    third = of_run(desk, 2)
    assert set(third["test"]) == set(after.test) & there
    assert set(third["learn"]) == set(after.learn) & there
    found = compared(desk, names(desk)[0], names(desk)[2])
    assert found["articles"] == len(third["test"])


def test_a_new_split_is_drawn_on_demand_only_and_that_is_said(desk: Path) -> None:
    before = frozen(desk)
    assert classify("train", "--workspace", desk, "--seed", "9").returncode == 0
    assert frozen(desk) == before
    done = classify("train", "--workspace", desk, "--seed", "9", "--new-split")
    assert done.returncode == 0
    assert "a new test set is drawn: earlier runs" in done.stderr
    assert "not compared" not in done.stderr  # of what the current run learned, its folds speak
    assert frozen(desk).test != before.test


def test_by_date_learns_from_the_past(desk: Path) -> None:
    data = read_dataset(desk)
    dated = tuple(
        Example(replace(each.document, date=f"2021-{1 + n // 10:02d}"), each.categories)
        for n, each in enumerate(data.examples)
    )
    write_dataset(desk / "dataset.jsonl", Dataset(dated, data.taxonomy))
    refused = classify("train", "--workspace", desk, "--split", "date")
    assert refused.returncode == 1
    assert "stratified, not by date" in refused.stderr
    assert "--new-split" in refused.stderr
    assert len(names(desk)) == 2
    done = classify("train", "--workspace", desk, "--split", "date", "--new-split")
    assert done.returncode == 0, done.stderr
    assert "testing on 20 articles that may date from 2021-07 or later" in done.stderr
    assert frozen(desk).since == "2021-07"
    assert set(frozen(desk).test) == {each.document.id for each in dated[60:]}


def test_test_0_freezes_nothing_and_too_few_articles_do_not_either(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w", 30)
    (folder / "tfidf.toml").write_text(QUICK)
    for arguments in (("--test", "0"), ("--test", "0.2")):
        done = classify("train", "--workspace", folder, *arguments)
        assert done.returncode == 0
        assert "out of fold" in done.stderr
        assert not (folder / "split.json").exists()
    assert len(of_run(folder, -1)["learn"]) == 30
    assert of_run(folder, -1)["test"] == []
    done = classify("train", "--workspace", folder, "--test", "0", "--new-split")
    assert done.returncode == 1
    assert "--new-split: there is no test set" in done.stderr


def test_a_damaged_split_stops_training_and_a_new_one_mends_it(desk: Path) -> None:
    (desk / "split.json").write_text('{"by": "stratified", "learn": ["x"], "test": []}')
    done = classify("train", "--workspace", desk)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {desk / 'split.json'}: 'x' is not a document id")
    assert done.stderr.count("\n") == 1
    assert len(names(desk)) == 2
    assert classify("train", "--workspace", desk, "--new-split").returncode == 0
    assert len(frozen(desk).test) >= 15


def test_kill_9_between_split_and_run_leaves_a_split_that_the_next_training_keeps(
    tmp_path: Path,
) -> None:
    folder = workspace(tmp_path / "w", 60)
    (folder / "tfidf.toml").write_text(QUICK)
    code = (
        "import os, signal, sys\n"
        "from training.runs import run\n"
        "run.save_run = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = ['classify', 'train', '--workspace', sys.argv[1]]\n"
        "from classify.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, folder], env=environment(), capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert names(folder) == []
    before = frozen(folder)
    assert classify("train", "--workspace", folder, "--seed", "5").returncode == 0
    assert frozen(folder) == before
    assert set(of_run(folder, 0)["test"]) == set(before.test)
