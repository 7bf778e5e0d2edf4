"""What the labels there are say about articles that have none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labels.dataset import Dataset
from training.arrays import Float64Array, IntArray
from training.decision import sigmoid, softmax
from training.model import Fitting
from training.models.tfidf.model import Tfidf, TfidfSettings


@dataclass(frozen=True, slots=True)
class Guesses:
    """Probabilities of the categories that can be learned, for n articles.

    Attributes:
        names: ids of the k categories.
        probabilities: (n, k).
        labels: articles of each category that were learned from, (k,).
        single: whether exactly one category holds.
    """

    names: tuple[str, ...]
    probabilities: Float64Array
    labels: IntArray
    single: bool

    @property
    def doubts(self) -> Float64Array:
        """How unsure each category of each article is, (n, k), in [0, 1].

        For multiple choice it is how near its probability is to one half. For single choice it is
        its probability times how little the most probable category leads over the next.
        """
        if not self.single:
            return 1 - np.abs(2 * self.probabilities - 1)
        two = np.sort(self.probabilities, axis=1)[:, -2:]
        return np.asarray(self.probabilities * (1 - two[:, 1:] + two[:, :1]))

    @property
    def worth(self) -> Float64Array:
        """What it is worth to know each article, (n,): doubts of rare categories count more."""
        return np.asarray(self.doubts @ (1 / np.sqrt(1 + self.labels)))


def guess(dataset: Dataset, texts: Sequence[str]) -> Guesses | None:
    """Learn from a dataset, and guess the categories of other articles.

    Returns:
        None if the labels teach no category yet: none, or no difference.
    """
    gold = dataset.gold
    positives = gold.sum(axis=0)
    learnable = (positives > 0) & ((dataset.known & ~gold).any(axis=0))
    pairs = zip(dataset.taxonomy.ids, learnable.tolist(), strict=True)
    names = tuple(name for name, ok in pairs if ok)
    single = dataset.taxonomy.choice == "single"
    if len(names) < (2 if single else 1):
        return None
    model = Tfidf.fit(dataset.restrict(names), TfidfSettings(), Fitting())
    scores = model.scores(texts).astype(np.float64)
    probabilities = softmax(scores) if single else sigmoid(scores)
    return Guesses(names, np.asarray(probabilities), positives[learnable], single)
