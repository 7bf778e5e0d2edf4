"""A trained run in memory, before it is saved."""

from dataclasses import dataclass
from typing import Any

from training.decision import Rule
from training.evaluation import metrics
from training.model import Model
from training.runs.facts import RunFacts
from training.split import Parts


@dataclass(frozen=True, slots=True)
class Trained:
    """A run in memory, ready for `training.runs.run.save_run`."""

    name: str
    model: Model
    rule: Rule
    evaluation: metrics.Evaluation
    facts: RunFacts
    files: dict[str, Any]  # file name -> text, or what becomes JSON
    parts: Parts | None  # to be frozen; None: measured out of fold
