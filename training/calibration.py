"""Scores -> probabilities that mean what they say, and the threshold of each category."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from seeds.base.errors import missing_extra
from training.arrays import BoolArray, Float32Array, Float64Array, IntArray
from training.decision import Rule, Scaling, sigmoid, softmax
from training.risk import NEVER, safe_bound

# How strongly each category's line is pulled to the line of all categories together: a category
# with three positive articles would otherwise get a slope of thousands or of less than nothing.
_PRIOR = 0.2
_FEW = 10  # positive articles at which a category's own threshold weighs as much as the shared one
_LOWEST, _HIGHEST = 0.1, 0.7  # no threshold leaves this range: few articles fit a few thresholds


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule is asked for.

    Attributes:
        choice: "single": one temperature; "multiple": a Platt scaling and a threshold a category.
        max_risk: the share of wrong articles among those accepted without review that may remain.
        precision: of each category, for its threshold; None: the threshold of the best F1.
    """

    choice: Literal["multiple", "single"]
    max_risk: float
    precision: float | None = None


def fit_rule(
    scores: Float32Array,
    gold: BoolArray,
    parts: IntArray,
    categories: tuple[str, ...],
    wanted: Wanted,
) -> tuple[Scaling, Rule]:
    """How scores become probabilities and decisions, from articles the model did not learn from.

    Args:
        scores: float32 (n, k), each article's from a model that did not learn from it.
        gold: bool (n, k).
        parts: int (n,), the fold of each article. Certainty is judged by lines fitted on the other
            folds: those fitted on an article itself would be surer of it than of a new one.
        categories: the k ids.
        wanted: what the rule is to reach.
    """
    scaling, rule = _lines(scores, gold, categories, wanted)
    certainty, right = np.zeros(len(gold)), np.zeros(len(gold), np.bool_)
    for part in np.unique(parts):
        rest, own = parts != part, parts == part
        if not gold[rest].any():
            continue
        other, judge = _lines(scores[rest], gold[rest], categories, wanted)
        probabilities = judge.probabilities(other.of(scores[own]))
        certainty[own] = judge.certainty(probabilities)
        right[own] = (judge.holds(probabilities) == gold[own]).all(axis=1)
    return scaling, replace(rule, review_below=safe_bound(certainty, right, wanted.max_risk))


def _lines(
    scores: Float32Array, gold: BoolArray, categories: tuple[str, ...], wanted: Wanted
) -> tuple[Scaling, Rule]:
    """The scaling and the thresholds; when to ask a person is still open."""
    count = len(categories)
    if wanted.choice == "single":
        scaling = Scaling((temperature(scores, gold),) * count, (0.0,) * count)
        return scaling, Rule("single", categories, (0.0,) * count, NEVER)
    shared = platt(scores.ravel(), gold.ravel())
    lines = [platt(scores[:, n], gold[:, n], shared) for n in range(count)]
    scaling = Scaling(*(tuple(each) for each in zip(*lines, strict=True)))
    probabilities = sigmoid(scaling.of(scores).astype(np.float64))
    if wanted.precision is None:
        thresholds = _thresholds(probabilities, gold)
    else:
        pairs = zip(probabilities.T, gold.T, strict=True)
        thresholds = tuple(safe_bound(p, each, 1 - wanted.precision) for p, each in pairs)
    return scaling, Rule("multiple", categories, thresholds, NEVER)


def _thresholds(probabilities: Float64Array, gold: BoolArray) -> tuple[float, ...]:
    """Each category's threshold, pulled to the shared one where articles are few; (n, k) each."""
    shared = best_threshold(probabilities.ravel(), gold.ravel())
    found = []
    for n in range(gold.shape[1]):
        trust = gold[:, n].sum() / (gold[:, n].sum() + _FEW)
        own = best_threshold(probabilities[:, n], gold[:, n])
        found.append(float(trust * own + (1 - trust) * shared))
    return tuple(found)


def platt(
    scores: Float32Array, gold: BoolArray, shared: tuple[float, float] | None = None
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

    def loss(line: Float64Array) -> float:
        logits = line[0] * values + line[1]
        fit = np.sum(np.logaddexp(0, logits) - target * logits)
        pull = (line[0] / start[0] - 1) ** 2 + (line[1] - start[1]) ** 2
        return float(fit + strength * pull / 2)

    slope, offset = _minimum(loss, start)
    return max(slope, 0.01), offset  # a slope of 0 or less would reverse the model's order


def temperature(scores: Float32Array, gold: BoolArray) -> float:
    """The factor on all scores before the softmax; scores (n, k), gold (n, k), one True a row.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    values = scores.astype(np.float64)

    def loss(log_factor: Float64Array) -> float:
        chosen = softmax(np.exp(log_factor[0]) * values)[gold]
        return float(-np.log(np.maximum(chosen, 1e-12)).sum() + _PRIOR * log_factor[0] ** 2 / 2)

    return float(np.exp(_minimum(loss, np.zeros(1))[0]))


def best_threshold(probabilities: Float64Array, gold: BoolArray) -> float:
    """The probability from which a category holds, for the highest F1 on these articles.

    probabilities, gold: (n,). The threshold that is optimal for calibrated probabilities is half of
    the best F1 (Lipton, Elkan and Narayanaswamy 2014); that is steadier on few articles than the
    best cut itself.
    """
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(gold[order])
    f1 = 2 * hits / (np.arange(1, len(gold) + 1) + max(int(gold.sum()), 1))
    return float(np.clip(f1.max() / 2, _LOWEST, _HIGHEST))


def _minimum(loss: object, start: Float64Array) -> tuple[float, ...]:
    try:
        from scipy.optimize import minimize
    except ModuleNotFoundError as error:
        raise missing_extra("train", "Training") from error

    return tuple(float(each) for each in minimize(loss, start, method="L-BFGS-B").x)
