"""The project that calls this service, as `classify labels connect` saved it."""

import json
from dataclasses import asdict
from pathlib import Path

from classify.workspace.project import KnownProject
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import write_text


def read_connected_project(workspace: Path) -> KnownProject | None:
    """Return the connected project, or None if there is none.

    Raises:
        InputError: its file can't be read.
    """
    path = _path(workspace)
    record = read_optional_object(path, "Run `classify labels connect` again.")
    return None if record is None else parse(record, KnownProject, str(path))


def write_connected_project(workspace: Path, project: KnownProject | None) -> None:
    """Write which project is connected; None: no longer any."""
    if project is None:
        _path(workspace).unlink(missing_ok=True)
    else:
        write_text(_path(workspace), json.dumps(asdict(project)))


def _path(workspace: Path) -> Path:
    return workspace / "serve" / "project.json"
