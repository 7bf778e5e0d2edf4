"""A training recipe: configs/KIND.toml, read strictly."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from seeds.base.errors import InputError
from seeds.base.settings import parse, read_table, workspace_config
from training.models import model_class


@dataclass(frozen=True, slots=True)
class Recipe:
    """The training settings that all kinds share; configs/tfidf.toml explains each key."""

    seed: int = 1
    folds: int = 5
    calibrate_on: int = 1500
    test: float = 0.2
    split: Literal["stratified", "date"] = "stratified"
    max_risk: float = 0.1
    precision: float = 0.0
    min_examples: int = 4
    curve_repeats: int = 3
    curve_most: int = 5000

    def __post_init__(self) -> None:
        faults = []
        if self.seed < 0:
            faults.append(f"seed must be 0 or more, found {self.seed}")
        if self.folds < 2:
            faults.append(f"folds must be 2 or more, found {self.folds}")
        if self.calibrate_on < 1:
            faults.append(f"calibrate_on must be 1 or more, found {self.calibrate_on}")
        if not 0 <= self.test <= 0.9:
            faults.append(f"test must be from 0 to 0.9, found {self.test}")
        if not 0 < self.max_risk < 1:
            faults.append(f"max_risk must be between 0 and 1, found {self.max_risk}")
        if not 0 <= self.precision < 1:
            faults.append(f"precision must be from 0 to below 1, found {self.precision}")
        if self.min_examples < 2:
            faults.append(f"min_examples must be 2 or more, found {self.min_examples}")
        if self.curve_repeats < 0:
            faults.append(f"curve_repeats must be 0 or more, found {self.curve_repeats}")
        if self.curve_most < 1:
            faults.append(f"curve_most must be 1 or more, found {self.curve_most}")
        if faults:
            raise InputError("; ".join(faults))

    def wants_curve(self, articles: int) -> bool:
        """Return True if the recipe wants a learning curve for so many articles."""
        return self.curve_repeats > 0 and articles <= self.curve_most


def read_recipe(path: Path, kind: str) -> tuple[Recipe, Any]:
    """Read a recipe file, or a run's recipe.json, and the settings of its [model] table.

    Raises:
        InputError: an unknown key, a wrong type or a value out of range; all named at once.
    """
    table = read_table(path)
    model_table = table.pop("model", {})
    parsed: list[Any] = []
    faults = []
    parts = (
        (table, Recipe, str(path)),
        (model_table, model_class(kind).settings, f"{path} [model]"),
    )
    for values, target, where in parts:
        try:
            parsed.append(parse(values, target, where))
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError(" ".join(faults))
    return parsed[0], parsed[1]


def default_recipe(workspace: Path, kind: str) -> Path:
    """Return the path of the workspace's own recipe of a kind, else of the shipped one."""
    return workspace_config(workspace, f"{kind}.toml")
