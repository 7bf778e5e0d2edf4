"""Logistic regression by L-BFGS (Nocedal 1980): all categories at once, in the articles' span.

Every vector on the way is a combination of the articles, so it is stored as numbers of articles,
not of features, and the best length of a step is found without the table. For few articles their
products with each other are stored, so that the cost of a pass doesn't depend on the features, and
the optimum is reached. For many articles each pass goes over the table, one thread a core, and the
descent stops early: with so weak a penalty, what it could still gain is no better on articles it
did not see (DECISIONS.md).
"""

import itertools
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seeds.base.cores import available_cores
from training.arrays import Float32Array, Float64Array

if TYPE_CHECKING:
    from labels.dataset import Dataset


FEW = 1000  # articles up to which their products are the faster way
PASSES = 15  # over the table of many articles
_PASSES_OF_FEW = 1000  # at most: some hundred suffice
_REMEMBERED = 8  # steps
_THREADS = 8  # each holds a number for every feature and category
_SLOPE_LEFT = 0.1  # of the slope along a step; finding its lowest point closer gains nothing
_TRIES = 20  # of a step's length
_FLAT = 1e-10  # a step expected to lower the mean loss by less is not worth taking


def descend(
    table: Any,
    dataset: "Dataset",
    strength: float,
    *,
    few: int = FEW,
    passes: int = PASSES,
    threads: int | None = None,
) -> tuple[Float32Array, Float32Array]:
    """Fit one logistic regression a category; for single choice, one multinomial regression.

    A category learns nothing from an article of which it isn't known whether it has it.

    Args:
        table: sparse (n, m), float32.
        dataset: n examples, k categories.
        strength: inverse of the L2 penalty, as scikit-learn's C.
        few: the most articles whose products with each other are computed.
        passes: the most passes over the table, where there are more articles.
        threads: for passes over the table; None: one a core.

    Returns:
        Coefficients (m, k) and intercepts (k,).
    """
    gold, known = (np.asarray(pairs, np.float64) for pairs in (dataset.gold, dataset.known))
    single = dataset.taxonomy.choice == "single"
    parts = _split_rows(table, threads or min(available_cores(), _THREADS))
    is_small = len(gold) <= few
    products = (table @ table.T).toarray().astype(np.float64) if is_small else None
    with ThreadPoolExecutor(len(parts)) as pool:
        features = _Table(parts, pool, products)
        regression = _Regression(features, gold, known, strength * len(gold), single)
        return regression.fit(_PASSES_OF_FEW if is_small else passes)


@dataclass(frozen=True, slots=True)
class _Table:
    """The features of n articles.

    Attributes:
        parts: its rows as tables (n₁, m), (n₂, m) …, one for each thread.
        products: of the articles with each other, (n, n); None if there are too many.
    """

    parts: Sequence[Any]
    pool: Executor
    products: Float64Array | None

    def combine(self, rows: Float64Array) -> Float32Array:
        """Sum the articles' features, each times its numbers: (n, k) -> float32 (m, k)."""
        edges = list(itertools.accumulate(part.shape[0] for part in self.parts))[:-1]
        shares = np.split(rows.astype(np.float32), edges)
        sums = self.pool.map(lambda part, share: part.T @ share, self.parts, shares)
        total: Float32Array = next(sums)
        for part_sum in sums:
            total += part_sum
        return total

    def scores(self, rows: Float64Array) -> Float64Array:
        """Return the score of each article under a combination of articles: (n, k) -> (n, k)."""
        if self.products is not None:
            return self.products @ rows
        coefficients = self.combine(rows)
        scores = self.pool.map(lambda part: part @ coefficients, self.parts)
        return np.asarray(np.concatenate(list(scores)), np.float64)


