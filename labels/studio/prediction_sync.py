"""The predictions of a project: one run's, one for each task, whatever breaks on the way."""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from labels.server.answers import Answer
from labels.studio.client import Studio
from labels.studio.errors import UnsureError
from labels.studio.interface import read_categories
from labels.studio.prediction_result import Suggestion, read_prediction, to_prediction
from labels.studio.project import (
    QUERY_IDS,
    Progress,
    Task,
    chunks,
    get_record,
    ignore_progress,
    interface_of,
    list_tasks,
)
from labels.studio.queries import of_articles
from labels.studio.registration import show_version
from labels.studio.tasks import seed_id, to_document
from seeds.base.errors import InputError

ATTEMPTS = 4  # to send a batch; after each failure the server is asked which predictions arrived
# The fields of a task, and, in the same list, those of its predictions.
_FIELDS = "id,data,meta,predictions,model_version,score,result,task"

# Label Studio's names for the order in which annotators get articles.
_DEFAULT_ORDER, _LEAST_CERTAIN_FIRST = "Sequential sampling", "Uncertainty sampling"

Suggest = Callable[[Sequence[str]], Sequence[Suggestion]]  # texts -> a suggestion each


@dataclass(frozen=True, slots=True)
class Replaced:
    """The changes to a project's predictions.

    Attributes:
        sent: predictions that were missing.
        present: predictions of the run that the project had.
        removed: versions of ours before the last one, whose predictions were deleted.
        repaired: predictions of the run deleted because someone changed them, or a task had two.
        foreign: ids of the tasks that are no article of ours.
        reordered: annotators now get the articles first that the run is least sure of.
        blind: predictions deleted because their articles are labelled without.
    """

    sent: int
    present: int
    removed: tuple[str, ...] = ()
    repaired: int = 0
    foreign: tuple[int, ...] = ()
    reordered: bool = False
    blind: int = 0


@dataclass(frozen=True, slots=True)
class _Target:
    """The run whose predictions a project is to have, and the categories of its interface."""

    studio: Studio
    project_id: int
    run: str
    categories: Set[str]
    ours: Callable[[str], bool]
    blind: Set[str]

    def owns(self, version: str) -> bool:
        """Tell whether a model version is the run, or another of ours."""
        return version == self.run or self.ours(version)

    @property
    def subject(self) -> str:
        """The project, for errors."""
        return f"project {self.project_id}"


@dataclass(slots=True)
class _Inventory:
    """The predictions of a project: a run's, and those of other versions."""

    missing: list[tuple[int, str]] = field(default_factory=list)  # task, text
    right: int = 0
    wrong: list[int] = field(default_factory=list)  # predictions of the run
    versions: set[str] = field(default_factory=set)
    predicted: set[int] = field(default_factory=set)  # tasks with a prediction of ours, of any run
    foreign: list[int] = field(default_factory=list)  # tasks
    blind: list[int] = field(default_factory=list)  # predictions of ours, of any run


def replace_predictions(
    studio: Studio,
    project_id: int,
    run: str,
    suggest: Suggest,
    *,
    ours: Callable[[str], bool],
    which: Literal["all", "outdated"] = "all",
    blind: Set[str] = frozenset(),
    progress: Progress = ignore_progress,
) -> Replaced:
    """Give the articles of a project the predictions of a run, in place of earlier runs'.

    Annotators see those of this run alone. Those of the run before stay until the next time, since
    an article that is open can't be submitted without the one it was opened with. If the command
    is killed, the next one completes the work. Annotations are not touched.

    Args:
        studio: the server.
        project_id: of the project.
        run: the name of the run.
        suggest: predicts for a batch of texts.
        ours: tells whether a model version is a run of ours; predictions of others stay.
        which: all articles, or only those that have the prediction of an earlier run. With all of
            them, annotators get the least certain first, unless the project's order is random.
        blind: ids of the articles that get none, and lose those of ours that they have.
        progress: counts the articles.

    Raises:
        InputError: the labelling interface lacks our control, or the server does not recover.
    """
    categories = read_categories(interface_of(get_record(studio, project_id)))
    target = _Target(studio, project_id, run, categories, ours, blind)
    inventory = _take_inventory(target)
    if which == "outdated":
        inventory.missing = [task for task in inventory.missing if task[0] in inventory.predicted]
    _delete_all(studio, [*inventory.wrong, *inventory.blind])
    total = inventory.right + len(inventory.missing)
    for sent in _send_all(target, inventory.missing, suggest):
        progress(inventory.right + sent, total)
    show_version(studio, project_id, run, is_stored=total > 0)
    # Last, so that a killed command has deleted nothing that the next one would not replace. The
    # latest of the others stays: the server refuses an annotation whose suggestion has gone, and
    # somebody may have an article open. Names of runs begin with their time.
    removed = sorted(version for version in inventory.versions if version != run and ours(version))[
        :-1
    ]
    for version in removed:
        _delete_version(target, version)
    show_version(studio, project_id, run, is_stored=total > 0)  # a deletion may have unset it
    return Replaced(
        sent=len(inventory.missing),
        present=inventory.right,
        removed=tuple(removed),
        repaired=len(inventory.wrong),
        foreign=tuple(inventory.foreign),
        reordered=which == "all" and total > 0 and _order_by_confidence(target),
        blind=len(inventory.blind),
    )


