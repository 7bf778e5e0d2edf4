"""Full JSON export -> Annotations, with everything that was not usable set aside. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from labels.annotations import IMPORTED, Annotation
from labels.server.answers import as_object, describe, typed
from labels.studio.prediction_result import read_shown
from labels.studio.tasks import read_result, says_unsure, seed_id, to_document
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.document import Document

Status = Literal["submitted", "skipped", "draft"]
T = TypeVar("T", str, float, bool)


@dataclass(frozen=True, slots=True)
class Edit:
    """An annotation that somebody changed who had not made it.

    Attributes:
        task: its task in Label Studio.
        author: who made it, for whom it still counts.
        editor: who changed it last; "user 7" if nothing else is known.
        editor_id: the server's id of that person.
    """

    task: int
    author: str
    editor: str
    editor_id: int


@dataclass(frozen=True, slots=True)
class Export:
    """The annotations of a project.

    Attributes:
        annotations: the latest one of each annotator and article.
        documents: the articles of the tasks, by id.
        rejected: reason -> the task of each annotation set aside for it (or a task whose data are
            no longer those of the article).
        counted: how many are submitted, skipped, draft, or replaced by a later one, and how many
            of the submitted are unsure.
        foreign: tasks that were not sent by `classify labels push`; their annotations are left out.
        tasks: Label Studio's id of the task of each article.
        aside: category that the taxonomy lacks -> the task of each annotation that has it: it does
            not count, the annotation's other categories do.
        edits: annotations that were changed by others than their authors.
    """

    annotations: list[Annotation]
    documents: dict[str, Document]
    rejected: dict[str, list[int]]
    counted: Counter[str] = field(default_factory=Counter)
    foreign: tuple[int, ...] = ()
    tasks: dict[str, int] = field(default_factory=dict)
    aside: dict[str, list[int]] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()


def read_export(tasks: Iterable[dict[str, Any]], taxonomy: Taxonomy) -> Export:
    """Return the annotations of exported tasks.

    Args:
        tasks: as `labels.studio.project.export_tasks` returns them: `completed_by` is an e-mail
            address.
        taxonomy: the categories that count.
    """
    tasks = list(tasks)
    annotations: list[Annotation] = []
    documents: dict[str, Document] = {}
    rejected: dict[str, list[int]] = defaultdict(list)
    counted: Counter[str] = Counter()
    foreign: list[int] = []
    task_ids: dict[str, int] = {}
    aside: dict[str, list[int]] = defaultdict(list)
    for task in tasks:
        number = _number(task)
        if not seed_id(task):
            foreign.append(number)
            continue
        try:
            article = to_document(task)
            records = list(_list_records(task))
        except InputError as error:
            rejected[str(error)].append(number)
            continue
        documents[article.id] = article
        task_ids[article.id] = number
        if not records:  # Label Studio shows a draft to nobody but its author
            counted["draft"] += 1
        for record, status in records:
            try:
                annotation = _read_annotation(article.id, record, status, taxonomy)
            except InputError as error:
                rejected[str(error)].append(number)
                continue
            annotations.append(_with_shown(annotation, record, task, taxonomy))
            for category in annotation.aside:
                aside[category].append(number)
    latest = select_latest(annotations)
    counted.update(annotation.status for annotation in latest)
    counted.update("unsure" for a in latest if a.unsure and a.status == "submitted")
    counted += Counter(replaced=len(annotations) - len(latest))  # no entry for 0
    return Export(
        annotations=latest,
        documents=documents,
        rejected=dict(rejected),
        counted=counted,
        foreign=tuple(foreign),
        tasks=task_ids,
        aside=dict(aside),
        edits=_find_edits(tasks),
    )


def _find_edits(tasks: Iterable[dict[str, Any]]) -> tuple[Edit, ...]:
    """Return the annotations that somebody else than their author changed last.

    Opened from the list, Label Studio shows a colleague's annotation with a button to update it.
    """
    names: dict[int, str] = {}
    changed: list[tuple[int, str, int]] = []
    for task in tasks:
        records = task.get("annotations")
        for record in filter(None, map(as_object, records if isinstance(records, list) else ())):
            author, editor = record.get("author"), record.get("updated_by")
            name = record.get("completed_by")
            if isinstance(author, int) and isinstance(name, str):
                names[author] = name
                if isinstance(editor, int) and editor != author:
                    changed.append((_number(task), name, editor))
    return tuple(
        Edit(task, author, names.get(editor, f"user {editor}"), editor)
        for task, author, editor in changed
    )


def keep_shown(
    annotations: Iterable[Annotation], earlier: Iterable[Annotation]
) -> list[Annotation]:
    """Return annotations with what an earlier export told of the suggestions they began with.

    The server forgets that when it deletes the predictions of old runs.
    """
    known = {_identity(annotation): annotation for annotation in earlier if annotation.shown_run}
    kept = []
    for annotation in annotations:
        before = known.get(_identity(annotation))
        if annotation.shown_run or before is None:
            kept.append(annotation)
        else:
            kept.append(replace(annotation, shown_run=before.shown_run, shown=before.shown))
    return kept


def _identity(annotation: Annotation) -> tuple[str, str, str]:
    return annotation.document_id, annotation.annotator, annotation.created


def _number(task: dict[str, Any]) -> int:
    """Return Label Studio's id of a task, for a person; 0 if it has none."""
    number = task.get("id")
    return number if isinstance(number, int) else 0


