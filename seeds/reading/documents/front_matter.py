"""What Markdown says of itself above its text: YAML, TOML or JSON, as site generators read it."""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any, NamedTuple

from seeds.base.errors import InputError

_LONGEST = 64_000  # characters; a longer one is no front matter that a person wrote
_MOST_BRACKETS = 500  # of YAML; its parser takes the square of their depth in time
_MOST_DOTS = 200  # in a line, as of a key with so many parts: their square in time too
_YAML_END = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_TOML_END = re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE)
_LINE = re.compile(r"([^\W\d_][\w -]{0,40}?)[ \t]{0,9}:(?:[ \t](.*))?")
_DATES = ("publishdate", "publish_date", "published_time", "created", "creation_date")


class FrontMatter(NamedTuple):
    """The front matter of a text.

    Attributes:
        fields: its strings, names in small letters; {} if it has none.
        text: what follows it.
        note: for the user, if it could not be read as it is meant.
    """

    fields: dict[str, str]
    text: str
    note: str = ""


def split_front_matter(text: str) -> FrontMatter:
    """Take the front matter off a text that begins with one; lines end as on Unix."""
    head = text[:_LONGEST]
    if re.match(r"---[ \t]*\n", head):
        return _split(text, "YAML", _YAML_END, _read_yaml)
    if re.match(r"\+\+\+[ \t]*\n", head):
        return _split(text, "TOML", _TOML_END, _read_toml)
    if re.match(r"\{\s*\"", head):
        return _split_json(text)
    return _split_header(text)


def _split(text: str, kind: str, end: re.Pattern[str], read: Callable[[str], Any]) -> FrontMatter:
    """Split at the mark that ends the front matter; without one there is none."""
    begin = text.index("\n") + 1
    stop = end.search(text, begin, _LONGEST)
    if not stop:
        return FrontMatter({}, text)
    matter, rest = text[begin : stop.start()], text[stop.end() :].removeprefix("\n")
    try:
        fields = read(matter)
    except (ValueError, RecursionError, InputError) as error:
        reason = str(error) if isinstance(error, InputError) else "it can't be read"
        note = f"its front matter is not {kind} ({reason})"
        if fields := _read_lines(matter):
            return FrontMatter(fields, rest, f"{note}: read line by line")
        return FrontMatter({}, text, f"{note}: left in the text. Repair it")
    if fields is None:
        return FrontMatter({}, rest)
    return (
        FrontMatter(_strings(fields), rest) if isinstance(fields, dict) else FrontMatter({}, text)
    )


def _split_json(text: str) -> FrontMatter:
    try:
        fields, end = json.JSONDecoder().raw_decode(text[:_LONGEST])
    except (ValueError, RecursionError):
        return FrontMatter({}, text)
    rest = text[end:]
    whole = rest.strip() and rest.startswith("\n") and isinstance(fields, dict)
    return FrontMatter(_strings(fields), rest) if whole else FrontMatter({}, text)


def _split_header(text: str) -> FrontMatter:
    """Split off lines of "Title: …" and "Date: …", as Pelican and MultiMarkdown have them."""
    header, blank, _ = text[:_LONGEST].partition("\n\n")
    if not blank or not re.match(r"(?:title|titre)[ \t]*:", header, re.IGNORECASE):
        return FrontMatter({}, text)
    fields = _read_lines(header)
    known = "date" in fields and ("title" in fields or "titre" in fields)
    return FrontMatter(fields, text[len(header) + 2 :]) if known else FrontMatter({}, text)


def _read_toml(matter: str) -> Any:
    if max(line.count(".") for line in matter.split("\n")) > _MOST_DOTS:
        raise InputError("a key nests too much")
    try:
        return tomllib.loads(matter)
    except tomllib.TOMLDecodeError as error:  # in words of the parser, but for the line
        line = re.search(r"at line (\d+)", str(error))
        raise InputError(f"line {line[1]}" if line else "it ends too early") from None


def _read_yaml(matter: str) -> Any:
    """Return YAML with every scalar as it is written, and no alias: a few of them can be vast.

    Raises:
        InputError: it is not YAML, or has aliases.
    """
    import yaml

    if matter.count("[") + matter.count("{") > _MOST_BRACKETS:
        raise InputError("it nests too much")
    try:
        events = yaml.parse(matter, Loader=yaml.BaseLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            raise InputError("it has aliases")
        return yaml.load(matter, Loader=yaml.BaseLoader)  # noqa: S506 — only strings  # nosec B506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)  # the rest is in words of the parser
        raise InputError(
            f"line {mark.line + 1}" if mark else "it holds control characters"
        ) from None


def _read_lines(matter: str) -> dict[str, str]:
    """Return the fields of lines of "name: value"; {} if a line is something else."""
    fields: dict[str, str] = {}
    for line in matter.split("\n"):
        if not line.strip() or line.startswith((" ", "\t", "#", "- ")):
            continue
        parts = _LINE.fullmatch(line)
        if not parts:
            return {}
        fields[parts[1].lower()] = (parts[2] or "").strip().strip("\"'")
    return _with_date(fields)


def _strings(fields: dict[Any, Any]) -> dict[str, str]:
    """Return the fields that hold one value, as strings."""
    plain = {
        str(name).lower(): value if isinstance(value, str) else str(value)
        for name, value in fields.items()
        if not isinstance(value, dict | list | bool) and value is not None
    }
    return _with_date(plain)


def _with_date(fields: dict[str, str]) -> dict[str, str]:
    """Return the fields with their date under the usual name."""
    date = next((fields[name] for name in _DATES if fields.get(name)), "")
    return {"date": date, **fields} if date else fields
