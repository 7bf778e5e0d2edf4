"""`classify runs`: the trained models."""

import json
from pathlib import Path

import click

from classify.options import Commands, workspace_option
from classify.terminal import escape, say
from seeds.errors import InputError
from seeds.jsonl import locked
from seeds.settings import workspace_path


@click.group(cls=Commands)
def runs() -> None:
    """Trained models: list, show, promote, rollback, verify."""


@runs.command("list")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@workspace_option
def list_(form: str, workspace: Path | None) -> None:
    """List the runs, oldest first; * marks the current one."""
    from training.run import list_runs, promotions

    folder = workspace_path(workspace) / "runs"
    current = promotions(folder)[-1:]
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
    from training.run import check_files, find_run

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
    on the articles kept apart to measure on.
    """
    from classify.measuring import worse_than_current
    from training.run import promote as make_current

    folder = workspace_path(workspace)
    with locked(folder, "classify runs promote"):
        worse = "" if even_if_worse else worse_than_current(folder, run)
        if worse:
            raise InputError(f"{worse}. Add --even-if-worse to promote it all the same.")
        make_current(folder / "runs", run)
    say(f"current run: {run}")


@runs.command()
@workspace_option
def rollback(workspace: Path | None) -> None:
    """Go back to the run that was current before."""
    from training.run import roll_back

    folder = workspace_path(workspace)
    with locked(folder, "classify runs rollback"):
        say(f"current run: {roll_back(folder / 'runs')}")


@runs.command()
@click.argument("run", required=False)
@workspace_option
def verify(run: str | None, workspace: Path | None) -> None:
    """Check every file of RUN, and that it still scores its golden texts as at training."""
    from training.run import find_run, verify_run

    path = find_run(workspace_path(workspace) / "runs", run)
    count = verify_run(path)
    say(f"{path.name}: every file as written; {count} golden texts score as at training")


def _row(path: Path, current: bool) -> dict[str, object]:
    from training.run import check_files, read_facts

    row: dict[str, object] = {"name": path.name, "current": current, "fault": ""}
    try:
        check_files(path)
        facts = read_facts(path)
    except InputError as error:
        return {**row, "fault": str(error)}
    figures = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
    return {
        **row,
        "kind": facts.kind,
        "created": facts.created,
        "articles": facts.articles,
        "macro_f1": figures["macro_f1"]["value"],
    }
