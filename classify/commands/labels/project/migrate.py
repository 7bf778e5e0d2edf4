"""`classify labels migrate`: change the categories everywhere at once, or take that back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.options import Commands, workspace_option
from classify.terminal import say
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.history.journal import Direction, Journal
    from classify.workspace.migration.plan import Draft
    from labels.migration.operation import Kind
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings

_TASK = "classify labels migrate"
_dry_run = click.option("--dry-run", is_flag=True, help="Print what would change, change nothing.")


@click.group(cls=Commands)
def migrate() -> None:
    """Change the categories everywhere at once: taxonomy, page, annotations, labels and runs.

    A category is written as ID, or as ID=Nom/Name to give its French and English name. A backup
    of the project is made first; `undo` takes the last change back, `resume` finishes one that was
    killed.
    """


@migrate.command()
@click.argument("old")
@click.argument("new")
@_dry_run
@workspace_option
def rename(old: str, new: str, dry_run: bool, workspace: Path | None) -> None:
    """Give the category OLD the id NEW, and other names if NEW has any."""
    _migrate("rename", (old,), new, dry_run, workspace)


@migrate.command()
@click.argument("categories", nargs=-1, required=True)
@click.option("--into", required=True, help="The category that they become, a new or known one.")
@_dry_run
@workspace_option
def merge(categories: tuple[str, ...], into: str, dry_run: bool, workspace: Path | None) -> None:
    """Make one category of several; no label is lost, and runs keep predicting."""
    _migrate("merge", categories, into, dry_run, workspace)


@migrate.command()
@click.argument("category")
@click.option("--into", required=True, help="The new categories, separated by commas.")
@_dry_run
@workspace_option
def split(category: str, into: str, dry_run: bool, workspace: Path | None) -> None:
    """Make several new categories of one, and ask again about the articles that have it."""
    _migrate("split", (category,), into, dry_run, workspace)


@migrate.command()
@click.argument("category")
@_dry_run
@workspace_option
def retire(category: str, dry_run: bool, workspace: Path | None) -> None:
    """Take a category away; its votes are kept aside, and those beside them count."""
    _migrate("retire", (category,), "", dry_run, workspace)


@migrate.command()
@click.argument("category")
@_dry_run
@workspace_option
def add(category: str, dry_run: bool, workspace: Path | None) -> None:
    """Add a category, unknown for the articles that have labels, which are offered again."""
    _migrate("add", (), category, dry_run, workspace)


@migrate.command()
@workspace_option
def resume(workspace: Path | None) -> None:
    """Finish a change that was killed, or its undoing."""
    from classify.workspace.history.journal import find_unfinished

    folder = workspace_path(workspace)
    with locked(folder, f"{_TASK} resume", finishes=True):
        unfinished = find_unfinished(folder)
        if unfinished is None:
            raise InputError(
                f"{folder}: nothing is unfinished. To take the last change back, run "
                "`classify labels migrate undo`."
            )
        _carry_out(folder, *unfinished)


@migrate.command()
@workspace_option
def undo(workspace: Path | None) -> None:
    """Take the last change back, or one that was killed half-way."""
    from classify.workspace.history.journal import find_last_done, find_unfinished

    folder = workspace_path(workspace)
    with locked(folder, f"{_TASK} undo", finishes=True):
        unfinished = find_unfinished(folder)
        journal = unfinished[0] if unfinished else find_last_done(folder)
        if journal is None:
            raise InputError(
                f"{folder}: no change to take back. See `classify labels migrate --help`."
            )
        _carry_out(folder, journal, "undo")


@migrate.command()
@click.option("--run", "name", help="Run that proposes.  [default: the current run]")
@workspace_option
def propose(name: str | None, workspace: Path | None) -> None:
    """Tick what a run is sure of where annotators are asked again.

    For a run trained since on the first new answers; articles of the test part get nothing.
    """
    from classify.workspace.labels import connect_studio
    from classify.workspace.migration.proposing import propose as tick
    from classify.workspace.sending.suggestions import load_suggesting_run
    from labels.taxonomy import read_taxonomy

    folder = workspace_path(workspace)
    with locked(folder, f"{_TASK} propose"):
        taxonomy = read_taxonomy(folder)
        run = load_suggesting_run(folder, name, taxonomy)
        studio, _ = connect_studio(folder)
        count = tick(folder, studio, run, taxonomy)
    say(f"{run.name}: ticks changed in {count:,} articles that are asked again")


def _migrate(
    kind: "Kind", sources: tuple[str, ...], targets: str, dry_run: bool, workspace: Path | None
) -> None:
    """Plan one operation, and carry it out unless this is a dry run."""
    from classify.workspace.migration.plan import draft, write_plan
    from labels.migration.operation import Operation, Target

    names = tuple(map(Target.parse, targets.split(","))) if targets else ()
    if kind != "split" and len(names) > 1:
        raise InputError(f"{targets}: one category was expected. Name one.")
    operation = Operation(kind, sources, names)
    folder = workspace_path(workspace)
    with locked(folder, f"{_TASK} {kind}"):
        connection = _connect(folder)
        work = draft(folder, operation, connection)
        _print_draft(work)
        if dry_run:
            say("nothing was changed: leave --dry-run out to do it")
        else:
            _carry_out(folder, write_plan(folder, work, connection), "forward", connection)


def _connect(folder: Path) -> "tuple[Studio, StudioSettings] | None":
    """Connect to Label Studio if the workspace has a project there."""
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import has_project

    if has_project(folder):
        return connect_studio(folder)
    say("this workspace has no project in Label Studio: only its own files change")
    return None


def _carry_out(
    folder: Path,
    journal: "Journal",
    direction: "Direction",
    connection: "tuple[Studio, StudioSettings] | None" = None,
) -> None:
    """Do it or undo it, and print what came of it."""
    from classify.workspace.migration.steps import carry_out, say_outcome

    if connection is None and journal.plan.projects:
        connection = _connect(folder)
    outcome = carry_out(folder, journal, direction, connection)
    say_outcome(outcome)
    words = journal.plan.operation.words
    click.echo(f"{'undone' if direction == 'undo' else 'done'}: {words}")
    if direction == "forward":
        say("to take it back: classify labels migrate undo")


def _print_draft(work: "Draft") -> None:
    """Print what changes, with counts."""
    say(f"{work.operation.words}:")
    for name, count in work.counts.items():
        if count:
            say(f"{count:>8,}  {name}")
