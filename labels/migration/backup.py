"""A whole project in one file, and back: tasks with annotations, drafts, predictions, settings.

A ZIP with `project.json` (settings and interface) and `tasks.json`, which is Label Studio's own
JSON and can be imported there by hand, too.
"""

import itertools
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labels.migration.drafts import list_drafts
from labels.server.answers import as_object
from labels.studio.client import Studio
from labels.studio.errors import UnsureError
from labels.studio.project import (
    Progress,
    Task,
    chunks,
    find_ids,
    get_project,
    get_record,
    ignore_progress,
    list_tasks,
    send_tasks,
)
from seeds.base.errors import InputError
from seeds.base.storage import replacing

FORMAT = 1
_LARGEST = 2_000_000_000  # bytes of a member; more is no backup of ours
_ATTEMPTS = 4  # to send a batch; after each failure the server is asked whether it arrived
SETTINGS = (
    "title",
    "description",
    "label_config",
    "expert_instruction",
    "show_instruction",
    "show_skip_button",
    "enable_empty_annotation",
    "show_annotation_history",
    "show_collab_predictions",
    "reveal_preannotations_interactively",
    "evaluate_predictions_automatically",
    "maximum_annotations",
    "min_annotations_to_start_training",
    "sampling",
    "skip_queue",
    "show_ground_truth_first",
    "show_overlap_first",
    "overlap_cohort_percentage",
    "color",
    "model_version",
)
_LATE = ("sampling", "model_version")  # the server wants the predictions first


@dataclass(frozen=True, slots=True)
class Backup:
    """A project, with everything people made in it.

    Attributes:
        settings: of SETTINGS, as the server has them.
        source: the address it came from.
        tasks: as Label Studio's JSON has them; people are e-mail addresses.
    """

    settings: dict[str, Any]
    source: str
    tasks: list[Task]

    @property
    def title(self) -> str:
        """The title of the project."""
        return str(self.settings.get("title", ""))

    @property
    def counts(self) -> Counter[str]:
        """How many tasks, annotations, drafts and predictions there are."""
        counts = Counter(tasks=len(self.tasks))
        for task in self.tasks:
            for kind in ("annotations", "drafts", "predictions"):
                counts[kind] += len(task.get(kind) or ())
        return counts

    @property
    def authors(self) -> Counter[str]:
        """How many annotations and drafts each person made, by e-mail address."""
        people = (
            _email(record.get("completed_by") or record.get("user"))
            for task in self.tasks
            for record in (*(task.get("annotations") or ()), *(task.get("drafts") or ()))
        )
        return Counter(person for person in people if person)


def read_project(
    studio: Studio, project_id: int, *, progress: Progress = ignore_progress
) -> Backup:
    """Return a project as it is on the server."""
    record = get_record(studio, project_id)
    settings = {name: record.fields[name] for name in SETTINGS if name in record.fields}
    drafts = list_drafts(studio, project_id)
    listed = list_tasks(studio, project_id, progress=progress, fields="all")
    tasks = [_task(task, drafts.get(task["id"], [])) for task in listed]
    return Backup(settings, f"{studio.url}/projects/{project_id}", tasks)


def _task(task: Task, drafts: list[dict[str, Any]]) -> Task:
    """Return a task of the data manager as Label Studio's JSON has it."""
    annotations = [_with_author(record) for record in _records(task, "annotations")]
    return {
        "id": task["id"],
        "data": task.get("data"),
        "meta": task.get("meta") or {},
        "annotations": annotations,
        "drafts": drafts,
        "predictions": _records(task, "predictions"),
    }


def _records(task: Task, name: str) -> list[dict[str, Any]]:
    values = task.get(name)
    records = map(as_object, values if isinstance(values, list) else ())
    return [record for record in records if record]


