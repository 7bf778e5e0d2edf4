"""run.json: where a run comes from."""

import re
from dataclasses import dataclass
from pathlib import Path

from seeds.base.errors import InputError
from seeds.base.records import read_object
from seeds.base.settings import parse

RESTORE = "Restore the run from a copy, choose another with --run, or train again."
FORMAT = 3  # raised when earlier runs can no longer be read
_LEFT_OUT = re.compile(r"category ([a-z0-9-]+) is left out: ")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The contents of run.json: where a run comes from.

    Attributes:
        left_out: notes on what was not learned or not measured.
        exported_from: the run it was converted from, or "".
        base_model: the encoder it began with, by its name on the hub or its folder's; "" without
            one.
        base_revision: the commit of that encoder on the hub; "" where it came from a folder.
    """

    format: int
    kind: str
    created: str
    classify: str
    dataset: str
    articles: int
    test_articles: int
    seconds: float
    seed: int
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    versions: tuple[str, ...]
    exported_from: str = ""
    base_model: str = ""
    base_revision: str = ""

    @property
    def categories_left_out(self) -> tuple[str, ...]:
        """The ids in the notes on categories that articles have but that were not learned."""
        matches = map(_LEFT_OUT.match, self.left_out)
        return tuple(match[1] for match in matches if match)


def read_facts(path: Path) -> RunFacts:
    """Read run.json of a run.

    Raises:
        InputError: another version wrote it; says which, and what to do.
    """
    record = read_object(path / "run.json", RESTORE)
    if record.get("format") != FORMAT:
        version, form = (
            str(value)[:40] if isinstance(value, str | int | float) else "?"
            for value in (record.get("classify"), record.get("format"))
        )
        raise InputError(
            f"{path}: written by classify {version} in run format {form}; this is format "
            f"{FORMAT}. Train again with `classify train`, or install the version that wrote it."
        )
    return parse(record, RunFacts, str(path / "run.json"))
