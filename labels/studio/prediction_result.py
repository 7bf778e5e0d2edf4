"""A run's prediction as Label Studio stores it, checked in both directions. Pure."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal

from labels.server.answers import as_object, typed
from labels.studio.tasks import read_result, to_result
from seeds.base.errors import InputError

_RUN_NAME = re.compile(r"\d{8}-\d{6}-[a-z]+-[0-9a-f]{8}[a-z0-9._-]*")  # given by `classify train`
_DIGITS = 6  # of a score; an answer over HTTP has as many


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The categories that a page shows ticked before anyone has looked.

    Attributes:
        categories: their ids, most probable first.
        confidence: chance that all category decisions are right, in [0, 1]. Label Studio's
            uncertainty sampling takes the lowest first.
        run: the name of the run that predicts them.
    """

    categories: tuple[str, ...]
    confidence: float
    run: str

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:  # nor NaN
            raise InputError(f"a score of {self.confidence}, which must be in 0 to 1")
        if len(set(self.categories)) < len(self.categories):
            raise InputError("a category is listed twice")
        if not self.run:
            raise InputError("no run is named")


def is_run_name(version: str) -> bool:
    """Tell whether a model version names a run, even one deleted since."""
    return _RUN_NAME.fullmatch(version) is not None


def suggest(
    run: str,
    categories: Sequence[str],
    probabilities: Mapping[str, float],
    choice: Literal["multiple", "single"],
) -> Suggestion:
    """Return the suggestion that follows from a prediction.

    For multiple choice the confidence is the product of each decision's chance to be right, as
    in `training.decision.Rule.certainty`; for single choice, the probability of the category.

    Args:
        run: its name.
        categories: the ids predicted, most probable first.
        probabilities: of every category of the run.
        choice: of the run's taxonomy.
    """
    if choice == "single":
        confidence = max(probabilities.values(), default=0.0)
    else:
        predicted = set(categories)
        confidence = math.prod(
            p if name in predicted else 1 - p for name, p in probabilities.items()
        )
    return Suggestion(tuple(categories), round(min(1.0, confidence), _DIGITS), run)


def to_prediction(suggestion: Suggestion, categories: Set[str]) -> dict[str, Any]:
    """Return a suggestion as Label Studio stores it.

    Args:
        suggestion: what to send.
        categories: those of the labelling interface; others are left out, for Label Studio would
            drop the entire prediction without a word.
    """
    return {
        "model_version": suggestion.run,
        "score": suggestion.confidence,
        "result": to_result(name for name in suggestion.categories if name in categories),
    }


def read_prediction(prediction: Mapping[str, Any], categories: Set[str]) -> Suggestion:
    """Return the suggestion in a prediction of Label Studio.

    Args:
        prediction: as the server has it.
        categories: those of the labelling interface.

    Raises:
        InputError: it is none of ours, or was changed: an unknown control or category, a score
            that is no probability.
    """
    choices, comment = read_result(prediction.get("result"))
    if comment:
        raise InputError("a comment, which no run makes")
    if unknown := sorted(set(choices) - categories):
        raise InputError(f"category {unknown[0]!r} is not in the labelling interface")
    score = typed(prediction.get("score"), float, "score")
    run = typed(prediction.get("model_version"), str, "model_version")
    return Suggestion(tuple(choices), float(score), run)


def read_shown(
    annotation: Mapping[str, Any], predictions: Iterable[Any]
) -> tuple[str, tuple[str, ...]]:
    """Return the model version and the categories of the suggestion an annotation began with.

    ("", ()) if it began with none, or if the server no longer has it.

    Args:
        annotation: as Label Studio has it; nothing of it may be taken for granted.
        predictions: those of its task.
    """
    parent = annotation.get("parent_prediction")
    records = [record for record in map(as_object, predictions) if record]
    shown = next((record for record in records if parent and record.get("id") == parent), None)
    if not shown:
        return "", ()
    version = shown.get("model_version")
    try:
        categories, _ = read_result(shown.get("result"))
    except InputError:
        return "", ()
    return (version if isinstance(version, str) and version else "unknown"), tuple(categories)
