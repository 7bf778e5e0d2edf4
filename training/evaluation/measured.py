"""The articles a run was measured on, with its predictions."""

from dataclasses import dataclass

import numpy as np

from labels.dataset import Dataset
from training.arrays import BoolArray, Float64Array
from training.evaluation.curves import Reliability, reliability


@dataclass(frozen=True, slots=True)
class Measured:
    """The articles a run was measured on, with what it said of them.

    Attributes:
        dataset: n examples with k categories.
        probabilities: (n, k), calibrated, in the order of the dataset's taxonomy.
        held: (n, k), the categories the rule gave.
        certainty: (n,), the chance that all of an article's category decisions are right.
    """

    dataset: Dataset
    probabilities: Float64Array
    held: BoolArray
    certainty: Float64Array

    @property
    def gold(self) -> BoolArray:
        """Which categories each article has, (n, k)."""
        return self.dataset.gold

    @property
    def right(self) -> BoolArray:
        """Which articles got exactly the right categories, (n,)."""
        return np.asarray((self.held == self.gold).all(axis=1))

    @property
    def reliability(self) -> Reliability:
        """Of each category's probability; for single choice, of the category given."""
        if self.dataset.taxonomy.choice == "single":
            return reliability(self.probabilities.max(axis=1), self.right)
        return reliability(self.probabilities.ravel(), self.gold.ravel())
