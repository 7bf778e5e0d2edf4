"""Logistic regression by L-BFGS (Nocedal 1980): all categories at once, in the articles' span.

All that it goes through is a combination of the articles, so it is kept as numbers of articles, not
of features, and the best length of a step is found without the table. Of few articles the products
with each other are kept, so that a pass costs nothing that grows with the features, and the optimum
is reached. Of many a pass goes over the table, a thread a core, and it is stopped before: what is
still gained there, with so weak a penalty, is no better on articles it did not see (DECISIONS.md).
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


_FEW = 1000  # articles up to which their products are the faster way
_PASSES = 15  # over the table
_PASSES_OF_FEW = 1000  # at most: some hundred suffice
_REMEMBERED = 8  # steps
_THREADS = 8  # each holds a number for every feature and category
_SLOPE_LEFT = 0.1  # of the slope along a step; finding its lowest point closer gains nothing
_TRIES = 20  # of a step's length
_FLAT = 1e-10  # what a step is expected to take off the mean loss, where it is not worth taking


def descend(table: Any, dataset: "Dataset", strength: float) -> tuple[Float32Array, Float32Array]:
    """Coefficients (m, k) and intercepts (k,) of one logistic regression a category.

    Single choice: of one multinomial regression.

    Args:
        table: sparse (n, m), float32.
        dataset: n examples, k categories.
        strength: inverse of the L2 penalty, as scikit-learn's C.
    """
    gold = np.asarray(dataset.gold, np.float64)
    single = dataset.taxonomy.choice == "single"
    parts = _views(table, min(available_cores(), _THREADS))
    few = len(gold) <= _FEW
    products = (table @ table.T).toarray().astype(np.float64) if few else None
    with ThreadPoolExecutor(len(parts)) as pool:
        known = _Table(parts, pool, products)
        regression = _Regression(known, gold, strength * len(gold), single)
        return regression.learned(_PASSES_OF_FEW if few else _PASSES)


@dataclass(frozen=True, slots=True)
class _Table:
    """The features of n articles.

    Attributes:
        parts: rows (n₁, m), (n₂, m) … of them, a thread each.
        products: of the articles with each other, (n, n); None if they are too many.
    """

    parts: Sequence[Any]
    pool: Executor
    products: Float64Array | None

    def combined(self, rows: Float64Array) -> Float32Array:
        """The sum of the articles' features, each times its numbers: (n, k) -> float32 (m, k)."""
        edges = list(itertools.accumulate(each.shape[0] for each in self.parts))[:-1]
        shares = np.split(rows.astype(np.float32), edges)
        found = self.pool.map(lambda part, share: part.T @ share, self.parts, shares)
        total: Float32Array = next(found)
        for each in found:
            total += each
        return total

    def scores(self, rows: Float64Array) -> Float64Array:
        """What the articles' combination gives each article: (n, k) -> (n, k)."""
        if self.products is not None:
            return self.products @ rows
        coefficients = self.combined(rows)
        found = self.pool.map(lambda part: part @ coefficients, self.parts)
        return np.asarray(np.concatenate(list(found)), np.float64)


@dataclass(frozen=True, slots=True)
class _Regression:
    """The penalised mean loss of all categories.

    A point is an array (2n + 1, k): n numbers of articles, of which the coefficients are the
    combination; the n scores which those give; the intercepts. So are steps and slopes.

    Attributes:
        table: of features.
        gold: (n, k).
        strength: inverse of the penalty on the mean.
        single: whether one category holds; else each is learned for itself.
    """

    table: _Table
    gold: Float64Array
    strength: float
    single: bool

    def learned(self, passes: int) -> tuple[Float32Array, Float32Array]:
        """Coefficients (m, k) and intercepts (k,) after so many steps downhill, or at the end."""
        n, k = self.gold.shape
        here: Float64Array = np.zeros((2 * n + 1, k))
        slope = self._slope(here)
        before: deque[tuple[Float64Array, Float64Array]] = deque(maxlen=_REMEMBERED)
        for _ in range(passes):
            step = self._step(slope, before)
            if (self._dot(slope, step) > -_FLAT).all():
                break
            step *= self._length(here, step)
            here = here + step
            after = self._slope(here)
            before.append((step, after - slope))
            slope = after
        return self.table.combined(here[:n]), here[-1].astype(np.float32)

    def _slope(self, here: Float64Array) -> Float64Array:
        """The gradient at a point; all that needs the table."""
        n = len(self.gold)
        rows = (self._probabilities(here) - self.gold) / n
        offsets = rows.sum(axis=0, keepdims=True)
        rows += here[:n] / self.strength
        return np.concatenate([rows, self.table.scores(rows), offsets])

    def _step(
        self, slope: Float64Array, before: Sequence[tuple[Float64Array, Float64Array]]
    ) -> Float64Array:
        """Where to go from a point with this slope: the two loops of L-BFGS."""
        step, factors = -slope, []
        for moved, changed in reversed(before):
            bend = _inverse(self._dot(moved, changed))
            factor = bend * self._dot(moved, step)
            step -= factor * changed
            factors.append((bend, factor))
        if before:
            moved, changed = before[-1]
            scale = self._dot(moved, changed) * _inverse(self._dot(changed, changed))
            step *= np.where(scale > 0, scale, 1)
        for (moved, changed), (bend, factor) in zip(before, reversed(factors), strict=True):
            step += (factor - bend * self._dot(changed, step)) * moved
        return step

    def _length(self, here: Float64Array, step: Float64Array) -> Float64Array:
        """How far to go, near the lowest point: Newton's method between bounds; (k,) or (1,)."""
        pull, weight = self._of_weights(here, step), self._of_weights(step, step)
        change = step[len(self.gold) : -1] + step[-1]

        def along(length: Float64Array) -> tuple[Float64Array, Float64Array]:
            """Slope and curvature after so much of the step."""
            likely = self._probabilities(here + length * step)
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

    def _probabilities(self, here: Float64Array) -> Float64Array:
        """Of each category for each article, (n, k)."""
        from scipy.special import expit, softmax

        scores = here[len(self.gold) : -1] + here[-1]
        return np.asarray(softmax(scores, axis=1) if self.single else expit(scores), np.float64)

    def _dot(self, one: Float64Array, other: Float64Array) -> Float64Array:
        """The product of two points as vectors of coefficients and intercepts."""
        return self._of_weights(one, other) + self._total(one[-1:] * other[-1:])

    def _of_weights(self, one: Float64Array, other: Float64Array) -> Float64Array:
        """The same without the intercepts, which have no penalty."""
        n = len(self.gold)
        return self._total(one[:n] * other[n:-1])

    def _total(self, values: Float64Array) -> Float64Array:
        """The sum over articles; of all categories where they are learned together: (k,), (1,)."""
        return np.atleast_1d(values.sum() if self.single else values.sum(axis=0))


def _inverse(values: Float64Array) -> Float64Array:
    """One by each; 0 of what is not positive: a category that has converged."""
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)


def _views(table: Any, many: int) -> list[Any]:
    """The rows of a sparse table in parts of like size, sharing its memory."""
    from scipy.sparse import csr_matrix

    wanted = np.arange(1, many) * (table.nnz // many)
    edges = [0, *np.searchsorted(table.indptr, wanted).tolist(), table.shape[0]]
    found = []
    for first, last in itertools.pairwise(edges):
        begin, end = table.indptr[first], table.indptr[last]
        starts = table.indptr[first : last + 1] - begin
        arrays = table.data[begin:end], table.indices[begin:end], starts
        found.append(csr_matrix(arrays, shape=(last - first, table.shape[1])))
    return found
