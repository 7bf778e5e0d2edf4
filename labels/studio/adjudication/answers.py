"""Exported tasks of the project for disputes -> the annotations that settle them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from labels.annotations import Annotation
from labels.studio.export import read_export
from labels.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Answers:
    """What the adjudicators said.

    Attributes:
        annotations: their answers, each of which settles its article.
        undecided: articles that an adjudicator skipped or was unsure of.
        rejected: reason -> the task of each answer that could not be used.
    """

    annotations: tuple[Annotation, ...] = ()
    undecided: tuple[str, ...] = ()
    rejected: Mapping[str, list[int]] = field(default_factory=dict)


def read_answers(tasks: Iterable[dict[str, Any]], taxonomy: Taxonomy) -> Answers:
    """Return the answers in exported tasks, as `labels.studio.project.export_tasks` returns them.

    The author of each is who gave it; a draft is no answer yet.
    """
    export = read_export(tasks, taxonomy)
    given = [answer for answer in export.annotations if answer.status != "draft"]
    sure = [answer for answer in given if answer.status == "submitted" and not answer.unsure]
    settled = {answer.document_id for answer in sure}
    undecided = dict.fromkeys(a.document_id for a in given if a.document_id not in settled)
    settling = (replace(answer, ground_truth=True, origin="adjudication") for answer in sure)
    return Answers(tuple(settling), tuple(undecided), export.rejected)
