"""Document <-> Label Studio task, and categories -> annotation result. Pure."""

from collections.abc import Iterable
from typing import Any

from labels.studio.interface import COMMENT, CONTROL, TEXT
from seeds.document import Document


def to_task(document: Document) -> dict[str, Any]:
    """Return the task of an article, which is recognised by its `seed_id` ever after."""
    facts = " · ".join(filter(None, (document.date, document.source, document.language)))
    return {
        "data": {
            "seed_id": document.id,
            "text": document.text,
            "facts": facts or "–",
            "title": document.title,
            "date": document.date,
            "source": document.source,
            "language": document.language,
        },
        "meta": {"group": document.group},
    }


def to_document(task: dict[str, Any]) -> Document:
    """Return the article of an exported task, for a workspace that does not have it.

    Raises:
        InputError: the task's data are not those of an article.
    """
    data = task.get("data") or {}
    fields = {name: str(data.get(name) or "") for name in ("title", "date", "source", "language")}
    group = str((task.get("meta") or {}).get("group") or data.get("seed_id") or "")
    return Document(
        id=str(data.get("seed_id") or ""), text=str(data.get("text") or ""), group=group, **fields
    )


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
