"""`classify runs`: the trained models."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from classify.options import Commands, workspace_option
from classify.terminal import escape, say
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from training.evaluation.metrics import Evaluation
    from training.runs.run import Run


@click.group(cls=Commands)
def runs() -> None:
    """Trained models: list, show, promote, rollback, verify, export."""


@runs.command("list")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@workspace_option
def list_(form: str, workspace: Path | None) -> None:
    """List the runs, oldest first; * marks the current one."""
    from training.runs.registry import list_promotions, list_runs

    folder = workspace_path(workspace) / "runs"
    current = list_promotions(folder)[-1:]
    rows = [_row(path, path.name in current) for path in list_runs(folder)]
    if not rows:
        raise InputError(f"{folder}: no run yet. Run `classify train` once there are labels.")
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        mark = "*" if row["current"] else " "
        figures = (
            escape(str(row["fault"]))
            or f"macro-F1 {row['macro_f1']:.3f}  {row['articles']:>6} articles"
        )
        click.echo(f"{mark} {row['name']}  {figures}")


@runs.command()
@click.argument("run", required=False)
@workspace_option
def show(run: str | None, workspace: Path | None) -> None:
    """Print a run's model card; without RUN, the current one's."""
    from training.runs.registry import find_run
    from training.runs.run import check_files

    path = find_run(workspace_path(workspace) / "runs", run)
    check_files(path)
    for line in (path / "README.md").read_text(encoding="utf-8").splitlines():
        click.echo(escape(line))


@runs.command()
@click.argument("run")
@click.option("--even-if-worse", is_flag=True, help="Whatever the test part says of it.")
@workspace_option
def promote(run: str, even_if_worse: bool, workspace: Path | None) -> None:
    """Make RUN the model that `classify predict` uses, once it is verified.

    A run is refused that is shown to be worse than the current one, as `classify compare` tells it,
    on the articles kept apart to measure on, else on all. Of articles that a run learned from
    counts what was said of them out of fold.
    """
    from classify.workspace.promotion import worse_than_current
    from training.runs.registry import find_run
    from training.runs.registry import promote as make_current
    from training.runs.run import load_run

    folder = workspace_path(workspace)
    with locked(folder / "runs", "classify runs promote", patience=30):
        loaded = load_run(find_run(folder / "runs", run))
        worse = "" if even_if_worse else worse_than_current(folder, loaded, say)
        if worse:
            raise InputError(f"{worse}. Add --even-if-worse to promote it all the same.")
        make_current(folder / "runs", loaded)
    say(f"current run: {run}")


@runs.command()
@workspace_option
def rollback(workspace: Path | None) -> None:
    """Go back to the run that was current before."""
    from training.runs.registry import roll_back

    folder = workspace_path(workspace)
    with locked(folder / "runs", "classify runs rollback", patience=30):
        say(f"current run: {roll_back(folder / 'runs')}")


@runs.command()
@click.argument("run", required=False)
@workspace_option
def verify(run: str | None, workspace: Path | None) -> None:
    """Check every file of RUN, and that it still scores its golden texts as at training."""
    from training.runs.registry import find_run
    from training.runs.run import verify_run

    path = find_run(workspace_path(workspace) / "runs", run)
    count = verify_run(path)
    say(f"{path.name}: every file as written; {count} golden texts score as at training")


@runs.command()
@click.argument("run")
@click.option("--format", "form", type=click.Choice(["onnx"]), default="onnx", show_default=True)
@click.option(
    "--quantize",
    type=click.Choice(["none", "int8"]),
    default="none",
    show_default=True,
    help="int8: a quarter of the size, several times as fast, nearly as good.",
)
@workspace_option
def export(run: str, form: str, quantize: Literal["none", "int8"], workspace: Path | None) -> None:
    """Write RUN, a camembert or embedding run, as one that predicts without PyTorch.

    The new run is named after it, RUN-onnx or RUN-onnx-int8. With int8 its figures are measured
    anew, on the articles kept apart to measure on.
    """
    from training.export import describe_loss, export_run
    from training.runs.registry import find_run

    folder = workspace_path(workspace)
    with locked(folder, "classify runs export"):
        source = find_run(folder / "runs", run)
        measure = partial(_on_test_part, folder) if quantize == "int8" else None
        exported = export_run(source, folder / "runs", quantize, measure)
    if quantize == "int8":
        say(describe_loss(exported))
    say(f"exported: {exported.path.name}; scores within {exported.gap:.2g} of {source.name}'s")
    say(f"make it the current run with `classify runs promote {exported.path.name}`")


def _on_test_part(workspace: Path, run: "Run") -> "Evaluation | None":
    """Figures of a run on the frozen test part; None, and why, where there is no such part."""
    from classify.workspace.evaluation import evaluation, frozen_test_part, measurable

    try:
        measured = measurable(frozen_test_part(workspace), [run])
    except InputError as error:
        say(f"not measured: {error}")
        return None
    if measured.categories != run.rule.categories:
        say("not measured: the run has categories that no longer are in the taxonomy")
        return None
    return evaluation(run, measured)


def _row(path: Path, current: bool) -> dict[str, object]:
    from seeds.base.records import read_object
    from training.runs.facts import RESTORE, read_facts
    from training.runs.run import check_files

    row: dict[str, object] = {"name": path.name, "current": current, "fault": ""}
    try:
        check_files(path)
        facts = read_facts(path)
        figures = read_object(path / "metrics.json", RESTORE)
    except InputError as error:
        return {**row, "fault": str(error)}
    return {
        **row,
        "kind": facts.kind,
        "created": facts.created,
        "articles": facts.articles,
        "macro_f1": figures["macro_f1"]["value"],
    }
