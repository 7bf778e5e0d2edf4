"""Calibrated probabilities on data whose true probabilities are known."""

import numpy as np
import pytest

from training.calibration import best_threshold, fit_rule, platt, temperature
from training.metrics import calibration_error
from training.model import Rule, sigmoid, softmax


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
    """Best cut keeps 3 of which 2 are right, of 2 gold: F1 = 2*2/(3+2) = 0.8."""
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
    rule = Rule("multiple", ("a", "b", "c"), (1.0,) * 3, (0.0,) * 3, (0.5,) * 3, 0.6)
    logits = np.log(np.array(probabilities) / (1 - np.array(probabilities)))
    (found,) = rule.predictions(logits[None].astype(np.float32))
    assert (found.categories, found.decision) == (categories, decision)
    assert list(found.probabilities.values()) == pytest.approx(probabilities, abs=1e-5)


def test_single_choice_takes_the_most_probable_and_probabilities_sum_to_one() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(0, 2, (50, 3)).astype(np.float32)
    gold = np.arange(3) == scores.argmax(axis=1)[:, None]
    rule = fit_rule(scores, gold, ("a", "b", "c"), choice="single", review_below=0.6)
    for row, found in zip(scores, rule.predictions(scores), strict=True):
        assert found.categories == ("abc"[int(row.argmax())],)
        assert sum(found.probabilities.values()) == pytest.approx(1)
