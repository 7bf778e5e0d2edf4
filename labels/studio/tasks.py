"""Document <-> Label Studio task, and categories -> annotation result. Pure."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from labels.server.answers import as_object, typed
from labels.studio.interface import COMMENT, CONTROL, TEXT, UNSURE
from seeds.base.errors import InputError
from seeds.document import Document

_ADDRESS = re.compile(r"https?://[^\s\[\]]+$", re.IGNORECASE)
# A name with a capital before any small letter, "Le Monde" or "France 24", and is no path.
_PAPER = re.compile(r"(?=[^a-zß-ÿ]*[A-ZÀ-Þ])[^\W_]['’&\w-]*( [^\W_]['’&\w-]*){0,5}")
_SITE = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,6}")
_FILE = re.compile(
    r"_|\.(txt|md|x?html?|xml|[ct]sv|jsonl?|ndjson|parquet|docx?|pdf|gz|bz2|xz|zst)$"
)
_SEED_ID = re.compile("[0-9a-f]{16}")  # as `seeds.document` makes them


def to_task(document: Document) -> dict[str, Any]:
    """Return the task of an article, which is recognised by its `seed_id` ever after."""
    outlet = outlet_of(document.source)
    facts = " · ".join(filter(None, (outlet, document.date)))
    return {
        "data": {
            "seed_id": document.id,
            "text": document.text,
            "facts": facts or "–",
            "title": document.title,
            "outlet": outlet,
            "date": document.date,
            "source": document.source,
            "language": document.language,
        },
        "meta": {"group": document.group},
    }


def outlet_of(source: str) -> str:
    """Return the site or the paper a source names; "" for a file, whose name may give answers away.

    source: of a document: a file (and record), an address, or whatever a table's column says.
    """
    if _ADDRESS.match(source):
        return (urlsplit(source).hostname or "").removeprefix("www.")
    named = _PAPER.fullmatch(source) or _SITE.fullmatch(source)
    return source.removeprefix("www.") if named and not _FILE.search(source) else ""


def seed_id(task: dict[str, Any]) -> str:
    """Return the id of a task's article; "" if the task was not sent by `to_task`."""
    name = (as_object(task.get("data")) or {}).get("seed_id")
    return name if isinstance(name, str) and _SEED_ID.fullmatch(name) else ""


def to_document(task: dict[str, Any]) -> Document:
    """Return the article of an exported task, for a workspace that does not have it.

    Raises:
        InputError: the task's data are not those of an article.
    """
    data = typed(task.get("data"), dict, "data")
    meta = as_object(task.get("meta")) or {}
    fields = {name: _text(data, name) for name in ("title", "date", "source", "language")}
    return Document(
        id=typed(data.get("seed_id"), str, "seed_id"),
        text=_text(data, TEXT),
        group=_text(meta, "group") or _text(data, "seed_id"),
        **fields,
    )


def _text(fields: dict[str, Any], name: str) -> str:
    """Return a field that is text, or missing."""
    value = fields.get(name)
    return "" if value is None else typed(value, str, name)


def to_result(categories: Iterable[str], comment: str = "") -> list[dict[str, Any]]:
    """Return the result of an annotation, as the page would submit it for these category ids."""
    choices = list(categories)
    regions = []
    if choices:
        regions.append(_region(CONTROL, "choices", {"choices": choices}))
    if comment:
        regions.append(_region(COMMENT, "textarea", {"text": [comment]}))
    return regions


def _region(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": name, "to_name": TEXT, "type": kind, "value": value}


def read_result(result: Any) -> tuple[list[str], str]:
    """Return the category ids in the result of an annotation, and the comment.

    Label Studio stores whatever it is sent, so that nothing of a result may be taken for granted.

    Raises:
        InputError: it is no result, or has a control that is not ours.
    """
    choices: list[str] = []
    comment = ""
    for region in typed(result, list, "result"):
        fields = typed(region, dict, "a region of the result")
        name = fields.get("from_name")
        if name == UNSURE:
            continue
        if name not in (CONTROL, COMMENT):
            shown = repr(name[:40]) if isinstance(name, str) else "no name"
            raise InputError(
                f"a result of {shown}, which is not a control of ours. "
                "Restore the labelling interface with `classify labels push`"
            )
        value = typed(fields.get("value"), dict, f"the value of {name}")
        if name == CONTROL:
            members = typed(value.get("choices"), list, "choices")
            choices += [typed(member, str, "a category of choices") for member in members]
        else:
            comment = _read_comment(value.get("text"))
    return choices, comment


def says_unsure(result: Any) -> bool:
    """Tell whether the annotator of a result, which `read_result` accepts, could not decide."""
    values = (region.get("value") for region in result if region.get("from_name") == UNSURE)
    return any(UNSURE in str((as_object(value) or {}).get("choices")) for value in values)


def _read_comment(text: Any) -> str:
    """Return a comment, which Label Studio stores as a list of texts."""
    if isinstance(text, str):
        return text
    return " ".join(typed(part, str, "a part of text") for part in typed(text, list, "text"))
