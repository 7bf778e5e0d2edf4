"""The drafts of a project, which Label Studio lists to nobody but their authors: task by task."""

from typing import Any

from labels.server.answers import as_object
from labels.studio.client import Studio
from labels.studio.project import list_tasks
from labels.studio.queries import Query

_WITH_DRAFTS = Query((("draft_exists", "equal", True, "Boolean"),))


def list_drafts(studio: Studio, project_id: int) -> dict[int, list[dict[str, Any]]]:
    """Return the drafts of each task that has any, by its id."""
    tasks = list_tasks(studio, project_id, _WITH_DRAFTS, fields="task_only", include="id")
    drafts = {}
    for number in [task["id"] for task in tasks]:
        path = f"api/tasks/{number}/drafts"
        rows = studio.read(f"the drafts of task {number}", studio.request, "GET", path).rows()
        drafts[number] = [fields for row in rows if (fields := as_object(row.value))]
    return drafts
