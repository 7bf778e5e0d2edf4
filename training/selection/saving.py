"""What choosing articles saved: how many labels a random order would have needed.

The random arm is a fair sample of all articles. Part of it is held out; models learn from as many
labels of the rest of the arm, and from as many of the first ones chosen, and both are measured on
what is held out. Quality grows about linearly with the logarithm of the labels, so that how far the
curve of the chosen ones lies above the random one, over its slope, says how many times as many
labels a random order needs. Where little can be measured, no gain is expected.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labels.dataset import Dataset
from training.arrays import BoolArray, Float64Array, IntArray
from training.models.tfidf.logistic import learn
from training.models.tfidf.model import TfidfSettings

LEAST = 12  # articles of the random arm; fewer measure nothing
_MOST = 800  # labels that are looked at: the first ones
_FOLDS, _REPEATS = 4, 2
_SHARES = (0.3, 1.0)  # of the random arm that a model learns from
_DRAWS = 1000  # of the bootstrap over held-out articles
_DRIFT = 0.1  # standard deviation of the factor's logarithm beyond the sizes compared
# Of n random articles some sets teach more than others, which moves the logarithm by this much
# over √n: 1 to 4, at 12 to 80 articles of the training parts of MasakhaNEWS and SIB-200.
_LUCK = 2.0
_EXPECTED = 0.4  # of that logarithm before anything is measured: from half to twice as many labels
_LARGEST = np.log(4.0)  # a factor beyond 4 or below 1/4 can't be told from noise
_FLATTEST = 0.01  # average precision for e times the labels; below it no factor can be told


@dataclass(frozen=True, slots=True)
class Saving:
    """What choosing articles saved.

    Attributes:
        labels: articles with labels.
        random: how many a random order would have needed for the same quality.
        low, high: its 95 % interval.
        arm: articles of the random arm it was measured on.
    """

    labels: int
    random: float
    low: float
    high: float
    arm: int

    def __str__(self) -> str:
        interval = f"[{_rounded(self.low)}, {_rounded(self.high)}]"
        if self.low <= self.labels:
            return (
                f"no gain shown: for what you have with {self.labels} labels, random order would "
                f"have needed {interval} ({self.arm} random articles)"
            )
        return (
            f"you needed {self.labels} labels where random order would have needed about "
            f"{_rounded(self.random)} {interval}"
        )


def measure_saving(dataset: Dataset, arm: BoolArray, seed: int = 1) -> Saving | None:
    """Measure what choosing saved.

    Args:
        dataset: articles with labels, in the order in which they were annotated.
        arm: which of them are the random arm's, (n,).
        seed: of the held-out articles.

    Returns:
        None if the random arm is too small to tell.
    """
    labels, size = len(dataset.examples), int(arm.sum())
    places = np.flatnonzero(arm[:_MOST])
    if len(places) < LEAST:
        return None
    seen = dataset.subset(range(min(labels, _MOST)))
    trial = _Trial(seen, _compact_rows(seen.texts))
    rng = np.random.default_rng(seed)
    sizes, chosen, random = trial.compare(places, rng)
    measured = ~np.isnan(chosen).any(axis=0)
    if measured.sum() < LEAST:
        return None
    centre, width = _factor(np.log(sizes), chosen[:, measured], random[:, measured], rng)
    value, low, high = labels * np.exp(centre + width * np.array([0.0, -1.96, 1.96]))
    return Saving(labels, float(value), float(low), float(high), size)


def rank_quality(scores: Float64Array, gold: BoolArray, known: BoolArray) -> Float64Array:
    """Return how well each article's categories are ranked above the others, (n,), in [0, 1].

    This is label ranking average precision; for one category it is 1 over its rank. NaN for an
    article without a category. Unknown categories are left out.

    scores, gold, known: (n, k).
    """
    quality = np.full(len(scores), np.nan)
    for n in np.flatnonzero((gold & known).any(axis=1)):
        row, right = scores[n][known[n]], gold[n][known[n]]
        above = row[None, :] >= row[right][:, None]  # what is at least as high as each right one
        quality[n] = (above[:, right].sum(axis=1) / above.sum(axis=1)).mean()
    return quality


@dataclass(frozen=True, slots=True)
class _Trial:
    """Labelled articles, in the order in which they were annotated.

    Attributes:
        dataset: n articles.
        rows: their features, (n, d).
    """

    dataset: Dataset
    rows: Float64Array

    def compare(
        self, arm: IntArray, rng: np.random.Generator
    ) -> tuple[Float64Array, Float64Array, Float64Array]:
        """Learn from equally many chosen and random articles, and measure on the random arm.

        Returns:
            The sizes, (s,), and the quality for each article of the arm, (s, a), by models that
            learned from the chosen and from the random ones.
        """
        whole = len(arm) - -(-len(arm) // _FOLDS)
        sizes = np.unique([max(2, round(share * whole)) for share in _SHARES])
        chosen, random = np.zeros((2, len(sizes), len(arm)))
        for _ in range(_REPEATS):
            order = rng.permutation(len(arm))
            for held_out in np.array_split(order, _FOLDS):
                test = arm[held_out]
                rest = arm[np.setdiff1d(order, held_out)]
                first = np.setdiff1d(np.arange(len(self.rows)), test)
                for n, size in enumerate(sizes):
                    chosen[n, held_out] += self._measure(first[:size], test)
                    random[n, held_out] += self._measure(rng.permutation(rest)[:size], test)
        return sizes.astype(float), chosen / _REPEATS, random / _REPEATS

    def _measure(self, learned: IntArray, test: IntArray) -> Float64Array:
        """Return the quality for each test article of a model that learned from others."""
        part = self.dataset.subset(learned)
        positives = part.gold.sum(axis=0)
        negatives = (part.known & ~part.gold).sum(axis=0)
        learnable = (positives > 0) & (negatives > 0)
        gold, known = self.dataset.gold[test], self.dataset.known[test]
        scores = np.where(positives == 0, -np.inf, np.inf) * np.ones(gold.shape)
        single = part.taxonomy.choice == "single"
        if learnable.sum() >= (2 if single else 1):
            names = [n for n, ok in zip(part.taxonomy.ids, learnable, strict=True) if ok]
            (weights,), offsets = learn(
                [self.rows[learned]], part.restrict(names), TfidfSettings().C
            )
            scores[:, learnable] = self.rows[test] @ weights + offsets
        return rank_quality(scores, gold, known)


def _compact_rows(texts: Sequence[str]) -> Float64Array:
    """Return TF-IDF rows turned so that n articles need n numbers each: the same products."""
    table = TfidfSettings().vectorizer().fit_transform(texts)
    values, vectors = np.linalg.eigh((table @ table.T).toarray().astype(np.float64))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _factor(
    logs: Float64Array, chosen: Float64Array, random: Float64Array, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the logarithm of the factor and its standard deviation.

    What was measured is weighed against the expectation that choosing saves nothing.

    logs: of the sizes, (s,); chosen, random: quality for each article, (s, a).
    """
    articles = chosen.shape[1]
    leads = (chosen - random).mean(axis=0)  # (a,)
    centred = (logs - logs.mean()) / ((logs - logs.mean()) ** 2).sum()
    slopes = centred @ (chosen + random) / 2
    draws = rng.integers(articles, size=(_DRAWS, articles))
    drawn = _ratio(leads[draws].mean(axis=1), slopes[draws].mean(axis=1))
    low, measured, high = np.percentile(drawn, [16, 50, 84])
    luck = _LUCK / np.exp(logs[-1] / 2)
    variance = ((high - low) / 2) ** 2 + luck**2 + _DRIFT**2
    weight = _EXPECTED**2 / (_EXPECTED**2 + variance)
    return float(weight * measured), float(np.sqrt(weight * variance))


def _ratio(leads: Float64Array, slopes: Float64Array) -> Float64Array:
    """Return leads over slopes, within what can be told."""
    return np.asarray(np.clip(leads / np.maximum(slopes, _FLATTEST), -_LARGEST, _LARGEST))


def _rounded(labels: float) -> str:
    """Return a number of labels as precisely as it is known: to ten from a hundred on."""
    return f"{round(labels, -1 if labels >= 100 else 0):,.0f}"
