"""Tasks sent to Label Studio, each exactly once, whatever breaks on the way."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from labels.studio.client import Studio
from labels.studio.errors import UnsureError
from labels.studio.project import (
    Progress,
    Task,
    delete_tasks,
    get_project,
    get_record,
    ignore_progress,
    list_copies,
    list_task_ids,
    send_tasks,
)
from labels.studio.tasks import seed_id

ATTEMPTS = 4  # to send a batch; after each failure the server is asked which tasks arrived


@dataclass(frozen=True, slots=True)
class Pushed:
    """The outcome of a push.

    Attributes:
        sent: articles that were new to the project.
        present: articles that it had.
        repaired: surplus copies removed, left by two pushes at once or a broken one.
        doubled: ids of articles that still have two tasks, because people worked on both.
        project_ids: ids of all the articles that the project had before.
    """

    sent: int
    present: int
    repaired: int = 0
    doubled: tuple[str, ...] = ()
    project_ids: frozenset[str] = frozenset()


def push(
    studio: Studio,
    project_id: int,
    tasks: Sequence[Task],
    *,
    limit: int | None = None,
    progress: Progress = ignore_progress,
) -> Pushed:
    """Send the tasks that the project does not have yet.

    After any failure the server is asked what arrived before anything is sent again; at the
    end surplus copies are removed, so that the next push repairs a broken one.

    Args:
        studio: the server.
        project_id: where to.
        tasks: each with data.seed_id; they are sent in this order.
        limit: how many to send at most; None: all that are missing.
        progress: counts the tasks of this push.

    Raises:
        InputError: the server refuses a task, or does not recover.
    """
    by_seed = {seed_id(task): task for task in tasks}
    # The count is read before the ids, so that tasks which arrive in between are noticed.
    task_count = get_project(studio, project_id).tasks
    task_ids = list_task_ids(studio, project_id)
    missing = [task for seed, task in by_seed.items() if seed not in task_ids]
    new_tasks, present = missing[:limit], len(by_seed) - len(missing)
    for sent in _send_all(studio, project_id, new_tasks):
        progress(present + sent, present + len(new_tasks))
    has_copies = any(len(ids) > 1 for ids in task_ids.values())
    pushed = Pushed(len(new_tasks), present, project_ids=frozenset(task_ids))
    if has_copies or get_project(studio, project_id).tasks != task_count + len(new_tasks):
        repaired, doubled = _remove_copies(studio, project_id)
        return replace(pushed, repaired=repaired, doubled=doubled)
    return pushed


def serve_in_order(studio: Studio, project_id: int) -> bool:
    """Make *Label All Tasks* serve tasks in the order in which they were sent.

    A random order stays: somebody chose it.

    Returns:
        Whether that changed the project.
    """
    if get_record(studio, project_id).get("sampling", str, "") != "Uncertainty sampling":
        return False
    update = studio.sdk.projects.update
    subject = f"the order of project {project_id}"
    studio.write(subject, update, project_id, sampling="Sequential sampling")
    return True


def _send_all(studio: Studio, project_id: int, tasks: Sequence[Task]) -> Iterator[int]:
    """Send tasks in batches; yield how many are sent so far, beginning with 0."""
    size = studio.settings.batch_size
    yield 0
    for start in range(0, len(tasks), size):
        _send_batch(studio, project_id, tasks[start : start + size])
        yield min(start + size, len(tasks))


def _send_batch(studio: Studio, project_id: int, batch: Sequence[Task]) -> None:
    """Send one batch; after a failure, only what did not arrive."""
    for attempt in itertools.count(1):
        try:
            send_tasks(studio, project_id, batch)
            return
        except UnsureError:
            if attempt == ATTEMPTS:
                raise
        copies = list_copies(studio, project_id, [seed_id(task) for task in batch])
        arrived = {seed_id(task) for task in copies}
        batch = [task for task in batch if seed_id(task) not in arrived]
        if not batch:
            return


def _remove_copies(studio: Studio, project_id: int) -> tuple[int, tuple[str, ...]]:
    """Remove surplus copies; return how many, and the articles people have worked on twice.

    Commands that do this at the same time remove the same ones: each leaves the copy with
    annotations or drafts, else the oldest.
    """
    task_ids = list_task_ids(studio, project_id)
    by_seed: dict[str, list[Task]] = defaultdict(list)
    for task in list_copies(studio, project_id, [s for s, ids in task_ids.items() if len(ids) > 1]):
        by_seed[seed_id(task)].append(task)
    surplus: list[int] = []
    doubled: list[str] = []
    for seed, tasks in by_seed.items():
        used = [task["id"] for task in tasks if task.get("annotations") or task.get("drafts")]
        remaining = used or [min(task["id"] for task in tasks)]
        surplus += [task["id"] for task in tasks if task["id"] not in remaining]
        doubled += [seed] if len(used) > 1 else []
    delete_tasks(studio, project_id, surplus)
    return len(surplus), tuple(doubled)
