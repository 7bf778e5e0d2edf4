"""TF-IDF over hashed n-grams as a scikit-learn transformer: what a model learns from."""

import itertools
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from seeds.base.errors import InputError
from training.arrays import Floats
from training.models.tfidf.ngrams import Counts, Ngrams
from training.models.tfidf.weighting import sublinear, unit


class HashedTfidfVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts -> sparse rows of length 1: (1 + log count) · (log((1 + n) / (1 + documents)) + 1).

    Args:
        buckets: n-grams are hashed to 2**buckets; those that occur become features.
        char_ngrams: shortest and longest run of bytes of a word; (0, 0) for none.
        word_ngrams: shortest and longest run of words; (0, 0) for none.
        min_documents: texts in which a feature must occur.

    Attributes:
        features_: int64 (m,), the bucket of each column, ascending.
        idf_: float32 (m,), the weight of each.
    """

    features_: NDArray[np.int64]
    idf_: Floats

    def __init__(
        self,
        buckets: int = 20,
        char_ngrams: tuple[int, ...] = (5, 6),
        word_ngrams: tuple[int, ...] = (1, 1),
        min_documents: int = 1,
    ) -> None:
        self.buckets = buckets
        self.char_ngrams = char_ngrams
        self.word_ngrams = word_ngrams
        self.min_documents = min_documents

    def fit(self, texts: Sequence[str], y: object = None) -> Self:
        """Find the features of some texts, and the weight of each.

        Raises:
            InputError: no n-gram stands in enough of them.
        """
        self._learn(self._ngrams.count(texts))
        return self

    def fit_transform(self, texts: Sequence[str], y: object = None) -> csr_matrix:
        """Find the features, and give the texts as rows of them, float32 (n, m)."""
        counts = self._ngrams.count(texts)
        self._learn(counts)
        return self._weighted(counts)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """The texts as rows of the known features, float32 (n, m)."""
        check_is_fitted(self)
        return self._weighted(self._ngrams.count(texts))

    @property
    def _ngrams(self) -> Ngrams:
        return Ngrams(self.buckets, self.char_ngrams, self.word_ngrams)

    def _learn(self, counts: Counts) -> None:
        documents = np.bincount(counts.buckets, minlength=1 << self.buckets)
        self.features_ = np.flatnonzero(documents >= self.min_documents)
        if len(self.features_) == 0:
            raise InputError(
                f"no n-gram stands in {self.min_documents} articles. Lower min_documents."
            )
        texts = len(counts.starts) - 1
        rarity = (1 + texts) / (1 + documents[self.features_])
        self.idf_ = (np.log(rarity) + 1).astype(np.float32)

    def _weighted(self, counts: Counts) -> csr_matrix:
        """The rows, made in the place of the counts: memory is the limit for many texts."""
        column_of: NDArray[Any] = np.full(1 << self.buckets, -1, np.int32)
        column_of[self.features_] = np.arange(len(self.features_), dtype=np.int32)
        columns, values, starts = counts.buckets, counts.counts, np.zeros_like(counts.starts)
        for n, (first, last) in enumerate(itertools.pairwise(counts.starts)):
            row = column_of[columns[first:last]]
            known = np.flatnonzero(row >= 0)
            weights = sublinear(values[first:last][known]) * self.idf_[row[known]]
            begin, end = starts[n], starts[n] + len(known)
            columns[begin:end], values[begin:end] = row[known], unit(weights)
            starts[n + 1] = end
        size = int(starts[-1])
        rows = values[:size], columns[:size], starts
        return csr_matrix(rows, shape=(len(starts) - 1, len(self.features_)))
