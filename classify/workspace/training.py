"""Train in a workspace: fit each kind, save its run, promote the best one unless it is worse."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from classify.terminal import escape
from classify.workspace.deciding.agreement import measure_people
from classify.workspace.promotion import worse_than_current
from labels.agreement.figures import CategoryAgreement
from labels.annotations import read_annotations
from labels.dataset import Dataset, read_dataset, read_dataset_file
from labels.taxonomy import read_taxonomy
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import default_config, read_table
from training.evaluation.assistance import find_assistance
from training.model import Fitting, Track
from training.models import model_class, uses_encoder
from training.out_of_fold import resume_folder
from training.recipe import Recipe, default_recipe, read_recipe
from training.report.model_card import key_figures, measured_on
from training.runs.registry import promote
from training.runs.run import load_run, save_run
from training.runs.trained import Trained
from training.runtime import Runtime
from training.splitting.split import read_split, write_split
from training.train import train

_PATIENCE = 60.0  # seconds to wait for another command's promotion
_COLUMN = 23  # characters of a figure with its interval


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What to train, and how.

    Attributes:
        kinds: keys of training.models.KINDS, one or more.
        recipe: file to use instead of the workspace's recipe of the kind, or the shipped one.
        recipe_changes: keys of the recipe to set, by name.
        model_changes: keys of its [model] table to set; refused if a single kind lacks one.
        dataset: file of labelled articles to use instead of the workspace's dataset.jsonl.
        new_split: draw the frozen test set again.
        runtime: where it computes.
        promote: make the best run current, unless it is worse than the current one.
        task: name of the command, shown to others that find the workspace in use.
    """

    kinds: tuple[str, ...]
    recipe: Path | None = None
    recipe_changes: Mapping[str, Any] = field(default_factory=dict)
    model_changes: Mapping[str, Any] = field(default_factory=dict)
    dataset: Path | None = None
    new_split: bool = False
    runtime: Runtime = field(default_factory=Runtime)
    promote: bool = True
    task: str = "classify train"


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A saved run and what is known of it."""

    path: Path
    trained: Trained


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """The result of a training.

    Attributes:
        best: the run with the highest macro-F1; None if no kind could be trained, and in every
            process of torchrun but the first.
        promoted: the best run is now the current one.
        worse: how it is worse than the current run, if that is why it was not promoted; else "".
        failed: the kinds that could not be trained.
    """

    best: TrainedRun | None = None
    promoted: bool = False
    worse: str = ""
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """The callbacks of a training.

    Attributes:
        log: receives notes, a sentence each.
        track: shows the progress of a step.
        on_trained: receives the runs once they are saved, before the best one is promoted.
    """

    log: Callable[[str], None]
    track: Track
    on_trained: Callable[[Sequence[TrainedRun]], None]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one kind is trained.

    Attributes:
        kind: a key of training.models.KINDS.
        recipe: the recipe with the changes asked for.
        model: the settings of the kind, likewise.
        chooses_split: the recipe's split counts; if not, the frozen test set goes on being drawn
            as before.
        runtime: where it computes.
        people: how far annotators agree on each category, by id.
    """

    kind: str
    recipe: Recipe
    model: Any
    chooses_split: bool
    runtime: Runtime
    people: Mapping[str, CategoryAgreement]


def train_and_promote(
    workspace: Path, settings: TrainingSettings, listener: Listener
) -> TrainingOutcome:
    """Train the kinds on the agreed labels, save their runs and promote the best one.

    Where several kinds are trained, one that fails is reported and the others go on.

    Raises:
        InputError: a recipe or the dataset is faulty, the workspace is in use, or the only kind
            can't be trained.
    """
    plans = [_plan(workspace, kind, settings) for kind in settings.kinds]
    if settings.new_split and not any(plan.recipe.test for plan in plans):
        raise InputError("--new-split: there is no test set with test = 0. Give --test a share.")
    if settings.dataset:
        dataset = read_dataset_file(settings.dataset, read_taxonomy(workspace))
    else:
        dataset = read_dataset(workspace)
    with _workspace_lock(workspace, settings.task):
        runs, failed = _train_all(workspace, dataset, plans, settings.new_split, listener)
        if not runs:
            return TrainingOutcome(failed=failed)
        listener.on_trained(runs)
        for kind in failed:
            listener.log(f"{kind} was not trained; see above")
        best = max(runs, key=lambda run: run.trained.evaluation.macro_f1.value)
        if not settings.promote:
            return TrainingOutcome(best, failed=failed)
        worse = _promote(workspace, best.path, listener.log)
        return TrainingOutcome(best, not worse, worse, failed)


def figures(runs: Sequence[TrainedRun]) -> list[str]:
    """Return the key figures as lines of a table, a column a run."""
    lines = []
    kinds = [run.trained.facts.kind for run in runs]
    if len(runs) > 1:
        lines.append(f"{'':>18}  " + "".join(f"{kind:<{_COLUMN}}" for kind in kinds).rstrip())
    for row in zip(*(key_figures(run.trained.evaluation) for run in runs), strict=True):
        cells = "".join(f"{value:<{_COLUMN}}" for _, value in row)
        lines.append(f"{row[0][0]:>18}  {cells.rstrip()}")
    return lines


def decisions(run: TrainedRun) -> str:
    """Return the number of articles by decision, such as "40 accepted, 8 to review"."""
    counts = run.trained.evaluation.decisions
    return ", ".join(f"{count} {decision}" for decision, count in counts.items())


