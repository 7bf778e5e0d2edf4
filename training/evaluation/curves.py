"""Curves of a set of predictions: precision-recall, reliability, coverage and risk; NumPy alone."""

from dataclasses import dataclass

import numpy as np

from seeds.base.errors import InputError
from training.arrays import BoolArray, Float64Array, IntArray

_Z = 1.959964  # standard deviations on each side that cover 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision and recall, each in [0, 1], (m,): from the strictest threshold to the laxest."""

    recall: Float64Array
    precision: Float64Array


@dataclass(frozen=True, slots=True)
class Reliability:
    """Predicted against observed shares, by bins of probability; empty bins are left out.

    Attributes:
        predicted: (b,) mean probability in a bin.
        observed: (b,) share of positive decisions in a bin, in [0, 1].
        low, high: (b,) the 95 % interval of that share.
        count: (b,) decisions in a bin.
    """

    predicted: Float64Array
    observed: Float64Array
    low: Float64Array
    high: Float64Array
    count: IntArray


@dataclass(frozen=True, slots=True)
class CoverageRisk:
    """Errors among the accepted, if only the surest articles are; (m,) each, surest first.

    Attributes:
        coverage: share of the articles accepted, in (0, 1], ascending.
        risk: share of the accepted that is not exactly right.
        low, high: the 95 % interval of that share.
        expected: the share that the model itself expects to be wrong.
        certainty: of the least sure of the accepted.
    """

    coverage: Float64Array
    risk: Float64Array
    low: Float64Array
    high: Float64Array
    expected: Float64Array
    certainty: Float64Array

    def largest_within(self, max_risk: float) -> int | None:
        """Return the position of the largest coverage with at most this risk, if there is one."""
        positions = np.flatnonzero(self.risk <= max_risk)
        return int(positions[-1]) if len(positions) else None


def precision_recall(probabilities: Float64Array, gold: BoolArray) -> PrecisionRecall | None:
    """Compute the curve over all thresholds; equal probabilities are one step.

    probabilities, gold: (n,). None without a positive article.
    """
    if not gold.any():
        return None
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(gold[order])
    steps = np.append(np.flatnonzero(np.diff(probabilities[order])), len(gold) - 1)
    return PrecisionRecall(hits[steps] / hits[-1], hits[steps] / (steps + 1))


def reliability(probabilities: Float64Array, gold: BoolArray, bins: int = 10) -> Reliability:
    """Compare probabilities with how often they were right, in bins of equal width.

    probabilities: (n,) in [0, 1]; gold: (n,). Raises InputError if n == 0. Source: Guo et al. 2017.
    """
    if not len(gold):
        raise InputError("there is no article to measure on. Label more articles.")
    bin_of = np.minimum((probabilities * bins).astype(int), bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    filled = count > 0
    count = count[filled]
    predicted = np.bincount(bin_of, probabilities, minlength=bins)[filled] / count
    hits = np.bincount(bin_of, gold, minlength=bins)[filled]
    low, high = wilson(hits, count)
    return Reliability(predicted, hits / count, low, high, count)


def coverage_risk(certainty: Float64Array, right: BoolArray) -> CoverageRisk:
    """Compute the share of errors among the accepted, for each number of articles accepted.

    certainty: (n,) chance that an article is exactly right; right: (n,) True if it is. Articles of
    equal certainty are accepted together. Raises InputError if n == 0. Source: El-Yaniv and
    Wiener 2010, "On the Foundations of Noise-free Selective Classification".
    """
    if not len(right):
        raise InputError("there is no article to measure on. Label more articles.")
    order = np.argsort(-certainty, kind="stable")
    sure = certainty[order]
    steps = np.append(np.flatnonzero(np.diff(sure)), len(right) - 1)
    accepted = steps + 1
    wrong = np.cumsum(~right[order])[steps]
    low, high = wilson(wrong, accepted)
    return CoverageRisk(
        coverage=accepted / len(right),
        risk=wrong / accepted,
        low=low,
        high=high,
        expected=np.cumsum(1 - sure)[steps] / accepted,
        certainty=sure[steps],
    )


def wilson(hits: IntArray | Float64Array, count: IntArray) -> tuple[Float64Array, Float64Array]:
    """Return the 95 % interval of hits / count, each (m,), within [0, 1]; count is 1 or more.

    Source: Wilson 1927; unlike the textbook interval it holds at shares of 0 and 1 too.
    """
    share = hits / count
    middle = share + _Z**2 / (2 * count)
    half = _Z * np.sqrt(share * (1 - share) / count + (_Z / (2 * count)) ** 2)
    scale = 1 + _Z**2 / count
    return np.clip((middle - half) / scale, 0, 1), np.clip((middle + half) / scale, 0, 1)


def pick_evenly(size: int, limit: int) -> IntArray:
    """Return positions of at most `limit` (2 or more) of `size` points, evenly spread."""
    if size <= limit:
        return np.arange(size)
    return np.unique(np.linspace(0, size - 1, limit).round().astype(np.int64))
