"""Categories left out of training: their articles count neither as right nor as wrong."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from labels.dataset import Dataset
from tests.support.corpus import dataset, uneven
from tests.support.forgery import forge_manifest
from training.arrays import BoolArray
from training.calibration import NEVER, RuleTargets, fit_rule
from training.decision import Prediction, Rule, Scaling
from training.evaluation.measured import Measured
from training.model import Fitting
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.runs.run import load_run, save_run
from training.runs.trained import Trained
from training.train import train

CINEMA, TRADE, SPORT, NONE = ("cinema",), ("trade",), ("sport",), ()
RARE = uneven({CINEMA: 30, TRADE: 30, SPORT: 3, NONE: 40})
SPORT_TEXT = "match équipe stade entraîneur championnat athlète victoire arbitre match stade"
QUICK = Recipe(curve_repeats=0)


def fit(data: Dataset, recipe: Recipe = QUICK) -> tuple[Trained, list[str]]:
    """Train; return the run and what was logged."""
    lines: list[str] = []
    fitting = Fitting(log=lines.append)
    return train(data, "tfidf", recipe, TfidfSettings(buckets=12), fitting), lines


def decide(trained: Trained, text: str, rule: Rule | None = None) -> Prediction:
    (prediction,) = (rule or trained.rule).predictions(trained.model.scores([text]))
    return prediction


@pytest.fixture(scope="module")
def rare() -> tuple[Trained, list[str]]:
    return fit(RARE)


# ---------------------------------------------------------------- the decision


def test_an_article_of_a_category_left_out_needs_review_and_is_not_none(
    rare: tuple[Trained, list[str]],
) -> None:
    trained, _ = rare
    assert trained.rule.categories == ("cinema", "trade")
    assert trained.rule.left_out == ("sport",)
    prediction = decide(trained, SPORT_TEXT)
    assert (prediction.categories, prediction.decision) == ((), "needs review")
    knows_all = replace(trained.rule, left_out=())
    assert decide(trained, SPORT_TEXT, knows_all).decision == "none"


def test_without_a_category_left_out_none_is_none() -> None:
    """No article has the category sport, so that none of it is to be expected."""
    trained, _ = fit(uneven({CINEMA: 30, TRADE: 30, NONE: 40}))
    assert trained.rule.left_out == ()
    assert trained.rule.caveat == ""
    assert decide(trained, "le la de et dans pour avec une ville").decision == "none"


def test_a_category_of_nearly_every_article_is_left_out_and_counts_as_one() -> None:
    trained, _ = fit(
        uneven({("cinema", "sport"): 30, ("trade", "sport"): 30, SPORT: 30, CINEMA: 2})
    )
    assert trained.rule.left_out == ("sport",)
    assert decide(trained, "le la de et dans pour").decision == "needs review"


@pytest.mark.parametrize(
    ("probabilities", "categories", "decision"),
    [
        ([0.95, 0.05], ("a",), "accepted"),
        ([0.55, 0.05], ("a",), "needs review"),
        ([0.01, 0.02], (), "needs review"),  # "none" if nothing had been left out
    ],
)
def test_only_what_has_a_category_is_accepted(
    probabilities: list[float], categories: tuple[str, ...], decision: str
) -> None:
    rule = Rule("multiple", ("a", "b"), (0.5, 0.5), 0.6, ("c",))
    logits = np.log(np.array(probabilities) / (1 - np.array(probabilities)))
    (prediction,) = rule.predictions(logits[None].astype(np.float32))
    assert (prediction.categories, prediction.decision) == (categories, decision)


def test_the_caveat_names_a_dozen_categories_at_most() -> None:
    names = tuple(f"c{n}" for n in range(15))
    caveat = Rule("multiple", ("a",), (0.5,), 0.6, names).caveat
    assert "c11 and 3 more (left out of training)" in caveat
    assert "c12" not in caveat
    single = Rule("single", ("a", "b"), (0.0, 0.0), 0.6, ("c",)).caveat
    assert single == (
        "does not know c (left out of training): an article of these always gets another category"
    )


# ---------------------------------------------------------------- the figures


def test_articles_of_a_category_left_out_are_not_measured_and_are_counted(
    rare: tuple[Trained, list[str]],
) -> None:
    trained, lines = rare
    assert trained.split
    by_id = {example.document.id: example for example in RARE.examples}
    tested = [by_id[name] for name in trained.split.test]
    known = [example for example in tested if example.categories != SPORT]
    assert trained.evaluation.articles == len(known) < len(tested)
    assert sum(score.support for score in trained.evaluation.categories.values()) == sum(
        example.categories != NONE for example in known
    )
    count = len(tested) - len(known)
    plural = "s" if count > 1 else ""
    note = f"not measured: {count} article{plural} only of categories the run does not know (sport)"
    assert any(line.startswith(f"{note}; ") for line in lines)
    assert any(line.startswith(note) for line in trained.facts.left_out)
    assert trained.facts.test_articles == len(tested)
    assert f"Measured on {len(known)} test articles" in trained.files["README.md"]


def test_out_of_fold_figures_leave_them_out_too_but_their_predictions_are_kept() -> None:
    trained, lines = fit(RARE, replace(QUICK, test=0.0))
    assert trained.evaluation.articles == 100
    assert "not measured: 3 articles only of categories the run does not know (sport); " in (
        " ".join(lines)
    )
    assert len(trained.files["out_of_fold.json"]["ids"]) == 103
    assert "100 articles, each scored out of fold" in trained.files["README.md"]


@pytest.mark.slow
def test_an_article_that_also_has_a_known_category_is_measured_by_that() -> None:
    data = uneven({CINEMA: 40, TRADE: 40, ("cinema", "sport"): 3})
    trained, lines = fit(data, replace(QUICK, test=0.0))
    assert trained.evaluation.articles == 83
    assert trained.evaluation.categories["cinema"].support == 43
    assert not any("not measured" in line for line in lines)


@pytest.mark.slow
def test_where_the_test_set_has_hardly_a_known_article_figures_are_out_of_fold() -> None:
    from training.splitting.split import Split

    data = uneven({CINEMA: 20, TRADE: 20, SPORT: 12})
    ids = {c: [e.document.id for e in data.examples if e.categories == c] for c in (SPORT, CINEMA)}
    test = (*ids[SPORT][1:], *ids[CINEMA][:9])
    learn = [e.document.id for e in data.examples if e.document.id not in test]
    lines: list[str] = []
    split = Split("stratified", tuple(learn), test)
    trained = train(
        data, "tfidf", QUICK, TfidfSettings(buckets=12), Fitting(log=lines.append), split
    )
    assert trained.facts.test_articles == 0
    assert any("too few articles for a test set" in line for line in lines)


def test_measured_keeps_the_rows_of_the_articles_it_keeps() -> None:
    data = uneven({CINEMA: 2, SPORT: 2, NONE: 1, ("cinema", "sport"): 1}).restrict(["cinema"])
    p = np.arange(6.0)[:, None] / 10
    measured = Measured(data, p, p > 0.25, p[:, 0]).measurable
    kept = [n for n, e in enumerate(data.examples) if e.categories or not e.left_out]
    assert len(kept) == 4
    assert measured.probabilities[:, 0].tolist() == [n / 10 for n in kept]
    assert measured.certainty.tolist() == [n / 10 for n in kept]
    assert measured.predicted[:, 0].tolist() == [n > 2 for n in kept]
    assert [e.document for e in measured.dataset.examples] == [
        data.examples[n].document for n in kept
    ]


def test_restricting_twice_remembers_every_category_left_out() -> None:
    data = uneven({("cinema", "trade", "sport"): 1}).restrict(["cinema", "sport"])
    (example,) = data.restrict(["cinema"]).examples
    assert (example.categories, example.left_out) == (("cinema",), ("trade", "sport"))
    assert example.is_measurable


# ---------------------------------------------------------------- the promise of max_risk


def certain(count: int, predicted: int) -> tuple[np.ndarray, BoolArray]:
    """Return scores and gold of articles of one category, the first of them predicted surely."""
    scores = np.where(np.arange(count) < predicted, 4.0, -4.0).astype(np.float32)[:, None]
    return scores, scores > 0


def test_of_articles_without_a_prediction_none_is_accepted() -> None:
    """9 predicted articles, all right, are too few to show a risk of 10 %; 31 more do not help."""
    scores, gold = certain(40, 9)
    targets = RuleTargets("multiple", 0.1)
    folds = np.arange(40) % 2
    _, rule = fit_rule(scores, gold, folds, ("a",), targets)
    assert rule.review_below < 1
    _, rule = fit_rule(scores, gold, folds, ("a",), replace(targets, left_out=("b",)))
    assert rule.review_below == NEVER
    scores, gold = certain(40, 12)
    _, rule = fit_rule(scores, gold, folds, ("a",), replace(targets, left_out=("b",)))
    assert rule.review_below < 1


@pytest.mark.parametrize(("unknown", "accepts"), [(0, True), (1, True), (2, False)])
def test_an_article_that_has_only_a_category_left_out_is_wrong_where_it_is_predicted(
    unknown: int, accepts: bool
) -> None:
    """Of 20 articles at one certainty (1 + unknown) / 20 may be at most 10 %."""
    scores, gold = certain(30, 20)
    gold = gold & (np.arange(30) >= unknown)[:, None]
    targets = RuleTargets("multiple", 0.1, left_out=("b",))
    _, rule = fit_rule(scores, gold, np.arange(30) % 2, ("a",), targets)
    assert (rule.review_below < 1) == accepts


def test_a_category_beside_those_learned_takes_nothing_from_what_is_accepted() -> None:
    """As a word that stands on nearly every article."""
    data = uneven({("cinema", "sport"): 30, ("trade", "sport"): 30, CINEMA: 2})
    trained, _ = fit(data)
    assert trained.rule.left_out == ("sport",)
    assert trained.evaluation.decisions["accepted"] > 8


def test_for_single_choice_the_articles_left_out_count_as_wrong() -> None:
    """15 of sport that read like cinema among 80 others: were all accepted, 16 % would be wrong."""
    films = uneven({CINEMA: 15}, "single", seed=3).examples
    known = uneven({CINEMA: 40, TRADE: 40}, "single")
    sport = tuple(replace(example, categories=SPORT) for example in films)
    data = replace(known, examples=(*known.examples, *sport))
    trained, _ = fit(data, replace(QUICK, min_examples=20))
    assert trained.rule.left_out == ("sport",)
    assert trained.evaluation.articles == 16
    texts = [example.document.text for example in data.examples]
    decisions = trained.rule.predictions(trained.model.scores(texts))
    accepted = [
        example.categories == SPORT
        for example, prediction in zip(data.examples, decisions, strict=True)
        if prediction.decision == "accepted"
    ]
    assert sum(accepted) <= 0.1 * len(accepted)


def test_rows_without_a_category_leave_the_temperature_as_it_is() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (60, 3)).astype(np.float32)
    gold = np.arange(3) == scores.argmax(axis=1)[:, None]
    targets = RuleTargets("single", 0.1, left_out=("d",))
    plain, _ = fit_rule(scores, gold, np.arange(60) % 3, tuple("abc"), targets)
    more = np.concatenate([scores, rng.normal(0, 2, (9, 3)).astype(np.float32)])
    folds = np.append(np.arange(60) % 3, np.full(9, -1))
    others = np.zeros((9, 3), bool)
    scaling, _ = fit_rule(more, np.concatenate([gold, others]), folds, tuple("abc"), targets)
    assert scaling == plain
    assert isinstance(scaling, Scaling)


# ---------------------------------------------------------------- on disk


def test_a_run_keeps_what_it_left_out_and_an_older_one_is_read_from_its_notes(
    rare: tuple[Trained, list[str]], tmp_path: Path
) -> None:
    run = save_run(tmp_path, rare[0])
    assert json.loads((run / "rule.json").read_text())["left_out"] == ["sport"]
    assert load_run(run).rule == rare[0].rule
    older = {k: v for k, v in asdict(rare[0].rule).items() if k != "left_out"}
    (run / "rule.json").write_text(json.dumps(older))
    forge_manifest(run)
    assert load_run(run).rule == rare[0].rule
    (prediction,) = load_run(run).predict([SPORT_TEXT])
    assert prediction.decision == "needs review"


@pytest.mark.slow
def test_an_older_run_that_knows_every_category_decides_as_before(tmp_path: Path) -> None:
    trained, _ = fit(dataset(60))
    run = save_run(tmp_path, trained)
    older = {k: v for k, v in asdict(trained.rule).items() if k != "left_out"}
    (run / "rule.json").write_text(json.dumps(older))
    forge_manifest(run)
    assert load_run(run).rule == replace(trained.rule, left_out=())


# ---------------------------------------------------------------- what people read


def test_card_and_report_say_what_was_left_out_and_what_follows(
    rare: tuple[Trained, list[str]],
) -> None:
    card, page = rare[0].files["README.md"], rare[0].files["report.html"]
    follows = (
        "does not know sport (left out of training): an article without a predicted category may "
        "have one of these, so it needs review"
    )
    for text in (card, page):
        assert "category sport is left out: 3 of the 4 articles it needs" in text
        assert follows in text
        assert "not measured: " in text
    assert "Do not expect sport" in page
    full = fit(dataset(60))[0]
    for name in ("README.md", "report.html"):
        assert "left out of training" not in full.files[name]
        assert "Do not expect" not in full.files[name]
