"""How strict each annotator is in each category, and what votes that differ are worth.

One model of Dawid and Skene a category (labels/agreement/dawid_skene.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labels.agreement.dawid_skene import Answers, Fit, FloatArray, fit
from labels.agreement.votes import Votes, as_votes
from labels.annotations import Annotation, was_asked
from labels.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Strictness:
    """How strict an annotator is.

    Attributes:
        annotator: who.
        answers: how many there are to judge by.
        sensitivity: of each category, the chance to choose it where it belongs.
        specificity: of each category, the chance not to choose it where it does not belong.
    """

    annotator: str
    answers: int
    sensitivity: dict[str, float]
    specificity: dict[str, float]

    def deviation(self, category: str, others: Sequence["Strictness"]) -> float:
        """Return how much more readily than the average annotator a category is chosen, in [-1, 1].

        Below 0 is strict, above 0 generous.
        """
        readiness = self.sensitivity[category] - self.specificity[category]
        average = np.mean([o.sensitivity[category] - o.specificity[category] for o in others])
        return float(readiness - average) / 2


def fit_categories(
    votes: Votes, truth: Mapping[str, Mapping[str, bool]] | None = None
) -> list[Fit]:
    """Fit a model to each category, in taxonomy order.

    truth: of articles that a person settled, whether each category belongs, by their ids.
    """
    settled = truth or {}
    return [_fit_category(votes, place, settled) for place in range(len(votes.categories))]


def _fit_category(votes: Votes, place: int, settled: Mapping[str, Mapping[str, bool]]) -> Fit:
    category, asked = votes.categories[place], votes.asked[:, place]
    truth = [settled.get(name, {}).get(category, np.nan) for name in votes.documents]
    return fit(
        Answers(
            yes=votes.chosen[asked, place],
            article=votes.article[asked],
            annotator=votes.annotator[asked],
            truth=np.array(truth, np.float64),
            annotators=len(votes.annotators),
        )
    )


def annotator_strictness(votes: Votes, fits: Sequence[Fit]) -> tuple[Strictness, ...]:
    """Return the strictness of each annotator in the categories that anybody chose."""
    used = [place for place in range(len(fits)) if votes.chosen[:, place].any()]
    counts = np.bincount(votes.annotator, minlength=len(votes.annotators))
    return tuple(
        Strictness(
            annotator=name,
            answers=int(counts[n]),
            sensitivity={votes.categories[c]: float(fits[c].sensitivity[n]) for c in used},
            specificity={votes.categories[c]: float(fits[c].specificity[n]) for c in used},
        )
        for n, name in enumerate(votes.annotators)
    )


def weigh_votes(
    votes: Mapping[str, Sequence[Annotation]], taxonomy: Taxonomy
) -> dict[str, dict[str, float]]:
    """Return how likely each article is to have each category, by article and category id.

    Where all who were asked agree, that stands: 1 or 0. Where they differ, each vote weighs by the
    strictness of its annotator.
    """
    annotations = [vote for answers in votes.values() for vote in answers]
    table = as_votes(annotations, taxonomy)
    fits = fit_categories(table, settled_truth(annotations, taxonomy))
    probabilities = np.array([model.probability for model in fits]).T
    unanimous = _unanimous(table)
    probabilities = np.where(np.isnan(unanimous), probabilities, unanimous)
    return {
        document_id: dict(zip(taxonomy.ids, row.tolist(), strict=True))
        for document_id, row in zip(table.documents, probabilities, strict=True)
    }


def settled_truth(
    annotations: Iterable[Annotation], taxonomy: Taxonomy
) -> dict[str, dict[str, bool]]:
    """Return, of each article that a person settled, whether each category belongs to it."""
    truth = {}
    for vote in sorted(annotations, key=lambda annotation: annotation.last_change):
        if vote.ground_truth:
            asked = (entry.id for entry in taxonomy.categories if was_asked(vote, entry))
            truth[vote.document_id] = {name: name in vote.categories for name in asked}
    return truth


def _unanimous(votes: Votes) -> FloatArray:
    """Return 1 where all who were asked chose a category, 0 where none did, else NaN; (n, k)."""
    shape = len(votes.documents), len(votes.categories)
    yes, asked = np.zeros(shape), np.zeros(shape)
    np.add.at(yes, votes.article, votes.chosen & votes.asked)
    np.add.at(asked, votes.article, votes.asked)
    return np.where(yes == 0, 0.0, np.where(yes == asked, 1.0, np.nan))
