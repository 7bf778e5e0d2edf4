"""What annotators were shown while they labelled, and what that did to their labels. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labels.annotations import Annotation


@dataclass(frozen=True, slots=True)
class Assistance:
    """Labels made with a model's suggestion in sight.

    Attributes:
        helped: ids of the articles that somebody labelled so.
        wrong: shown categories that the other people who labelled the article reject.
        kept: how many of these the person who was shown them kept.
    """

    helped: frozenset[str] = frozenset()
    wrong: int = 0
    kept: int = 0


UNASSISTED = Assistance()  # nobody was shown anything


def find_assistance(annotations: Iterable[Annotation]) -> Assistance:
    """Return what submitted annotations tell of the suggestions that were shown.

    A shown category is wrong if fewer than half of the judges chose it. They are the people who
    settled the article; if none did, the others who were shown nothing; if there are none, all
    others. The last may have kept it as well, so that wrong categories are found too seldom.
    """
    by_article: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        if annotation.status == "submitted":
            by_article[annotation.document_id].append(annotation)
    wrong = kept = 0
    for votes in by_article.values():
        for vote in votes:
            judges = _choose_judges(vote, votes)
            for name in vote.shown:
                if 2 * sum(name in judge.categories for judge in judges) < len(judges):
                    wrong += 1
                    kept += name in vote.categories
    helped = (name for name, votes in by_article.items() if any(vote.shown_run for vote in votes))
    return Assistance(frozenset(helped), wrong, kept)


def _choose_judges(vote: Annotation, votes: Sequence[Annotation]) -> list[Annotation]:
    """Return the annotations of an article by which what another was shown is judged."""
    others = [other for other in votes if other.annotator != vote.annotator and not other.unsure]
    settled = [other for other in others if other.ground_truth]
    unhelped = [other for other in others if not other.shown_run]
    return settled or unhelped or others
