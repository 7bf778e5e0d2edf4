"""`classify train`."""

from pathlib import Path
from typing import Literal

import click

from classify.options import workspace_option
from classify.terminal import say
from seeds.errors import InputError
from seeds.settings import workspace_path
from training.models import KINDS


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)), default="tfidf")
@click.option("--base-model", help="The encoder: a Hugging Face hub name or a folder.")
@click.option("--config", type=click.Path(path_type=Path), help="A recipe; see configs/KIND.toml.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="A dataset other than the workspace's."
)
@click.option("--test", type=click.FloatRange(0, 0.9), help="Share kept apart to measure on.")
@click.option(
    "--split",
    type=click.Choice(["stratified", "date"]),
    help="How they are drawn; date: learn from the past, test on the future.",
)
@click.option("--new-split", is_flag=True, help="Draw the frozen test part afresh.")
@click.option("--seed", type=click.IntRange(0), help="Decides every random choice.")
@click.option("--no-promote", is_flag=True, help="Keep the current model for `classify predict`.")
@workspace_option
def train(
    kind: str,
    config: Path | None,
    base_model: str | None,
    data: Path | None,
    test: float | None,
    split: Literal["stratified", "date"] | None,
    new_split: bool,
    seed: int | None,
    no_promote: bool,
    workspace: Path | None,
) -> None:
    """Train a model on the agreed labels and make it the current one, if it is not worse.

    KIND is the kind of model: tfidf, the default, learns in seconds and predicts anywhere;
    embedding adds the vectors of a frozen encoder, which helps most with few labels.

    The articles kept apart to measure on are frozen in the workspace's split.json, so that the
    figures of one training can be held against those of the next; new articles are added to them.
    """
    from dataclasses import replace

    from labels.dataset import read_dataset, read_dataset_file
    from labels.taxonomy import read_taxonomy
    from seeds.jsonl import locked
    from training.model import Fitting
    from training.recipe import default_recipe, read_recipe
    from training.run import save_run
    from training.split import read_parts, write_parts
    from training.train import train as learn

    folder = workspace_path(workspace)
    recipe, settings = read_recipe(config or default_recipe(folder, kind), kind)
    recipe = replace(
        recipe,
        test=recipe.test if test is None else test,
        split=split or recipe.split,
        seed=recipe.seed if seed is None else seed,
    )
    if base_model is not None:
        if not hasattr(settings, "base_model"):
            raise InputError(f"--base-model: a {kind} model has none. Leave it out.")
        settings = replace(settings, base_model=base_model)
    if new_split and not recipe.test:
        raise InputError("--new-split: there is no test part with test = 0. Give --test a share.")
    dataset = read_dataset_file(data, read_taxonomy(folder)) if data else read_dataset(folder)
    with locked(folder, "classify train"):
        before = read_parts(folder) if recipe.test and not new_split else None
        trained = learn(dataset, kind, recipe, settings, Fitting(say=say), before)
        if trained.parts and trained.parts != before:
            if new_split and (folder / "split.json").exists():
                say("a new test part is drawn: earlier runs can hardly be compared on it")
            write_parts(folder, trained.parts)
        path = save_run(folder / "runs", trained)
        if not no_promote:
            _promote(folder, path.name)
    _report(path, trained)


def _promote(folder: Path, name: str) -> None:
    """Make the new run current, unless the one that is current is shown to be better."""
    from classify.measuring import worse_than_current
    from training.run import promote

    worse = worse_than_current(folder, name)
    if worse:
        say(worse)
        say(f"it is kept; to use it all the same: classify runs promote {name} --even-if-worse")
        return
    promote(folder / "runs", name)


def _report(path: Path, trained: object) -> None:
    """The key figures, and where the rest is."""
    from training.report import headline, measured_on
    from training.train import Trained

    assert isinstance(trained, Trained)
    for name, value in headline(trained.evaluation):
        click.echo(f"{name:>18}  {value}")
    counts = ", ".join(f"{count} {name}" for name, count in trained.evaluation.decisions.items())
    click.echo(f"{'decisions':>18}  {counts}")
    say(f"measured on {measured_on(trained.facts)}; intervals are 95 %")
    click.echo(f"{path}")
