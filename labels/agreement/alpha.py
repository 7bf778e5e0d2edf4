"""Krippendorff's alpha with bootstrap intervals over articles; NumPy alone. Pure.

`krippendorff` and nltk compute the same values and no intervals; the tests compare with both.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from labels.agreement.votes import BoolArray, FloatArray, Votes

RESAMPLES = 1000
_CHUNK = 100  # resamples at once: weights of 10,000 articles take 8 MB
_MIN_DEFINED = 0.95  # of the resamples; below that the figure is too rare for an interval
_MIN_ALIKE = (
    5  # articles that two chose, and that two did not; with fewer, intervals are too narrow
)
_MOST_CORRECTED = 1000  # articles; with more, the correction changes nothing and takes time
_NORMAL = NormalDist()

Distance = Callable[[BoolArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha with its 95 % interval.

    Attributes:
        value: 1 is perfect agreement, 0 as much as by chance; None if undefined.
        low, high: None if undefined, or too rare for an interval.
        undefined: why there is no value, in words, or "".
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    undefined: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"undefined: {self.undefined}"
        interval = "no interval" if self.low is None else f"[{self.low:.2f}, {self.high:.2f}]"
        return f"{self.value:.3f} {interval}"


def resample(articles: int, seed: int, resamples: int = RESAMPLES) -> Iterator[FloatArray]:
    """Yield weights of the articles, (rows, articles): first 1 each, then resamples of them."""
    yield np.ones((1, articles))
    if not articles:
        return
    rng = np.random.default_rng(seed)
    shares = np.full(articles, 1 / articles)
    for start in range(0, resamples, _CHUNK):
        rows = min(_CHUNK, resamples - start)
        yield rng.multinomial(articles, shares, size=rows).astype(np.float64)


def category_alphas(votes: Votes, seed: int = 0, resamples: int = RESAMPLES) -> list[Alpha]:
    """Return the nominal alpha of each category, chosen or not.

    votes: of articles that have two or more.
    """
    yes, asked = count_votes(votes)
    split = 2 * yes * (asked - yes) / np.maximum(asked - 1, 1)  # ordered pairs that differ

    def alphas(weights: FloatArray) -> FloatArray:
        """Return alpha of each category under each row of weights."""
        n, ones, observed = weights @ asked, weights @ yes, weights @ split
        return _chance_corrected(observed, 2 * ones * (n - ones) / np.maximum(n - 1, 1))

    articles = len(votes.documents)
    table = np.concatenate([alphas(rows) for rows in resample(articles, seed, resamples)])
    left_out = table[:0]
    if resamples and articles <= _MOST_CORRECTED:
        left_out = alphas(1 - np.eye(articles))
    alike = np.minimum((yes >= 2).sum(axis=0), (asked - yes >= 2).sum(axis=0))
    estimates = []
    for c in range(table.shape[1]):
        values = table[:, c] if alike[c] >= _MIN_ALIKE else table[:1, c]
        reason = _undefined(yes[:, c].sum(), asked[:, c].sum())
        estimates.append(_estimate(values, reason, left_out[:, c]))
    return estimates


def count_votes(votes: Votes) -> tuple[FloatArray, FloatArray]:
    """Return the votes for each category and those asked of it, (articles, k) each.

    Where fewer than two were asked, both are 0: there is nothing to compare.
    """
    shape = len(votes.documents), len(votes.categories)
    yes, asked = np.zeros(shape), np.zeros(shape)
    np.add.at(yes, votes.article, votes.chosen & votes.asked)
    np.add.at(asked, votes.article, votes.asked)
    comparable = asked >= 2
    return yes * comparable, asked * comparable


def set_alpha(votes: Votes, distance: Distance, seed: int = 0, resamples: int = RESAMPLES) -> Alpha:
    """Return alpha over whole label sets, by one distance; see `set_alphas`."""
    return set_alphas(votes, [distance], seed, resamples)[0]


def set_alphas(
    votes: Votes, distances: Sequence[Distance], seed: int = 0, resamples: int = RESAMPLES
) -> list[Alpha]:
    """Return alpha over whole label sets, by each distance between them.

    Categories that some of the votes were not asked for are left out of the sets.
    votes: of articles that have two or more.
    """
    articles = len(votes.documents)
    if not articles:
        return [Alpha(None, undefined=NOBODY_SHARED)] * len(distances)
    sets, value_of = np.unique(comparable_sets(votes), axis=0, return_inverse=True)
    tables = [distance(sets) for distance in distances]
    counts = np.zeros((articles, len(sets)))
    np.add.at(counts, (votes.article, value_of.ravel()), 1.0)
    others = np.maximum(counts.sum(axis=1) - 1, 1)
    within = np.stack([((counts @ table) * counts).sum(axis=1) / others for table in tables])

    def alphas(weights: FloatArray) -> FloatArray:
        """Return alpha by each distance under each row of weights, (rows, distances)."""
        n_v = weights @ counts
        pairs = np.stack([((n_v @ table) * n_v).sum(axis=1) for table in tables], axis=1)
        expected = pairs / np.maximum(n_v.sum(axis=1, keepdims=True) - 1, 1)
        return _chance_corrected(weights @ within.T, expected)

    values = np.concatenate([alphas(rows) for rows in resample(articles, seed, resamples)])
    left_out = values[:0]
    if resamples and articles <= _MOST_CORRECTED:
        left_out = alphas(1 - np.eye(articles))
    return [
        _estimate(values[:, n], "every answer is the same", left_out[:, n])
        for n in range(len(tables))
    ]


def comparable_sets(votes: Votes) -> BoolArray:
    """Return the label set of each vote, (m, k), of the categories that all were asked for."""
    return votes.chosen[:, votes.asked.all(axis=0)]


NOBODY_SHARED = "no article has answers of two annotators"


def _undefined(yes: float, asked: float) -> str:
    """Say why a category has no alpha, if it has none."""
    if not asked:
        return NOBODY_SHARED
    return "nobody chose it" if not yes else "everybody chose it every time"


def _chance_corrected(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """Return 1 - observed / expected disagreement; NaN where none is expected."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected > 0, 1 - observed / expected, np.nan))


