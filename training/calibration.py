"""Scores -> probabilities that mean what they say, and the threshold of each category."""

import numpy as np
from numpy.typing import NDArray

from seeds.errors import missing_extra
from training.model import Floats, Rule, sigmoid, softmax

Bools = NDArray[np.bool_]
# How strongly each category's line is pulled to the line of all categories together: a category
# with three positive articles would otherwise get a slope of thousands or of less than nothing.
_PRIOR = 0.2
_FEW = 10  # positive articles at which a category's own threshold weighs as much as the shared one
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
    shared = platt(scores.ravel(), gold.ravel())
    lines = [platt(scores[:, n], gold[:, n], shared) for n in range(len(categories))]
    slopes, offsets = zip(*lines, strict=True)
    probabilities = sigmoid(scores.astype(np.float64) * slopes + np.array(offsets))
    thresholds = _thresholds(probabilities, gold)
    return Rule("multiple", categories, slopes, offsets, thresholds, review_below)


def _thresholds(probabilities: NDArray[np.float64], gold: Bools) -> tuple[float, ...]:
    """Each category's threshold, pulled to the shared one where articles are few; (n, k) each."""
    shared = best_threshold(probabilities.ravel(), gold.ravel())
    found = []
    for n in range(gold.shape[1]):
        trust = gold[:, n].sum() / (gold[:, n].sum() + _FEW)
        own = best_threshold(probabilities[:, n], gold[:, n])
        found.append(float(trust * own + (1 - trust) * shared))
    return tuple(found)


def platt(
    scores: Floats, gold: Bools, shared: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Slope and offset of a sigmoid; scores (n,), gold (n,).

    Platt 1999 with his smoothed targets. shared: the line of all categories, towards which one
    with few articles is pulled.
    """
    positives = int(gold.sum())
    target = np.where(gold, (positives + 1) / (positives + 2), 1 / (len(gold) - positives + 2))
    values = scores.astype(np.float64)
    start = np.array(shared or (1.0, 0.0))
    strength = _PRIOR if shared else 0.0

    def loss(line: NDArray[np.float64]) -> float:
        logits = line[0] * values + line[1]
        fit = np.sum(np.logaddexp(0, logits) - target * logits)
        pull = (line[0] / start[0] - 1) ** 2 + (line[1] - start[1]) ** 2
        return float(fit + strength * pull / 2)

    slope, offset = _minimum(loss, start)
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
