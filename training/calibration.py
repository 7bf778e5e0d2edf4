"""From out-of-fold scores to calibrated probabilities, thresholds and the review bound."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from seeds.base.errors import missing_extra
from training.arrays import BoolArray, Float32Array, Float64Array, IntArray
from training.decision import Rule, Scaling, sigmoid, softmax

NEVER = 2.0  # a bound that no probability reaches
# How strongly each category's line is pulled towards the line of all categories together: a
# category with three positive articles would otherwise get a slope in the thousands, or below 0.
_PRIOR = 0.2
_FEW = 10  # positive articles at which a category's own threshold weighs as much as the shared one
_LOWEST, _HIGHEST = 0.1, 0.7  # range of thresholds: on few articles, extreme ones fit by chance


@dataclass(frozen=True, slots=True)
class RuleTargets:
    """The targets a rule is fitted to.

    Attributes:
        choice: "single": one temperature; "multiple": a Platt scaling and a threshold per category.
        max_risk: the largest share of wrong articles among those accepted without review.
        precision: that each category's threshold must reach; None: take the threshold of best F1.
        left_out: ids of categories that articles have but that are not learned.
    """

    choice: Literal["multiple", "single"]
    max_risk: float
    precision: float | None = None
    left_out: tuple[str, ...] = ()


def fit_rule(
    scores: Float32Array,
    gold: BoolArray,
    folds: IntArray,
    categories: tuple[str, ...],
    targets: RuleTargets,
    known: BoolArray | None = None,
) -> tuple[Scaling, Rule]:
    """Fit calibration and decision rule to articles the model did not learn from.

    An article counts as right if all that is known of it is.

    Args:
        scores: float32 (n, k), each article's from a model that did not learn from it.
        gold: bool (n, k); no True for an article that has only categories left out.
        folds: int (n,), the fold of each article. Its certainty is judged by a rule fitted on the
            other folds: one fitted on the article itself would be surer of it than of a new one.
        categories: the k ids.
        targets: what the rule must reach.
        known: bool (n, k), the pairs of article and category that count; None: all.
    """
    known = np.ones(gold.shape, np.bool_) if known is None else known
    scaling, rule = _fit_thresholds(scores, gold, known, categories, targets)
    certainty, right = np.zeros(len(gold)), np.zeros(len(gold), np.bool_)
    for fold in np.unique(folds):
        inside, outside = folds == fold, folds != fold
        if not gold[outside].any():
            continue
        fold_scaling, fold_rule = _fit_thresholds(
            scores[outside], gold[outside], known[outside], categories, targets
        )
        probabilities = fold_rule.probabilities(fold_scaling.apply(scores[inside]))
        certainty[inside] = fold_rule.certainty(probabilities)
        agrees = (fold_rule.select(probabilities) == gold[inside]) | ~known[inside]
        right[inside] = agrees.all(axis=1)
    rows = known.any(axis=1)
    if targets.left_out:  # an article without a predicted category is never accepted
        rows &= certainty > 0
    bound = safe_bound(certainty[rows], right[rows], targets.max_risk)
    return scaling, replace(rule, review_below=bound)


def _fit_thresholds(
    scores: Float32Array,
    gold: BoolArray,
    known: BoolArray,
    categories: tuple[str, ...],
    targets: RuleTargets,
) -> tuple[Scaling, Rule]:
    """Fit the scaling and the thresholds; the rule still sends every article to review."""
    size = len(categories)
    if targets.choice == "single":
        scaling = Scaling((temperature(scores, gold),) * size, (0.0,) * size)
        return scaling, Rule("single", categories, (0.0,) * size, NEVER, targets.left_out)
    shared = platt(scores[known], gold[known])
    rows = known.T
    lines = [platt(scores[rows[n], n], gold[rows[n], n], shared) for n in range(size)]
    scaling = Scaling(tuple(slope for slope, _ in lines), tuple(offset for _, offset in lines))
    probabilities = sigmoid(scaling.apply(scores).astype(np.float64))
    if targets.precision is None:
        thresholds = _best_thresholds(probabilities, gold, known)
    else:
        max_risk = 1 - targets.precision
        thresholds = tuple(
            safe_bound(probabilities[rows[n], n], gold[rows[n], n], max_risk) for n in range(size)
        )
    return scaling, Rule("multiple", categories, thresholds, NEVER, targets.left_out)


def safe_bound(certainty: Float64Array, right: BoolArray, max_risk: float) -> float:
    """Return the lowest certainty from which at most max_risk is wrong; NEVER if there is none.

    certainty: (n,), in [0, 1], of articles the model did not learn from; right: (n,). The bound is
    the lowest b with (1 + wrong with certainty ≥ b) / (all with certainty ≥ b) ≤ max_risk. The one
    added error makes it conformal: as long as new articles come from where these came from
    (exchangeable), the expected share of errors among the accepted is at most max_risk, however
    few articles there are. So at least 1 / max_risk articles are needed before any is accepted.

    Source: Jin and Candès 2023, "Selection by prediction with conformal p-values", with the
    certainties of these articles instead of a test batch's.
    """
    order = np.argsort(-certainty, kind="stable")
    ranked = certainty[order]
    errors = np.cumsum(~right[order])
    share = (1 + errors) / np.arange(1, len(ranked) + 1)
    last_of_tie = np.append(np.diff(ranked) != 0, True)[: len(ranked)]
    safe = np.flatnonzero((share <= max_risk) & last_of_tie)
    return float(ranked[safe[-1]]) if len(safe) else NEVER


def _best_thresholds(
    probabilities: Float64Array, gold: BoolArray, known: BoolArray
) -> tuple[float, ...]:
    """Return a threshold per category, near the shared one where articles are few; (n, k) each."""
    shared = best_threshold(probabilities[known], gold[known])
    thresholds = []
    for n, rows in enumerate(known.T):
        weight = gold[:, n].sum() / (gold[:, n].sum() + _FEW)
        threshold = best_threshold(probabilities[rows, n], gold[rows, n]) if weight else shared
        thresholds.append(float(weight * threshold + (1 - weight) * shared))
    return tuple(thresholds)


def platt(
    scores: Float32Array, gold: BoolArray, shared: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Fit slope and offset of a sigmoid; scores (n,), gold (n,).

    Platt 1999 with his smoothed targets. shared: the line of all categories, towards which the
    line of a category with few articles is pulled.
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

    slope, offset = _minimize(loss, start)
    return max(slope, 0.01), offset  # a slope of 0 or less would reverse the model's order


def temperature(scores: Float32Array, gold: BoolArray) -> float:
    """Fit the factor on all scores before the softmax; scores, gold (n, k), at most one True a row.

    A row without one, of an article whose category was left out, counts for nothing.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    values = scores.astype(np.float64)

    def loss(log_factor: Float64Array) -> float:
        chosen = softmax(np.exp(log_factor[0]) * values)[gold]
        return float(-np.log(np.maximum(chosen, 1e-12)).sum() + _PRIOR * log_factor[0] ** 2 / 2)

    return float(np.exp(_minimize(loss, np.zeros(1))[0]))


def best_threshold(probabilities: Float64Array, gold: BoolArray) -> float:
    """Return the probability from which to predict a category, for the highest F1.

    probabilities, gold: (n,). The threshold that is optimal for calibrated probabilities is half of
    the best F1 (Lipton, Elkan and Narayanaswamy 2014); that is steadier on few articles than the
    threshold at which F1 is best.
    """
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(gold[order])
    f1 = 2 * hits / (np.arange(1, len(gold) + 1) + max(int(gold.sum()), 1))
    return float(np.clip(f1.max() / 2, _LOWEST, _HIGHEST))


def _minimize(loss: object, start: Float64Array) -> tuple[float, ...]:
    """Return the point at which the loss is smallest, found by L-BFGS from a start."""
    try:
        from scipy.optimize import minimize
    except ModuleNotFoundError as error:
        raise missing_extra("train", "Training") from error

    return tuple(float(value) for value in minimize(loss, start, method="L-BFGS-B").x)
