"""A trained run in memory: what was measured of it, and what will be saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labels.agreement.figures import CategoryAgreement
from labels.dataset import Dataset
from labels.taxonomy import Taxonomy
from training.decision import Rule
from training.evaluation.assistance import UNASSISTED, Assistance
from training.evaluation.learning_curve import LearningCurve
from training.evaluation.measured import Measured
from training.evaluation.metrics import Evaluation
from training.model import Model
from training.recipe import Recipe
from training.runs.cost import Cost
from training.runs.facts import RunFacts
from training.splitting.split import Split


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a training, which its report shows.

    Attributes:
        name: the run's.
        facts: where the run comes from.
        evaluation: the figures of `measured`.
        rule: how scores become decisions.
        recipe: how it was trained.
        measured: the articles it was measured on, with its predictions.
        learned: the articles it learned from; the same categories as `measured`.
        cost: what the training took.
        curve: None where the recipe wants none, or there were too few articles for one.
        people: how far annotators agree on each category, by id; empty where that is not known.
        assistance: what annotators were shown while they labelled.
    """

    name: str
    facts: RunFacts
    evaluation: Evaluation
    rule: Rule
    recipe: Recipe
    measured: Measured
    learned: Dataset
    cost: Cost
    curve: LearningCurve | None
    people: Mapping[str, CategoryAgreement] = field(default_factory=dict)
    assistance: Assistance = UNASSISTED

    @property
    def taxonomy(self) -> Taxonomy:
        """The categories it learned, in class order."""
        return self.learned.taxonomy


@dataclass(frozen=True, slots=True)
class Trained:
    """A run in memory, ready for `training.runs.run.save_run`.

    Attributes:
        name: of its directory.
        files: file name -> text, or what becomes JSON.
        split: to be frozen; None: measured out of fold.
    """

    name: str
    model: Model
    rule: Rule
    evaluation: Evaluation
    facts: RunFacts
    files: dict[str, Any]
    split: Split | None
