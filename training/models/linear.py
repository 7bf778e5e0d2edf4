"""Logistic regression over blocks of features; scikit-learn is imported to learn, not to use."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seeds.errors import missing_extra
from training.model import Floats
from training.models.lbfgs import descend

if TYPE_CHECKING:
    from labels.dataset import Dataset

_ROTATED = 1000  # articles up to which learning from their products is the faster way


def learn(
    blocks: Sequence[Any], dataset: "Dataset", strength: float, seed: int
) -> tuple[list[Floats], Floats]:
    """One logistic regression a category, or one multinomial for single choice.

    Args:
        blocks: tables (n, m₁), (n, m₂) … of features, sparse or dense, side by side.
        dataset: n examples, k categories.
        strength: inverse of the L2 penalty.
        seed: of the solver.

    Returns:
        The coefficients of each block, (m, k), and the intercepts, (k,).
    """
    try:
        from scipy.sparse import csr_matrix, hstack
    except ModuleNotFoundError as error:
        raise missing_extra("train", "Training") from error

    full = csr_matrix(blocks[0])
    if len(blocks) > 1:
        full = hstack([full, *(csr_matrix(each) for each in blocks[1:])], format="csr")
    if full.shape[0] <= _ROTATED:
        table, back = _rotated(full)
        coefficients, intercepts = _solve(table, dataset, strength, seed)
        columns = full.T @ (back @ coefficients.T)
    else:
        columns, intercepts = descend(full, dataset, strength)
    edges = np.cumsum([each.shape[1] for each in blocks])[:-1]
    parts = np.split(np.asarray(columns), edges)
    return [np.ascontiguousarray(each, np.float32) for each in parts], intercepts


def _solve(
    table: Any, dataset: "Dataset", strength: float, seed: int
) -> tuple[NDArray[np.float64], Floats]:
    """Coefficients (k, m) and intercepts (k,)."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ModuleNotFoundError as error:
        raise missing_extra("train", "Training") from error

    ids = dataset.taxonomy.ids
    solver = LogisticRegression(C=strength, tol=1e-6, max_iter=5000, random_state=seed)
    if dataset.taxonomy.choice == "single":
        solver.fit(table, [ids.index(each.categories[0]) for each in dataset.examples])
        coefficients, intercepts = solver.coef_, solver.intercept_
        if len(ids) == 2:  # scikit-learn keeps one row for two classes
            coefficients = np.concatenate([-coefficients, coefficients]) / 2
            intercepts = np.concatenate([-intercepts, intercepts]) / 2
    else:
        fitted = []
        for name in ids:
            solver.fit(table, [name in each.categories for each in dataset.examples])
            fitted.append((solver.coef_[0].copy(), solver.intercept_[0]))
        coefficients = np.array([each[0] for each in fitted])
        intercepts = np.array([each[1] for each in fitted])
    return np.asarray(coefficients, np.float64), np.asarray(intercepts, np.float32)


def _rotated(table: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The articles in a basis of as many dimensions as there are articles, and the way back.

    A penalised linear model never leaves the span of its articles, so it can be learned from
    their n × n products: the same solution, at a cost that no longer grows with the features.

    table: sparse (n, m). Returns (n, r) and (n, r), r ≤ n: coefficients c of the first are the
    coefficients tableᵀ · (second · c) of the table.
    """
    values, vectors = np.linalg.eigh((table @ table.T).toarray().astype(np.float64))
    kept = values > values.max() * 1e-9
    lengths = np.sqrt(values[kept])
    return vectors[:, kept] * lengths, vectors[:, kept] / lengths
