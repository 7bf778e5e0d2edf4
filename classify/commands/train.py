"""`classify train`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from classify.options import add_options, device_option, threads_option, workspace_option
from classify.progress import track_count
from classify.terminal import answer, say
from seeds.base.errors import InputError
from seeds.base.settings import workspace_path
from training.models import KINDS

if TYPE_CHECKING:
    from classify.workspace.training import TrainedRun

_RECIPE_KEYS = ("test", "split", "seed", "max_risk", "precision")
_MODEL_KEYS = ("base_model", "windows")  # of the recipe's [model] table

_train_options = add_options(
    click.argument("kind", type=click.Choice(list(KINDS)), required=False),
    click.option(
        "--kinds", help="Train several kinds and compare them: tfidf,embedding,camembert."
    ),
    click.option(
        "--base-model", help="Encoder: a Hugging Face hub name (NAME@COMMIT pins it) or a folder."
    ),
    click.option(
        "--windows",
        type=click.Choice(["all", "head", "head-tail"]),
        help="Parts of a long article that camembert reads.",
    ),
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        help="Training recipe.  [default: KIND.toml of the workspace, else of configs/]",
    ),
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Labelled articles.  [default: dataset.jsonl of the workspace]",
    ),
    click.option(
        "--test", type=click.FloatRange(0, 0.9), help="Share of articles in the test set."
    ),
    click.option(
        "--split",
        type=click.Choice(["stratified", "date"]),
        help="Test set: stratified by category, or the latest by date.  [default: as frozen]",
    ),
    click.option("--new-split", is_flag=True, help="Draw the frozen test set again."),
    click.option(
        "--max-risk",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        help="Largest share of errors among the articles accepted without review.",
    ),
    click.option(
        "--precision",
        type=click.FloatRange(0, 1, max_open=True),
        help="Target precision of each category; 0: the threshold with the best F1.",
    ),
    click.option("--seed", type=click.IntRange(0), help="Seed of every random choice."),
    device_option,
    threads_option,
    click.option("--no-promote", is_flag=True, help="Do not make the new run the current one."),
    workspace_option,
)


@click.command()
@_train_options
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
    **changes: Any,
) -> None:
    """Train a model on the agreed labels and make it the current one, unless it is worse.

    There are three kinds of model: tfidf, the default, trains in seconds and predicts anywhere;
    embedding adds the vectors of a frozen encoder, which helps most with few labels; camembert
    fine-tunes an encoder, which is best from a few hundred labels on.

    The test set is frozen in split.json of the workspace, so that one training can be compared
    with the next; new articles are added to it.

    To resume an interrupted camembert training, run the same command again. To train on several
    processes: torchrun --nproc-per-node 2 -m classify train camembert
    """
    from classify.workspace.training import Listener, TrainingSettings, train_and_promote
    from training.runtime import Runtime

    settings = TrainingSettings(
        kinds=_kinds(kind, kinds, config),
        recipe=config,
        recipe_changes=_changed(changes, _RECIPE_KEYS),
        model_changes=_changed(changes, _MODEL_KEYS),
        dataset=data,
        new_split=new_split,
        runtime=Runtime(device=device, threads=threads),
        promote=not no_promote,
    )
    listener = Listener(log=say, track=track_count, on_trained=_print_runs)
    outcome = train_and_promote(workspace_path(workspace), settings, listener)
    if outcome.best and outcome.worse:
        name = outcome.best.path.name
        say(outcome.worse)
        say(f"not promoted; to use it anyway: classify runs promote {name} --even-if-worse")
    if outcome.failed:
        click.get_current_context().exit(1)


def _kinds(kind: str | None, kinds: str | None, config: Path | None) -> tuple[str, ...]:
    """Return the kinds to train.

    Raises:
        InputError: --kinds is unclear, or meets an option that names a single kind.
    """
    if kinds is None:
        return (kind or "tfidf",)
    if kind or config:
        raise InputError(
            "--kinds can't be combined with a single kind or --config: each kind has its own "
            "recipe. Leave those out."
        )
    names = [name.strip() for name in kinds.split(",") if name.strip()]
    unknown = [name for name in names if name not in KINDS]
    if unknown or not names:
        raise InputError(f"--kinds {kinds!r}: known kinds are {', '.join(KINDS)}.")
    if len(set(names)) < len(names):
        raise InputError(f"--kinds {kinds!r}: a kind is repeated. Name each kind once.")
    return tuple(names)


def _changed(options: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return the options of these names that were given a value."""
    return {key: options[key] for key in keys if options[key] is not None}


def _print_runs(runs: "Sequence[TrainedRun]") -> None:
    """Print the key figures, a column a kind, and where to read on."""
    from classify.workspace.training import decisions, figures, notes

    for line in figures(runs):
        answer(line)
    for run in runs:
        label = f"{run.trained.facts.kind}: " if len(runs) > 1 else ""
        answer(f"{'decisions':>18}  {label}{decisions(run)}")
        for note in notes(run):
            say(note)
        click.echo(f"{run.path}")