def notes(run: TrainedRun) -> tuple[str, str]:
    """Return two sentences: on which articles a run was measured, and where its report is."""
    return (
        f"measured on {measured_on(run.trained.facts, run.trained.evaluation)}; intervals are 95 %",
        f"what it is worth and what to do next: {run.path / 'report.html'}",
    )


def _plan(workspace: Path, kind: str, settings: TrainingSettings) -> _Plan:
    """Read a kind's recipe and apply the changes asked for.

    Raises:
        InputError: the recipe is faulty, or the only kind lacks a setting.
    """
    alone = len(settings.kinds) == 1
    path = settings.recipe or default_recipe(workspace, kind)
    recipe, model = read_recipe(path, kind)
    in_recipe = path != default_config(f"{kind}.toml") and "split" in read_table(path)
    recipe = replace(recipe, **settings.recipe_changes)
    for key, value in settings.model_changes.items():
        if hasattr(model, key):
            model = replace(model, **{key: value})
        elif alone:
            option = key.replace("_", "-")
            raise InputError(f"--{option}: a {kind} model has no such setting. Leave it out.")
    runtime = settings.runtime
    if not uses_encoder(kind) and alone:
        runtime.require_cpu(kind)
    elif not uses_encoder(kind):  # --device for the other kinds is no reason to skip this one
        runtime = Runtime()
    chooses_split = in_recipe or "split" in settings.recipe_changes
    people = {} if settings.dataset else measure_people(workspace)
    return _Plan(kind, recipe, model, chooses_split, runtime, people)


def _is_first_process() -> bool:
    """Tell whether this process writes and prints: the first one of torchrun, or the only one."""
    return os.environ.get("RANK", "0") == "0"


def _workspace_lock(workspace: Path, task: str) -> AbstractContextManager[None]:
    """Lock the workspace; under torchrun the first process does so for all."""
    return locked(workspace, task) if _is_first_process() else nullcontext()


def _train_all(
    workspace: Path,
    dataset: Dataset,
    plans: Sequence[_Plan],
    new_split: bool,
    listener: Listener,
) -> tuple[list[TrainedRun], tuple[str, ...]]:
    """Train the kinds one by one; return the runs and the kinds that failed."""
    runs, failed = [], []
    for plan in plans:
        try:
            run = _train_one(workspace, dataset, plan, new_split, listener)
        except InputError as error:
            if len(plans) == 1:
                raise
            listener.log(f"{plan.kind}: {escape(str(error))}")
            failed.append(plan.kind)
            continue
        if run:
            runs.append(run)
        new_split = False  # drawn once, the same for all kinds
    return runs, tuple(failed)


def _train_one(
    workspace: Path, dataset: Dataset, plan: _Plan, new_split: bool, listener: Listener
) -> TrainedRun | None:
    """Train one kind and save its run; None in every process of torchrun but the first."""
    _refuse_runtime(plan)
    recipe = plan.recipe
    frozen = read_split(workspace) if recipe.test and not new_split else None
    if frozen and not plan.chooses_split:
        recipe = replace(recipe, split=frozen.by)
    checkpoints = resume_folder(workspace, dataset, plan.kind, recipe, plan.model, frozen)
    fitting = _fitting(plan, checkpoints, listener)
    assistance = find_assistance(read_annotations(workspace))
    try:
        trained = train(
            dataset, plan.kind, recipe, plan.model, fitting, frozen, plan.people, assistance
        )
    except InputError:
        if _is_first_process() and not _is_resumable(checkpoints):
            shutil.rmtree(checkpoints, ignore_errors=True)
        raise
    if not _is_first_process():
        return None
    if trained.split and trained.split != frozen:
        if new_split and (workspace / "split.json").exists():
            listener.log("a new test set is drawn: earlier runs can hardly be compared on it")
        write_split(workspace, trained.split)
    path = save_run(workspace / "runs", trained)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return TrainedRun(path, trained)


def _refuse_runtime(plan: _Plan) -> None:
    """Refuse, before anything is learned, what this machine or the kind can't do.

    Raises:
        InputError: torchrun with a kind that learns in one process, or a device that is missing.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not model_class(plan.kind).resumes:
        raise InputError(
            f"torchrun: a {plan.kind} model is trained in one process. Run it without torchrun."
        )
    if uses_encoder(plan.kind):
        from training.models.encoders.networks.torch_network import device

        device(plan.runtime)


def _fitting(plan: _Plan, checkpoints: Path, listener: Listener) -> Fitting:
    """Return what a fit may use; under torchrun only the first process reports."""
    folder = checkpoints if model_class(plan.kind).resumes else None
    if not _is_first_process():
        return Fitting(folder=folder, runtime=plan.runtime)
    return Fitting(folder=folder, runtime=plan.runtime, log=listener.log, track=listener.track)


def _is_resumable(checkpoints: Path) -> bool:
    """Tell whether a failed training left folds or checkpoints to resume from."""
    return any(checkpoints.glob("fold-*.json")) or any(
        checkpoints.rglob("checkpoint-*/complete.json")
    )


def _promote(workspace: Path, path: Path, log: Callable[[str], None]) -> str:
    """Make a new run current; return how it is worse if that is why it was not, else ""."""
    run = load_run(path)
    # A lock of its own, so that a person can promote or roll back during hours of training.
    with locked(workspace / "runs", "classify train", patience=_PATIENCE):
        worse = worse_than_current(workspace, run, log)
        if not worse:
            promote(workspace / "runs", run)
    return worse
