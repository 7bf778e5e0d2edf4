"""Apply a fitted scaling and its thresholds: scores become Predictions."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from seeds.base.errors import InputError
from training.arrays import BoolArray, Float32Array, Float64Array

Decision = Literal["accepted", "needs review", "none"]
_NAMED = 12  # categories left out that a line names


@dataclass(frozen=True, slots=True)
class Scaling:
    """From raw scores to calibrated log-odds: slope · score + offset, a line per category."""

    slopes: tuple[float, ...]
    offsets: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.slopes) != len(self.offsets):
            raise InputError("slopes and offsets differ in number")
        if not np.isfinite((*self.slopes, *self.offsets)).all():
            raise InputError("slopes and offsets must be finite")

    def apply(self, scores: Float32Array) -> Float32Array:
        """Return calibrated log-odds, float32 (n, k)."""
        lines = scores.astype(np.float64) * np.array(self.slopes) + np.array(self.offsets)
        return np.asarray(lines, np.float32)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted categories of one article.

    Attributes:
        categories: the ids predicted, most probable first.
        probabilities: every category id with its calibrated probability, in [0, 1].
        decision: "accepted"; "needs review": a person should check it; "none": surely no category,
            which a run that left categories out never says.
    """

    categories: tuple[str, ...]
    probabilities: dict[str, float]
    decision: Decision

    @property
    def shown(self) -> dict[str, float]:
        """The probabilities worth showing: of predicted categories, and others from 10 %."""
        ranked = sorted(self.probabilities.items(), key=lambda item: -item[1])
        return {name: p for name, p in ranked if name in self.categories or p >= 0.1}


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule from calibrated scores to decisions; fitted on articles the model did not see.

    Attributes:
        choice: "multiple": each category on its own; "single": exactly one.
        categories: the ids in score order.
        thresholds: a category is predicted from this probability on; unused for single choice.
        review_below: an article needs review when the probability that all of its category
            decisions are right is below this; above 1, every article does.
        left_out: ids of categories that articles have but that were not learned. With any, an
            article without a predicted category may have one of those, so it needs review.
    """

    choice: Literal["multiple", "single"]
    categories: tuple[str, ...]
    thresholds: tuple[float, ...]
    review_below: float
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.categories) != len(self.thresholds) or not self.categories:
            raise InputError("categories and thresholds differ in number")
        if not np.isfinite((*self.thresholds, self.review_below)).all():
            raise InputError("thresholds must be finite")

    def record(self) -> dict[str, Any]:
        """Return the rule as a JSON object; without a category left out, as earlier versions do."""
        record = asdict(self)
        if not self.left_out:
            del record["left_out"]
        return record

    @property
    def caveat(self) -> str:
        """What follows from the categories left out, in words; "" if none were."""
        if not self.left_out:
            return ""
        rest = len(self.left_out) - _NAMED
        names = ", ".join(self.left_out[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
        follows = (
            "an article of these always gets another category"
            if self.choice == "single"
            else "an article without a predicted category may have one of these, so it needs review"
        )
        return f"does not know {names} (left out of training): {follows}"

    def probabilities(self, scores: Float32Array) -> Float64Array:
        """Return probabilities, float64 (n, k), of calibrated log-odds (n, k)."""
        logits = scores.astype(np.float64)
        return softmax(logits) if self.choice == "single" else sigmoid(logits)

    def select(self, probabilities: Float64Array) -> BoolArray:
        """Return True for the predicted categories, bool (n, k)."""
        if self.choice == "single":
            best = probabilities.argmax(axis=1)
            return np.asarray(np.arange(len(self.categories)) == best[:, None])
        return np.asarray(probabilities >= np.array(self.thresholds))

    def certainty(self, probabilities: Float64Array) -> Float64Array:
        """Return the chance that all category decisions of an article are right, (n,).

        For multiple choice, the product over categories, which are taken as independent given the
        article; 0 without a predicted category if categories were left out.
        """
        if self.choice == "single":
            return np.asarray(probabilities.max(axis=1))
        predicted = self.select(probabilities)
        chances = np.where(predicted, probabilities, 1 - probabilities).prod(axis=1)
        if self.left_out:
            chances[~predicted.any(axis=1)] = 0
        return np.asarray(chances)

    def predictions(self, scores: Float32Array) -> list[Prediction]:
        """Return one Prediction per article from scores (n, k)."""
        probabilities = self.probabilities(scores)
        predicted, certainty = self.select(probabilities), self.certainty(probabilities)
        return [
            self._prediction(
                probabilities[n], predicted[n], bool(certainty[n] >= self.review_below)
            )
            for n in range(len(scores))
        ]

    def _prediction(
        self, probabilities: Float64Array, predicted: BoolArray, certain: bool
    ) -> Prediction:
        ranked = sorted(np.flatnonzero(predicted), key=lambda n: -probabilities[n])
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


def sigmoid(logits: Float64Array) -> Float64Array:
    """Return 1 / (1 + e^-x) without overflow."""
    decay = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1 / (1 + decay), decay / (1 + decay))


def softmax(logits: Float64Array) -> Float64Array:
    """Return probabilities that sum to 1 along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
