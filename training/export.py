"""From a run to its ONNX version: a run of its own that predicts without PyTorch."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import write_text
from training.evaluation.metrics import Evaluation
from training.golden import read_golden
from training.models import model_class
from training.models.camembert.model import Camembert
from training.models.embedding import Embedding
from training.models.encoders.networks.onnx_file import Precision, check_packages, write_onnx
from training.models.encoders.networks.onnx_network import OnnxNetwork
from training.models.encoders.networks.torch_network import TorchNetwork
from training.recipe import Recipe
from training.report.model_card import model_card
from training.runs.facts import RESTORE
from training.runs.manifest import check_names
from training.runs.run import Run, load_run, publish
from training.runtime import Runtime

_PACKAGES = ("onnx", "onnxruntime", "tokenizers")
_MAX_GAP = 1e-3  # log-odds; both sides compute in float32, so more is a fault of the export
# Log-odds, of int8 on another processor: its float32 sums differ in the last digit, and values
# halfway between two of 256 steps are rounded the other way. Saturated products differ by more.
_INT8_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class ExportedRun:
    """A run made from another.

    Attributes:
        path: its directory.
        gap: the largest difference between the scores of both on the golden texts, log-odds.
        original, figures: of the original and of this run, on the same articles; None where none
            were measured.
    """

    path: Path
    gap: float
    original: Evaluation | None
    figures: Evaluation | None


def export_run(
    source: Path,
    runs: Path,
    precision: Precision,
    measure: Callable[[Run], Evaluation | None] | None = None,
) -> ExportedRun:
    """Write the ONNX version of a run beside it; it appears whole or not at all.

    Args:
        source: the run.
        runs: the folder of runs.
        precision: "int8": about a quarter of the size and several times as fast, nearly as good.
        measure: returns the figures of a run, on the same articles each time, or None if there are
            none. For int8 only: in float32 the figures stay as they are.

    Raises:
        InputError: the run has no network or was exported before, the new one exists already, a
            package is missing, or the disk is full.
    """
    check_packages()
    suffix = "onnx" if precision == "none" else f"onnx-{precision}"
    path = runs / f"{source.name}-{suffix}"
    if path.exists():
        raise InputError(f"{path}: exists already. Delete the folder to export again.")
    run = load_run(source, Runtime(device="cpu", dtype="exact"), names="trained")
    weights, module, windows_of = _network(run)
    original = measure(run) if measure else None
    golden = read_golden(source)
    results: list[ExportedRun] = []

    def fill(building: Path) -> None:
        """Write the run's files with the network as ONNX, and compare the two runs."""
        _copy_files(source, building, weights)
        onnx = (building / weights).with_suffix(".onnx")
        write_onnx(module, onnx, precision, windows_of(golden.texts))
        model = model_class(run.facts.kind).load(building, Runtime())
        onnx_run = replace(run, name=path.name, path=building, model=model)
        scores = model.scores(golden.texts)
        gap = golden.gap(scores)
        if precision == "none" and not gap <= _MAX_GAP:
            raise InputError(
                f"{source}: the ONNX version was not saved, because its scores of the golden texts "
                f"differ by up to {gap:.2g}. Install the packages of constraints.txt, then export "
                "again."
            )
        figures = measure(onnx_run) if measure and original else None
        results.append(ExportedRun(path, gap, original, figures))
        tolerance = {"tolerance": _INT8_TOLERANCE} if precision == "int8" else {}
        record = {"texts": golden.texts, "scores": scores.tolist(), **tolerance}
        write_text(building / "golden.json", json.dumps(record, indent=2))
        _write_facts(onnx_run, source, results[0], precision)

    publish(path, fill)
    return results[0]


def _network(run: Run) -> tuple[str, Any, Callable[[Sequence[str]], list[list[int]]]]:
    """Return a run's network file, its PyTorch module, and the function from texts to windows."""
    model = run.model
    if isinstance(model, Embedding):
        weights, network = "encoder/model.safetensors", model.encoder.network
        tokenizer, plan = model.encoder.tokenizer, model.recipe.plan
    elif isinstance(model, Camembert):
        weights, network = "model.safetensors", model.network
        tokenizer, plan = model.tokenizer, model.recipe.plan
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
        lambda texts: list(chain.from_iterable(tokenizer.windows(texts, plan))),
    )


def _copy_files(source: Path, building: Path, weights: str) -> None:
    """Copy the files of a run, except the weights, which ONNX replaces."""
    for name in check_names(source).keys() - {weights}:
        target = building / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source / name, target)


def _write_facts(run: Run, source: Path, exported: ExportedRun, precision: Precision) -> None:
    """Write run.json, metrics.json and the model card of an exported run."""
    versions = (f"{name} {metadata.version(name)}" for name in _PACKAGES)
    facts = replace(
        run.facts,
        versions=tuple(dict.fromkeys((*run.facts.versions, *versions))),
        exported_from=source.name,
    )
    write_text(run.path / "run.json", json.dumps(asdict(facts), indent=2))
    card = (source / "README.md").read_text(encoding="utf-8", errors="replace")
    if exported.figures:
        write_text(run.path / "metrics.json", json.dumps(exported.figures.record(), indent=2))
        record = read_object(source / "recipe.json", RESTORE)
        record.pop("model")
        recipe = parse(record, Recipe, str(source / "recipe.json"))
        measured = replace(facts, test_articles=exported.figures.articles)
        card = model_card(measured, exported.figures, run.rule, run.taxonomy, recipe)
    write_text(run.path / "README.md", card + _card_section(source, exported, precision))


def _card_section(source: Path, exported: ExportedRun, precision: Precision) -> str:
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


def describe_loss(exported: ExportedRun) -> str:
    """Say in a sentence what int8 costs."""
    if exported.original is None or exported.figures is None:
        return (
            "The cost of int8 was not measured, because there is no frozen test set: the figures "
            "are those of the original run."
        )
    articles, int8 = exported.figures.articles, exported.figures.macro_f1.value
    original = exported.original.macro_f1.value
    return (
        f"int8 costs {100 * (original - int8):.1f} points of macro-F1 on the {articles} articles "
        f"of the frozen test set: {original:.3f} before, {int8:.3f} after."
    )
