"""What pulls read: the annotations of all projects of a workspace, as people made them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.progress import track_count
from classify.workspace.history.followups import list_followups
from classify.workspace.history.journal import list_done
from classify.workspace.history.times import read_times, with_times
from labels.migration.results import map_result
from labels.server.answers import as_object
from labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.project import Project, Task


def export_all(
    workspace: Path, studio: "Studio", project: "Project", taxonomy: Taxonomy
) -> "list[Task]":
    """Return the tasks that people have worked on, of a project and of those that ask once more.

    The project's own tasks come last, so that theirs are the ids by which an article is known.
    """
    from labels.studio.project import export_tasks

    tasks: list[dict[str, Any]] = []
    for source in (*list_followups(workspace, studio), project):
        with track_count("Fetching", None) as count:
            tasks += export_tasks(studio, source.id, progress=count)
    return as_made(workspace, tasks, taxonomy)


def as_made(workspace: Path, tasks: "list[Task]", taxonomy: Taxonomy) -> "list[Task]":
    """Return exported tasks as people answered them.

    Categories that were renamed or merged since somebody opened the page have their new ids, and
    annotations that a migration rewrote the times at which people made them.
    """
    heirs = list_heirs(workspace, taxonomy)
    renamed = [_rename(task, heirs) for task in tasks] if heirs else tasks
    return with_times(renamed, read_times(workspace))


def list_heirs(workspace: Path, taxonomy: Taxonomy) -> dict[str, str]:
    """Return the id that each renamed or merged category has now; without those that ended."""
    heirs: dict[str, str] = {}
    for journal in list_done(workspace):
        mapping = journal.plan.operation.mapping
        heirs = {old: mapping.get(new, new) for old, new in heirs.items()} | mapping
    return {
        old: new
        for old, new in heirs.items()
        if old not in taxonomy.places and new in taxonomy.places
    }


def _rename(task: "Task", heirs: Mapping[str, str]) -> "Task":
    """Return a task whose annotations and drafts have no renamed category."""
    changed = dict(task)
    for kind in ("annotations", "drafts"):
        records = task.get(kind)
        if isinstance(records, list):
            changed[kind] = [_rename_record(record, heirs) for record in records]
    return changed


def _rename_record(record: Any, heirs: Mapping[str, str]) -> Any:
    fields = as_object(record)
    return (
        record if fields is None else {**fields, "result": map_result(fields.get("result"), heirs)}
    )
