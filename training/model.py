"""What a model is, and the one place where its scores become a Prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from seeds.errors import InputError

if TYPE_CHECKING:
    from labels.dataset import Dataset

Floats = NDArray[np.float32]
Decision = Literal["accepted", "needs review", "none"]


class Model(Protocol):
    """A kind of model. `fit` may import what `scores` may not: learning and using are apart."""

    kind: ClassVar[str]
    settings: ClassVar[type[Any]]  # a frozen dataclass, read from the recipe's [model] table
    packages: ClassVar[tuple[str, ...]]  # whose versions a run records

    @classmethod
    def fit(cls, dataset: "Dataset", settings: Any, *, seed: int) -> Self:
        """Learn from a dataset; each of its taxonomy's categories has examples for and against."""
        ...

    def scores(self, texts: Sequence[str]) -> Floats:
        """Uncalibrated log-odds, float32 (n, k), in the order of the training categories."""
        ...

    def save(self, directory: Path) -> None:
        """Write safetensors and JSON into an existing folder."""
        ...

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote; InputError if shapes or values are not what they must be."""
        ...


@dataclass(frozen=True, slots=True)
class Prediction:
    """The categories of one article.

    Attributes:
        categories: the ids that hold, most probable first.
        probabilities: every category id with its calibrated probability, in [0, 1].
        decision: "accepted"; "needs review": a person should look; "none": surely no category.
    """

    categories: tuple[str, ...]
    probabilities: dict[str, float]
    decision: Decision

    @property
    def shown(self) -> dict[str, float]:
        """The probabilities worth showing: of what holds, and of what came near (10 % and more)."""
        ranked = sorted(self.probabilities.items(), key=lambda item: -item[1])
        return {name: p for name, p in ranked if name in self.categories or p >= 0.1}


@dataclass(frozen=True, slots=True)
class Rule:
    """How scores become probabilities and a decision; fitted on articles the model did not see.

    Attributes:
        choice: "multiple": each category on its own; "single": exactly one.
        categories: the ids in score order.
        slopes, offsets: a category's probability is sigmoid(slope · score + offset); for single
            choice, softmax(slope · scores + offset) over all.
        thresholds: a category holds from this probability on; unused for single choice.
        review_below: an article goes to a person when all of its category decisions are right with
            a smaller probability than this.
    """

    choice: Literal["multiple", "single"]
    categories: tuple[str, ...]
    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    thresholds: tuple[float, ...]
    review_below: float

    def __post_init__(self) -> None:
        sizes = {len(self.categories), len(self.slopes), len(self.offsets), len(self.thresholds)}
        if sizes != {len(self.categories)} or not self.categories:
            raise InputError("categories, slopes, offsets and thresholds differ in number")
        numbers = (*self.slopes, *self.offsets, *self.thresholds, self.review_below)
        if not np.isfinite(numbers).all():
            raise InputError("slopes, offsets and thresholds must be finite")

    def probabilities(self, scores: Floats) -> NDArray[np.float64]:
        """Calibrated probabilities, float64 (n, k), of scores (n, k)."""
        logits = scores.astype(np.float64) * self.slopes + np.array(self.offsets)
        if self.choice == "single":
            return softmax(logits)
        return sigmoid(logits)

    def holds(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which categories hold, bool (n, k)."""
        if self.choice == "single":
            best = probabilities.argmax(axis=1)
            return np.asarray(np.arange(len(self.categories)) == best[:, None])
        return np.asarray(probabilities >= np.array(self.thresholds))

    def certainty(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Chance that all category decisions of an article are right, (n,).

        For multiple choice their product: given the article, categories are taken as independent.
        """
        if self.choice == "single":
            return np.asarray(probabilities.max(axis=1))
        held = self.holds(probabilities)
        return np.asarray(np.where(held, probabilities, 1 - probabilities).prod(axis=1))

    def predictions(self, scores: Floats) -> list[Prediction]:
        """One Prediction an article from scores (n, k)."""
        probabilities = self.probabilities(scores)
        held, certainty = self.holds(probabilities), self.certainty(probabilities)
        return [
            self._prediction(probabilities[n], held[n], bool(certainty[n] >= self.review_below))
            for n in range(len(scores))
        ]

    def _prediction(
        self, probabilities: NDArray[np.float64], held: NDArray[np.bool_], certain: bool
    ) -> Prediction:
        ranked = sorted(np.flatnonzero(held), key=lambda n: -probabilities[n])
        decision: Decision = "needs review"
        if certain:
            decision = "accepted" if ranked else "none"
        return Prediction(
            categories=tuple(self.categories[n] for n in ranked),
            probabilities={
                name: float(p) for name, p in zip(self.categories, probabilities, strict=True)
            },
            decision=decision,
        )


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^-x) without overflow."""
    decay = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1 / (1 + decay), decay / (1 + decay))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities that sum to 1 along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
