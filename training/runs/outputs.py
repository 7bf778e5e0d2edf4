"""How the outputs of a run are read once its categories have other ids: runs/categories.json.

A run itself never changes. Merged outputs are joined as independent causes: the new category holds
unless none of its parts does, 1 - (1 - a)(1 - b), as a rule's certainty takes them; for single
choice, where they exclude each other, a + b.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from labels.taxonomy import Category, Taxonomy
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import write_text
from training.arrays import Float32Array, Float64Array
from training.decision import Rule
from training.model import Model, Shares

RUN_NAMES = "categories.json"  # beside the runs
_REMEDY = "Restore it from a copy."


@dataclass(frozen=True, slots=True)
class Renamed:
    """What an output of a run is read as. output: its id in the run; id: now, "" if it ended."""

    output: str
    id: str


@dataclass(frozen=True, slots=True)
class Outputs:
    """How the outputs of one run are read.

    Attributes:
        renamed: the outputs that are read as another category, or as none.
        left_out: ids of categories that articles have and the run can't know.
        categories: the new ones, with their names.
    """

    renamed: tuple[Renamed, ...] = ()
    left_out: tuple[str, ...] = ()
    categories: tuple[Category, ...] = field(default=())

    @property
    def names(self) -> dict[str, str]:
        """The id that each renamed output is read as, "" if its category ended."""
        return {entry.output: entry.id for entry in self.renamed}


def read_outputs(runs: Path) -> dict[str, Outputs]:
    """Return how the outputs of each run in a folder are read; a run without an entry, as it says.

    Raises:
        InputError: categories.json is not what it must be.
    """
    path = runs / RUN_NAMES
    record = read_optional_object(path, _REMEDY) or {}
    return {name: parse(entry, Outputs, f"{path}: {name}") for name, entry in record.items()}


def copy_outputs(runs: Path, source: str, target: str) -> None:
    """Read the outputs of a run that was made from another one as that one's are read."""
    record = read_optional_object(runs / RUN_NAMES, _REMEDY) or {}
    if source in record:
        changed = {**record, target: record[source]}
        write_text(runs / RUN_NAMES, json.dumps(changed, ensure_ascii=False, indent=2) + "\n")


def read_as(
    outputs: Outputs, taxonomy: Taxonomy, rule: Rule, model: Model
) -> tuple[Taxonomy, Rule, Model]:
    """Return a run's taxonomy, rule and model under the ids that its categories have now.

    A category of several outputs is predicted from the lowest of their thresholds on, so that no
    article loses a category that it had.
    """
    names = outputs.names
    places: dict[str, list[int]] = {}
    for place, output in enumerate(taxonomy.ids):
        if name := names.get(output, output):
            places.setdefault(name, []).append(place)
    if not places:
        return taxonomy, rule, model
    known = {category.id: category for category in (*taxonomy.categories, *outputs.categories)}
    categories = tuple(known[name] for name in places)
    groups = tuple(map(tuple, places.values()))
    return (
        replace(taxonomy, categories=categories),
        replace(
            rule,
            categories=tuple(places),
            thresholds=tuple(min(rule.thresholds[n] for n in group) for group in groups),
            left_out=tuple(dict.fromkeys((*rule.left_out, *outputs.left_out))),
        ),
        cast("Model", JoinedModel(model, groups, single=rule.choice == "single")),
    )


class JoinedModel:
    """A model of which some outputs are joined or left out; all else is that model's."""

    def __init__(self, original: Model, groups: Sequence[tuple[int, ...]], *, single: bool) -> None:
        self.original = original
        self._groups = groups
        self._single = single

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def scores(self, texts: Sequence[str]) -> Float32Array:
        """Return log-odds, float32 (n, k), of the categories as they are read."""
        scores = self.original.scores(texts).astype(np.float64)
        columns = [self._join(scores[:, group]) for group in self._groups]
        return np.stack(columns, axis=1).astype(np.float32)

    def contributions(self, text: str, starts: Sequence[int]) -> Shares | None:
        """Return what each part of a text adds; None where outputs are joined: it is no sum."""
        shares = self.original.contributions(text, starts)
        if shares is None or any(len(group) > 1 for group in self._groups):
            return None
        columns = [group[0] for group in self._groups]
        return Shares(shares.biases[columns], shares.parts[:, columns])

    def _join(self, scores: Float64Array) -> Float64Array:
        """Return the log-odds that any of the outputs (n, k) holds, (n,)."""
        if scores.shape[1] == 1:
            return scores[:, 0]
        if self._single:
            return np.asarray(np.logaddexp.reduce(scores, axis=1))
        none = np.logaddexp(0, scores).sum(axis=1)  # -log of the chance that none holds
        return np.asarray(none + np.log(-np.expm1(-none)))


def original_of(model: Model) -> Model:
    """Return the model as it was trained."""
    return model.original if isinstance(model, JoinedModel) else model
