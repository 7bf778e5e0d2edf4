"""Articles with labels in doubt as tasks, with or without what is known of these labels. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labels.studio.adjudication.above_text import show_above_text
from labels.studio.connection import Language
from labels.studio.page.words import name_in, phrase
from labels.studio.tasks import to_task
from labels.taxonomy import Taxonomy
from seeds.document import Document

_DOUBT = "doubt"  # the field of a task that has what is shown of the labels
_NOTHING = "–"  # every task has the field, or the page could not be changed to show it


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reviewer sees beside an article.

    Attributes:
        labels: its categories as they are; None: hidden.
        probabilities: category -> what the models give it, for those in doubt; None: hidden.
    """

    labels: Iterable[str] | None = None
    probabilities: Mapping[str, float | None] | None = None

    def describe(self, taxonomy: Taxonomy, language: Language) -> str:
        """Return it as lines of the labelling page."""
        lines = []
        if self.labels is not None:
            names = ", ".join(name_in(taxonomy[name], language) for name in self.labels)
            lines.append(f"{phrase('labels', language)} : {names or _NOTHING}")
        if self.probabilities is not None:
            shares = ", ".join(
                f"{name_in(taxonomy[name], language)} {round(100 * p)} %"
                for name, p in self.probabilities.items()
                if p is not None
            )
            lines.append(f"{phrase('model', language)} : {shares or _NOTHING}")
        return "\n".join(lines) or _NOTHING


def to_review_task(
    document: Document, shown: Shown, taxonomy: Taxonomy, language: Language = "fr"
) -> dict[str, Any]:
    """Return the task of an article with a label in doubt."""
    task = to_task(document)
    return task | {"data": task["data"] | {_DOUBT: shown.describe(taxonomy, language)}}


def show_doubt(interface: str, language: Language = "fr") -> str:
    """Return a labelling interface that also shows what is known of the labels, above the text."""
    return show_above_text(interface, _DOUBT, phrase("doubt", language))
