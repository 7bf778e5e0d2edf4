"""Which articles a third person should see first: where one more answer changes most. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from labels.agreement.dawid_skene import Fit, FloatArray
from labels.agreement.votes import Votes

_LEAST = 0.005  # decisions put right by one more answer; less is not worth a line


@dataclass(frozen=True, slots=True)
class ThirdOpinion:
    """What one more answer to an article is worth.

    Attributes:
        document_id: the article.
        gain: how many of its categories one more answer puts right, on average.
        categories: ids of those it is about, the most doubtful first.
    """

    document_id: str
    gain: float
    categories: tuple[str, ...]


def rank_third_opinions(
    votes: Votes, fits: Sequence[Fit], settled: Collection[str] = ()
) -> list[ThirdOpinion]:
    """Return the articles with two answers or more, by what one more answer is worth.

    A category is decided by its probability; one more answer, of an annotator as strict as the
    average, moves that. Worth is by how much the chance of a wrong decision falls on average
    (expected value of information), summed over the categories.

    votes, fits: as `fit_categories` takes and returns them.
    settled: ids of articles that a person settled, which nobody need see again.
    """
    gains = np.array([expected_gain(model) for model in fits]).T
    ranked = []
    for place, answers in enumerate(votes.per_article):
        document_id = votes.documents[place]
        if answers < 2 or document_id in settled:
            continue
        doubtful = [int(c) for c in np.argsort(-gains[place], kind="stable")]
        names = tuple(votes.categories[c] for c in doubtful if gains[place, c] >= _LEAST)
        if names:
            ranked.append(ThirdOpinion(document_id, float(gains[place].sum()), names))
    return sorted(ranked, key=lambda opinion: -opinion.gain)


def expected_gain(model: Fit) -> FloatArray:
    """Return by how much one more answer lowers the chance of a wrong decision, of each article."""
    p = model.probability
    sensitivity, specificity = float(model.sensitivity.mean()), float(model.specificity.mean())
    yes_right, yes_wrong = p * sensitivity, (1 - p) * (1 - specificity)
    no_right, no_wrong = (1 - p) * specificity, p * (1 - sensitivity)
    wrong_after = np.minimum(yes_right, yes_wrong) + np.minimum(no_right, no_wrong)
    return np.asarray(np.maximum(np.minimum(p, 1 - p) - wrong_after, 0.0))
