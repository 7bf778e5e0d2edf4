"""`classify train`."""

import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from classify.options import workspace_option
from classify.progress import counting
from classify.terminal import escape, say
from seeds.base.errors import InputError
from seeds.base.settings import workspace_path
from training.models import KINDS

if TYPE_CHECKING:
    from labels.dataset import Dataset
    from training.model import Fitting
    from training.recipe import Recipe
    from training.runs.trained import Trained
    from training.runtime import Runtime

_RECIPE = ("test", "split", "seed", "max_risk", "precision")  # options that stand in the recipe
_PATIENCE = 60.0  # seconds to wait for a promotion of somebody else's
_MODEL = ("base_model", "windows")  # and those that stand in its [model] table


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a kind is trained.

    Attributes:
        recipe: of the training.
        settings: the kind's own.
        split_asked: whether --split, or a recipe that is not the shipped one, says how the test
            part is drawn; else the way in which it is frozen goes on.
        runtime: where it computes.
    """

    recipe: "Recipe"
    settings: Any
    split_asked: bool
    runtime: "Runtime"


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)), required=False)
@click.option("--kinds", help="Train several and print one table: tfidf,embedding,camembert.")
@click.option("--base-model", help="The encoder: a Hugging Face hub name or a folder.")
@click.option(
    "--windows",
    type=click.Choice(["all", "head", "head-tail"]),
    help="What camembert reads of a long article.",
)
@click.option("--config", type=click.Path(path_type=Path), help="A recipe; see configs/KIND.toml.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="A dataset other than the workspace's."
)
@click.option("--test", type=click.FloatRange(0, 0.9), help="Share kept apart to measure on.")
@click.option(
    "--split",
    type=click.Choice(["stratified", "date"]),
    help="How they are drawn; date: learn from the past, test on the future.  [default: as frozen]",
)
@click.option("--new-split", is_flag=True, help="Draw the frozen test part afresh.")
@click.option(
    "--max-risk",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of wrong articles among those accepted without review that may remain.",
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 1, max_open=True),
    help="Wanted of each category; 0: the threshold of the best F1.",
)
@click.option("--seed", type=click.IntRange(0), help="Decides every random choice.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, mps.")
@click.option("--threads", type=click.IntRange(1), help="Of the CPU, for an encoder.")
@click.option("--no-promote", is_flag=True, help="Keep the current model for `classify predict`.")
@workspace_option
def train(
    kind: str | None,
    kinds: str | None,
    config: Path | None,
    data: Path | None,
    new_split: bool,
    device: str,
    threads: int | None,
    no_promote: bool,
    workspace: Path | None,
    **given: Any,
) -> None:
    """Train a model on the agreed labels and make it the current one, if it is not worse.

    KIND is the kind of model: tfidf, the default, learns in seconds and predicts anywhere;
    embedding adds the vectors of a frozen encoder, which helps most with few labels; camembert
    fine-tunes an encoder, which is best from some hundred labels on.

    The articles kept apart to measure on are frozen in the workspace's split.json, so that the
    figures of one training can be held against those of the next; new articles are added to them.

    A killed camembert training goes on where it was when the same command is given again. With
    torchrun it runs on several processes: torchrun --nproc-per-node 2 -m classify train camembert
    """
    from labels.dataset import read_dataset, read_dataset_file
    from labels.taxonomy import read_taxonomy
    from training.runtime import Runtime

    wanted = _kinds(kind, kinds, config)
    folder = workspace_path(workspace)
    runtime = Runtime(device=device, threads=threads)
    plans = {name: _plan(name, config, folder, given, runtime, len(wanted)) for name in wanted}
    if new_split and not any(plan.recipe.test for plan in plans.values()):
        raise InputError("--new-split: there is no test part with test = 0. Give --test a share.")
    dataset = read_dataset_file(data, read_taxonomy(folder)) if data else read_dataset(folder)
    with _alone(folder):
        made, failed = {}, False
        for name, plan in plans.items():
            try:
                made[name] = _one(folder, dataset, name, plan, new_split)
            except InputError as error:
                if len(plans) == 1:
                    raise
                say(f"{name}: {escape(str(error))}")
                failed = True
                continue
            new_split = False  # drawn once, the same for all
        if made and _first():
            _report(made)
            for name in plans.keys() - made.keys():
                say(f"{name} was not trained; see above")
            best = max(made, key=lambda name: made[name][1].evaluation.macro_f1.value)
            if not no_promote:
                _promote(folder, made[best][0])
    if failed:
        click.get_current_context().exit(1)


def _kinds(kind: str | None, kinds: str | None, config: Path | None) -> list[str]:
    """The kinds to be trained."""
    if kinds is None:
        return [kind or "tfidf"]
    if kind or config:
        raise InputError("--kinds goes without KIND and --config: each kind has its own recipe.")
    names = [each.strip() for each in kinds.split(",") if each.strip()]
    unknown = [each for each in names if each not in KINDS]
    if unknown or not names:
        raise InputError(f"--kinds {kinds!r}: known kinds are {', '.join(KINDS)}.")
    if len(set(names)) < len(names):
        raise InputError(f"--kinds {kinds!r}: a kind is trained once. Name each one time.")
    return names


def _plan(
    kind: str,
    config: Path | None,
    folder: Path,
    given: dict[str, Any],
    runtime: "Runtime",
    count: int,
) -> _Plan:
    """A kind's recipe and settings, with what the command line changes in them."""
    from seeds.base.settings import default_config, read_table
    from training.recipe import default_recipe, read_recipe
    from training.runtime import Runtime

    path = config or default_recipe(folder, kind)
    recipe, settings = read_recipe(path, kind)
    own = path != default_config(f"{kind}.toml") and "split" in read_table(path)
    recipe = replace(recipe, **{key: given[key] for key in _RECIPE if given[key] is not None})
    for key in _MODEL:
        if given[key] is None:
            continue
        if hasattr(settings, key):
            settings = replace(settings, **{key: given[key]})
        elif count == 1:
            option = key.replace("_", "-")
            raise InputError(f"--{option}: a {kind} model has none. Leave it out.")
    if kind == "tfidf" and count == 1:
        runtime.only_cpu(kind)
    elif kind == "tfidf":  # the others' --device is no reason to leave it untrained
        runtime = Runtime()
    return _Plan(recipe, settings, own or given["split"] is not None, runtime)


