"""A project of Label Studio saved in one file, and made again from it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from classify.progress import track_count

if TYPE_CHECKING:
    from labels.migration.backup import Backup
    from labels.studio.client import Studio
    from labels.studio.project import Project


def write_backup(studio: "Studio", project: "Project", path: Path) -> "Backup":
    """Save a project in a file.

    Raises:
        InputError: the server fails, or the file can't be written.
    """
    from labels.migration.backup import read_project, save

    with track_count(f"Saving {project.title}", None) as count:
        backup = read_project(studio, project.id, progress=count)
    save(backup, path)
    return backup


def restore_backup(
    workspace: Path,
    studio: "Studio",
    backup: "Backup",
    title: str,
    missing_authors: Literal["refuse", "mine"],
) -> "Project":
    """Make a project of a backup, and remember when its annotations were made.

    Raises:
        InputError: a project of that title has tasks, or people have no account.
    """
    from classify.workspace.history.times import read_times, remember_times, with_times
    from labels.migration.backup import restore
    from labels.studio.project import get_project

    # What we rewrote before it was saved was made earlier than the server said.
    backup = replace(backup, tasks=with_times(backup.tasks, read_times(workspace)))
    with track_count("Restoring", len(backup.tasks)) as count:
        project_id, times = restore(
            studio, backup, title, missing_authors=missing_authors, progress=count
        )
    remember_times(workspace, times)
    return get_project(studio, project_id)
