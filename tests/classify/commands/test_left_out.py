"""A run that left categories out, at the command line: it says so, and says "none" of nothing."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labels.dataset import Dataset, read_dataset, write_dataset
from tests.support.command import SHARED, classify
from tests.support.corpus import uneven, write_taxonomy
from training.runs.registry import list_promotions, list_runs

CASE = SHARED / "cases" / "left_out"
CINEMA, TRADE, SPORT, NONE = ("cinema",), ("trade",), ("sport",), ()
QUICK = "test = 0.25\nfolds = 2\ncurve_repeats = 0\n[model]\nbuckets = 12\n"
SPORT_TEXT = "match équipe stade entraîneur championnat athlète victoire arbitre match stade"
FOLLOWS = (
    "does not know sport (left out of training): an article without a predicted category may have "
    "one of these, so it needs review"
)


def save(folder: Path, data: Dataset) -> Path:
    """Make a workspace of labelled articles."""
    write_taxonomy(folder, data.taxonomy)
    write_dataset(folder / "dataset.jsonl", data)
    (folder / "tfidf.toml").write_text(QUICK)
    return folder


def run_in(folder: Path, *arguments: str | Path) -> tuple[str, str]:
    """Run a command that must succeed; return both outputs."""
    done = classify(*arguments, "--workspace", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def table(path: Path, data: Dataset) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["text", "labels"])
        lines.writerows([e.document.text, ";".join(e.categories)] for e in data.examples)
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose only run does not know sport."""
    data = uneven({CINEMA: 30, TRADE: 30, SPORT: 3, NONE: 20})
    folder = save(tmp_path_factory.mktemp("w"), data)
    run_in(folder, "train")
    return folder


@pytest.fixture
def copy(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def evaluate(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    out, err = run_in(folder, "evaluate", "--format", "json", *arguments)
    return {**json.loads(out), "notes": err.splitlines()}


def test_predict_says_it_once_and_the_article_needs_review(trained: Path, tmp_path: Path) -> None:
    (run,) = list_runs(trained / "runs")
    files = [tmp_path / f"{n}.txt" for n in range(3)]
    for file in files:
        file.write_text(SPORT_TEXT)
    out, err = run_in(trained, "predict", "--format", "jsonl", "--processes", "2", *files)
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["decision"] for record in records] == ["needs review"] * 3
    assert set(records[0]) == {*("id", "source", "categories", "probabilities", "decision", "run")}
    assert err.splitlines() == [f"{run.name} {FOLLOWS}"]


def test_the_card_says_it(trained: Path) -> None:
    assert FOLLOWS in run_in(trained, "runs", "show")[0]


def test_evaluate_leaves_articles_out_that_have_no_category_the_run_knows(
    trained: Path, tmp_path: Path
) -> None:
    known = uneven({CINEMA: 4, TRADE: 3, NONE: 2}, seed=7)
    mixed = uneven({SPORT: 30, ("cinema", "sport"): 2}, seed=8)
    both = replace(known, examples=(*known.examples, *mixed.examples))
    figures = evaluate(trained, "--on", table(tmp_path / "a.csv", both))
    assert (figures["articles"], figures["unmeasured"]) == (11, 30)
    assert figures["unknown_categories"] == {"sport": 32}
    assert sum(figures["decisions"].values()) == 11
    assert figures["decisions"]["none"] == 0
    assert figures["notes"][:2] == [
        "not measured, because the run does not know it: sport (32 articles)",
        "not measured: 30 articles only of categories the run does not know (sport)",
    ]
    assert figures["notes"][2].startswith("of these 30, ")
    alone = evaluate(trained, "--on", table(tmp_path / "b.csv", known))
    assert (alone["articles"], alone["unmeasured"], alone["notes"]) == (9, 0, [])


def test_a_file_of_unknown_categories_alone_is_refused_with_their_names(
    trained: Path, tmp_path: Path
) -> None:
    file = table(tmp_path / "a.csv", uneven({SPORT: 12}, seed=9))
    done = classify("evaluate", "--workspace", trained, "--on", file)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: nothing to measure on: of 12 labelled articles, 0 were used for training, and the "
        "others have no category that is known, only sport. Name other articles with --on FILE.\n"
    )


