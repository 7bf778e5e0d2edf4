"""Rows of tables, and their cells -> text; what is no text is refused, or left out if optional."""

import datetime as dt
import decimal
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seeds.base.errors import InputError

Choose = Callable[[Sequence[str]], Iterable[str]]  # columns of a table -> those to read

# An object with a text under one of these keys stands for it: WordPress, MongoDB, XML as JSON.
_WRAPPERS = ("rendered", "$oid", "$date", "#text")
# What programs write into the cells that have no value, and spreadsheets for a failed formula.
_MISSING = re.compile(
    r"(?i:nan|nat|null|none|nil|n/a|<na>|#n/?a|undefined)"
    r"|NA|#[A-ZÀ-Ý0-9_/]{2,14}[!?]|(?:Err|Erreur)\s?:\s?\d{3}|=[A-ZÀ-Ý][A-ZÀ-Ý0-9._]{0,30}\([^\n]{0,500}\)"
)
_LONGEST_MISSING = 540  # characters


class Record(NamedTuple):
    """A row of a table.

    Attributes:
        number: from 1; in JSONL that of its line.
        values: by column, without those that the row is too short for.
        note: what was assumed.
        lack: says that the row is short: "has 1 field where the header has 2".
    """

    number: int
    values: dict[str, Any]
    note: str = ""
    lack: str = ""

    def __repr__(self) -> str:
        """Leave `lack` out: digests of rows are in the journals of unfinished predictions."""
        return f"Record(number={self.number!r}, values={self.values!r}, note={self.note!r})"


class Cell(NamedTuple):
    """A value as a file gives it, with the name of its column."""

    column: str
    value: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for a value that the format's library can't read. what: "a string that …"."""

    what: str


def required_text(value: Any, column: str) -> str:
    """Return the text of a cell; a list of strings is a list of paragraphs, null is "".

    Raises:
        InputError: it holds something else; names the column.
    """
    if is_null(value):
        return ""
    text = text_of(value)
    if text is not None:
        return text
    if isinstance(value, Unreadable):
        raise InputError(
            f"holds {value.what} in column {column!r}. Write the file again, or name another."
        )
    raise InputError(f"column {column!r} holds {describe(value)}, not text. Name another column.")


def optional_text(value: Any, column: str, *, prose: bool = False) -> tuple[str, str]:
    """Return the text of a cell that an article can do without, and a note if it is left out.

    A number or a point in time is written as text, unless it is a fraction instead of prose. What
    looks like a formula may be an id, but is no prose.
    """
    if is_null(value) or (is_missing(value) and (prose or not value.strip().startswith("="))):
        return "", ""
    text = _join_strings(value) if isinstance(value, list) else text_of(value)
    if text is None and not (prose and isinstance(value, float)):
        text = _write_number(value)
    if text is not None:
        return text.strip(), ""
    return "", f"column {column!r} holds {describe(value)}, not text: left out"


def is_null(value: Any) -> bool:
    """Tell whether a cell holds nothing: null, or NaN, which stands for it among numbers."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def is_missing(value: Any) -> bool:
    """Tell whether a cell holds what programs write for no value, or the error of a formula."""
    if not isinstance(value, str) or len(value) > _LONGEST_MISSING:
        return False
    return _MISSING.fullmatch(value.strip()) is not None


def text_of(value: Any) -> str | None:
    """Return the text that a value is, holds in UTF-8, or stands for; None if it is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    if isinstance(value, dict):
        texts = (value[key] for key in _WRAPPERS if isinstance(value.get(key), str))
        return next(texts, None)
    if isinstance(value, list):
        parts = [text_of(part) for part in value if isinstance(part, str | bytes)]
        filled = sum(not is_null(part) for part in value)
        whole = [part for part in parts if part is not None]
        return "\n\n".join(whole) if len(whole) == filled else None
    return None


def _join_strings(value: list[Any]) -> str | None:
    """Return the strings of a list as one line; None if it holds anything else."""
    parts = [text_of(part) for part in value if not is_null(part)]
    whole = [part.strip() for part in parts if part is not None]
    return " ".join(filter(None, whole)) if len(whole) == len(parts) else None


def _write_number(value: Any) -> str | None:
    """Write a number or a point in time as people do; None if a value is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):  # as which pandas writes whole numbers if some are missing
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, int | decimal.Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else None


def describe(value: Any) -> str:
    """Say what a cell holds that can't be used."""
    if isinstance(value, Unreadable):
        return value.what
    if isinstance(value, bytes):
        return "bytes that are not UTF-8"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float | decimal.Decimal):
        return "a number"
    if isinstance(value, dt.date | dt.time):
        return "a date"
    return "a list" if isinstance(value, list) else "an object"
