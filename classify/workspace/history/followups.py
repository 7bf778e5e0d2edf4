"""The projects of a workspace that ask its annotators once more."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.workspace.project import KnownProject
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import write_text

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.project import Project

_FILE = "followups.json"  # of the workspace: the projects that ask once more


def list_followups(workspace: Path, studio: "Studio") -> "list[Project]":
    """Return the projects that ask once more; one that was deleted is left out."""
    found = (followup.project.find(studio) for followup in read_followups(workspace))
    return [project for project in found if project]


@dataclass(frozen=True, slots=True)
class Followup:
    """A project that asks once more. migration: the folder of the migration that made it."""

    migration: str
    project: KnownProject


def read_followups(workspace: Path) -> list[Followup]:
    """Return what the workspace knows of the projects that ask once more.

    Raises:
        InputError: the file is not what it must be.
    """
    path = workspace / _FILE
    record: dict[str, Any] = read_optional_object(path, "Restore it from a copy.") or {}
    return [parse(row, Followup, str(path)) for row in record.get("projects", [])]


def write_followups(workspace: Path, followups: Iterable[Followup]) -> None:
    """Replace what the workspace knows of them."""
    rows = [asdict(followup) for followup in followups]
    write_text(workspace / _FILE, json.dumps({"projects": rows}, indent=2) + "\n")
