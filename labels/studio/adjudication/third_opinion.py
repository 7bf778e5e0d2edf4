"""One more annotator for disputed articles, in the project that they are in."""

from collections.abc import Iterable, Sequence

from labels.studio.client import Studio
from labels.studio.project import QUERY_IDS, Task, chunks, list_tasks
from labels.studio.queries import of_articles

_FIELDS = "id,data,overlap,is_labeled,total_annotations"


def ask_third(studio: Studio, project_id: int, articles: Sequence[str], overlap: int) -> list[int]:
    """Have Label Studio offer disputed articles to one annotator more; return their tasks.

    An article that has had that many is asked about no more. Label Studio takes a task's own
    overlap back when tasks arrive while a share below 1 is set, so that each pull asks again.

    Args:
        studio: the server.
        project_id: where the articles were annotated.
        articles: ids of the disputed ones.
        overlap: how many annotators an article gets otherwise.
    """
    tasks = [
        task
        for batch in chunks(articles, QUERY_IDS)
        for task in list_tasks(
            studio, project_id, of_articles(batch), fields="task_only", include=_FIELDS
        )
    ]
    asked = list(_select(tasks, overlap))
    for task in asked:
        # Without is_labeled the task would stay done in the eyes of the queue.
        studio.write(
            f"task {task}",
            studio.sdk.tasks.update,
            str(task),
            overlap=overlap + 1,
            is_labeled=False,
        )
    return asked


def _select(tasks: Iterable[Task], overlap: int) -> Iterable[int]:
    """Yield the ids of tasks that are done, and had no more annotators than all have."""
    for task in tasks:
        if task.get("is_labeled") is True and _count(task) <= overlap:
            yield task["id"]


def _count(task: Task) -> int:
    count = task.get("total_annotations")
    return count if isinstance(count, int) else 0
