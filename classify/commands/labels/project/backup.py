"""`classify labels backup` and `classify labels restore`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from classify.options import workspace_option
from classify.terminal import quantity, say
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from labels.migration.backup import Backup


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace an existing file.")
@workspace_option
def backup(file: Path, force: bool, workspace: Path | None) -> None:
    """Save the whole project in FILE: tasks, annotations with authors, drafts, settings.

    FILE is a ZIP of Label Studio's own JSON. Articles and runs are in the workspace: copy that
    folder as well.
    """
    from classify.workspace.backup import write_backup
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import require_own_project

    if file.exists() and not force:
        raise InputError(f"{file}: exists already. Choose another name, or add --force.")
    folder = workspace_path(workspace)
    studio, settings = connect_studio(folder)
    saved = write_backup(studio, require_own_project(folder, studio, settings), file)
    _print_counts("saved", saved)
    click.echo(str(file))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--project", "title", help="Title of the project.  [default: that of the backup]")
@click.option(
    "--missing-authors",
    type=click.Choice(["refuse", "mine"]),
    default="refuse",
    show_default=True,
    help="Annotations of people without an account: refuse, or make them yours.",
)
@workspace_option
def restore(
    file: Path,
    title: str | None,
    missing_authors: Literal["refuse", "mine"],
    workspace: Path | None,
) -> None:
    """Make a project again from FILE, which `classify labels backup` wrote.

    The project must be new or empty. Annotations keep their authors, who need an account on the
    server; Label Studio gives them the time of the restore, and the workspace remembers theirs.
    """
    from classify.workspace.backup import restore_backup
    from classify.workspace.labels import connect_studio
    from labels.migration.backup import load

    saved = load(file)
    folder = workspace_path(workspace)
    with locked(folder, "classify labels restore"):
        studio, _ = connect_studio(folder)
        project = restore_backup(folder, studio, saved, title or saved.title, missing_authors)
    _print_counts("restored", saved)
    click.echo(project.url)


def _print_counts(done: str, saved: "Backup") -> None:
    """Print what a backup holds."""
    counts = saved.counts
    parts = (
        quantity(counts[name], name.removesuffix("s"))
        for name in ("tasks", "annotations", "drafts", "predictions")
    )
    people = ", ".join(f"{name} {count:,}" for name, count in sorted(saved.authors.items()))
    say(f"{done}: {', '.join(parts)}" + (f"; by {people}" if people else ""))
