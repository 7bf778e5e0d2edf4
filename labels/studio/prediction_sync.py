"""The predictions of a project: one run's, each task's once, whatever breaks on the way."""

import itertools
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from labels.studio.client import Progress, Studio, chunks, quiet
from labels.studio.errors import UnsureError
from labels.studio.interface import known_categories
from labels.studio.suggestion import Suggestion, prediction, read_prediction
from labels.studio.tasks import document
from seeds.base.errors import InputError

SENDINGS = 4  # of one batch, each followed by asking which of its predictions arrived
# The fields of a task, and, in the same list, those of its predictions.
_FIELDS = "id,data,meta,predictions,model_version,score,result,task"

Suggest = Callable[[Sequence[str]], Sequence[Suggestion]]  # texts -> a suggestion each


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was done to a project's predictions.

    Attributes:
        sent: predictions that were missing.
        already: those that were there.
        removed: versions of ours that made way.
        mended: predictions of the run removed because someone changed them, or they stood twice.
        strange: ids of the tasks that are no article of ours.
    """

    sent: int
    already: int
    removed: tuple[str, ...] = ()
    mended: int = 0
    strange: tuple[int, ...] = ()


@dataclass(slots=True)
class _Held:
    """What a project holds: of a run, and of other versions."""

    missing: list[tuple[int, str]] = field(default_factory=list)  # task, text
    right: int = 0
    wrong: list[int] = field(default_factory=list)  # predictions of the run
    versions: set[str] = field(default_factory=set)
    outdated: set[int] = field(default_factory=set)  # tasks with a prediction of ours, maybe wrong
    strange: list[int] = field(default_factory=list)  # tasks


def replace(
    studio: Studio,
    project_id: int,
    run: str,
    suggest: Suggest,
    *,
    ours: Callable[[str], bool],
    which: Literal["all", "outdated"] = "all",
    progress: Progress = quiet,
) -> Replaced:
    """Give the articles of a project the prediction of a run, in the place of earlier runs'.

    What a killed command has left undone, the next one does. Annotations are not touched.

    Args:
        studio: the server.
        project_id: of the project.
        run: the name of the run.
        suggest: predicts; it gets some texts at a time.
        ours: whether a model version is a run of ours; the predictions of others stay.
        which: all articles, or those that have the prediction of an earlier run alone.
        progress: counts the articles.

    Raises:
        InputError: the labelling interface lacks our control, or the server does not recover.
    """
    project = _project(studio, project_id)
    known = known_categories(project.label_config or "<View/>")
    held = _held(studio, project_id, run, known, ours)
    if which == "outdated":
        held.missing = [each for each in held.missing if each[0] in held.outdated]
    for wrong in held.wrong:
        studio.write(f"prediction {wrong}", studio.sdk.predictions.delete, wrong)
    for done in _sent(studio, project_id, run, held.missing, suggest, known):
        progress(held.right + done, held.right + len(held.missing))
    there = held.right + len(held.missing) > 0
    _show(studio, project_id, run, there=there)
    # Last, so that a killed command has taken nothing away that the next one would not bring back.
    removed = sorted(each for each in held.versions if each != run and ours(each))
    for version in removed:
        studio.delete_version(project_id, version)
    _show(studio, project_id, run, there=there)  # a deletion may have unset it
    return Replaced(
        len(held.missing), held.right, tuple(removed), len(held.wrong), tuple(held.strange)
    )


def _show(studio: Studio, project_id: int, run: str, *, there: bool) -> None:
    """Make annotators see the predictions of a run; before there are any, the server refuses."""
    if there and _project(studio, project_id).model_version != run:
        what = f"the model version of project {project_id}"
        studio.write(what, studio.sdk.projects.update, project_id, model_version=run)


def _project(studio: Studio, project_id: int) -> Any:
    return studio.read(f"project {project_id}", studio.sdk.projects.get, project_id)


def _held(
    studio: Studio, project_id: int, run: str, known: Set[str], ours: Callable[[str], bool]
) -> _Held:
    """What the project holds now."""
    held = _Held()
    for task in studio.tasks(project_id, quiet, fields="all", include=_FIELDS):
        found = [each.model_dump() for each in task.predictions or ()]
        versions = {str(each["model_version"] or "") for each in found}
        held.versions |= versions
        if any(each == run or ours(each) for each in versions):
            held.outdated.add(task.id)
        own = [each for each in found if each["model_version"] == run]
        right = [each["id"] for each in own if _is_right(each, known)][:1]
        held.wrong += [each["id"] for each in own if each["id"] not in right]
        try:
            text = document({"data": task.data}).text
        except InputError:
            held.strange.append(task.id)
            continue
        if right:
            held.right += 1
        else:
            held.missing.append((task.id, text))
    return held


def _is_right(found: dict[str, Any], known: Set[str]) -> bool:
    try:
        read_prediction(found, known)
    except InputError:
        return False
    return True


def _sent(
    studio: Studio,
    project_id: int,
    run: str,
    tasks: Sequence[tuple[int, str]],
    suggest: Suggest,
    known: Set[str],
) -> Iterator[int]:
    """Send a prediction for each of some tasks; how many are sent so far, beginning with 0."""
    done = 0
    yield done
    for some in chunks(tasks, studio.settings.batch_size):
        suggestions = suggest([text for _, text in some])
        batch = [
            {"task": task, **prediction(each, known)}
            for (task, _), each in zip(some, suggestions, strict=True)
        ]
        _send(studio, project_id, run, batch, known)
        done += len(some)
        yield done


def _send(
    studio: Studio, project_id: int, run: str, batch: list[dict[str, Any]], known: Set[str]
) -> None:
    """Send one batch; after a failure, only what did not arrive.

    Raises:
        InputError: the server does not recover, or drops some.
    """
    what = f"project {project_id}"
    call = studio.sdk.projects.import_predictions
    for attempt in itertools.count(1):
        try:
            answer: Any = studio.write(what, call, project_id, request=batch)
        except UnsureError:
            if attempt == SENDINGS:
                raise
        else:
            if answer.created != len(batch):
                raise InputError(
                    f"{studio.url}: took {answer.created} of {len(batch)} predictions without "
                    "saying why. Check the labelling interface, then run this again."
                )
            return
        missing = {
            task for task, _ in _held(studio, project_id, run, known, lambda _: False).missing
        }
        batch = [each for each in batch if each["task"] in missing]
        if not batch:
            return
