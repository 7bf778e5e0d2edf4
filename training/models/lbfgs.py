"""Logistic regression over many articles: all categories at once, a thread a core, few passes.

A pass over the table of features costs little more for sixteen categories than for one, and passes
are all that learning from many articles costs. L-BFGS is stopped long before the optimum: what it
still gains there, with so weak a penalty, is no better on articles it did not see (DECISIONS.md).
"""

import functools
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.model import Floats

if TYPE_CHECKING:
    from labels.dataset import Dataset

_PASSES = 40
_REMEMBERED = 4  # steps of L-BFGS, each two vectors as long as all coefficients
_AT_ONCE = 1 << 23  # coefficients, where each category is on its own; bounds those vectors' memory

Loss = Callable[[Floats, Floats], tuple[float, Floats]]


def descend(table: Any, dataset: "Dataset", strength: float) -> tuple[Floats, Floats]:
    """Coefficients (m, k) and intercepts (k,) of one logistic regression a category.

    Single choice: of one multinomial regression.

    Args:
        table: sparse (n, m), float32.
        dataset: n examples, k categories.
        strength: inverse of the L2 penalty, as scikit-learn's C.
    """
    gold = np.ascontiguousarray(dataset.gold, np.float32)
    single = dataset.taxonomy.choice == "single"
    many = gold.shape[1] if single else max(1, _AT_ONCE // table.shape[1])
    parts = _views(table, _cores())
    with ThreadPoolExecutor(len(parts)) as pool:
        found = [
            _Objective(
                parts,
                np.split(gold[:, first : first + many], _edges(parts)),
                _softmax_loss if single else _sigmoid_loss,
                strength * len(gold),
                pool,
            ).lowest()
            for first in range(0, gold.shape[1], many)
        ]
    return np.concatenate([c for c, _ in found], axis=1), np.concatenate([i for _, i in found])


@dataclass(frozen=True, slots=True)
class _Objective:
    """The penalised mean loss of some categories, as a function of all their numbers.

    Attributes:
        parts: the table, rows (n₁, m), (n₂, m) … of it, a thread each.
        gold: float32 (n₁, k), (n₂, k) …
        loss: of scores and gold, both (n, k).
        strength: inverse of the penalty on the mean.
        pool: of threads.
    """

    parts: Sequence[Any]
    gold: Sequence[Floats]
    loss: Loss
    strength: float
    pool: Executor

    def lowest(self) -> tuple[Floats, Floats]:
        """Coefficients (m, k) and intercepts (k,) after _PASSES steps downhill."""
        from scipy.optimize import minimize

        m, k = self.parts[0].shape[1], self.gold[0].shape[1]
        options = {"maxiter": _PASSES, "maxcor": _REMEMBERED}
        start = np.zeros(m * k + k)
        best = minimize(self, start, jac=True, method="L-BFGS-B", options=options).x
        return best[:-k].reshape(m, k).astype(np.float32), best[-k:].astype(np.float32)

    def __call__(self, point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The value and its gradient at a point (m · k + k,), coefficients before intercepts."""
        m, k = self.parts[0].shape[1], self.gold[0].shape[1]
        weights = point[:-k].reshape(m, k).astype(np.float32)
        offsets = point[-k:].astype(np.float32)
        here = functools.partial(self._of_part, weights=weights, offsets=offsets)
        found = list(self.pool.map(here, self.parts, self.gold))
        n = sum(len(each) for each in self.gold)
        slope = np.empty_like(point)
        slope[:-k] = point[:-k] / self.strength
        for _, of_weights, _ in found:
            slope[:-k] += of_weights.ravel() / n
        slope[-k:] = sum(of_offsets for _, _, of_offsets in found) / n
        penalty = point[:-k] @ point[:-k] / (2 * self.strength)
        return float(sum(value for value, _, _ in found) / n + penalty), slope

    def _of_part(
        self, rows: Any, gold: Floats, weights: Floats, offsets: Floats
    ) -> tuple[float, Floats, NDArray[np.float64]]:
        """The loss of some rows, its gradient by weights (m, k) and by offsets (k,)."""
        value, slopes = self.loss(rows @ weights + offsets, gold)
        return value, rows.T @ slopes, slopes.sum(axis=0, dtype=np.float64)


def _sigmoid_loss(scores: Floats, gold: Floats) -> tuple[float, Floats]:
    """Sum of the binary cross-entropies, and its gradient by the scores (n, k)."""
    value = np.logaddexp(0, scores).sum(dtype=np.float64) - (scores * gold).sum(dtype=np.float64)
    return float(value), np.asarray(1 / (1 + np.exp(-scores)) - gold, np.float32)


def _softmax_loss(scores: Floats, gold: Floats) -> tuple[float, Floats]:
    """Sum of the cross-entropies of exactly one category, and its gradient by the scores (n, k)."""
    scores = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    sums = powers.sum(axis=1, keepdims=True)
    value = np.log(sums).sum(dtype=np.float64) - (scores * gold).sum(dtype=np.float64)
    return float(value), np.asarray(powers / sums - gold, np.float32)


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


def _edges(parts: Sequence[Any]) -> list[int]:
    """Where a part ends and the next begins."""
    return list(itertools.accumulate(each.shape[0] for each in parts))[:-1]


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