def _with_author(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return an annotation whose author is an e-mail address, by which another server knows it.

    The server gives "First Last e-mail, id" as `created_username`.
    """
    words = str(record.get("created_username") or "").rpartition(",")[0].split()
    return {**record, "completed_by": {"email": words[-1] if words else ""}}


def _email(person: Any) -> str:
    """Return the e-mail address of an annotation's author or a draft's."""
    if isinstance(person, dict):
        person = person.get("email")
    return person if isinstance(person, str) else ""


def save(backup: Backup, path: Path) -> None:
    """Write a backup; the file appears whole or not at all."""
    head = {"format": FORMAT, "source": backup.source, "counts": dict(backup.counts)}
    members = {
        "project.json": {**head, "settings": backup.settings},
        "tasks.json": backup.tasks,
    }
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            info = zipfile.ZipInfo(name)  # without a time: the same project is the same file
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, json.dumps(value, ensure_ascii=False, indent=1))


def load(path: Path) -> Backup:
    """Read a backup.

    Raises:
        InputError: it is none, or damaged.
    """
    remedy = "Choose a file that `classify labels backup` wrote."
    try:
        with zipfile.ZipFile(path) as archive:
            head, tasks = (_member(archive, name) for name in ("project.json", "tasks.json"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check the path.") from error
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError, EOFError) as error:
        raise InputError(f"{path}: not a backup of a project, or damaged. {remedy}") from error
    settings = head.get("settings") if isinstance(head, dict) else None
    if not (isinstance(settings, dict) and isinstance(tasks, list)) or head["format"] != FORMAT:
        raise InputError(f"{path}: not a backup of a project. {remedy}")
    backup = Backup(settings, str(head.get("source", "")), [_checked(t, path) for t in tasks])
    if dict(backup.counts) != head.get("counts"):
        raise InputError(f"{path}: holds other numbers than it says, so it is damaged. {remedy}")
    return backup


def _member(archive: zipfile.ZipFile, name: str) -> Any:
    if archive.getinfo(name).file_size > _LARGEST:
        raise ValueError("too large")
    return json.loads(archive.read(name))


def _checked(task: Any, path: Path) -> Task:
    """Return a task if it has the lists that one has.

    Raises:
        InputError: it has not.
    """
    lists = ("annotations", "drafts", "predictions")
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise InputError(f"{path}: a task in it is none. Choose another backup.")
    for name in lists:
        records = task.get(name)
        if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
            raise InputError(f"{path}: {name} of a task are no list. Choose another backup.")
    return task


def list_members(studio: Studio) -> set[str]:
    """Return the e-mail addresses of the people who have an account on the server."""
    rows = studio.read("the list of users", studio.sdk.users.list).rows()
    return {row.get("email", str, "") for row in rows}


def restore(
    studio: Studio,
    backup: Backup,
    title: str,
    *,
    missing_authors: str = "refuse",
    progress: Progress = ignore_progress,
) -> tuple[int, dict[int, tuple[str, str]]]:
    """Make a project of a backup.

    Args:
        studio: the server.
        backup: what is to be there.
        title: of the project; none may have it, or one that is empty.
        missing_authors: "refuse" to restore annotations of people without an account, or make
            them "mine": the connected user's.
        progress: counts the tasks.

    Returns:
        The id of the project, and of each annotation when the server has stored it now and when
        a person had last changed it.

    Raises:
        InputError: the project is not empty, people are missing, or the server does not recover.
    """
    _refuse_missing(studio, backup, missing_authors)
    project_id = _empty_project(studio, backup, title)
    members = list_members(studio)
    done = 0
    for batch in chunks(backup.tasks, studio.settings.batch_size):
        _send(studio, project_id, [_importable(task, members) for task in batch], done)
        done += len(batch)
        progress(done, len(backup.tasks))
    late = {name: backup.settings[name] for name in _LATE if backup.settings.get(name)}
    if late and backup.counts["predictions"]:
        studio.write(f"project {project_id}", studio.sdk.projects.update, project_id, **late)
    return project_id, _list_times(studio, project_id, backup)


def _refuse_missing(studio: Studio, backup: Backup, missing_authors: str) -> None:
    members = list_members(studio)
    missing = {name: n for name, n in backup.authors.items() if name not in members}
    if missing and missing_authors != "mine":
        people = ", ".join(f"{name} ({count:,})" for name, count in sorted(missing.items()))
        raise InputError(
            f"{studio.url}: no account for {people}, whose annotations are in the backup. Invite "
            "them first, then restore; or add --missing-authors mine: theirs become yours."
        )


def _empty_project(studio: Studio, backup: Backup, title: str) -> int:
    """Create the project, or take the empty one of that title; return its id.

    Raises:
        InputError: one of that title has tasks.
    """
    settings = {
        name: value
        for name, value in backup.settings.items()
        if name in SETTINGS and name not in _LATE and value is not None
    } | {"title": title}
    for project_id in find_ids(studio, title):
        project = get_project(studio, project_id)
        if project.tasks:
            raise InputError(
                f"{project.url}: has {project.tasks:,} tasks already, and a backup is restored "
                "into an empty project. Choose another title with --project, or delete that one."
            )
        studio.write(project.url, studio.sdk.projects.update, project_id, **settings)
        return project_id
    created = studio.write(f"project {title!r}", studio.sdk.projects.create, **settings)
    return created.get("id", int)


def _importable(task: Task, members: Iterable[str]) -> Task:
    """Return a task as an import takes it; who has no account is left to the connected user."""
    annotations = []
    for record in task["annotations"]:
        author = _email(record.get("completed_by"))
        kept = {
            name: record.get(name)
            for name in ("id", "result", "was_cancelled", "ground_truth", "lead_time")
        }
        known = {"completed_by": {"email": author}} if author in members else {}
        annotations.append({**kept, **known})
    predictions = [
        {name: record.get(name) for name in ("result", "score", "model_version")}
        for record in task["predictions"]
    ]
    drafts = [
        {
            name: record.get(name)
            for name in ("id", "user", "annotation", "result", "lead_time", "was_postponed")
        }
        for record in task["drafts"]
    ]
    fields = {"data": task["data"], "meta": task.get("meta") or {}, "drafts": drafts}
    return {**fields, "annotations": annotations, "predictions": predictions}


def _send(studio: Studio, project_id: int, batch: Sequence[Task], before: int) -> None:
    """Send one batch, of which the server takes all or nothing; ask it after a failure."""
    for attempt in itertools.count(1):
        try:
            send_tasks(studio, project_id, batch)
            return
        except UnsureError:
            if attempt == _ATTEMPTS:
                raise
        if _count_tasks(studio, project_id) >= before + len(batch):
            return


def _count_tasks(studio: Studio, project_id: int) -> int:
    return sum(1 for _ in list_tasks(studio, project_id, fields="task_only", include="id"))


def _list_times(studio: Studio, project_id: int, backup: Backup) -> dict[int, tuple[str, str]]:
    """Return when each annotation was stored, and when a person had last changed it, by its new id.

    Label Studio gives an imported annotation the time of the import, and keeps its earlier id.
    """
    times = {
        record["id"]: str(record.get("updated_at") or record.get("created_at") or "")
        for task in backup.tasks
        for record in task["annotations"]
        if isinstance(record.get("id"), int)
    }
    restored = list_tasks(
        studio, project_id, fields="all", include="id,annotations,import_id,updated_at"
    )
    return {
        record["id"]: (str(record.get("updated_at") or ""), times[record["import_id"]])
        for task in restored
        for record in _records(task, "annotations")
        if record.get("import_id") in times
    }
