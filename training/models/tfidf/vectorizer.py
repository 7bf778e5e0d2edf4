"""TF-IDF over hashed n-grams, usable as a scikit-learn transformer without scikit-learn."""

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from seeds.base.errors import InputError
from training.arrays import Float32Array, IntArray
from training.models.tfidf.ngrams import Counts, Ngrams
from training.models.tfidf.weighting import sublinear, unit


@dataclass(eq=False)
class HashedTfidfVectorizer:
    """Texts -> sparse rows of length 1: (1 + log count) · (log((1 + n) / (1 + documents)) + 1).

    Has the methods by which scikit-learn's Pipeline, clone and GridSearchCV know a transformer
    (https://scikit-learn.org/stable/developers/develop.html), and doesn't import it.

    Attributes:
        buckets: n-grams are hashed to 2**buckets; those that occur become features.
        char_ngrams: shortest and longest run of bytes of a word; (0, 0) for none.
        word_ngrams: shortest and longest run of words; (0, 0) for none.
        min_documents: texts in which a feature must occur.
        features_: int64 (m,), the bucket of each column, ascending; set by `fit`.
        idf_: float32 (m,), the weight of each column; set by `fit`.
    """

    buckets: int = 20
    char_ngrams: tuple[int, ...] = (5, 6)
    word_ngrams: tuple[int, ...] = (1, 1)
    min_documents: int = 1
    features_: IntArray = field(init=False, repr=False)
    idf_: Float32Array = field(init=False, repr=False)

    def fit(self, texts: Sequence[str], y: object = None) -> Self:
        """Find the features of some texts, and the weight of each.

        Raises:
            InputError: no n-gram occurs in enough of the texts.
        """
        self._learn(self._ngrams.count(texts))
        return self

    def fit_transform(self, texts: Sequence[str], y: object = None) -> csr_matrix:
        """Find the features, and return the texts as rows of them, float32 (n, m)."""
        counts = self._ngrams.count(texts)
        self._learn(counts)
        return self._weighted(counts)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return the texts as rows of the known features, float32 (n, m).

        Raises:
            AttributeError: the vectorizer is not fitted.
        """
        return self._weighted(self._ngrams.count(texts))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name; deep changes nothing: none is nested."""
        return {
            parameter.name: getattr(self, parameter.name)
            for parameter in fields(self)
            if parameter.init
        }

    def set_params(self, **params: Any) -> Self:
        """Change some of the constructor's arguments.

        Raises:
            ValueError: there is no such argument.
        """
        names = self.get_params().keys()
        for name, value in params.items():
            if name not in names:
                raise ValueError(f"no parameter {name!r}; there are {', '.join(names)}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        # scikit-learn alone asks, so it is loaded; the types of its tags are its own.
        tags: Any = sys.modules["sklearn.utils"]
        return tags.Tags(
            estimator_type=None,
            target_tags=tags.TargetTags(required=False),
            transformer_tags=tags.TransformerTags(),
            input_tags=tags.InputTags(string=True, two_d_array=False),
        )

    @property
    def _ngrams(self) -> Ngrams:
        return Ngrams(self.buckets, self.char_ngrams, self.word_ngrams)

    def _learn(self, counts: Counts) -> None:
        documents = np.bincount(counts.buckets, minlength=1 << self.buckets)
        self.features_ = np.flatnonzero(documents >= self.min_documents)
        if len(self.features_) == 0:
            raise InputError(
                f"no n-gram occurs in {self.min_documents} articles. Lower min_documents."
            )
        texts = len(counts.starts) - 1
        rarity = (1 + texts) / (1 + documents[self.features_])
        self.idf_ = (np.log(rarity) + 1).astype(np.float32)

    def _weighted(self, counts: Counts) -> csr_matrix:
        """Return the rows, written over the counts: memory is the limit for many texts."""
        column_of: NDArray[Any] = np.full(1 << self.buckets, -1, np.int32)
        column_of[self.features_] = np.arange(len(self.features_), dtype=np.int32)
        columns, values, starts = counts.buckets, counts.counts, np.zeros_like(counts.starts)
        for n, (begin, end) in enumerate(itertools.pairwise(counts.starts)):
            row = column_of[columns[begin:end]]
            learned = np.flatnonzero(row >= 0)
            weights = sublinear(values[begin:end][learned]) * self.idf_[row[learned]]
            target = slice(starts[n], starts[n] + len(learned))
            columns[target], values[target] = row[learned], unit(weights)
            starts[n + 1] = target.stop
        size = int(starts[-1])
        rows = values[:size], columns[:size], starts
        return csr_matrix(rows, shape=(len(starts) - 1, len(self.features_)))
