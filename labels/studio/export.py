"""Full JSON export -> Annotations, with everything that was not usable set aside. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from labels.annotations import Annotation
from labels.studio.interface import COMMENT, CONTROL
from labels.studio.tasks import document
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.document import Document


@dataclass(frozen=True, slots=True)
class Export:
    """What came back from Label Studio.

    Attributes:
        annotations: one an annotator and article, the latest one each.
        documents: the articles of the tasks, by id.
        rejected: why annotations (or a task that is no article) were set aside -> the task of
            each of them.
        counted: how many were submitted, skipped, draft, or replaced by a later one.
    """

    annotations: list[Annotation]
    documents: dict[str, Document]
    rejected: dict[str, list[int]]
    counted: Counter[str] = field(default_factory=Counter)


def read_export(tasks: Iterable[dict[str, Any]], taxonomy: Taxonomy) -> Export:
    """The annotations of an export.

    Args:
        tasks: as `Studio.export` gives them: `completed_by` is an e-mail address.
        taxonomy: what labels are held against.
    """
    latest: dict[tuple[str, str], Annotation] = {}
    documents: dict[str, Document] = {}
    rejected: dict[str, list[int]] = defaultdict(list)
    counted: Counter[str] = Counter()
    for task in tasks:
        try:
            article = document(task)
        except InputError as error:
            rejected[str(error)].append(int(task.get("id") or 0))
            continue
        documents[article.id] = article
        entries = list(_entries(task))
        if not entries:  # Label Studio shows a draft to nobody but its author
            counted["draft"] += 1
        for found, status in entries:
            try:
                annotation = _annotation(article.id, found, status, taxonomy)
            except InputError as error:
                rejected[str(error)].append(int(task.get("id") or 0))
                continue
            key = (article.id, annotation.annotator)
            earlier = latest.get(key)
            if earlier is not None:
                counted["replaced"] += 1
                annotation = max(earlier, annotation, key=_rank)
            latest[key] = annotation
    annotations = list(latest.values())
    counted.update(each.status for each in annotations)
    return Export(annotations, documents, dict(rejected), counted)


def _rank(annotation: Annotation) -> tuple[bool, bool, str]:
    """A submitted annotation outranks a draft or a skip; then the later one counts."""
    return annotation.ground_truth, annotation.status == "submitted", annotation.created


def _entries(
    task: dict[str, Any],
) -> Iterable[tuple[dict[str, Any], Literal["submitted", "skipped", "draft"]]]:
    for found in task.get("annotations") or []:
        yield found, "skipped" if found.get("was_cancelled") else "submitted"
    for found in task.get("drafts") or []:
        yield found, "draft"


def _annotation(
    article: str,
    found: dict[str, Any],
    status: Literal["submitted", "skipped", "draft"],
    taxonomy: Taxonomy,
) -> Annotation:
    chosen: set[str] = set()
    comment = ""
    for region in found.get("result") or []:
        value = region.get("value") or {}
        if region.get("from_name") == CONTROL:
            chosen.update(str(each) for each in value.get("choices") or [])
        elif region.get("from_name") == COMMENT:
            comment = " ".join(str(each) for each in value.get("text") or [])
        else:
            raise InputError(
                f"a result of {region.get('from_name')!r}, which is not a control of ours. "
                "Restore the labelling interface with `classify labels push`"
            )
    unknown = sorted(chosen - set(taxonomy.ids))
    if unknown:
        raise InputError(taxonomy.unknown(unknown[0]))
    if status == "submitted" and taxonomy.choice == "single" and len(chosen) != 1:
        raise InputError(f"{len(chosen)} categories, but the taxonomy is single choice")
    return Annotation(
        document_id=article,
        annotator=str(found.get("completed_by") or found.get("user") or "unknown"),
        categories=tuple(name for name in taxonomy.ids if name in chosen),
        status=status,
        seconds=float(found.get("lead_time") or 0.0),
        ground_truth=bool(found.get("ground_truth")),
        created=str(found.get("created_at") or ""),
        comment=comment,
    )
