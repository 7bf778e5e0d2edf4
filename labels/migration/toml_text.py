"""taxonomy.toml rewritten for another taxonomy; what a person wrote stays as it is. Pure."""

import functools
import itertools
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from labels.taxonomy import Category, Taxonomy, edit_toml, inline_table, toml_table
from seeds.base.errors import InputError
from seeds.base.settings import parse

_HEADER = re.compile(r"\s*\[\[\s*categories\s*\]\]")
_FIELDS = ("id", "fr", "en", "hotkey", "iptc", "added", "split_from", "group")


def rewrite_taxonomy(text: str, taxonomy: Taxonomy, origins: Mapping[str, str]) -> str:
    """Return the text of taxonomy.toml for a taxonomy, with the comments of what stays.

    Args:
        text: of the file.
        taxonomy: that is to be read from it.
        origins: id of a category -> the one of the text that it was made from.
    """
    old = parse(tomllib.loads(text), Taxonomy, "taxonomy.toml")
    head, blocks = _cut(text.rstrip("\n") + "\n")
    if len(blocks) == len(old.categories):
        tables = dict(zip(old.ids, blocks, strict=True))
        parts = [_set_retired(head, taxonomy.retired)]
        for category in taxonomy.categories:
            origin = origins.get(category.id, category.id)
            block = tables.get(origin)
            parts.append(_edit(block, old[origin], category) if block else toml_table(category))
        rewritten = re.sub(r"\n{3,}", "\n\n", "".join(parts))
        if _reads_as(rewritten, taxonomy):
            return rewritten
    return edit_toml(text, lambda document: document.update(_values(taxonomy)))


def _cut(text: str) -> tuple[str, list[str]]:
    """Cut the text where the tables of categories begin, each with the comments above it."""
    lines = text.splitlines(keepends=True)
    starts = []
    for number, line in enumerate(lines):
        if _HEADER.match(line):
            start = number
            while start and lines[start - 1].startswith("#"):
                start -= 1
            starts.append(start)
    bounds = [*starts, len(lines)]
    blocks = ["".join(lines[a:b]) for a, b in itertools.pairwise(bounds)]
    return "".join(lines[: bounds[0]]), [block.rstrip("\n") + "\n\n" for block in blocks]


def _edit(block: str, old: Category, new: Category) -> str:
    """Change the fields of a table that differ, in their lines."""
    before = _fields(old)
    for name, value in _fields(new).items():
        if value == before[name]:
            continue
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        pattern = rf"""(?m)^[ \t]*{re.escape(name)}[ \t]*=[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
        block, count = re.subn(pattern, functools.partial(_put, line), block, count=1)
        if not count:
            block = re.sub(r"(?m)^[ \t]*id[ \t]*=.*$", rf"\g<0>\n{_quote(line)}", block, count=1)
    return block


def _put(line: str, _match: re.Match[str]) -> str:
    return line


def _quote(line: str) -> str:
    """Return a line as a template of `re.sub`, in which a backslash means something."""
    return line.replace("\\", "\\\\")


def _fields(category: Category) -> dict[str, str]:
    """Return the fields of a category by their names in the file."""
    guideline = {f"guideline.{name}": text for name, text in asdict(category.guideline).items()}
    return {name: getattr(category, name) for name in _FIELDS} | guideline


def _set_retired(head: str, retired: tuple[str, ...]) -> str:
    """Write the list of retired categories into the part above the tables."""
    line = f"retired = {json.dumps(list(retired))}"
    changed, count = re.subn(r"(?m)^retired[ \t]*=[ \t]*\[[^\]]*\]", lambda _: line, head, count=1)
    if count or not retired:
        return changed
    comment = (
        "# Categories that there were: an id is never reused, and old votes for it do not count."
    )
    return re.sub(r"(?m)^choice[ \t]*=.*$", lambda m: f"{m[0]}\n{comment}\n{line}", head, count=1)


def _reads_as(text: str, taxonomy: Taxonomy) -> bool:
    try:
        return parse(tomllib.loads(text), Taxonomy, "taxonomy.toml") == taxonomy
    except (tomllib.TOMLDecodeError, InputError):
        return False


def _values(taxonomy: Taxonomy) -> dict[str, Any]:
    """Return the keys of the file that change, as tomlkit takes them."""
    import tomlkit

    categories = tomlkit.array()
    categories.extend([inline_table(category.record()) for category in taxonomy.categories])
    values: dict[str, Any] = {"categories": categories.multiline(multiline=True)}
    return values | ({"retired": list(taxonomy.retired)} if taxonomy.retired else {})
