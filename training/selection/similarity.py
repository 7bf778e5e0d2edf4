"""How alike articles are, from the words they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.arrays import Float32Array
from training.models.tfidf.model import TfidfSettings

_AT_ONCE = 500  # known articles that are compared in one step; bounds the memory


@dataclass(frozen=True, slots=True)
class Similarities:
    """How alike n articles are.

    Attributes:
        pairs: each to each other, (n, n), in [0, 1].
        known: each to the most similar of the articles known already, (n,); 0 without any.
    """

    pairs: Float32Array
    known: Float32Array


def compare_words(texts: Sequence[str], known: Sequence[str]) -> Similarities:
    """Compare articles by the cosine of their TF-IDF weights.

    Args:
        texts: of the articles.
        known: texts of those annotated already, or waiting for it.
    """
    table = TfidfSettings().vectorizer().fit_transform([*texts, *known])
    rows, others = table[: len(texts)], table[len(texts) :]
    return Similarities(_products(rows, rows), _nearest(rows, others))


def _products(rows: Any, others: Any) -> Float32Array:
    """Return the cosine of each row of a sparse table with each of the others, in [0, 1]."""
    return np.asarray(np.clip((rows @ others.T).toarray(), 0, 1), np.float32)


def _nearest(rows: Any, others: Any) -> Float32Array:
    """Return the cosine of each row with the most similar of the others, (n,)."""
    nearest = np.zeros(rows.shape[0], np.float32)
    for start in range(0, others.shape[0], _AT_ONCE):
        part = _products(rows, others[start : start + _AT_ONCE])
        nearest = np.maximum(nearest, part.max(axis=1))
    return nearest