@dataclass(frozen=True, slots=True)
class _Regression:
    """The penalised mean loss of all categories.

    A point is an array (2n + 1, k): n numbers of articles, of which the coefficients are the
    combination; the n scores that those give; the intercepts. So are steps and slopes.

    Attributes:
        table: of features.
        gold: (n, k).
        known: (n, k), 1 for each pair of article and category that counts, else 0.
        strength: inverse of the penalty on the mean.
        single: whether exactly one category holds; else each category is learned by itself.
    """

    table: _Table
    gold: Float64Array
    known: Float64Array
    strength: float
    single: bool

    def fit(self, passes: int) -> tuple[Float32Array, Float32Array]:
        """Return coefficients (m, k) and intercepts (k,) at the optimum, or after many passes."""
        n, k = self.gold.shape
        point: Float64Array = np.zeros((2 * n + 1, k))
        slope = self._slope(point)
        history: deque[tuple[Float64Array, Float64Array]] = deque(maxlen=_REMEMBERED)
        for _ in range(passes):
            step = self._step(slope, history)
            if (self._dot(slope, step) > -_FLAT).all():
                break
            step *= self._length(point, step)
            point = point + step
            next_slope = self._slope(point)
            history.append((step, next_slope - slope))
            slope = next_slope
        return self.table.combine(point[:n]), point[-1].astype(np.float32)

    def _slope(self, point: Float64Array) -> Float64Array:
        """Return the gradient at a point; only this needs the table."""
        n = len(self.gold)
        rows = (self._probabilities(point) - self.gold) * self.known / n
        offsets = rows.sum(axis=0, keepdims=True)
        rows += point[:n] / self.strength
        return np.concatenate([rows, self.table.scores(rows), offsets])

    def _step(
        self, slope: Float64Array, history: Sequence[tuple[Float64Array, Float64Array]]
    ) -> Float64Array:
        """Return the direction to go from a point with this slope: the two loops of L-BFGS."""
        step, factors = -slope, []
        for moved, changed in reversed(history):
            bend = _inverse(self._dot(moved, changed))
            factor = bend * self._dot(moved, step)
            step -= factor * changed
            factors.append((bend, factor))
        if history:
            moved, changed = history[-1]
            scale = self._dot(moved, changed) * _inverse(self._dot(changed, changed))
            step *= np.where(scale > 0, scale, 1)
        for (moved, changed), (bend, factor) in zip(history, reversed(factors), strict=True):
            step += (factor - bend * self._dot(changed, step)) * moved
        return step

    def _length(self, point: Float64Array, step: Float64Array) -> Float64Array:
        """Return how much of a step to take, near its lowest point; (k,) or (1,).

        Newton's method between bounds.
        """
        pull, weight = self._dot_weights(point, step), self._dot_weights(step, step)
        change = (step[len(self.gold) : -1] + step[-1]) * self.known

        def along(length: Float64Array) -> tuple[Float64Array, Float64Array]:
            """Return slope and curvature after so much of the step."""
            likely = self._probabilities(point + length * step)
            slope = self._total((likely - self.gold) * change)
            moved = likely * change
            if self.single:
                bend = self._total(moved * change) - (moved.sum(axis=1) ** 2).sum()
            else:
                bend = self._total(moved * (1 - likely) * change)
            n = len(change)
            slope = slope / n + (pull + length * weight) / self.strength
            return slope, bend / n + weight / self.strength

        start, _ = along(np.zeros(1))
        length, low, high = np.ones_like(start), np.zeros_like(start), np.full_like(start, np.inf)
        for _ in range(_TRIES):
            slope, bend = along(length)
            near = np.abs(slope) <= _SLOPE_LEFT * np.abs(start)
            if near.all():
                break
            low, high = np.where(slope < 0, length, low), np.where(slope > 0, length, high)
            newton = length - slope * _inverse(bend)
            middle = np.where(np.isfinite(high), (low + high) / 2, 2 * length)
            inside = (newton > low) & (newton < high)
            length = np.where(near, length, np.where(inside, newton, middle))
        return np.where(start < 0, length, 0)

    def _probabilities(self, point: Float64Array) -> Float64Array:
        """Return the probability of each category for each article, (n, k)."""
        from scipy.special import expit, softmax

        scores = point[len(self.gold) : -1] + point[-1]
        return np.asarray(softmax(scores, axis=1) if self.single else expit(scores), np.float64)

    def _dot(self, a: Float64Array, b: Float64Array) -> Float64Array:
        """Return the product of two points as vectors of coefficients and intercepts."""
        return self._dot_weights(a, b) + self._total(a[-1:] * b[-1:])

    def _dot_weights(self, a: Float64Array, b: Float64Array) -> Float64Array:
        """Return their product without the intercepts, which have no penalty."""
        n = len(self.gold)
        return self._total(a[:n] * b[n:-1])

    def _total(self, values: Float64Array) -> Float64Array:
        """Sum over articles, (k,); over categories too where they are learned together, (1,)."""
        return np.atleast_1d(values.sum() if self.single else values.sum(axis=0))


def _inverse(values: Float64Array) -> Float64Array:
    """Return one by each value; 0 where it isn't positive, for a category that has converged."""
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)


def _split_rows(table: Any, count: int) -> list[Any]:
    """Split the rows of a sparse table into parts of like size that share its memory."""
    from scipy.sparse import csr_matrix

    targets = np.arange(1, count) * (table.nnz // count)
    edges = [0, *np.searchsorted(table.indptr, targets).tolist(), table.shape[0]]
    parts = []
    for begin, end in itertools.pairwise(edges):
        cells = slice(table.indptr[begin], table.indptr[end])
        starts = table.indptr[begin : end + 1] - cells.start
        arrays = table.data[cells], table.indices[cells], starts
        parts.append(csr_matrix(arrays, shape=(end - begin, table.shape[1])))
    return parts
