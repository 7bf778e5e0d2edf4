"""The results that a project stores, and their change: annotations, drafts and predictions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labels.migration.drafts import list_drafts
from labels.migration.results import KINDS, RecordKind, chosen
from labels.server.answers import as_object
from labels.studio.client import Studio
from labels.studio.errors import MissingError
from labels.studio.project import Progress, get_record, ignore_progress, list_tasks
from labels.studio.tasks import seed_id

_FIELDS = "id,data,annotations,predictions,result,was_cancelled,created_at,updated_at"


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result on the server.

    Attributes:
        kind: what has it.
        id: of that.
        article: its seed id; "" for a task that is not ours.
        result: as the server has it.
        changed: when it was last changed, as the server says.
        submitted: it is an annotation that somebody submitted.
    """

    kind: RecordKind
    id: int
    article: str
    result: Any
    changed: str
    submitted: bool

    @property
    def categories(self) -> set[str]:
        """The ids of its categories."""
        return chosen(self.result)


@dataclass(frozen=True, slots=True)
class Interface:
    """The settings of a project that follow from the taxonomy."""

    label_config: str
    expert_instruction: str

    @classmethod
    def of(cls, studio: Studio, project_id: int) -> "Interface":
        """Return a project's, as the server has it."""
        record = get_record(studio, project_id)
        return cls(record.get("label_config", str, ""), record.get("expert_instruction", str, ""))

    def set(self, studio: Studio, project_id: int) -> bool:
        """Give it to a project; return whether that changed something."""
        if Interface.of(studio, project_id) == self:
            return False
        studio.write(
            f"the labelling interface of project {project_id}",
            studio.sdk.projects.update,
            project_id,
            label_config=self.label_config,
            expert_instruction=self.expert_instruction,
        )
        return True


def list_results(
    studio: Studio, project_id: int, *, progress: Progress = ignore_progress
) -> Iterator[StoredResult]:
    """Yield every annotation, draft and prediction of a project, in the order of its tasks."""
    tasks = list_tasks(studio, project_id, progress=progress, fields="all", include=_FIELDS)
    drafts = list_drafts(studio, project_id)
    for task in tasks:
        article = seed_id(task)
        for kind in KINDS:
            records = drafts.get(task["id"]) if kind == "drafts" else task.get(kind)
            for record in map(as_object, records if isinstance(records, list) else ()):
                if record and isinstance(record.get("id"), int):
                    yield _stored(kind, article, record)


def _stored(kind: RecordKind, article: str, record: Mapping[str, Any]) -> StoredResult:
    submitted = kind == "annotations" and record.get("was_cancelled") is not True
    changed = str(record.get("updated_at") or record.get("created_at") or "")
    return StoredResult(kind, record["id"], article, record.get("result"), changed, submitted)


def store_result(studio: Studio, kind: RecordKind, number: int, result: Any) -> bool:
    """Replace the result of an annotation, a draft or a prediction; False if it is gone.

    Who made it, and when, stays; the server notes the time of this change.
    """
    subject = f"{kind.removesuffix('s')} {number}"
    path = f"api/{kind}/{number}/"
    try:
        studio.write(subject, studio.request, "PATCH", path, {"result": result})
    except MissingError:
        return False
    return True
