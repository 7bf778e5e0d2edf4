"""How good predictions are, each figure with a bootstrap interval; NumPy alone."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from seeds.base.errors import InputError
from training.arrays import BoolArray, Float64Array

_MAX_BINS = 100  # of a calibration error
RESAMPLES = 2000  # the ends of a 95 % interval move by less than 0.005 from run to run


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the 95 % interval of a bootstrap over articles."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """One category's figures; average_precision is None without a positive article."""

    precision: float
    recall: float
    f1: float
    support: int
    average_precision: float | None

    @property
    def shown(self) -> list[str]:
        """Precision, recall, F1 and average precision in a table; – without a positive article."""
        figures = (self.precision, self.recall, self.f1, self.average_precision or 0.0)
        return [f"{figure:.3f}" if self.support else "–" for figure in figures]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Predictions compared with gold labels.

    Attributes:
        articles: how many were measured on.
        micro_f1, macro_f1, weighted_f1: over categories; macro over those with support.
        exact: share of articles with exactly the right categories.
        brier: mean squared gap between probability and truth, per article and category, in [0, 1].
        calibration_error: expected calibration error of the category decisions, in [0, 1].
        categories: by id, in class order.
        decisions: how many articles were accepted, need review, or have none.
        accepted_exact: share of the articles decided without review that are exactly right.
        unknown: by id, how many articles are not known to have the category or not, if any; these
            pairs are in no figure, and an article is exactly right if all that is known of it is.
    """

    articles: int
    micro_f1: Estimate
    macro_f1: Estimate
    weighted_f1: Estimate
    exact: Estimate
    brier: Estimate
    calibration_error: Estimate
    categories: dict[str, CategoryScore]
    decisions: dict[str, int]
    accepted_exact: float | None
    unknown: dict[str, int] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Return the evaluation as a JSON object; unknown is there only if a pair is."""
        record = asdict(self)
        if not self.unknown:
            del record["unknown"]
        return record


def evaluate(
    probabilities: Float64Array,
    predicted: BoolArray,
    gold: BoolArray,
    certain: BoolArray,
    categories: tuple[str, ...],
    *,
    single: bool,
    seed: int = 0,
    known: BoolArray | None = None,
) -> Evaluation:
    """Compute all figures of a set of predictions.

    probabilities, predicted, gold: (n, k), class order; certain: (n,), decided without review.
    known: (n, k), at least one True a row; the other pairs count nowhere. None: all are known.
    Raises InputError if n == 0.
    """
    known = np.ones(gold.shape, np.bool_) if known is None else known
    if len(gold) == 0:
        raise InputError("there is no article to measure on. Label more articles.")
    draws = np.random.default_rng(seed).multinomial(
        len(gold), np.full(len(gold), 1 / len(gold)), size=RESAMPLES
    )
    weights = np.concatenate([np.ones((1, len(gold))), draws])  # row 0 is the data as they are
    none = ~predicted.any(axis=1)
    predicted = predicted & known
    f1, support = _f1(predicted, gold, weights)
    supported = np.where(support > 0, f1, 0.0)
    exact = (predicted == gold).all(axis=1)
    if single:
        errors = _calibration_errors(
            probabilities.max(axis=1), exact, np.ones(exact.shape, np.bool_), weights
        )
    else:
        errors = _calibration_errors(probabilities, gold, known, weights)
    squares = (probabilities - gold) ** 2
    squares[~known] = 0
    brier = squares.sum(axis=1) / known.sum(axis=1)
    unknown = (~known).sum(axis=0).tolist()
    return Evaluation(
        articles=len(gold),
        micro_f1=_estimate(_micro_f1(predicted, gold, weights)),
        macro_f1=_estimate(supported.sum(axis=1) / np.maximum((support > 0).sum(axis=1), 1)),
        weighted_f1=_estimate(
            (supported * support).sum(axis=1) / np.maximum(support.sum(axis=1), 1)
        ),
        exact=_estimate(weights @ exact / len(gold)),
        brier=_estimate(weights @ brier / len(gold)),
        calibration_error=_estimate(errors),
        categories=_score_categories(probabilities, predicted, gold, known, categories),
        decisions={
            "accepted": int((certain & ~none).sum()),
            "needs review": int((~certain).sum()),
            "none": int((certain & none).sum()),
        },
        accepted_exact=float(exact[certain].mean()) if certain.any() else None,
        unknown={name: n for name, n in zip(categories, unknown, strict=True) if n},
    )