def _estimate(values: FloatArray, undefined: str, left_out: FloatArray | None = None) -> Alpha:
    """Return the first value with the 95 % interval of the others.

    left_out: the value without each article, which corrects the ends of the interval for bias and
        skewness (BCa; Efron 1987); None: the 2.5 and 97.5 % points as they are.
    """
    value, others = float(values[0]), values[1:]
    if np.isnan(value):
        return Alpha(None, undefined=undefined)
    defined = others[~np.isnan(others)]
    if len(others) == 0 or len(defined) < _MIN_DEFINED * len(others):
        return Alpha(value)
    shares = (0.025, 0.975)
    if left_out is not None and len(left_out):
        shares = _corrected(value, defined, left_out[~np.isnan(left_out)])
    low, high = np.quantile(defined, shares)
    return Alpha(value, min(float(low), value), max(float(high), value))


def _corrected(value: float, others: FloatArray, left_out: FloatArray) -> tuple[float, float]:
    """Return the shares of resamples below the ends of an interval, bias-corrected, accelerated."""
    below = ((others < value).mean() + (others <= value).mean()) / 2
    bias = _NORMAL.inv_cdf(min(max(float(below), 1e-6), 1 - 1e-6))
    gaps = left_out.mean() - left_out if len(left_out) else left_out
    spread = float((gaps**2).sum()) ** 1.5
    skew = float((gaps**3).sum()) / (6 * spread) if spread else 0.0
    low, high = (_NORMAL.cdf(bias + (bias + z) / (1 - skew * (bias + z))) for z in (-1.96, 1.96))
    return low, high
