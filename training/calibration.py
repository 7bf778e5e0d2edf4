"""Scores -> probabilities that mean what they say, and the threshold of each category."""

import numpy as np
from numpy.typing import NDArray

from seeds.errors import missing_extra
from training.model import Floats, Rule, sigmoid, softmax

Bools = NDArray[np.bool_]
# Pulls Platt's slope to 1 and offset to 0 as two articles would: a category with three positive
# articles would otherwise get a slope of thousands or of less than nothing.
_PRIOR = 2.0
_LOWEST, _HIGHEST = 0.1, 0.7  # no threshold leaves this range: few articles fit a few thresholds


def fit_rule(
    scores: Floats, gold: Bools, categories: tuple[str, ...], *, choice: str, review_below: float
) -> Rule:
    """The rule that turns scores into decisions, from articles the model did not learn from.

    Args:
        scores: float32 (n, k), out-of-fold or held out.
        gold: bool (n, k).
        choice: "single" fits one temperature; "multiple" a Platt scaling and a threshold each.
    """
    if choice == "single":
        slope = temperature(scores, gold)
        count = len(categories)
        return Rule(
            "single", categories, (slope,) * count, (0.0,) * count, (0.0,) * count, review_below
        )
    lines = [platt(scores[:, n], gold[:, n]) for n in range(len(categories))]
    thresholds = [
        best_threshold(sigmoid(slope * scores[:, n].astype(np.float64) + offset), gold[:, n])
        for n, (slope, offset) in enumerate(lines)
    ]
    slopes, offsets = zip(*lines, strict=True)
    return Rule("multiple", categories, slopes, offsets, tuple(thresholds), review_below)


def platt(scores: Floats, gold: Bools) -> tuple[float, float]:
    """Slope and offset of one category's sigmoid; scores (n,), gold (n,).

    Platt 1999 with his smoothed targets, and a weak prior at slope 1 and offset 0.
    """
    positives = int(gold.sum())
    target = np.where(gold, (positives + 1) / (positives + 2), 1 / (len(gold) - positives + 2))
    values = scores.astype(np.float64)

    def loss(line: NDArray[np.float64]) -> float:
        logits = line[0] * values + line[1]
        fit = np.sum(np.logaddexp(0, logits) - target * logits)
        return float(fit + _PRIOR * ((line[0] - 1) ** 2 + line[1] ** 2) / 2)

    slope, offset = _minimum(loss, np.array([1.0, 0.0]))
    return max(slope, 0.01), offset  # a slope of 0 or less would reverse the model's order


def temperature(scores: Floats, gold: Bools) -> float:
    """The factor on all scores before the softmax; scores (n, k), gold (n, k), one True a row.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    values = scores.astype(np.float64)

    def loss(log_factor: NDArray[np.float64]) -> float:
        chosen = softmax(np.exp(log_factor[0]) * values)[gold]
        return float(-np.log(np.maximum(chosen, 1e-12)).sum() + _PRIOR * log_factor[0] ** 2 / 2)

    return float(np.exp(_minimum(loss, np.zeros(1))[0]))


def best_threshold(probabilities: NDArray[np.float64], gold: Bools) -> float:
    """The probability from which a category holds, for the highest F1 on these articles.

    probabilities, gold: (n,). The threshold that is optimal for calibrated probabilities is half of
    the best F1 (Lipton, Elkan and Narayanaswamy 2014); that is steadier on few articles than the
    best cut itself.
    """
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(gold[order])
    f1 = 2 * hits / (np.arange(1, len(gold) + 1) + max(int(gold.sum()), 1))
    return float(np.clip(f1.max() / 2, _LOWEST, _HIGHEST))


def _minimum(loss: object, start: NDArray[np.float64]) -> tuple[float, ...]:
    try:
        from scipy.optimize import minimize
    except ModuleNotFoundError as error:
        raise missing_extra("train", "Training") from error

    return tuple(float(each) for each in minimize(loss, start, method="L-BFGS-B").x)