def calibration_error(probabilities: Float64Array, gold: BoolArray) -> float:
    """Return the expected gap between confidence and accuracy, in [0, 1]; 0 is perfect.

    probabilities: float (n, k), or (n,) of the chosen category; gold: bool, same shape.
    Raises InputError if n == 0.

    The bins have equally many values, and are as many as leave accuracy rising from bin to bin: on
    200 articles the usual ten of equal width find 0.05 where there is no gap at all, these 0.03
    (DECISIONS.md). Source: Roelofs et al. 2022, "Mitigating Bias in Calibration Error Estimation".
    """
    if len(gold) == 0:
        raise InputError("there is no article to measure on. Label more articles.")
    known, weights = np.ones(gold.shape, np.bool_), np.ones((1, len(gold)))
    return float(_calibration_errors(probabilities, gold, known, weights)[0])


def _calibration_errors(
    p: Float64Array, gold: BoolArray, known: BoolArray, weights: Float64Array
) -> Float64Array:
    """Return the calibration error of what is known under each row of article weights, (rows,)."""
    p = p.reshape(len(p), -1)
    gold, known = gold.reshape(p.shape), known.reshape(p.shape)
    edges = _rising_bins(p[known], gold[known])
    bin_of = np.searchsorted(edges, p, side="right")
    gaps = np.zeros((len(p), len(edges) + 1))  # of each article in each bin: confidence minus truth
    np.add.at(gaps, (np.arange(len(p))[:, None], bin_of), (p - gold) * known)
    return np.asarray(np.abs(weights @ gaps).sum(axis=1) / (weights @ known.sum(axis=1)))


def _rising_bins(p: Float64Array, gold: BoolArray) -> Float64Array:
    """Return the lowest value of each bin but the first; p, gold: (n,). Equal values share one."""
    order = np.argsort(p, kind="stable")
    values = p[order]
    hits = np.concatenate([[0], np.cumsum(gold[order])])
    best = np.zeros(0, np.int64)
    for count in range(2, min(len(p), _MAX_BINS) + 1):
        quantiles = values[np.arange(1, count) * len(p) // count]
        inner = np.unique(np.searchsorted(values, quantiles))
        edges = np.unique([0, *inner, len(p)])
        if (np.diff(np.diff(hits[edges]) / np.diff(edges)) < 0).any():
            break
        best = edges[1:-1]
    return values[best]


def average_precision(probabilities: Float64Array, gold: BoolArray) -> float | None:
    """Return the area under the precision-recall steps, in [0, 1]; ties count as one step.

    probabilities, gold: (n,). None without a positive article.
    """
    if not gold.any():
        return None
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(gold[order])
    last_of_tie = np.append(np.diff(probabilities[order]) != 0, True)
    precision = (hits / np.arange(1, len(gold) + 1))[last_of_tie]
    recall = (hits / hits[-1])[last_of_tie]
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * precision))


def _f1(
    predicted: BoolArray, gold: BoolArray, weights: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return F1 and support of each category, (rows, k), under each row of article weights."""
    hits, total, support = (weights @ part for part in (predicted & gold, predicted, gold))
    return 2 * hits / np.maximum(total + support, 1), support


def _micro_f1(predicted: BoolArray, gold: BoolArray, weights: Float64Array) -> Float64Array:
    """Return micro-F1, (rows,), under each row of article weights."""
    hits, total, support = (
        weights @ part.sum(axis=1) for part in (predicted & gold, predicted, gold)
    )
    return np.asarray(2 * hits / np.maximum(total + support, 1))


def _estimate(values: Float64Array) -> Estimate:
    """Return the first value with the 2.5 and 97.5 % points of the others.

    A resample repeats articles, which biases the calibration error upwards: where that pushes the
    interval past the value itself, it is widened to include it.
    """
    value = float(values[0])
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Estimate(value, min(value, float(low)), max(value, float(high)))


def _score_categories(
    probabilities: Float64Array,
    predicted: BoolArray,
    gold: BoolArray,
    known: BoolArray,
    categories: tuple[str, ...],
) -> dict[str, CategoryScore]:
    """Return the figures of each category, by id."""
    scores = {}
    for n, name in enumerate(categories):
        rows = known[:, n]
        hits = (predicted & gold)[:, n].sum()
        total, support = predicted[:, n].sum(), gold[:, n].sum()
        scores[name] = CategoryScore(
            precision=float(hits / total) if total else 0.0,
            recall=float(hits / support) if support else 0.0,
            f1=float(2 * hits / (total + support)) if total + support else 0.0,
            support=int(support),
            average_precision=average_precision(probabilities[rows, n], gold[rows, n]),
        )
    return scores
