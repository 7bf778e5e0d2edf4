"""Self-confidence and softmin, with the figures that cleanlab 2.9.0 gives."""

import numpy as np

from training.suspects.confidence import self_confidence, softmin

PROBABILITIES = np.array([[0.9, 0.2, 0.1], [0.6, 0.55, 0.05], [0.01, 0.97, 0.3], [0.5, 0.5, 0.5]])
GOLD = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]], np.bool_)


def test_scores_equal_those_of_cleanlab() -> None:
    """From get_label_quality_scores with the aggregator softmin, temperature 0.1."""
    scores = softmin(self_confidence(PROBABILITIES, GOLD))
    np.testing.assert_allclose(scores, [0.84238831, 0.42910427, 0.01075957, 0.5], atol=1e-8)


def test_what_is_not_known_counts_for_nothing() -> None:
    """A row with NaN has the score of the rest of it; one of NaN alone has none."""
    rows = np.array([[0.9, np.nan, 0.4], [np.nan] * 3])
    scores = softmin(rows)
    np.testing.assert_allclose(scores[0], softmin(np.array([[0.9, 0.4]]))[0])
    assert np.isnan(scores[1])


def test_the_lowest_of_many_decides_even_where_all_are_near_0() -> None:
    """No weight overflows or vanishes."""
    scores = softmin(np.array([[0.0] * 500, [1.0] * 499 + [0.0]]))
    np.testing.assert_allclose(scores, [0, 499 / (499 + np.exp(10))], atol=1e-12)
