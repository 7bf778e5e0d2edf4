"""Curves held against scikit-learn's, against SciPy's intervals and against sums done by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_curve

from seeds.base.errors import InputError
from training.evaluation.curves import (
    coverage_risk,
    pick_evenly,
    precision_recall,
    reliability,
    wilson,
)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_precision_and_recall_are_those_of_scikit_learn_ties_included(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gold = rng.random(60) < 0.3
    probabilities = np.clip(gold * 0.3 + rng.random(60) * 0.7, 0, 1).round(1)
    curve = precision_recall(probabilities, gold)
    precision, recall, _ = precision_recall_curve(gold, probabilities)
    assert curve is not None
    assert curve.precision == pytest.approx(precision[:-1][::-1])
    assert curve.recall == pytest.approx(recall[:-1][::-1])


def test_a_category_without_a_positive_article_has_no_curve() -> None:
    assert precision_recall(np.array([0.1, 0.9]), np.array([False, False])) is None


def test_reliability_of_a_hand_made_case() -> None:
    """Ten at 0.8 of which 6 are right, four at 0.15 and 0.17 of which 1 is."""
    probabilities = np.array([0.8] * 10 + [0.15, 0.17] * 2)
    gold = np.array([True] * 6 + [False] * 4 + [True] + [False] * 3)
    bins = reliability(probabilities, gold)
    assert bins.predicted == pytest.approx([0.16, 0.8])
    assert bins.observed == pytest.approx([0.25, 0.6])
    assert bins.count.tolist() == [4, 10]
    assert (bins.low < bins.observed).all()
    assert (bins.observed < bins.high).all()


def test_a_certain_probability_falls_in_the_last_bin() -> None:
    assert reliability(np.array([1.0, 0.95]), np.array([True, True])).count.tolist() == [2]


def test_coverage_and_risk_of_a_hand_made_case() -> None:
    """Surest first: right, then (wrong, right) equally sure, then wrong."""
    certainty = np.array([0.5, 0.9, 0.7, 0.7])
    right = np.array([False, True, False, True])
    curve = coverage_risk(certainty, right)
    assert curve.coverage == pytest.approx([1 / 4, 3 / 4, 1])
    assert curve.risk == pytest.approx([0, 1 / 3, 2 / 4])
    assert curve.certainty == pytest.approx([0.9, 0.7, 0.5])
    assert curve.expected == pytest.approx([0.1, 0.7 / 3, 1.2 / 4])
    assert curve.largest_within(0.34) == 1
    assert curve.largest_within(0.0) == 0


def test_no_coverage_is_found_where_even_the_surest_article_is_wrong() -> None:
    assert coverage_risk(np.array([0.9, 0.8]), np.array([False, True])).largest_within(0.1) is None


@pytest.mark.parametrize(("hits", "count"), [(0, 5), (3, 7), (40, 41), (9, 9)])
def test_intervals_are_those_of_scipy(hits: int, count: int) -> None:
    expected = binomtest(hits, count).proportion_ci(method="wilson")
    low, high = wilson(np.array([hits]), np.array([count]))
    assert low[0] == pytest.approx(expected.low, abs=1e-6)
    assert high[0] == pytest.approx(expected.high, abs=1e-6)


def test_nothing_to_measure_on_is_refused() -> None:
    nothing = np.zeros(0)
    for curve in (coverage_risk, reliability):
        with pytest.raises(InputError, match="no article"):
            curve(nothing, nothing > 0)


def test_thinning_keeps_both_ends_and_few_points() -> None:
    assert pick_evenly(3, 10).tolist() == [0, 1, 2]
    assert pick_evenly(1001, 11).tolist() == list(range(0, 1001, 100))
