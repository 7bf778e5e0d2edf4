"""Calibrated probabilities on data whose true probabilities are known."""

import numpy as np
import pytest

from training.calibration import (
    NEVER,
    RuleTargets,
    best_threshold,
    fit_rule,
    platt,
    safe_bound,
    temperature,
)
from training.decision import Rule, sigmoid, softmax
from training.evaluation.metrics import calibration_error


def test_platt_finds_the_line_the_labels_were_drawn_from() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, 20_000).astype(np.float32)
    gold = rng.random(20_000) < sigmoid(0.5 * scores.astype(float) - 1)
    slope, offset = platt(scores, gold)
    assert slope == pytest.approx(0.5, abs=0.03)
    assert offset == pytest.approx(-1, abs=0.06)


def test_a_category_with_three_positive_articles_is_pulled_to_the_line_of_all() -> None:
    scores = np.array([3.0, 2.5, 2.0] + [-2.0] * 30, np.float32)
    alone, _ = platt(scores, scores > 0)
    pulled, _ = platt(scores, scores > 0, shared=(4.0, 0.0))
    assert alone < pulled < 4.0


def test_temperature_finds_how_much_too_sure_the_scores_are() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1.5, (20_000, 4))
    drawn = (softmax(logits).cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    gold = np.arange(4) == drawn[:, None]
    factor = temperature((logits * 5).astype(np.float32), gold)
    assert factor == pytest.approx(0.2, abs=0.01)
    assert calibration_error(softmax(factor * logits * 5), gold) < 0.01


def test_threshold_is_half_of_the_best_f1() -> None:
    """The best threshold selects 3, of which 2 are right, of 2 gold: F1 = 2*2/(3+2) = 0.8."""
    gold = np.array([True, False, True, False, False])
    assert best_threshold(np.array([0.9, 0.8, 0.7, 0.2, 0.1]), gold) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("probabilities", "categories", "decision"),
    [
        ([0.95, 0.05, 0.04], ("a",), "accepted"),
        ([0.80, 0.90, 0.10], ("b", "a"), "accepted"),  # 0.80 · 0.90 · 0.90 = 0.648
        ([0.75, 0.85, 0.10], ("b", "a"), "needs review"),  # 0.75 · 0.85 · 0.90 = 0.574
        ([0.95, 0.45, 0.05], ("a",), "needs review"),
        ([0.05, 0.10, 0.02], (), "none"),
        ([0.05, 0.45, 0.02], (), "needs review"),
    ],
)
def test_decision_follows_from_the_chance_that_every_category_is_right(
    probabilities: list[float], categories: tuple[str, ...], decision: str
) -> None:
    rule = Rule("multiple", ("a", "b", "c"), (0.5,) * 3, 0.6)
    logits = np.log(np.array(probabilities) / (1 - np.array(probabilities)))
    (prediction,) = rule.predictions(logits[None].astype(np.float32))
    assert (prediction.categories, prediction.decision) == (categories, decision)
    assert list(prediction.probabilities.values()) == pytest.approx(probabilities, abs=1e-5)


def test_single_choice_takes_the_most_probable_and_probabilities_sum_to_one() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(0, 2, (50, 3)).astype(np.float32)
    gold = np.arange(3) == scores.argmax(axis=1)[:, None]
    scaling, rule = fit_rule(
        scores, gold, np.arange(50) % 5, tuple("abc"), RuleTargets("single", 0.1)
    )
    for row, prediction in zip(scores, rule.predictions(scaling.apply(scores)), strict=True):
        assert prediction.categories == ("abc"[int(row.argmax())],)
        assert sum(prediction.probabilities.values()) == pytest.approx(1)


def drawn(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw scores of three categories, and labels that follow their probabilities."""
    scores = rng.normal(-0.5, 2.5, (count, 3)).astype(np.float32)
    return scores, rng.random((count, 3)) < sigmoid(1.5 * scores.astype(float))


@pytest.mark.slow
@pytest.mark.parametrize("max_risk", [0.1, 0.3])
def test_of_the_accepted_articles_no_more_are_wrong_than_was_allowed(max_risk: float) -> None:
    """On 60 labels at a time: the mean over many trainings, each on 500 new articles."""
    rng = np.random.default_rng(3)
    shares, accepted = [], 0
    for _ in range(120):
        scores, gold = drawn(60, rng)
        parts = np.arange(60) % 5
        scaling, rule = fit_rule(
            scores, gold, parts, tuple("abc"), RuleTargets("multiple", max_risk)
        )
        scores, gold = drawn(500, rng)
        probabilities = rule.probabilities(scaling.apply(scores))
        sure = rule.certainty(probabilities) >= rule.review_below
        wrong = (rule.select(probabilities) != gold).any(axis=1)
        shares.append(wrong[sure].mean() if sure.any() else 0.0)
        accepted += int(sure.sum())
    assert np.mean(shares) <= max_risk
    assert accepted > 120 * 500 * max_risk / 10  # it does accept something


def test_nothing_is_accepted_on_fewer_articles_than_the_risk_needs() -> None:
    """1 / 0.1 = 10 articles, all of them right, are the fewest that can show a risk of 10 %."""
    certainty = np.linspace(0.5, 0.99, 10)
    assert safe_bound(certainty[1:], np.ones(9, bool), 0.1) == NEVER
    assert safe_bound(certainty, np.ones(10, bool), 0.1) == 0.5


def test_the_bound_is_the_lowest_that_keeps_the_risk() -> None:
    """Sorted downwards, with one error added: 1/1, 1/2, 1/3, 2/4, 2/5, 3/6, 3/7."""
    certainty = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    right = np.array([True, True, True, False, True, False, True])
    assert safe_bound(certainty, right, 0.4) == 0.5
    assert safe_bound(certainty, right, 0.45) == 0.3
    assert safe_bound(certainty, right, 0.3) == NEVER


def test_articles_of_the_same_certainty_are_accepted_together_or_not_at_all() -> None:
    certainty = np.array([0.9, 0.9, 0.9, 0.9])
    assert safe_bound(certainty, np.array([True, True, True, False]), 0.4) == NEVER
    assert safe_bound(np.zeros(0), np.zeros(0, bool), 0.5) == NEVER


def test_a_wanted_precision_is_kept_on_new_articles() -> None:
    rng = np.random.default_rng(4)
    scores, gold = drawn(2000, rng)
    targets = RuleTargets("multiple", 0.1, precision=0.9)
    scaling, rule = fit_rule(scores, gold, np.arange(2000) % 5, tuple("abc"), targets)
    scores, gold = drawn(20_000, rng)
    predicted = rule.select(rule.probabilities(scaling.apply(scores)))
    for n in range(3):
        assert gold[predicted[:, n], n].mean() == pytest.approx(0.9, abs=0.03)
