"""Disputed articles as tasks of a project of their own, and the votes shown with them. Pure."""

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET  # expat stops entity bombs  # nosec B405

from labels.annotations import Annotation
from labels.studio.tasks import to_task
from labels.taxonomy import Taxonomy
from seeds.document import Document

_VOTES = "votes"  # the field of a task that has the votes, and what shows it in the page
_NO_VOTES = "–"  # every task has the field, or the page could not be changed to show it
_SUFFIX = " – À arbitrer"
_LONGEST_TITLE = 50  # characters that Label Studio takes
_ARTICLE = "press-article"  # where the interface has the article, below whose facts the votes go
_FRAME = "border-left: 3px solid #b0862a; padding-left: .75em; margin-bottom: 1em"


def adjudication_title(title: str) -> str:
    """Return the title of the project for the disputes of a project of this title."""
    return f"{title[: _LONGEST_TITLE - len(_SUFFIX)].rstrip()}{_SUFFIX}"


def to_disputed_task(
    document: Document, votes: Iterable[Annotation], taxonomy: Taxonomy
) -> dict[str, Any]:
    """Return the task of a disputed article with a line for each vote: who, what, which comment.

    votes: those to show; none for an adjudicator who is to decide without knowing them.
    """
    task = to_task(document)
    lines = "\n".join(_describe_vote(vote, taxonomy) for vote in votes)
    return task | {"data": task["data"] | {_VOTES: lines or _NO_VOTES}}


def _describe_vote(vote: Annotation, taxonomy: Taxonomy) -> str:
    names = ", ".join(taxonomy[category].fr for category in vote.categories)
    comment = f" — « {vote.comment} »" if vote.comment else ""
    return f"{vote.annotator} : {names or 'aucune catégorie'}{comment}"


def show_votes(interface: str) -> str:
    """Return a labelling interface that also shows the votes of a task, above the text."""
    root = ET.fromstring(interface)  # noqa: S314 — our own  # nosec B314
    places = [view for view in root.iter("View") if view.get("className") == _ARTICLE]
    votes = ET.Element("View", className="press-votes", style=_FRAME)
    ET.SubElement(votes, "Header", value="Avis des annotateurs", size="5")
    ET.SubElement(votes, "Text", name=_VOTES, value=f"${_VOTES}", selectionEnabled="false")
    (places or [root])[0].insert(1, votes)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")
