"""A run -> the same run for ONNX Runtime: a directory of its own that predicts without PyTorch."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from seeds.base.errors import InputError
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import write_text
from training.evaluation.metrics import Evaluation
from training.model import Model
from training.models import model_class
from training.models.camembert.model import Camembert
from training.models.embedding import Embedding
from training.models.encoders.onnx_file import Precision, check_packages, write_onnx
from training.models.encoders.onnx_network import OnnxNetwork
from training.models.encoders.torch_network import TorchNetwork
from training.recipe import Recipe
from training.report.model_card import model_card
from training.runs.facts import RESTORE
from training.runs.run import Run, load_run, publish
from training.runtime import Runtime

_PACKAGES = ("onnx", "onnxruntime", "tokenizers")
_AGREE = 1e-3  # log-odds; float32 on both sides, so that more is a fault of the export
# Log-odds, of int8 on another processor: its float32 sums differ in the last digit, and values in
# the middle between two of 256 steps are rounded the other way. Saturated products differ by more.
_INT8_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Exported:
    """A run made from another.

    Attributes:
        path: its directory.
        gap: the largest difference to the other's scores on the golden texts, log-odds.
        before, after: figures of both on the same articles; None where none were measured.
    """

    path: Path
    gap: float
    before: Evaluation | None
    after: Evaluation | None

    @property
    def loss(self) -> float | None:
        """Macro-F1 lost, in points of 100."""
        if self.before is None or self.after is None:
            return None
        return 100 * (self.before.macro_f1.value - self.after.macro_f1.value)


def export_run(
    source: Path,
    runs: Path,
    precision: Precision,
    measure: Callable[[Run], Evaluation | None] | None = None,
) -> Exported:
    """Write the ONNX version of a run beside it; it appears whole or not at all.

    Args:
        source: the run.
        runs: the folder of runs.
        precision: "int8": about a quarter of the size and several times as fast, nearly as good.
        measure: figures of a run, over the same articles each time; None if there are none. For
            int8 alone: in float32 the figures stay as they are.

    Raises:
        InputError: the run has no network or was exported before, the new one is there already,
            a package is missing, or the disk is full.
    """
    check_packages()
    suffix = "onnx" if precision == "none" else f"onnx-{precision}"
    path = runs / f"{source.name}-{suffix}"
    if path.exists():
        raise InputError(f"{path}: is there already. Delete the folder to export anew.")
    run = load_run(source, Runtime(device="cpu", dtype="exact"))
    weights, module, cut = _network(run)
    before = measure(run) if measure else None
    golden = read_object(source / "golden.json", RESTORE)
    found: list[Exported] = []

    def fill(building: Path) -> None:
        """The run's files, its network as ONNX, and what comparing the two says."""
        _copy(source, building, weights)
        onnx = (building / weights).with_suffix(".onnx")
        write_onnx(module, onnx, precision, cut(golden["texts"]))
        made = replace(run, name=path.name, path=building, model=_loaded(run, building))
        scores = made.model.scores(golden["texts"])
        gap = float(np.abs(scores - np.array(golden["scores"], np.float32)).max(initial=0))
        if precision == "none" and not gap <= _AGREE:
            raise InputError(
                f"{source}: its ONNX version scores the golden texts up to {gap:.2g} otherwise, so "
                "it was not kept. Export with the packages of constraints.txt."
            )
        after = measure(made) if measure and before else None
        found.append(Exported(path, gap, before, after))
        tolerance = {"tolerance": _INT8_TOLERANCE} if precision == "int8" else {}
        record = {**golden, "scores": scores.tolist(), **tolerance}
        write_text(building / "golden.json", json.dumps(record, indent=2))
        _describe(made, source, found[0], precision)

    publish(path, fill)
    return found[0]


def _network(run: Run) -> tuple[str, Any, Callable[[Sequence[str]], list[list[int]]]]:
    """The file of a run's network, its PyTorch module, and what cuts texts into windows for it."""
    model = run.model
    if isinstance(model, Embedding):
        weights, network = "encoder/model.safetensors", model.encoder.network
        pieces, plan = model.encoder.pieces, model.recipe.plan
    elif isinstance(model, Camembert):
        weights, network = "model.safetensors", model.network
        pieces, plan = model.pieces, model.recipe.plan
    else:
        raise InputError(
            f"{run.name}: a {model.kind} run has no network to export, and predicts without "
            "PyTorch as it is. Export a camembert or an embedding run."
        )
    if isinstance(network, OnnxNetwork):
        raise InputError(f"{run.name}: is an ONNX run already. Export the run it was made from.")
    assert isinstance(network, TorchNetwork)
    return (
        weights,
        network.module,
        lambda texts: [each for some in pieces.windows(texts, plan) for each in some],
    )


def _copy(source: Path, building: Path, weights: str) -> None:
    """The files of a run, but for the weights that ONNX takes the place of."""
    manifest = read_object(source / "manifest.json", RESTORE)
    for name in manifest.keys() - {weights}:
        target = building / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source / name, target)


def _loaded(run: Run, building: Path) -> Model:
    return model_class(run.facts.kind).load(building, Runtime())


def _describe(made: Run, source: Path, exported: Exported, precision: Precision) -> None:
    """run.json, metrics.json and the model card of an exported run."""
    versions = (f"{name} {metadata.version(name)}" for name in _PACKAGES)
    facts = replace(
        made.facts,
        versions=tuple(dict.fromkeys((*made.facts.versions, *versions))),
        exported_from=source.name,
    )
    write_text(made.path / "run.json", json.dumps(asdict(facts), indent=2))
    card = (source / "README.md").read_text(encoding="utf-8")
    if exported.after:
        write_text(made.path / "metrics.json", json.dumps(exported.after.record(), indent=2))
        record = read_object(source / "recipe.json", RESTORE)
        record.pop("model")
        recipe = parse(record, Recipe, str(source / "recipe.json"))
        measured = replace(facts, test_articles=exported.after.articles)
        card = model_card(measured, exported.after, made.rule, made.taxonomy, recipe)
    write_text(made.path / "README.md", card + _section(source, exported, precision))


def _section(source: Path, exported: Exported, precision: Precision) -> str:
    """Write the model card's section on the export."""
    numbers = "8-bit integers" if precision == "int8" else "float32"
    lines = [
        "",
        "## Exported",
        f"Exported from the run {source.name} to ONNX in {numbers}. It predicts with ONNX Runtime, "
        f"without PyTorch. On the golden texts, its scores are within {exported.gap:.2g} of that "
        "run's (log-odds).",
    ]
    if precision == "int8":
        lines += [describe_loss(exported), "Its report.html is that of the original run."]
    return "\n".join([*lines, ""])


def describe_loss(exported: Exported) -> str:
    """Say in a sentence what int8 costs."""
    if exported.before is None or exported.after is None or exported.loss is None:
        return (
            "The cost of int8 was not measured, because there is no frozen test set: the figures "
            "are those of the original run."
        )
    before, after = exported.before.macro_f1.value, exported.after.macro_f1.value
    return (
        f"int8 costs {exported.loss:.1f} points of macro-F1 on the {exported.after.articles} "
        f"articles of the frozen test set: {before:.3f} before, {after:.3f} after."
    )
