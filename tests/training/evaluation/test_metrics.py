"""Figures held against scikit-learn's, and against sums done by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score

from seeds.base.errors import InputError
from training.evaluation.metrics import average_precision, calibration_error, evaluate

NAMES = ("a", "b", "c", "d")


def random_predictions(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    gold = rng.random((80, 4)) < 0.3
    gold[:4] = np.eye(4, dtype=bool)
    probabilities = np.clip(gold * 0.4 + rng.random((80, 4)) * 0.6, 0, 1).round(2)
    return probabilities, probabilities >= 0.5, gold


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_f1_figures_are_those_of_scikit_learn(seed: int) -> None:
    probabilities, predicted, gold = random_predictions(seed)
    evaluation = evaluate(
        probabilities, predicted, gold, predicted.any(axis=1), NAMES, single=False
    )
    for average in ("micro", "macro", "weighted"):
        expected = f1_score(gold, predicted, average=average)
        assert getattr(evaluation, f"{average}_f1").value == pytest.approx(expected)
    for n, name in enumerate(NAMES):
        score = evaluation.categories[name]
        assert score.f1 == pytest.approx(f1_score(gold[:, n], predicted[:, n]))
        expected = average_precision_score(gold[:, n], probabilities[:, n])
        assert score.average_precision == pytest.approx(expected)
    expected = np.mean([brier_score_loss(gold[:, n], probabilities[:, n]) for n in range(4)])
    assert evaluation.brier.value == pytest.approx(expected)


def test_calibration_error_of_a_hand_made_case() -> None:
    """Ten articles at 0.8 of which 6 are right, ten at 0.2 of which 2 are: |0.8-0.6| / 2."""
    probabilities = np.array([0.8] * 10 + [0.2] * 10)
    gold = np.array([True] * 6 + [False] * 4 + [True] * 2 + [False] * 8)
    assert calibration_error(probabilities, gold) == pytest.approx(0.1)


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.1])
def test_calibration_error_on_few_articles_is_nearer_the_truth_than_ten_equal_bins(
    gap: float,
) -> None:
    """Confidences as a model's on 200 articles; what comes true is drawn, so the gap is known."""
    rng = np.random.default_rng(7)
    confidences = 1 - 0.5 * rng.random(200) ** 2
    true = confidences - gap
    mine, usual = [], []
    for _ in range(200):
        right = rng.random(200) < true
        mine.append(calibration_error(confidences, right))
        bin_of = (confidences * 10).astype(int).clip(max=9)
        gaps = [abs((confidences - right)[bin_of == n].sum()) for n in range(10)]
        usual.append(sum(gaps) / 200)
    assert abs(np.mean(mine) - gap) < abs(np.mean(usual) - gap)
    assert np.mean(mine) == pytest.approx(gap, abs=0.04)


def test_calibration_error_counts_equal_probabilities_once_whatever_their_order() -> None:
    probabilities, gold = np.full(40, 0.75), np.arange(40) % 4 != 0
    assert calibration_error(probabilities, gold) == pytest.approx(0)
    assert calibration_error(probabilities, np.sort(gold)) == pytest.approx(0)


def test_average_precision_without_a_positive_article_is_none() -> None:
    assert average_precision(np.array([0.1, 0.9]), np.array([False, False])) is None


def test_a_category_without_support_does_not_count_in_macro_f1() -> None:
    gold = np.array([[True, False], [False, False], [True, False]])
    evaluation = evaluate(gold * 1.0, gold, gold, gold.any(axis=1), ("a", "b"), single=False)
    assert evaluation.macro_f1.value == 1.0
    assert evaluation.categories["b"].support == 0


def test_intervals_hold_the_value_and_narrow_with_more_articles() -> None:
    probabilities, predicted, gold = random_predictions(3)
    few = evaluate(
        probabilities, predicted, gold, predicted.any(axis=1), NAMES, single=False
    ).micro_f1
    repeated = [np.concatenate([array] * 10) for array in (probabilities, predicted, gold)]
    wide = evaluate(*repeated, repeated[1].any(axis=1), NAMES, single=False).micro_f1
    assert few.low < few.value < few.high
    assert wide.high - wide.low < (few.high - few.low) / 2


def test_nothing_to_measure_on_is_refused() -> None:
    none = np.zeros((0, 2))
    with pytest.raises(InputError, match="no article"):
        evaluate(none, none > 0, none > 0, none.any(axis=1), ("a", "b"), single=False)
