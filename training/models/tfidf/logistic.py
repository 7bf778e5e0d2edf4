"""Logistic regression over blocks of features."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seeds.base.errors import missing_extra
from training.arrays import Float32Array
from training.models.tfidf.lbfgs import descend

if TYPE_CHECKING:
    from labels.dataset import Dataset


def learn(
    blocks: Sequence[Any], dataset: "Dataset", strength: float
) -> tuple[list[Float32Array], Float32Array]:
    """Fit one logistic regression a category, or one multinomial for single choice.

    Args:
        blocks: tables (n, m₁), (n, m₂) … of features, sparse or dense, side by side.
        dataset: n examples, k categories.
        strength: inverse of the L2 penalty.

    Returns:
        The coefficients of each block, (m, k), and the intercepts, (k,).
    """
    try:
        from scipy.sparse import csr_matrix, hstack
    except ModuleNotFoundError as error:
        raise missing_extra("train", "Training") from error

    full = csr_matrix(blocks[0])
    if len(blocks) > 1:
        full = hstack([full, *(csr_matrix(block) for block in blocks[1:])], format="csr")
    coefficients, intercepts = descend(full, dataset, strength)
    parts = np.split(coefficients, np.cumsum([block.shape[1] for block in blocks])[:-1])
    return [np.ascontiguousarray(part) for part in parts], intercepts
