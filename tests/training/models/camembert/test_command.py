"""What `classify train` is told, by options and recipes, run as a person runs it."""

import json
import random
import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labels.dataset import Dataset, Example, read_dataset, write_dataset
from tests.support.command import classify
from tests.support.corpus import dataset, workspace
from tests.support.finetuning import checkpoint_of, command, recipe, start
from tests.support.waiting import wait_until
from training.runs.registry import list_runs
from training.splitting.split import read_split

QUICK = "folds = 2\n[model]\nbuckets = 12\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Make a workspace of 60 articles with a quick recipe."""
    folder = workspace(tmp_path / "desk")
    (folder / "tfidf.toml").write_text(QUICK)
    return folder


def trained(folder: Path, *arguments: str | Path) -> tuple[Path, str]:
    """Train; return the run and the standard error."""
    result = classify("train", "--workspace", folder, *arguments)
    assert result.returncode == 0, result.stderr
    return list_runs(folder / "runs")[-1], result.stderr


def read(run: Path, name: str) -> dict[str, Any]:
    """Read a JSON file of a run."""
    record: dict[str, Any] = json.loads((run / name).read_text())
    return record


def words(run: Path) -> str:
    """Return the words of report.html."""
    page = re.sub(r"<(style|script)>.*?</\1>", "", (run / "report.html").read_text(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def dated(folder: Path) -> None:
    """Give the articles dates, ten a month."""
    data = read_dataset(folder)
    examples = tuple(
        Example(replace(example.document, date=f"2021-{1 + n // 10:02d}"), example.categories)
        for n, example in enumerate(data.examples)
    )
    write_dataset(folder / "dataset.jsonl", Dataset(examples, data.taxonomy))


# ---------------------------------------------------------------- what is accepted, what is given


def test_max_risk_decides_how_much_goes_to_a_person(desk: Path) -> None:
    """48 training articles are too few to show that at most one in a thousand is wrong."""
    run, _ = trained(desk, "--max-risk", "0.001")
    assert read(run, "recipe.json")["max_risk"] == 0.001
    decisions = read(run, "metrics.json")["decisions"]
    assert decisions["needs review"] == sum(decisions.values()) > 10
    assert "Every article still needs review." in words(run)
    lax, _ = trained(desk, "--max-risk", "0.3")
    decisions = read(lax, "metrics.json")["decisions"]
    assert decisions["needs review"] < sum(decisions.values())
    assert "within 30% (max_risk)" in (lax / "README.md").read_text()


def test_a_category_that_never_reaches_the_precision_is_reported_and_never_predicted(
    desk: Path,
) -> None:
    """A coin decides which articles are about sport, and no text tells."""
    coin = random.Random(0)
    data = dataset(150)
    tossed = tuple(
        Example(
            example.document,
            (*(n for n in example.categories if n != "sport"), *(["sport"] * coin.randrange(2))),
        )
        for example in data.examples
    )
    write_dataset(desk / "dataset.jsonl", Dataset(tossed, data.taxonomy))
    run, stderr = trained(desk, "--precision", "0.8")
    note = "never predicted: sport. No threshold reaches precision 0.8 on"
    assert sum(note in line for line in stderr.splitlines()) == 1
    card = (run / "README.md").read_text()
    rows = {line.split("(")[1].split(")")[0]: line for line in card.splitlines() if " (" in line}
    assert rows["sport"].endswith("| never |")
    assert not rows["cinema"].endswith("| never |")
    assert note in card
    assert note in words(run)
    rule = read(run, "rule.json")
    assert [n for n, t in zip(rule["categories"], rule["thresholds"], strict=True) if t > 1] == [
        "sport"
    ]
    article = desk / "a.txt"
    article.write_text(data.examples[2].document.text)
    result = classify("predict", "--format", "jsonl", "--workspace", desk, article)
    assert "sport" not in json.loads(result.stdout)["categories"]


def test_precision_is_refused_for_single_choice(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w", choice="single")
    result = classify("train", "--workspace", folder, "--precision", "0.9")
    assert result.returncode == 1
    assert "precision is for multiple choice" in result.stderr
    assert not (folder / "runs").exists()


# ---------------------------------------------------------------- the recipe


def test_calibrate_on_ends_the_folds_once_there_are_enough_articles(desk: Path) -> None:
    """Folds of about 10: two of them make 15."""
    (desk / "tfidf.toml").write_text(QUICK.replace("folds = 2", "folds = 5\ncalibrate_on = 15"))
    run, stderr = trained(desk)
    assert "calibrating: fold 2 of 5" in stderr
    assert "calibrating: fold 3 of 5" not in stderr
    assert 15 <= len(read(run, "out_of_fold.json")["ids"]) <= 25
    assert len(read(run, "split.json")["learn"]) > 40


def test_without_repeats_no_curve_is_made_and_the_report_says_how_to_get_one(desk: Path) -> None:
    run, stderr = trained(desk)
    assert "learning curve: training" in stderr
    assert "curve_repeats" not in words(run)
    (desk / "tfidf.toml").write_text(f"curve_repeats = 0\n{QUICK}")
    run, stderr = trained(desk)
    assert "learning curve" not in stderr
    assert "curve_repeats = 3 in the recipe" in words(run)
    (desk / "tfidf.toml").write_text(f"curve_most = 10\n{QUICK}")
    run, stderr = trained(desk)
    assert "learning curve" not in stderr
    assert "curve_most = 10; raise it" in words(run)
    assert "too few" not in words(run).split("Would more labels help?")[-1].split("worst")[0]


def test_the_frozen_way_to_split_goes_on_unless_something_else_is_asked_for(desk: Path) -> None:
    dated(desk)
    trained(desk, "--split", "date")
    parts = read_split(desk)
    assert parts
    assert parts.by == "date"
    trained(desk)
    (desk / "other.toml").write_text(QUICK.replace("12", "10"))
    run, _ = trained(desk, "--config", desk / "other.toml")
    assert read(run, "recipe.json")["split"] == read(run, "split.json")["by"] == "date"
    assert read_split(desk) == parts
    for name in ("other.toml", "tfidf.toml"):
        (desk / name).write_text(f'split = "stratified"\n{QUICK}')
    for arguments in (("--config", desk / "other.toml"), ()):
        result = classify("train", "--workspace", desk, *arguments)
        assert result.returncode == 1
        assert "drawn by date, not stratified" in result.stderr
    trained(desk, "--split", "date")
    assert len(list_runs(desk / "runs")) == 4


def test_a_run_is_trained_again_as_it_was_by_its_own_recipe(desk: Path) -> None:
    run, _ = trained(desk, "--seed", "7", "--max-risk", "0.2")
    again, _ = trained(desk, "--config", run / "recipe.json")
    assert read(again, "recipe.json") == read(run, "recipe.json")
    assert read(again, "recipe.json")["seed"] == 7
    assert read(again, "golden.json")["scores"] == read(run, "golden.json")["scores"]


def test_unknown_keys_of_a_recipe_are_listed_beside_the_known_ones_once(desk: Path) -> None:
    text = "".join(f"key{n} = 1\n" for n in range(9))
    (desk / "tfidf.toml").write_text(f"{text}[model]\nlayers = 2\n")
    result = classify("train", "--workspace", desk)
    assert result.returncode == 1
    assert result.stderr.count("known: seed, folds") == 1
    assert result.stderr.count("known: buckets") == 1
    for name in (*(f"'key{n}'" for n in range(9)), "'layers'"):
        assert name in result.stderr


# ---------------------------------------------------------------- kinds and devices


def test_a_kind_named_twice_is_refused(desk: Path) -> None:
    result = classify("train", "--workspace", desk, "--kinds", "tfidf,tfidf")
    assert result.returncode == 1
    assert "a kind is repeated" in result.stderr
    assert not (desk / "runs").exists()


@pytest.mark.parametrize("kind", ["tfidf", "embedding"])
def test_a_device_that_is_not_there_is_refused_before_anything_is_learned(
    desk: Path, kind: str
) -> None:
    result = classify("train", kind, "--workspace", desk, "--device", "cuda:77")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "cuda:77" in result.stderr
    assert not (desk / "runs").exists()


# ---------------------------------------------------------------- a training that fails


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Make a workspace with labels and a recipe of camembert."""
    folder = workspace(tmp_path / "slow", 30)
    recipe(folder, epochs=1, min_steps=8)
    return folder


def test_a_training_that_fails_at_once_leaves_nothing_behind(slow: Path, tiny_base: Path) -> None:
    recipe(slow, learning_rate=0.9, warmup=0.0, head_factor=1e30)
    result = classify(*command(slow, tiny_base))
    assert result.returncode == 1
    assert "the loss is not a number" in result.stderr
    assert not list((slow / "training").iterdir())


def test_a_training_that_fails_keeps_what_it_can_go_on_from(slow: Path, tiny_base: Path) -> None:
    """Killed, then started again while its base model is away, then for good."""
    base = shutil.copytree(tiny_base, slow / "base")
    running = start(slow, base)
    wait_until(lambda: list(slow.glob("training/*/fold-1.json")), what="a fold")
    running.send_signal(signal.SIGKILL)
    running.communicate()
    away = base.rename(slow / "away")
    result = classify(*command(slow, base))
    assert result.returncode == 1
    assert "no such folder" in result.stderr
    assert len(list(slow.glob("training/*/fold-1.json"))) == 1
    away.rename(base)
    assert classify(*command(slow, base)).returncode == 0
    assert not list((slow / "training").iterdir())
    assert not checkpoint_of(slow, "fold-1")()
