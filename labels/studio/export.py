"""Full JSON export -> Annotations, with everything that was not usable set aside. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from labels.annotations import Annotation
from labels.studio.interface import COMMENT, CONTROL
from labels.studio.tasks import to_document
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.document import Document

Status = Literal["submitted", "skipped", "draft"]


@dataclass(frozen=True, slots=True)
class Export:
    """The annotations of a project.

    Attributes:
        annotations: the latest one of each annotator and article.
        documents: the articles of the tasks, by id.
        rejected: reason -> the task of each annotation set aside for it (or a task that is no
            article).
        counted: how many are submitted, skipped, draft, or replaced by a later one.
    """

    annotations: list[Annotation]
    documents: dict[str, Document]
    rejected: dict[str, list[int]]
    counted: Counter[str] = field(default_factory=Counter)


def read_export(tasks: Iterable[dict[str, Any]], taxonomy: Taxonomy) -> Export:
    """Return the annotations of exported tasks.

    Args:
        tasks: as `labels.studio.project.export_tasks` returns them: `completed_by` is an e-mail
            address.
        taxonomy: the categories that count.
    """
    annotations: list[Annotation] = []
    documents: dict[str, Document] = {}
    rejected: dict[str, list[int]] = defaultdict(list)
    counted: Counter[str] = Counter()
    for task in tasks:
        try:
            article = to_document(task)
        except InputError as error:
            rejected[str(error)].append(int(task.get("id") or 0))
            continue
        documents[article.id] = article
        records = list(_list_records(task))
        if not records:  # Label Studio shows a draft to nobody but its author
            counted["draft"] += 1
        for record, status in records:
            try:
                annotations.append(_read_annotation(article.id, record, status, taxonomy))
            except InputError as error:
                rejected[str(error)].append(int(task.get("id") or 0))
    latest = _select_latest(annotations)
    counted.update(annotation.status for annotation in latest)
    counted += Counter(replaced=len(annotations) - len(latest))  # no entry for 0
    return Export(latest, documents, dict(rejected), counted)


def _select_latest(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Return the annotation that counts for each article and annotator."""
    latest: dict[tuple[str, str], Annotation] = {}
    for annotation in annotations:
        key = (annotation.document_id, annotation.annotator)
        latest[key] = max(latest.get(key, annotation), annotation, key=_rank)
    return list(latest.values())


def _rank(annotation: Annotation) -> tuple[bool, bool, str]:
    """Rank ground truths above other annotations, submitted above the rest, later above earlier."""
    return annotation.ground_truth, annotation.status == "submitted", annotation.created


def _list_records(task: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Status]]:
    """Yield a task's annotations and drafts, with the status of each."""
    for record in task.get("annotations") or []:
        yield record, "skipped" if record.get("was_cancelled") else "submitted"
    for record in task.get("drafts") or []:
        yield record, "draft"


def _read_annotation(
    article: str, record: dict[str, Any], status: Status, taxonomy: Taxonomy
) -> Annotation:
    choices, comment = _read_result(record)
    unknown = sorted(choices - set(taxonomy.ids))
    if unknown:
        raise InputError(taxonomy.describe_unknown(unknown[0]))
    if status == "submitted" and taxonomy.choice == "single" and len(choices) != 1:
        raise InputError(f"{len(choices)} categories, but the taxonomy is single choice")
    return Annotation(
        document_id=article,
        annotator=str(record.get("completed_by") or record.get("user") or "unknown"),
        categories=tuple(name for name in taxonomy.ids if name in choices),
        status=status,
        seconds=float(record.get("lead_time") or 0.0),
        ground_truth=bool(record.get("ground_truth")),
        created=str(record.get("created_at") or ""),
        comment=comment,
    )


def _read_result(record: dict[str, Any]) -> tuple[set[str], str]:
    """Return the categories ticked and the comment.

    Raises:
        InputError: the result has a control that is not ours.
    """
    choices: set[str] = set()
    comment = ""
    for region in record.get("result") or []:
        value = region.get("value") or {}
        if region.get("from_name") == CONTROL:
            choices.update(map(str, value.get("choices") or []))
        elif region.get("from_name") == COMMENT:
            comment = " ".join(map(str, value.get("text") or []))
        else:
            raise InputError(
                f"a result of {region.get('from_name')!r}, which is not a control of ours. "
                "Restore the labelling interface with `classify labels push`"
            )
    return choices, comment