def remove_predictions(
    studio: Studio, project_id: int, articles: Collection[str], ours: Callable[[str], bool]
) -> int:
    """Delete the predictions of ours, of any run, in some articles; return how many there were."""
    predictions = [
        prediction.get("id", int)
        for batch in chunks(sorted(articles), QUERY_IDS)
        for task in list_tasks(
            studio, project_id, of_articles(batch), fields="all", include=_FIELDS
        )
        for prediction in _list_predictions(studio, task)
        if ours(_version_of(prediction))
    ]
    _delete_all(studio, predictions)
    return len(predictions)


def _delete_all(studio: Studio, predictions: Iterable[int]) -> None:
    for prediction in predictions:
        studio.write(f"prediction {prediction}", studio.sdk.predictions.delete, prediction)


def _list_predictions(studio: Studio, task: Task) -> list[Answer]:
    """Return the predictions of a listed task."""
    where = f"{studio.url}: task {task['id']}"
    return [Answer(record, where) for record in Answer(task, where).get("predictions", list, [])]


def _order_by_confidence(target: _Target) -> bool:
    """Switch Label Studio's uncertainty sampling on; return whether that changed the order.

    A random order stays: somebody chose it.
    """
    studio, project_id = target.studio, target.project_id
    if get_record(studio, project_id).get("sampling", str, "") != _DEFAULT_ORDER:
        return False
    subject = f"the order of {target.subject}"
    studio.write(subject, studio.sdk.projects.update, project_id, sampling=_LEAST_CERTAIN_FIRST)
    return True


def _delete_version(target: _Target, version: str) -> None:
    """Delete all predictions of a model version; the SDK has no method for it."""
    path = f"api/projects/{target.project_id}/model-versions/"
    body = {"model_version": version}
    target.studio.write(target.subject, target.studio.request, "DELETE", path, body)


def _take_inventory(target: _Target) -> _Inventory:
    """Read the project's predictions as they are now."""
    inventory = _Inventory()
    tasks = list_tasks(target.studio, target.project_id, fields="all", include=_FIELDS)
    for task in tasks:
        predictions = _list_predictions(target.studio, task)
        versions = {_version_of(prediction) for prediction in predictions}
        inventory.versions |= versions
        own = [
            p for p in predictions if _version_of(p) == target.run or target.ours(_version_of(p))
        ]
        if seed_id(task) in target.blind:
            inventory.blind += [prediction.get("id", int) for prediction in own]
            continue
        if own:
            inventory.predicted.add(task["id"])
        _add_task(inventory, target, task, [p for p in own if _version_of(p) == target.run])
    return inventory


def _add_task(
    inventory: _Inventory, target: _Target, task: Task, predictions: Sequence[Answer]
) -> None:
    """Add a task with its predictions of the run to an inventory."""
    ids = [prediction.get("id", int) for prediction in predictions]
    is_right = [_is_right(prediction.fields, target.categories) for prediction in predictions]
    right = list(itertools.compress(ids, is_right))[:1]
    inventory.wrong += [prediction for prediction in ids if prediction not in right]
    try:
        text = to_document({"data": task.get("data")}).text
    except InputError:
        inventory.foreign.append(task["id"])
        return
    if right:
        inventory.right += 1
    else:
        inventory.missing.append((task["id"], text))


def _version_of(prediction: Answer) -> str:
    return prediction.get("model_version", str, "")


def _is_right(prediction: dict[str, Any], categories: Set[str]) -> bool:
    try:
        read_prediction(prediction, categories)
    except InputError:
        return False
    return True


def _send_all(target: _Target, tasks: Sequence[tuple[int, str]], suggest: Suggest) -> Iterator[int]:
    """Send a prediction for each task; yield how many are sent so far, beginning with 0."""
    sent = 0
    yield sent
    for chunk in chunks(tasks, target.studio.settings.batch_size):
        suggestions = suggest([text for _, text in chunk])
        batch = [
            {"task": task, **to_prediction(suggestion, target.categories)}
            for (task, _), suggestion in zip(chunk, suggestions, strict=True)
        ]
        _send_batch(target, batch)
        sent += len(chunk)
        yield sent


def _send_batch(target: _Target, batch: list[dict[str, Any]]) -> None:
    """Send one batch; after a failure, only what did not arrive.

    Raises:
        InputError: the server does not recover, or drops predictions.
    """
    studio = target.studio
    call = studio.sdk.projects.import_predictions
    for attempt in itertools.count(1):
        try:
            answer = studio.write(target.subject, call, target.project_id, request=batch)
            created = answer.get("created", int)
        except UnsureError:
            if attempt == ATTEMPTS:
                raise
        else:
            if created != len(batch):
                raise InputError(
                    f"{studio.url}: took {created} of {len(batch)} predictions without "
                    "saying why. Check the labelling interface, then run this again."
                )
            return
        missing = {task for task, _ in _take_inventory(target).missing}
        batch = [prediction for prediction in batch if prediction["task"] in missing]
        if not batch:
            return
