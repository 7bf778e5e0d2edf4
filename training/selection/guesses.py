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
        """How unsure each article's categories are, (n, k), in [0, 1].

        For single choice the lead of the best category over each other one counts, for multiple
        choice how far a category's probability is from one half.
        """
        if not self.single:
            return 1 - np.abs(2 * self.probabilities - 1)
        best = self.probabilities.max(axis=1, keepdims=True)
        leads = best - self.probabilities
        rows, winners = np.arange(len(leads)), self.probabilities.argmax(axis=1)
        runners_up = np.sort(self.probabilities, axis=1)[:, -2]
        leads[rows, winners] = best[:, 0] - runners_up
        return np.asarray(1 - leads)


def guess(dataset: Dataset, texts: Sequence[str]) -> Guesses | None:
    """Learn from a dataset, and guess the categories of other articles.

    Returns:
        None if the labels teach no category yet: none, or no difference.
    """
    gold = dataset.gold
    positives = gold.sum(axis=0)
    learnable = (positives > 0) & (positives < len(gold))
    pairs = zip(dataset.taxonomy.ids, learnable.tolist(), strict=True)
    names = tuple(name for name, ok in pairs if ok)
    single = dataset.taxonomy.choice == "single"
    if len(names) < (2 if single else 1):
        return None
    model = Tfidf.fit(dataset.restrict(names), TfidfSettings(), Fitting())
    scores = model.scores(texts).astype(np.float64)
    probabilities = softmax(scores) if single else sigmoid(scores)
    return Guesses(names, np.asarray(probabilities), positives[learnable], single)
