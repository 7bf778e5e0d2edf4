"""Annotators and their answers, in a line a test can read."""

from collections.abc import Mapping, Sequence

from labels.agreement.votes import Votes, collect_votes
from labels.annotations import Annotation
from labels.taxonomy import Category, Taxonomy


def panel(
    answers: Mapping[str, Sequence[str | None]], *, names: str = "abc"
) -> tuple[list[Annotation], Taxonomy]:
    """Return annotations and taxonomy: {"ann": ["ab", "", None]}, an article a place.

    A letter is a category; "" means none applies; None: not annotated.
    """
    taxonomy = Taxonomy("1", "multiple", tuple(Category(c, c.upper(), c.upper()) for c in names))
    annotations = [
        Annotation(f"d{n}", annotator, tuple(chosen), created="2026-11-02T10:00:00Z")
        for annotator, row in answers.items()
        for n, chosen in enumerate(row)
        if chosen is not None
    ]
    return annotations, taxonomy


def votes(answers: Mapping[str, Sequence[str | None]], *, names: str = "abc") -> Votes:
    """Return the same as votes."""
    return collect_votes(*panel(answers, names=names))
