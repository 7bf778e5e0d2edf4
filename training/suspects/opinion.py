"""The opinion of models on labels that they did not learn from."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labels.dataset import Dataset
from training.arrays import BoolArray, Float64Array
from training.calibration import RuleTargets, fit_rule
from training.model import Fitting
from training.out_of_fold import score_out_of_fold
from training.recipe import Recipe
from training.train import drop_unlearnable


@dataclass(frozen=True, slots=True)
class Opinion:
    """What models say of articles they did not learn from.

    Attributes:
        probabilities: float (n, k), in the order of the dataset's articles and taxonomy; NaN where
            no model was asked.
        predicted: bool (n, k), the categories that the models select; False where none was asked.
    """

    probabilities: Float64Array
    predicted: BoolArray

    @classmethod
    def nothing(cls, dataset: Dataset) -> "Opinion":
        """Return the opinion of no model, to be filled."""
        shape = len(dataset.examples), len(dataset.taxonomy.ids)
        return cls(np.full(shape, np.nan), np.zeros(shape, np.bool_))

    @property
    def asked(self) -> BoolArray:
        """Where a model was asked, bool (n, k)."""
        return ~np.isnan(self.probabilities)


def ask_folds(
    dataset: Dataset, kind: str, recipe: Recipe, settings: Any, fitting: Fitting
) -> Opinion:
    """Let models of other folds judge every article that has a category with enough articles.

    Raises:
        InputError: there are too few labels to learn from; says what is missing.
    """
    usable, _ = drop_unlearnable(dataset, recipe)
    everything = replace(recipe, calibrate_on=len(usable.examples))
    folds = score_out_of_fold(usable, kind, everything, settings, fitting)
    held_out = usable.subset(folds.positions)
    targets = RuleTargets(usable.taxonomy.choice, recipe.max_risk)
    scaling, rule = fit_rule(folds.scores, held_out.gold, folds.folds, usable.taxonomy.ids, targets)
    probabilities = rule.probabilities(scaling.apply(folds.scores))
    position_of = {example.document.id: n for n, example in enumerate(dataset.examples)}
    rows = [position_of[example.document.id] for example in held_out.examples]
    cells = np.ix_(rows, [dataset.taxonomy.places[name] for name in usable.taxonomy.ids])
    opinion = Opinion.nothing(dataset)
    opinion.probabilities[cells] = probabilities
    opinion.predicted[cells] = rule.select(probabilities)
    return opinion