def _first() -> bool:
    """Whether this process is the one of torchrun's that writes and speaks; without it, yes."""
    return os.environ.get("RANK", "0") == "0"


def _alone(folder: Path) -> AbstractContextManager[None]:
    """The workspace's lock, which the first of several processes holds for all."""
    from seeds.base.locks import locked

    name = click.get_current_context().info_name or ""
    task = f"classify {name}" if name == "train" else name  # else the service's own words for it
    return locked(folder, task) if _first() else nullcontext()


def _one(
    folder: Path, dataset: "Dataset", kind: str, plan: _Plan, new_split: bool
) -> tuple[Path, "Trained"]:
    """Train one kind and write its run."""
    from training.models import model_class
    from training.models.encoders.torch_network import device
    from training.out_of_fold import unfinished
    from training.runs.run import save_run
    from training.split import read_parts, write_parts
    from training.train import train as learn

    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not model_class(kind).resumes:
        raise InputError(f"torchrun: a {kind} model learns in one process. Run it without.")
    if kind != "tfidf":
        device(plan.runtime)  # one that is not there is refused before anything is learned
    recipe, settings = plan.recipe, plan.settings
    before = read_parts(folder) if recipe.test and not new_split else None
    if before and not plan.split_asked:
        recipe = replace(recipe, split=before.by)
    kept = unfinished(folder, dataset, kind, recipe, settings, before)
    fitting = _fitting(plan.runtime, kept if model_class(kind).resumes else None)
    try:
        trained = learn(dataset, kind, recipe, settings, fitting, before)
    except InputError:
        if _first() and not _resumable(kept):
            shutil.rmtree(kept, ignore_errors=True)
        raise
    if not _first():
        return folder, trained
    if trained.parts and trained.parts != before:
        if new_split and (folder / "split.json").exists():
            say("a new test part is drawn: earlier runs can hardly be compared on it")
        write_parts(folder, trained.parts)
    path = save_run(folder / "runs", trained)
    shutil.rmtree(kept, ignore_errors=True)
    return path, trained


def _resumable(kept: Path) -> bool:
    """Whether a training that failed left anything to go on from; if not, it is mere weight."""
    return any(kept.glob("fold-*.json")) or any(kept.rglob("checkpoint-*/complete.json"))


def _fitting(runtime: "Runtime", kept: Path | None) -> "Fitting":
    """What a fit may use; only the first of several processes is heard."""
    from training.model import Fitting

    if not _first():
        return Fitting(folder=kept, runtime=runtime)
    return Fitting(folder=kept, runtime=runtime, say=say, track=counting)


def _promote(folder: Path, path: Path) -> None:
    """Make the new run current, unless the one that is current is shown to be better."""
    from classify.workspace.promotion import worse_than_current
    from seeds.base.locks import locked
    from training.runs.registry import promote
    from training.runs.run import load_run

    run = load_run(path)
    # Of its own, so that a person can promote or roll back during a training of hours.
    with locked(folder / "runs", "classify train", patience=_PATIENCE):
        worse = worse_than_current(folder, run)
        if not worse:
            promote(folder / "runs", run)
            return
    say(worse)
    say(f"it is kept; to use it all the same: classify runs promote {run.name} --even-if-worse")


def _report(made: dict[str, tuple[Path, "Trained"]]) -> None:
    """The key figures, a column a kind, and where the rest is."""
    from training.report.model_card import headline, measured_on

    runs = [trained for _, trained in made.values()]
    if len(made) > 1:
        click.echo(f"{'':>18}  " + "".join(f"{kind:<23}" for kind in made).rstrip())
    for row in zip(*(headline(each.evaluation) for each in runs), strict=True):
        click.echo(f"{row[0][0]:>18}  " + "".join(f"{value:<23}" for _, value in row).rstrip())
    for path, trained in made.values():
        counts = ", ".join(f"{n} {name}" for name, n in trained.evaluation.decisions.items())
        label = f"{trained.facts.kind}: " if len(made) > 1 else ""
        click.echo(f"{'decisions':>18}  {label}{counts}")
        say(f"measured on {measured_on(trained.facts)}; intervals are 95 %")
        say(f"what it is worth and what to do next: {path / 'report.html'}")
        click.echo(f"{path}")
