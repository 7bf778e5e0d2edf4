"""The articles a run was measured on, with its predictions."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from labels.dataset import Dataset
from training.arrays import BoolArray, Float32Array, Float64Array
from training.decision import Rule
from training.evaluation.curves import CoverageRisk, Reliability, coverage_risk, reliability
from training.evaluation.metrics import Evaluation, evaluate


def describe_unmeasured(articles: int, names: Iterable[str], who: str = "the run") -> str:
    """Say how many articles can't be measured, since they have only categories left out.

    names: of those categories; who: does not know them.
    """
    plural = "" if articles == 1 else "s"
    return (
        f"not measured: {articles:,} article{plural} only of categories {who} does not know "
        f"({', '.join(names)})"
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """The articles a run was measured on, with its predictions.

    Attributes:
        dataset: n examples with k categories.
        probabilities: (n, k), calibrated, in the order of the dataset's taxonomy.
        predicted: (n, k), the categories that the rule selected.
        certainty: (n,), the chance that all of an article's category decisions are right.
    """

    dataset: Dataset
    probabilities: Float64Array
    predicted: BoolArray
    certainty: Float64Array

    @classmethod
    def from_scores(cls, rule: Rule, scores: Float32Array, dataset: Dataset) -> "Measured":
        """Apply a rule to the calibrated scores, (n, k), of a dataset of the same categories."""
        probabilities = rule.probabilities(scores)
        predicted, certainty = rule.select(probabilities), rule.certainty(probabilities)
        return cls(dataset, probabilities, predicted, certainty)

    @property
    def measurable(self) -> "Measured":
        """The part that can be measured: without articles of which no category is known.

        Without a prediction they would count as exactly right.
        """
        measurable = [example.is_measurable for example in self.dataset.examples]
        return self.subset(self.known.any(axis=1) & np.array(measurable, np.bool_))

    def subset(self, selected: BoolArray) -> "Measured":
        """Return the part whose articles are selected, (n,)."""
        rows = np.flatnonzero(selected)
        parts = (self.probabilities[rows], self.predicted[rows], self.certainty[rows])
        return Measured(self.dataset.subset(rows), *parts)

    @property
    def gold(self) -> BoolArray:
        """The categories each article has, (n, k)."""
        return self.dataset.gold

    @property
    def known(self) -> BoolArray:
        """The pairs of article and category that can be measured, (n, k)."""
        return self.dataset.known

    @property
    def judged(self) -> BoolArray:
        """The predicted categories that are right or wrong, (n, k): of the others nobody knows."""
        return self.predicted & self.known

    @property
    def right(self) -> BoolArray:
        """True for each article that got exactly the right categories, as far as known, (n,)."""
        return np.asarray((self.judged == self.gold).all(axis=1))

    @property
    def reliability(self) -> Reliability:
        """Predicted against observed shares of the decisions.

        They cover each category's probability; for single choice only that of the category
        predicted.
        """
        if self.dataset.taxonomy.choice == "single":
            return reliability(self.probabilities.max(axis=1), self.right)
        return reliability(self.probabilities[self.known], self.gold[self.known])

    @property
    def coverage_risk(self) -> CoverageRisk:
        """The share of errors among the accepted articles, by how many are accepted."""
        return coverage_risk(self.certainty, self.right)

    def evaluate(self, rule: Rule, seed: int) -> Evaluation:
        """Compute all figures; seed: of the bootstrap."""
        return evaluate(
            self.probabilities,
            self.predicted,
            self.gold,
            self.certainty >= rule.review_below,
            rule.categories,
            single=rule.choice == "single",
            seed=seed,
            known=self.known,
        )
