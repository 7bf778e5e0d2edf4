"""Annotations -> votes as arrays: who was asked what about which article, and what was chosen."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labels.annotations import Annotation, was_asked
from labels.taxonomy import Taxonomy

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of annotators, a row a vote, in the order of articles and annotators.

    Attributes:
        documents, annotators, categories: ids, which the arrays name by their places.
        article, annotator: int (m,), of each vote.
        chosen: bool (m, k), the categories of each vote.
        asked: bool (m, k), False for a category that was added after the vote.
        months: of each vote, "2026-11", or "" if unknown.
    """

    documents: tuple[str, ...]
    annotators: tuple[str, ...]
    categories: tuple[str, ...]
    article: IntArray
    annotator: IntArray
    chosen: BoolArray
    asked: BoolArray
    months: tuple[str, ...]

    @property
    def per_article(self) -> IntArray:
        """The number of votes of each article, int (n,)."""
        return np.bincount(self.article, minlength=len(self.documents))

    @property
    def shared(self) -> "Votes":
        """The votes for articles that have two or more, with these articles alone."""
        return self.select(self.per_article[self.article] >= 2)

    def select(self, rows: BoolArray) -> "Votes":
        """Return some of the votes, with the articles that these are for."""
        kept, article = np.unique(self.article[rows], return_inverse=True)
        return replace(
            self,
            documents=tuple(self.documents[n] for n in kept),
            article=article.astype(np.int64),
            annotator=self.annotator[rows],
            chosen=self.chosen[rows],
            asked=self.asked[rows],
            months=tuple(np.array(self.months, object)[rows]),
        )

    def rows_of_articles(self) -> list[IntArray]:
        """Return the rows of the votes of each article."""
        order = np.argsort(self.article, kind="stable")
        return np.split(order, np.cumsum(self.per_article)[:-1]) if self.documents else []


def collect_votes(
    annotations: Iterable[Annotation], taxonomy: Taxonomy, without: Collection[str] = ()
) -> Votes:
    """Return the independent votes among annotations; of one person's on an article the latest.

    Skipped articles, drafts and answers of "unsure" are no votes. Neither are answers that were
    asked for to settle an article: they are of the difficult ones alone.

    without: annotators to leave out.
    """
    latest: dict[tuple[str, str], Annotation] = {}
    for vote in sorted(annotations, key=lambda annotation: annotation.last_change):
        if vote.status == "submitted" and vote.annotator not in without and not vote.origin:
            latest[vote.document_id, vote.annotator] = vote
    return as_votes([vote for _, vote in sorted(latest.items()) if not vote.unsure], taxonomy)


def as_votes(annotations: Iterable[Annotation], taxonomy: Taxonomy) -> Votes:
    """Put annotations into arrays, each as one vote; categories the taxonomy lacks do not count."""
    votes = [vote.within(taxonomy) for vote in annotations]
    documents = {name: n for n, name in enumerate(dict.fromkeys(v.document_id for v in votes))}
    annotators = {name: n for n, name in enumerate(sorted({vote.annotator for vote in votes}))}
    chosen = np.zeros((len(votes), len(taxonomy.ids)), np.bool_)
    asked = np.ones_like(chosen)
    for row, vote in enumerate(votes):
        chosen[row, [taxonomy.places[name] for name in vote.categories]] = True
    for place, category in enumerate(taxonomy.categories):
        if category.added:
            asked[:, place] = [was_asked(vote, category) for vote in votes]
    return Votes(
        tuple(documents),
        tuple(annotators),
        taxonomy.ids,
        np.array([documents[vote.document_id] for vote in votes], np.int64),
        np.array([annotators[vote.annotator] for vote in votes], np.int64),
        chosen,
        asked,
        tuple(vote.created[:7] for vote in votes),
    )
