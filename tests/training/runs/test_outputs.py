"""Runs whose categories were renamed, merged or retired since: what their outputs are read as."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from labels.taxonomy import Category, Taxonomy
from training.decision import Rule
from training.model import Model, Shares
from training.runs.outputs import (
    Outputs,
    Renamed,
    copy_outputs,
    original_of,
    read_as,
    read_outputs,
)


class Fixed:
    """A model that gives every text the same log-odds."""

    def __init__(self, *chances: float) -> None:
        self.logits = [math.log(p / (1 - p)) for p in chances]

    def scores(self, texts: Sequence[str]) -> Any:
        return np.array([self.logits] * len(texts), np.float32)

    def contributions(self, _text: str, _starts: Sequence[int]) -> Shares:
        return Shares(np.array(self.logits, np.float32), np.zeros((1, len(self.logits))))


def parts(choice: Any, *chances: float) -> tuple[Taxonomy, Rule, Model]:
    names = ("a", "b", "c")
    taxonomy = Taxonomy("1", choice, tuple(Category(id=n, fr=n, en=n) for n in names))
    rule = Rule(choice, names, (0.5, 0.3, 0.4), 0.9)
    return taxonomy, rule, cast("Model", Fixed(*chances))


def outputs(*renamed: tuple[str, str], left_out: tuple[str, ...] = ()) -> Outputs:
    new = tuple(Category(id=name, fr=name, en=name) for _, name in renamed if name)
    entries = tuple(Renamed(output, name) for output, name in renamed)
    return Outputs(entries, left_out, tuple(dict.fromkeys(new)))


def test_merged_outputs_hold_unless_none_of_them_does() -> None:
    merged = outputs(("a", "arts"), ("b", "arts"))
    taxonomy, rule, model = read_as(merged, *parts("multiple", 0.2, 0.4, 0.6))
    assert taxonomy.ids == rule.categories == ("arts", "c")
    assert rule.thresholds == (0.3, 0.4), "the lowest: no article loses a category it had"
    (prediction,) = rule.predictions(model.scores(["x"]))
    assert prediction.probabilities["arts"] == pytest.approx(1 - 0.8 * 0.6, abs=1e-6)
    assert prediction.probabilities["c"] == pytest.approx(0.6, abs=1e-6)
    assert set(prediction.categories) == {"arts", "c"}


def test_very_sure_outputs_stay_finite() -> None:
    merged = outputs(("a", "arts"), ("b", "arts"))
    for chance in (1e-12, 1 - 1e-12):
        _, _, model = read_as(merged, *parts("multiple", chance, chance, 0.5))
        assert np.isfinite(model.scores(["x"])).all()


def test_merged_outputs_of_a_single_choice_exclude_each_other() -> None:
    names, rule, model = read_as(
        outputs(("a", "arts"), ("b", "arts")), *parts("single", 0.5, 0.5, 0.5)
    )
    (prediction,) = rule.predictions(model.scores(["x"]))
    assert names.ids == ("arts", "c")
    assert prediction.probabilities == pytest.approx({"arts": 2 / 3, "c": 1 / 3}, abs=1e-6)


def test_an_output_is_renamed_and_one_that_ended_is_left_out() -> None:
    read = outputs(("a", "film"), ("b", ""), left_out=("stage",))
    taxonomy, rule, model = read_as(read, *parts("multiple", 0.2, 0.4, 0.6))
    assert taxonomy.ids == ("film", "c")
    assert rule.thresholds == (0.5, 0.4)
    assert rule.left_out == ("stage",)
    assert model.scores(["x", "y"]).shape == (2, 2)
    shares = model.contributions("x", [0])
    assert shares is not None
    assert shares.biases == pytest.approx([math.log(0.2 / 0.8), math.log(0.6 / 0.4)], abs=1e-5)
    assert original_of(model).scores(["x"]).shape == (1, 3)


def test_what_is_joined_is_no_sum_of_parts_of_the_text() -> None:
    _, _, model = read_as(outputs(("a", "c")), *parts("multiple", 0.2, 0.4, 0.6))
    assert model.contributions("x", [0]) is None


def test_the_file_beside_the_runs_is_read_strictly(tmp_path: Path) -> None:
    assert read_outputs(tmp_path) == {}
    record = {"run": {"renamed": [{"output": "a", "id": "film"}]}}
    (tmp_path / "categories.json").write_text(json.dumps(record))
    assert read_outputs(tmp_path)["run"].names == {"a": "film"}
    copy_outputs(tmp_path, "run", "run-onnx")
    copy_outputs(tmp_path, "another", "another-onnx")
    assert read_outputs(tmp_path).keys() == {"run", "run-onnx"}
