"""The project that calls this service: noted by `classify labels connect`, read by the service."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from seeds import jsonl
from seeds.errors import InputError
from seeds.settings import parse


@dataclass(frozen=True, slots=True)
class Linked:
    """A project. studio: the address of its Label Studio. id: of the project there."""

    studio: str
    id: int


def linked(workspace: Path) -> Linked | None:
    """The project that is connected; None if there is none.

    Raises:
        InputError: the note of it can't be read.
    """
    path = _path(workspace)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}. Run `classify labels connect` again.") from error
    return parse(jsonl.parse_record(text, str(path)), Linked, str(path))


def link(workspace: Path, project: Linked | None) -> None:
    """Note which project is connected; None: no longer any."""
    if project is None:
        _path(workspace).unlink(missing_ok=True)
    else:
        jsonl.write_text(_path(workspace), json.dumps(asdict(project)))


def _path(workspace: Path) -> Path:
    return workspace / "serve" / "project.json"
