"""The project for disputes holds what is disputed, and what somebody has worked on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from labels.studio.client import Studio
from labels.studio.project import (
    Progress,
    Task,
    delete_tasks,
    ignore_progress,
    list_tasks,
)
from labels.studio.push import push
from labels.studio.queries import COPIES, UNTOUCHED
from labels.studio.tasks import seed_id


@dataclass(frozen=True, slots=True)
class Synced:
    """What was done to the project for disputes.

    Attributes:
        sent: disputes that were new to it.
        present: disputes that it had; `changed` of them are shown otherwise now.
        changed: tasks whose votes are shown now, or no longer, or have changed.
        removed: tasks of articles that are no longer disputed, and that nobody had worked on.
    """

    sent: int
    present: int
    changed: int
    removed: int


def sync_disputes(
    studio: Studio,
    project_id: int,
    tasks: Sequence[Task],
    *,
    progress: Progress = ignore_progress,
) -> Synced:
    """Send the disputes that are new, and remove the tasks of others that nobody has worked on.

    What somebody answered, skipped or began stays as it is.

    Args:
        studio: the server.
        project_id: the project for disputes.
        tasks: of all that is disputed now.
        progress: counts the tasks sent.
    """
    wanted = {seed_id(task): task for task in tasks}
    present = list(list_tasks(studio, project_id, fields="all", include=COPIES))
    untouched = [task for task in present if not (task.get("annotations") or task.get("drafts"))]
    settled = [task["id"] for task in untouched if seed_id(task) and seed_id(task) not in wanted]
    removed = _remove(studio, project_id, settled)
    changed = 0
    for task in untouched:
        new = wanted.get(seed_id(task))
        if new and new["data"] != task.get("data"):
            _change(studio, task["id"], new)
            changed += 1
    pushed = push(studio, project_id, tasks, progress=progress)
    return Synced(pushed.sent, pushed.present, changed, removed)


def _remove(studio: Studio, project_id: int, task_ids: Collection[int]) -> int:
    """Delete tasks unless somebody has begun on them meanwhile, which the server checks itself."""
    delete_tasks(studio, project_id, list(task_ids), UNTOUCHED)
    if not task_ids:
        return 0
    left = {task["id"] for task in list_tasks(studio, project_id, fields="task_only", include="id")}
    return len(set(task_ids) - left)


def _change(studio: Studio, task_id: int, task: Task) -> None:
    studio.write(f"task {task_id}", studio.sdk.tasks.update, str(task_id), data=task["data"])