def test_the_test_set_gives_the_figures_of_the_training(trained: Path) -> None:
    (run,) = list_runs(trained / "runs")
    metrics = json.loads((run / "metrics.json").read_text())
    figures = evaluate(trained)
    for name in ("articles", "decisions", "exact", "macro_f1", "brier", "accepted_exact"):
        assert figures[name] == pytest.approx(metrics[name]), name


def test_two_runs_are_compared_on_what_both_know(copy: Path, tmp_path: Path) -> None:
    """The second run knows sport; it gains and loses nothing by articles of sport alone."""
    data = read_dataset(copy)
    more = uneven({SPORT: 30}, seed=5)
    write_dataset(copy / "dataset.jsonl", replace(data, examples=(*data.examples, *more.examples)))
    _, err = run_in(copy, "train")
    first, second = (run.name for run in list_runs(copy / "runs"))
    assert "left out" not in err
    file = table(tmp_path / "a.csv", uneven({CINEMA: 6, TRADE: 6, SPORT: 20}, seed=11))
    out, err = run_in(copy, "compare", first, second, "--on", file, "--format", "json")
    figures = json.loads(out)
    assert (figures["articles"], figures["unmeasured"]) == (12, 20)
    assert list(figures["categories"]) == ["cinema", "trade"]
    assert "not measured: 20 articles only of categories a run does not know (sport)" in err
    assert list_promotions(copy / "runs") == [first, second]
    run_in(copy, "runs", "promote", first)  # the first left out what the second knows
    _, err = run_in(copy, "runs", "promote", second)
    assert "left out" not in err
    _, err = run_in(copy, "runs", "promote", first)
    assert f"{first} left out sport, which the current run {second} knows" in err


def test_single_choice_says_that_such_an_article_gets_another_category(tmp_path: Path) -> None:
    data = uneven({CINEMA: 30, TRADE: 30, SPORT: 3}, "single")
    folder = save(tmp_path / "w", data)
    run_in(folder, "train")
    text = tmp_path / "a.txt"
    text.write_text(SPORT_TEXT)
    out, err = run_in(folder, "predict", "--format", "jsonl", text)
    assert len(json.loads(out)["categories"]) == 1
    assert "does not know sport (left out of training): an article of these always gets" in err
    file = table(tmp_path / "a.csv", uneven({CINEMA: 5, SPORT: 5}, "single", seed=4))
    figures = evaluate(folder, "--on", file)
    assert (figures["articles"], figures["unmeasured"]) == (5, 5)
    assert figures["notes"][-1] == "of these 5, 5 get another category"


def test_one_category_alone_can_be_learned_and_nothing_is_none(tmp_path: Path) -> None:
    folder = save(tmp_path / "w", uneven({CINEMA: 30, TRADE: 2, SPORT: 3, NONE: 30}))
    run_in(folder, "train")
    text = tmp_path / "a.txt"
    text.write_text(SPORT_TEXT)
    out, err = run_in(folder, "predict", "--format", "jsonl", text)
    assert json.loads(out)["decision"] == "needs review"
    assert "does not know trade, sport (left out of training)" in err


@pytest.mark.skipif(not CASE.is_dir(), reason="needs ../shared/cases")
def test_a_newsroom_with_two_large_and_six_small_categories(tmp_path: Path) -> None:
    run_in(tmp_path, "labels", "import", CASE / "data.csv")
    out, err = run_in(tmp_path, "train")
    (run,) = list_runs(tmp_path / "runs")
    by_text = {
        example.document.id: example.categories for example in read_dataset(tmp_path).examples
    }
    tested = json.loads((run / "split.json").read_text())["test"]
    known = [name for name in tested if set(by_text[name]) & {"cinema", "trade"}]
    assert json.loads((run / "metrics.json").read_text())["articles"] == len(known)
    assert f"not measured: {len(tested) - len(known)} articles only of categories" in err
    out, _ = run_in(tmp_path, "predict", "--format", "jsonl", CASE / "sport.txt")
    assert json.loads(out)["decision"] == "needs review"
    figures = evaluate(tmp_path, "--on", CASE / "health.csv")
    assert (figures["articles"], figures["unmeasured"]) == (4, 30)
