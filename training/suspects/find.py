"""A Dataset and what models say of it become the articles whose labels are probably wrong. Pure."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from labels.dataset import Dataset
from training.arrays import BoolArray, Float64Array
from training.splitting.stratify import group_of
from training.suspects.confidence import self_confidence, softmin
from training.suspects.opinion import Opinion

Reason = Literal["duplicates", "model"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A label of an article that is in doubt.

    Attributes:
        category: its id.
        labelled: whether the article has it.
        probability: that it should have it, by models that did not learn from the article; None if
            none was asked.
        reason: a near-duplicate is labelled otherwise, or only the models contradict.
    """

    category: str
    labelled: bool
    probability: float | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Suspect:
    """An article with labels in doubt.

    Attributes:
        position: in the dataset.
        score: how far the models believe its labels, from 0 to 1; None if none was asked.
        pairs: the labels in doubt, those least believed first.
        duplicates: positions of its near-duplicates that are labelled otherwise.
    """

    position: int
    score: float | None
    pairs: tuple[Pair, ...]
    duplicates: tuple[int, ...]


def find_suspects(dataset: Dataset, opinion: Opinion) -> list[Suspect]:
    """Return the articles with labels in doubt, the worst first.

    Near-duplicates with different labels lead, a group together: one of them is wrong, whatever a
    model says. The others follow by their self-confidence.
    """
    gold, known = dataset.gold, dataset.known
    groups = _group_positions(dataset)
    clashing = _find_clashes(groups, gold, known)
    confidence = _confidence(dataset, opinion, known)
    doubted = clashing | (~np.isnan(confidence) & (opinion.predicted != gold))
    scores = softmin(confidence)
    ranks = np.nan_to_num(scores, nan=1.0)
    clashes = [members for members in groups if clashing[members].any()]
    clashes.sort(key=lambda members: (ranks[members].min(), members[0]))
    suspects = [
        (n, _others(members, n, gold, known))
        for members in clashes
        for n in sorted(members, key=lambda n: (ranks[n], n))
        if clashing[n].any()
    ]
    rest = np.flatnonzero(doubted.any(axis=1) & ~clashing.any(axis=1)).tolist()
    suspects += [(n, ()) for n in sorted(rest, key=lambda n: (ranks[n], n))]
    return [
        Suspect(
            n,
            None if np.isnan(scores[n]) else float(scores[n]),
            _pairs(dataset, opinion, n, doubted[n], clashing[n]),
            others,
        )
        for n, others in suspects
    ]


def score_articles(dataset: Dataset, opinion: Opinion) -> Float64Array:
    """Return how far the models believe each article's labels, (n,); NaN if none was asked."""
    return softmin(_confidence(dataset, opinion, dataset.known))


def find_unchecked(dataset: Dataset, opinion: Opinion) -> dict[str, int]:
    """Return the categories that no model judged, with their numbers of articles."""
    counts = dataset.gold.sum(axis=0)
    unasked = np.flatnonzero(~np.asarray(opinion.asked.any(axis=0)) & (counts > 0))
    return {dataset.taxonomy.ids[n]: int(counts[n]) for n in unasked}


def _confidence(dataset: Dataset, opinion: Opinion, known: BoolArray) -> Float64Array:
    """Return self-confidence, (n, k); NaN where nothing can be said.

    In single choice that is so for an article whose own category no model knows: they had to
    choose another.
    """
    gold = dataset.gold
    usable = known & opinion.asked
    if dataset.taxonomy.choice == "single":
        usable &= (usable & gold).any(axis=1, keepdims=True)
    return np.where(usable, self_confidence(opinion.probabilities, gold), np.nan)


def _group_positions(dataset: Dataset) -> list[list[int]]:
    """Return the positions of near-duplicates of each other, a list a group."""
    members: dict[str, list[int]] = {}
    for n, example in enumerate(dataset.examples):
        members.setdefault(group_of(example.document), []).append(n)
    return list(members.values())


def _find_clashes(groups: list[list[int]], gold: BoolArray, known: BoolArray) -> BoolArray:
    """Return the labels that differ from that of a near-duplicate, bool (n, k)."""
    clashing = np.zeros(gold.shape, np.bool_)
    for members in groups:
        if len(members) > 1:
            yes, no = gold[members] & known[members], ~gold[members] & known[members]
            differs = yes.any(axis=0) & no.any(axis=0)
            clashing[members] = differs & known[members]
    return clashing


def _others(
    members: list[int], position: int, gold: BoolArray, known: BoolArray
) -> tuple[int, ...]:
    """Return the members of an article's group that are labelled otherwise than it is."""
    differs = (gold[members] != gold[position]) & known[members] & known[position]
    return tuple(n for n, other in zip(members, differs.any(axis=1), strict=True) if other)


def _pairs(
    dataset: Dataset, opinion: Opinion, n: int, doubted: BoolArray, clashing: BoolArray
) -> tuple[Pair, ...]:
    """Return the labels in doubt of an article, those least believed first."""
    labels = dataset.examples[n].categories
    pairs = []
    for column in np.flatnonzero(doubted).tolist():
        p = float(opinion.probabilities[n, column])
        reason: Reason = "duplicates" if clashing[column] else "model"
        name = dataset.taxonomy.ids[column]
        pairs.append(Pair(name, name in labels, None if np.isnan(p) else p, reason))
    return tuple(sorted(pairs, key=_belief))


def _belief(pair: Pair) -> tuple[bool, float]:
    """Return what pairs are sorted by: reason, then how far the models believe the label."""
    p = 1.0 if pair.probability is None else pair.probability
    return pair.reason == "model", p if pair.labelled else 1 - p
