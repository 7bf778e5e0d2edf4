"""`classify runs`: the trained models."""

import json
from functools import partial
from pathlib import Path
from typing import Literal

import click

from classify.options import Commands, text_format_option, workspace_option
from classify.terminal import answer, say
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

_PATIENCE = 30.0  # seconds to wait for another command's promotion


@click.group(cls=Commands)
def runs() -> None:
    """Manage trained models: list, show, promote, rollback, verify, export."""


@runs.command("list")
@text_format_option
@workspace_option
def list_(form: str, workspace: Path | None) -> None:
    """List the runs, oldest first; * marks the current one.

    A damaged run is listed with its fault. Large files are not read: `runs verify` checks them.
    """
    from training.runs.registry import list_promotions, list_runs

    folder = workspace_path(workspace) / "runs"
    current = list_promotions(folder)[-1:]
    rows = [_summarize(path, path.name in current) for path in list_runs(folder)]
    if not rows:
        raise InputError(f"{folder}: no run yet. Run `classify train` once there are labels.")
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        mark = "*" if row["current"] else " "
        summary = row["fault"] or f"macro-F1 {row['macro_f1']:.3f}  {row['articles']:>6} articles"
        answer(f"{mark} {row['name']}  {summary}")


@runs.command()
@click.argument("run", required=False)
@workspace_option
def show(run: str | None, workspace: Path | None) -> None:
    """Print the model card of RUN, by default of the current run."""
    from training.runs.registry import find_run
    from training.runs.summary import read_card

    answer(read_card(find_run(workspace_path(workspace) / "runs", run)).removesuffix("\n"))


@runs.command()
@click.argument("run")
@click.option("--even-if-worse", is_flag=True, help="Promote it even if it is worse.")
@workspace_option
def promote(run: str, even_if_worse: bool, workspace: Path | None) -> None:
    """Make RUN the current one, which predicts.

    The run is verified first, and refused if it is significantly worse than the current one. The
    two are compared on the frozen test set, or on all labelled articles if there is none. Articles
    a run was trained on are judged by its out-of-fold predictions.
    """
    from classify.workspace.promotion import worse_than_current
    from training.runs.registry import find_run
    from training.runs.registry import promote as make_current
    from training.runs.run import load_run

    folder = workspace_path(workspace)
    with locked(folder / "runs", "classify runs promote", patience=_PATIENCE):
        loaded = load_run(find_run(folder / "runs", run))
        worse = "" if even_if_worse else worse_than_current(folder, loaded, say)
        if worse:
            raise InputError(f"{worse}. Add --even-if-worse to promote it anyway.")
        make_current(folder / "runs", loaded)
    say(f"current run: {run}")


@runs.command()
@workspace_option
def rollback(workspace: Path | None) -> None:
    """Go back to the run that was current before."""
    from training.runs.registry import roll_back

    folder = workspace_path(workspace)
    with locked(folder / "runs", "classify runs rollback", patience=_PATIENCE):
        say(f"current run: {roll_back(folder / 'runs')}")


@runs.command()
@click.argument("run", required=False)
@workspace_option
def verify(run: str | None, workspace: Path | None) -> None:
    """Check a run's files and golden texts.

    RUN, by default the current one, passes if every file is unaltered and the golden texts score
    as in training.
    """
    from training.runs.registry import find_run
    from training.runs.run import verify_run

    path = find_run(workspace_path(workspace) / "runs", run)
    count = verify_run(path)
    say(f"{path.name}: all files unaltered; {count} golden texts score as in training")


@runs.command()
@click.argument("run")
@click.option(
    "--format",
    "form",
    type=click.Choice(["onnx"]),
    default="onnx",
    show_default=True,
    help="Format of the network.",
)
@click.option(
    "--quantize",
    type=click.Choice(["none", "int8"]),
    default="none",
    show_default=True,
    help="int8: a quarter of the size, several times as fast, nearly as good.",
)
@workspace_option
def export(run: str, form: str, quantize: Literal["none", "int8"], workspace: Path | None) -> None:
    """Export a run to predict without PyTorch.

    RUN is a camembert or embedding run. The new run is named RUN-onnx or RUN-onnx-int8. With int8
    its figures are measured again, on the frozen test set.
    """
    from classify.workspace.evaluation import evaluate_on_test_set
    from training.export import describe_loss, export_run
    from training.runs.outputs import copy_outputs
    from training.runs.registry import find_run

    folder = workspace_path(workspace)
    with locked(folder, "classify runs export"):
        source = find_run(folder / "runs", run)
        measure = partial(evaluate_on_test_set, folder) if quantize == "int8" else None
        exported = export_run(source, folder / "runs", quantize, measure)
        copy_outputs(folder / "runs", source.name, exported.path.name)
    if quantize == "int8":
        say(describe_loss(exported))
    say(f"exported: {exported.path.name}; scores within {exported.gap:.2g} of {source.name}'s")
    say(f"make it the current run with `classify runs promote {exported.path.name}`")


def _summarize(path: Path, current: bool) -> dict[str, object]:
    """Return a run's row of the list; of a damaged run its fault."""
    from training.runs.summary import summarize_run

    row: dict[str, object] = {"name": path.name, "current": current, "fault": ""}
    try:
        summary = summarize_run(path)
    except InputError as error:
        return {**row, "fault": str(error)}
    return {
        **row,
        "kind": summary.facts.kind,
        "created": summary.facts.created,
        "articles": summary.facts.articles,
        "macro_f1": summary.macro_f1,
    }
