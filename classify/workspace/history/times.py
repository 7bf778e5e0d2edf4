"""When people made their annotations, where Label Studio only knows when we rewrote them.

A rewritten or restored annotation gets the time of that; who was asked for which category, and
which of two answers is the later one, follows from when a person answered. `answered.json` of the
workspace keeps that, and holds as long as nobody has changed the annotation since.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labels.server.answers import as_object
from seeds.base.records import read_optional_object
from seeds.base.storage import write_text

if TYPE_CHECKING:
    from labels.studio.project import Task

_FILE = "answered.json"


@dataclass(frozen=True, slots=True)
class Times:
    """The annotations that we rewrote: (id, the server's time) -> when a person made it.

    The server's time is in microseconds, so that no other server's annotation is taken for it.
    """

    made: Mapping[str, str]

    def answered(self, annotation: int, changed: str) -> str:
        """Return when a person made an annotation that the server says was changed then."""
        return self.made.get(f"{annotation} {changed}", changed)


def read_times(workspace: Path) -> Times:
    """Return what a workspace knows of annotations that were rewritten.

    Raises:
        InputError: answered.json is not what it must be.
    """
    record = read_optional_object(workspace / _FILE, "Restore it from a copy.") or {}
    return Times({name: str(time) for name, time in record.items()})


def remember_times(workspace: Path, times: Mapping[int, tuple[str, str]]) -> None:
    """Keep when people made annotations that the server has just given another time.

    times: by the id of the annotation, the server's and the person's.
    """
    if times:
        new = {f"{number} {changed}": made for number, (changed, made) in times.items()}
        record = {**read_times(workspace).made, **new}
        write_text(workspace / _FILE, json.dumps(record, indent=1) + "\n")


def with_times(tasks: "Iterable[Task]", times: Times) -> "list[Task]":
    """Return exported tasks whose annotations say when a person made them."""
    return [
        {**task, "annotations": [_with_time(record, times) for record in task["annotations"]]}
        if isinstance(task.get("annotations"), list)
        else task
        for task in tasks
    ]


def _with_time(record: Any, times: Times) -> Any:
    fields = as_object(record)
    number = (fields or {}).get("id")
    if fields is None or not isinstance(number, int):
        return record
    changed = str(fields.get("updated_at") or "")
    answered = times.answered(number, changed)
    return record if answered == changed else {**fields, "updated_at": answered}
