"""Disputed articles as tasks of a project of their own, and the votes shown with them. Pure."""

from collections.abc import Iterable
from typing import Any

from labels.annotations import Annotation
from labels.studio.adjudication.above_text import show_above_text
from labels.studio.connection import Language
from labels.studio.page.words import name_in, phrase
from labels.studio.tasks import to_task
from labels.taxonomy import Taxonomy
from seeds.document import Document

_VOTES = "votes"  # the field of a task that has the votes, and what shows it in the page
_NO_VOTES = "–"  # every task has the field, or the page could not be changed to show it


def to_disputed_task(
    document: Document,
    votes: Iterable[Annotation],
    taxonomy: Taxonomy,
    language: Language = "fr",
) -> dict[str, Any]:
    """Return the task of a disputed article with a line for each vote: who, what, which comment.

    votes: those to show; none for an adjudicator who is to decide without knowing them.
    """
    task = to_task(document)
    lines = "\n".join(_describe_vote(vote, taxonomy, language) for vote in votes)
    return task | {"data": task["data"] | {_VOTES: lines or _NO_VOTES}}


def _describe_vote(vote: Annotation, taxonomy: Taxonomy, language: Language) -> str:
    names = ", ".join(name_in(taxonomy[category], language) for category in vote.categories)
    if vote.unsure:
        names = phrase("unsure", language)
    comment = f" — « {vote.comment} »" if vote.comment else ""
    return f"{vote.annotator} : {names or phrase('none', language)}{comment}"


def show_votes(interface: str, language: Language = "fr") -> str:
    """Return a labelling interface that also shows the votes of a task, above the text."""
    return show_above_text(interface, _VOTES, phrase("votes", language))