def select_latest(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Return the annotation that counts for each article and annotator."""
    latest: dict[tuple[str, str], Annotation] = {}
    for annotation in annotations:
        key = (annotation.document_id, annotation.annotator)
        latest[key] = max(latest.get(key, annotation), annotation, key=_rank)
    return list(latest.values())


def _rank(annotation: Annotation) -> tuple[bool, bool, tuple[float, str]]:
    """Rank ground truths above other annotations, submitted above the rest, later above earlier."""
    return annotation.ground_truth, annotation.status == "submitted", annotation.last_change


def list_submitted(tasks: Iterable[dict[str, Any]], since: str) -> list[int]:
    """Return the ids of the annotations submitted or changed after a time, given as ISO 8601.

    Those that can't be read are left out; a pull sets them aside, and says so.
    """
    ids = []
    for task in tasks:
        records = task.get("annotations")
        for record in map(as_object, records if isinstance(records, list) else ()):
            number = record.get("id") if record else None
            if record and isinstance(number, int) and record.get("was_cancelled") is not True:
                ids += [number] if str(record.get("updated_at")) > since else []
    return ids


def _list_records(task: dict[str, Any]) -> Iterator[tuple[Any, Status | None]]:
    """Yield a task's annotations and drafts, each with the status that its list gives it.

    Raises:
        InputError: one of the lists is none.
    """
    statuses: tuple[tuple[str, Status | None], ...] = (("annotations", None), ("drafts", "draft"))
    for name, status in statuses:
        records = task.get(name)
        for record in () if records is None else typed(records, list, name):
            yield record, status


def _read_annotation(
    article: str, value: Any, status: Status | None, taxonomy: Taxonomy
) -> Annotation:
    """Return an annotation or a draft of an article.

    Raises:
        InputError: it is none, or one that the taxonomy does not allow.
    """
    record = as_object(value)
    if record is None:
        raise InputError(f"an annotation is {describe(value)}, not an object")
    if status is None:
        status = "skipped" if _optional(record, "was_cancelled", False) else "submitted"
    chosen, comment = read_result(record.get("result"))
    choices = dict.fromkeys(chosen)
    unsure = says_unsure(record["result"])
    enough = {1} if not unsure else {0, 1}
    if status == "submitted" and taxonomy.choice == "single" and len(choices) not in enough:
        raise InputError(f"{len(choices)} categories, but the taxonomy is single choice")
    return Annotation(
        document_id=article,
        annotator=_annotator(record),
        categories=tuple(sorted(choices, key=_place(taxonomy))),
        status=status,
        seconds=float(_optional(record, "lead_time", 0.0)),
        ground_truth=_optional(record, "ground_truth", False),
        created=_optional(record, "created_at", ""),
        updated=_optional(record, "updated_at", ""),
        comment=comment,
        unsure=unsure,
    ).within(taxonomy)


def _place(taxonomy: Taxonomy) -> Callable[[str], int]:
    """Return the place of a category in the taxonomy; those that it lacks come last."""
    return lambda name: taxonomy.places.get(name, len(taxonomy.ids))


def _with_shown(
    annotation: Annotation, record: dict[str, Any], task: dict[str, Any], taxonomy: Taxonomy
) -> Annotation:
    """Return an annotation with the suggestion that it began with; drafts do not tell theirs."""
    predictions = task.get("predictions")
    run, categories = read_shown(record, predictions if isinstance(predictions, list) else ())
    shown = tuple(name for name in taxonomy.ids if name in categories)
    return replace(annotation, shown_run=run, shown=shown)


def _annotator(record: dict[str, Any]) -> str:
    """Return the person who made an annotation (`completed_by`) or a draft (`user`).

    Raises:
        InputError: it is no name, or one that labels from a file have, which no pull replaces.
    """
    names = (record.get("completed_by"), record.get("user"))
    annotator = next((typed(name, str, "the annotator") for name in names if name), "unknown")
    if annotator.startswith(IMPORTED):
        raise InputError(f"the annotator {annotator[:100]!r} has the name of an import")
    return annotator


def _optional(record: dict[str, Any], name: str, default: T) -> T:
    """Return a field, or the default if it is missing or null."""
    value = record.get(name)
    return default if value is None else typed(value, type(default), name)
