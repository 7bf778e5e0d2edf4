"""A cell of the label column -> the names of categories in it, however a program wrote them."""

import decimal
import html
import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from seeds.base.errors import InputError
from seeds.mending.mojibake import mend_encoding
from seeds.reading.tables.cells import Cell, describe, is_missing, is_null

LONGEST = 200  # characters of a name; a longer one is a text
_NOTHING = frozenset(("", "()", "set()"))  # what programs write for an empty list
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d{0,2});", re.IGNORECASE)
# A list as Python, NumPy or pandas print it: each string in quotes, with or without commas.
_PRINTED = re.compile(r"([\[({])(.*)[\])}]", re.DOTALL)
_ARRAY = re.compile(r"array\((.*?)(?:,\s?dtype=[\w<>.']{1,20})?\)", re.DOTALL)
_STRING = r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
_PART = re.compile(
    rf"(?:np\.str_\((?P<numpy>{_STRING})\)|(?P<string>{_STRING})|(?P<number>\d{{1,20}})"
    r"|(?P<nothing>None|nan|null|<NA>))\s*+(?:,\s*+)?",
    re.DOTALL,
)
_NAME_KEYS = ("choices", "name", "label")  # of an object that stands for a category, or several
_CHOICES = re.compile(r"\{\s*+['\"]choices['\"]\s*+:(.*)\}", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(.))", re.IGNORECASE | re.DOTALL)


def parse_labels(
    cell: Cell | None, separator: str, is_known: Callable[[str], bool]
) -> tuple[str, ...]:
    """Return the names in a cell; () says that no category applies, as an empty cell does.

    Understood are names with a separator between them, lists, lists as Python, NumPy or pandas
    print them, and the choices of Label Studio's CSV and JSON.

    Args:
        cell: its value is a string in CSV, else what JSON or Parquet holds.
        separator: between names in a string; "" if a string is one name.
        is_known: tells whether a string is the name of a category as it stands.

    Raises:
        InputError: it holds something else; says what to do.
    """
    column, value = cell or ("", "")
    if is_null(value) or (is_missing(value) and not is_known(value.strip())):
        held = "null" if is_null(value) else value.strip()
        raise InputError(
            f"no label: column {column!r} holds {held}. Leave the cell empty, or write [], if no "
            "category applies."
        )
    try:
        if isinstance(value, bytes):
            value = value.decode("utf-8")
        names = _parse(value, separator, is_known)
    except (_NoNamesError, UnicodeDecodeError):
        raise InputError(
            f"column {column!r} holds {_describe(value)}, not names of categories. "
            f"Write them with {separator or ';'!r} between them, or name another column with "
            "--label-column."
        ) from None
    composed = [unicodedata.normalize("NFC", mend_encoding(name.strip())[0]) for name in names]
    return tuple(dict.fromkeys(name for name in composed if _is_visible(name)))


class _NoNamesError(Exception):
    """Says that a value holds no names of categories."""


def _describe(value: Any) -> str:
    if not isinstance(value, str):
        return describe(value)
    return "a long text" if len(value) > LONGEST else repr(value)


def _is_visible(name: str) -> bool:
    return any(not char.isspace() and unicodedata.category(char) != "Cf" for char in name)


def _parse(value: Any, separator: str, is_known: Callable[[str], bool]) -> list[str]:
    """Return the names in the value of a cell."""
    if not isinstance(value, str):
        return _flatten(value)
    text = value.strip()
    if len(text) <= LONGEST and text and is_known(text):
        return [text]
    if text.casefold() in _NOTHING:
        return []
    structure = _parse_structure(text)
    if structure is not None:
        return _flatten(structure)
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    names = text.split(separator) if separator else [text]
    if any(len(name) > LONGEST for name in names):
        raise _NoNamesError
    return names


def _flatten(value: Any) -> list[str]:
    """Return the names in a list, or in an object of Label Studio."""
    if is_null(value) or value == {}:
        return []
    if isinstance(value, dict):
        choices = next((value[key] for key in _NAME_KEYS if key in value), None)
        if choices is None or isinstance(choices, dict):
            raise _NoNamesError
        return _flatten(choices)
    if not isinstance(value, list | tuple):
        return [_name(value)]
    names: list[str] = []
    for part in value:
        if isinstance(part, dict):
            names += _flatten(part)
        elif not is_null(part):
            names.append(_name(part))
    return names


def _name(value: Any) -> str:
    """Return a string, or a whole number as one."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, float) and value.is_integer():  # so pandas writes one beside a gap
        return str(int(value))
    if isinstance(value, int | decimal.Decimal) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or len(value) > LONGEST:
        raise _NoNamesError
    return value


def _parse_structure(text: str) -> Any:
    """Return the list or the object that a string prints; None if it prints none."""
    if not text.startswith(("[", "{", "(", "array(", '"')):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        pass
    else:
        return value if isinstance(value, list | dict | str) else None
    if choices := _CHOICES.fullmatch(text):
        inner = choices[1].strip()
        return _parse_printed(inner if inner[:1] in "[(" else f"[{inner}]")
    return _parse_printed(text)


def _parse_printed(text: str) -> list[str] | None:
    """Return the strings of a list as Python prints it; None if it is none.

    Raises:
        _NoNamesError: it looks like one, but its strings can't be told apart.
    """
    array = _ARRAY.fullmatch(text)
    printed = _PRINTED.fullmatch(array[1] if array else text)
    if not printed:
        return None
    inner, place = printed[2].strip(), 0
    names = []
    while part := _PART.match(inner, place):
        place = part.end()
        if string := part["numpy"] or part["string"]:
            names.append(_ESCAPE.sub(_unescape, string[1:-1]))
        elif number := part["number"]:
            names.append(number)
    if place < len(inner):
        if place or printed[1] != "(":
            raise _NoNamesError
        return None
    return names


def _unescape(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    if code:
        return chr(int(code, 16))
    return " " if escape[3] in "nrt" else escape[3]
