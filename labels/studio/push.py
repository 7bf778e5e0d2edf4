"""Tasks sent to Label Studio, each exactly once, whatever breaks on the way."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from labels.studio.client import Progress, Studio, Task, quiet
from labels.studio.errors import UnsureError

SENDINGS = 4  # of one batch, each followed by asking which of its tasks arrived


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did.

    Attributes:
        sent: articles that were not there.
        already: articles that were.
        repaired: surplus copies removed, left by two pushes at once or a broken one.
        doubled: ids of articles still there twice because people have worked on each copy.
        there: ids of all the articles that were there before.
    """

    sent: int
    already: int
    repaired: int = 0
    doubled: tuple[str, ...] = ()
    there: frozenset[str] = frozenset()


def push(
    studio: Studio, project_id: int, tasks: Sequence[Task], *, progress: Progress = quiet
) -> Pushed:
    """Send the tasks that are not there yet.

    After any failure the server is asked what arrived before anything is sent again; at the
    end surplus copies are removed, so that a broken push is mended by the next.

    Args:
        studio: the server.
        project_id: where to.
        tasks: each with data.seed_id.
        progress: counts the tasks of this push.

    Raises:
        InputError: the server refuses a task, or does not recover.
    """
    unique = {_seed(task): task for task in tasks}
    before = studio.project(project_id).tasks  # first: what comes later is then noticed
    there = studio.seed_ids(project_id)
    missing = [task for seed, task in unique.items() if seed not in there]
    already = len(unique) - len(missing)
    for done in _sent(studio, project_id, missing):
        progress(already + done, len(unique))
    double = any(len(ids) > 1 for ids in there.values())
    found = Pushed(len(missing), already, there=frozenset(there))
    if double or studio.project(project_id).tasks != before + len(missing):
        repaired, doubled = _repair(studio, project_id)
        return replace(found, repaired=repaired, doubled=doubled)
    return found


def _sent(studio: Studio, project_id: int, tasks: Sequence[Task]) -> Iterator[int]:
    """Send tasks in batches; how many are sent so far, beginning with 0."""
    size = studio.settings.batch_size
    yield 0
    for start in range(0, len(tasks), size):
        _send(studio, project_id, tasks[start : start + size])
        yield min(start + size, len(tasks))


def _send(studio: Studio, project_id: int, batch: Sequence[Task]) -> None:
    """Send one batch; after a failure, only what did not arrive."""
    for attempt in itertools.count(1):
        try:
            studio.send(project_id, batch)
            return
        except UnsureError:
            if attempt == SENDINGS:
                raise
        held = studio.tasks_of(project_id, [_seed(task) for task in batch])
        arrived = {str(task.data["seed_id"]) for task in held}
        batch = [task for task in batch if _seed(task) not in arrived]
        if not batch:
            return


def _repair(studio: Studio, project_id: int) -> tuple[int, tuple[str, ...]]:
    """Remove surplus copies; how many, and the articles people have worked on twice.

    Every command that does this at the same time removes the same ones: it keeps the copy
    with annotations or drafts, else the oldest.
    """
    copies = [seed for seed, ids in studio.seed_ids(project_id).items() if len(ids) > 1]
    by_seed: dict[str, list[Any]] = defaultdict(list)
    for task in studio.tasks_of(project_id, copies):
        by_seed[str(task.data["seed_id"])].append(task)
    surplus: list[int] = []
    doubled: list[str] = []
    for seed, tasks in by_seed.items():
        used = [task.id for task in tasks if task.annotations or task.drafts]
        kept = used or [min(task.id for task in tasks)]
        surplus += [task.id for task in tasks if task.id not in kept]
        doubled += [seed] if len(used) > 1 else []
    studio.delete(project_id, surplus)
    return len(surplus), tuple(doubled)


def _seed(task: Task) -> str:
    return str(task["data"]["seed_id"])
