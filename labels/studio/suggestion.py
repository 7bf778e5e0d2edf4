"""What a model says of an article <-> a prediction of Label Studio, checked on both ways. Pure."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal

from labels.studio import tasks
from labels.studio.interface import CONTROL
from seeds.base.errors import InputError

_DIGITS = 6  # of a score; an answer over HTTP has as many


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The categories that a page shows ticked before anyone has looked.

    Attributes:
        categories: their ids, most probable first.
        confidence: chance that all category decisions are right, in [0, 1]. Label Studio's
            uncertainty sampling takes the lowest first.
        run: the name of the run that says so.
    """

    categories: tuple[str, ...]
    confidence: float
    run: str

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:  # nor NaN
            raise InputError(f"a score of {self.confidence}, which must be in 0 to 1")
        if len(set(self.categories)) < len(self.categories):
            raise InputError("a category is given twice")
        if not self.run:
            raise InputError("no run is named")


def suggested(
    run: str,
    categories: Sequence[str],
    probabilities: Mapping[str, float],
    choice: Literal["multiple", "single"],
) -> Suggestion:
    """The suggestion that follows from a prediction.

    For multiple choice the confidence is the product of each decision's chance to be right, as
    in `training.decision.Rule.certainty`; for single choice, the chance of the category given.

    Args:
        run: its name.
        categories: the ids that hold, most probable first.
        probabilities: of every category of the run.
        choice: of the run's taxonomy.
    """
    if choice == "single":
        confidence = max(probabilities.values(), default=0.0)
    else:
        held = set(categories)
        confidence = math.prod(p if name in held else 1 - p for name, p in probabilities.items())
    return Suggestion(tuple(categories), round(min(1.0, confidence), _DIGITS), run)


def prediction(suggestion: Suggestion, known: Set[str]) -> dict[str, Any]:
    """Label Studio's form of a suggestion.

    Args:
        suggestion: what to send.
        known: the categories of the labelling interface; others are left out, for Label Studio
            would drop the whole prediction without a word.
    """
    return {
        "model_version": suggestion.run,
        "score": suggestion.confidence,
        "result": tasks.result(name for name in suggestion.categories if name in known),
    }


def read_prediction(found: Mapping[str, Any], known: Set[str]) -> Suggestion:
    """The suggestion that a prediction of Label Studio holds.

    Raises:
        InputError: it is none of ours, or was changed: an unknown control or category, a score
            that is no chance.
    """
    chosen: list[str] = []
    for region in found.get("result") or []:
        if region.get("from_name") != CONTROL:
            raise InputError(f"a result of {region.get('from_name')!r}, not of {CONTROL!r}")
        chosen += [str(each) for each in (region.get("value") or {}).get("choices") or []]
    if unknown := sorted(set(chosen) - known):
        raise InputError(f"category {unknown[0]!r} is not in the labelling interface")
    score = found.get("score")
    if not isinstance(score, int | float) or isinstance(score, bool):
        raise InputError(f"a score of {score!r}, which must be a number")
    return Suggestion(tuple(chosen), float(score), str(found.get("model_version") or ""))
