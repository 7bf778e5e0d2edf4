"""The journal of a migration: written before the first change, kept until all is changed.

migrations/0001-merge/        one migration
    plan.json                 what is done, and to which projects
    before/, after/           the files of the workspace that change
    backup-7.zip              project 7 as it was
    changes.jsonl             each result on the server that changes: as it was and as it will be
    state                     "done" or "undone", once it is
.unfinished                   names the migration that is under way; other commands refuse to write
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from classify.workspace.project import KnownProject
from labels.migration.operation import Operation
from labels.migration.results import RecordKind
from labels.migration.stored import Interface
from seeds.base.errors import InputError
from seeds.base.locks import UNFINISHED
from seeds.base.records import read_object, read_optional_object, read_records, write_records
from seeds.base.settings import parse
from seeds.base.storage import sync, write_text

FOLDER = "migrations"
_RESTORE = "Restore it from a copy."
Direction = Literal["forward", "undo"]


@dataclass(frozen=True, slots=True)
class ProjectChange:
    """A project whose labelling interface changes. before, after: what it has, and is to have."""

    project: KnownProject
    before: Interface
    after: Interface


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is known of a migration before its first change.

    Attributes:
        operation: what is done.
        created: when, ISO 8601.
        projects: of Label Studio that it is done to.
        files: names of the workspace's files that change; those that are to be new have no
            version "before".
    """

    operation: Operation
    created: str
    projects: tuple[ProjectChange, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A result that changes.

    Attributes:
        project: the project's id.
        kind, id: whose result it is.
        answered: when a person last changed it, as the server said.
        before, after: the result.
    """

    project: int
    kind: RecordKind
    id: int
    answered: str
    before: Any
    after: Any

    @property
    def key(self) -> tuple[RecordKind, int]:
        """What tells it from others of its server."""
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class Journal:
    """A migration on disk."""

    path: Path
    plan: Plan

    @property
    def state(self) -> str:
        """How it ended: "done" or "undone"; "" before that."""
        path = self.path / "state"
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    def before(self, name: str) -> Path:
        """Return the copy of a workspace's file as it was."""
        return self.path / "before" / name

    def after(self, name: str) -> Path:
        """Return the copy of a workspace's file as it will be."""
        return self.path / "after" / name

    def read_changes(self) -> dict[tuple[RecordKind, int], Change]:
        """Return the results that change, by their keys."""
        path = self.path / "changes.jsonl"
        records = read_records(path) if path.exists() else ()
        changes = (_read_change(record, f"{path}:{line}") for line, record in records)
        return {change.key: change for change in changes}

    def write_changes(self, changes: Iterable[Change]) -> None:
        """Replace changes.jsonl, atomically."""
        write_records(self.path / "changes.jsonl", map(asdict, changes))

    def close(self, state: Literal["done", "undone"]) -> None:
        """Note how it ended, and let other commands write again."""
        write_text(self.path / "state", f"{state}\n")
        (self.path.parents[1] / UNFINISHED).unlink(missing_ok=True)
        sync(self.path.parents[1])


def _read_change(record: dict[str, Any], where: str) -> Change:
    try:
        return Change(**record)
    except TypeError as error:
        raise InputError(f"{where}: not a change. {_RESTORE}") from error


def publish(workspace: Path, plan: Plan, building: Path) -> Journal:
    """Make a folder that is filled already the newest migration; nothing has changed before."""
    write_text(building / "plan.json", json.dumps(asdict(plan), ensure_ascii=False, indent=2))
    number = max((int(path.name[:4]) for path in _folders(workspace)), default=0) + 1
    path = building.with_name(f"{number:04}-{plan.operation.kind}")
    building.rename(path)
    sync(path.parent)
    return Journal(path, plan)


def new_folder(workspace: Path) -> Path:
    """Return an empty folder for a migration; one that a killed command left is removed."""
    building = workspace / FOLDER / ".writing"
    shutil.rmtree(building, ignore_errors=True)
    for name in ("before", "after"):
        (building / name).mkdir(parents=True)
    return building


def begin(workspace: Path, journal: Journal, direction: Direction) -> None:
    """Note that a migration is under way, so that no other command writes meanwhile."""
    task = f"classify labels migrate {journal.plan.operation.words}"
    verb = "resume" if direction == "forward" else "undo"
    advice = {
        "forward": "Run `classify labels migrate resume` to finish it, or `… migrate undo`.",
        "undo": "Run `classify labels migrate undo` to finish its undoing.",
    }
    record = {
        "message": f"`{task}` is unfinished. {advice[direction]}",
        "folder": journal.path.name,
        "direction": direction,
        "next": verb,
    }
    write_text(workspace / UNFINISHED, json.dumps(record, ensure_ascii=False) + "\n")
    (journal.path / "state").unlink(missing_ok=True)


def find_unfinished(workspace: Path) -> tuple[Journal, Direction] | None:
    """Return the migration that is under way, and whether it is being done or undone."""
    record = read_optional_object(workspace / UNFINISHED, _RESTORE)
    if record is None:
        return None
    journal = _read(workspace / FOLDER / str(record.get("folder")))
    return journal, "undo" if record.get("direction") == "undo" else "forward"


def find_last_done(workspace: Path) -> Journal | None:
    """Return the latest migration that is done and was not undone."""
    journals = (_read(path) for path in reversed(_folders(workspace)))
    return next((journal for journal in journals if journal.state == "done"), None)


def list_done(workspace: Path) -> Iterator[Journal]:
    """Yield the migrations that are done and were not undone, oldest first."""
    journals = (_read(path) for path in _folders(workspace))
    return (journal for journal in journals if journal.state == "done")


def _folders(workspace: Path) -> list[Path]:
    return sorted((workspace / FOLDER).glob("[0-9][0-9][0-9][0-9]-*"))


def _read(path: Path) -> Journal:
    record = read_object(path / "plan.json", _RESTORE)
    return Journal(path, parse(record, Plan, str(path / "plan.json")))
