"""How far annotators agree: by category, over label sets, by pair and month, and what they mix up.

All figures are of articles that have independent answers of two annotators or more.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from labels.agreement.alpha import (
    RESAMPLES,
    Alpha,
    category_alphas,
    comparable_sets,
    count_votes,
    set_alphas,
)
from labels.agreement.distances import jaccard, masi, nominal
from labels.agreement.votes import Votes


@dataclass(frozen=True, slots=True)
class CategoryAgreement:
    """How far annotators agree on one category.

    Attributes:
        category: its id.
        alpha: Krippendorff's, nominal: chosen or not.
        raw: share of pairs of answers that agree; None without a pair.
        f1: F1 of one annotator measured against another, on average; None if nobody chose it.
        prevalence: share of the answers that chose it; None without an answer.
        articles: how many articles two or more were asked about it.
        disagreed: ids of the articles on which they differ.
    """

    category: str
    alpha: Alpha
    raw: float | None
    f1: float | None
    prevalence: float | None
    articles: int
    disagreed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetAgreement:
    """How far annotators agree on whole label sets.

    Attributes:
        nominal, jaccard, masi: alpha by these distances.
        exact: share of pairs of answers with exactly the same categories; None without a pair.
        articles: how many have two answers or more.
        disagreed: ids of the articles whose answers are not all the same.
    """

    nominal: Alpha
    jaccard: Alpha
    masi: Alpha
    exact: float | None
    articles: int
    disagreed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two annotators agree on the articles that both answered."""

    first: str
    second: str
    sets: SetAgreement


@dataclass(frozen=True, slots=True)
class MonthAgreement:
    """How far annotators agree on the articles whose last answer is of a month; "" if unknown."""

    month: str
    sets: SetAgreement


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two categories that are taken for each other.

    Attributes:
        first, second: ids; on each of the articles one annotator chose only the first of the two,
            and another only the second.
        articles: their ids.
    """

    first: str
    second: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgreementFigures:
    """All figures.

    Attributes:
        answers: of each annotator, how many.
        uniform: annotators who chose the same every time, with what they chose.
        left_out: categories that the label sets leave out: added after some of the answers.
        sets, categories, pairs, months, confusions: the figures.
    """

    answers: dict[str, int]
    uniform: dict[str, tuple[str, ...]]
    left_out: tuple[str, ...]
    sets: SetAgreement
    categories: tuple[CategoryAgreement, ...]
    pairs: tuple[PairAgreement, ...]
    months: tuple[MonthAgreement, ...]
    confusions: tuple[Confusion, ...]


_GROUP_RESAMPLES = 400  # of a pair or a month, of which there are many
_MIN_UNIFORM = 10  # answers; fewer can be the same by chance


def measure_agreement(votes: Votes, seed: int = 0, resamples: int = RESAMPLES) -> AgreementFigures:
    """Compute all figures of a set of votes."""
    shared = votes.shared
    asked = shared.asked.all(axis=0)
    counts = np.bincount(votes.annotator, minlength=len(votes.annotators))
    return AgreementFigures(
        answers={name: int(n) for name, n in zip(votes.annotators, counts, strict=True)},
        uniform=find_uniform(votes),
        left_out=tuple(np.array(votes.categories, object)[~asked]),
        sets=measure_sets(shared, seed, resamples),
        categories=measure_categories(shared, seed, resamples),
        pairs=tuple(_by_pair(shared, seed, min(resamples, _GROUP_RESAMPLES))),
        months=tuple(_by_month(shared, seed, min(resamples, _GROUP_RESAMPLES))),
        confusions=find_confusions(shared),
    )


def find_uniform(votes: Votes) -> dict[str, tuple[str, ...]]:
    """Return the annotators who chose the same in all of at least 10 answers, and what."""
    uniform = {}
    for place, name in enumerate(votes.annotators):
        chosen = votes.chosen[votes.annotator == place]
        if len(chosen) >= _MIN_UNIFORM and (chosen == chosen[0]).all():
            uniform[name] = tuple(np.array(votes.categories, object)[chosen[0]])
    return uniform


def measure_categories(
    shared: Votes, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[CategoryAgreement, ...]:
    """Return the figures of each category, in taxonomy order; shared: as `Votes.shared`."""
    yes, asked = count_votes(shared)
    others = np.maximum(asked - 1, 1)
    differing = (2 * yes * (asked - yes) / others).sum(axis=0)
    both = (yes * np.maximum(yes - 1, 0) / others).sum(axis=0)
    total, chosen = asked.sum(axis=0), yes.sum(axis=0)
    documents = np.array(shared.documents, object)
    alphas = category_alphas(shared, seed, resamples)
    return tuple(
        CategoryAgreement(
            category=name,
            alpha=alphas[c],
            raw=float(1 - differing[c] / total[c]) if total[c] else None,
            f1=float(both[c] / chosen[c]) if chosen[c] else None,
            prevalence=float(chosen[c] / total[c]) if total[c] else None,
            articles=int((asked[:, c] > 0).sum()),
            disagreed=tuple(documents[(yes[:, c] > 0) & (yes[:, c] < asked[:, c])]),
        )
        for c, name in enumerate(shared.categories)
    )


def measure_sets(shared: Votes, seed: int = 0, resamples: int = RESAMPLES) -> SetAgreement:
    """Return the figures over whole label sets; shared: as `Votes.shared`."""
    sets, rows = comparable_sets(shared), shared.rows_of_articles()
    same, pairs, disagreed = 0.0, 0.0, []
    for document_id, place in zip(shared.documents, rows, strict=True):
        _, counts = np.unique(sets[place], axis=0, return_counts=True)
        answers = len(place)
        same += float((counts * (counts - 1)).sum()) / (answers - 1)
        pairs += answers
        if len(counts) > 1:
            disagreed.append(document_id)
    by_distance = set_alphas(shared, (nominal, jaccard, masi), seed, resamples)
    return SetAgreement(
        nominal=by_distance[0],
        jaccard=by_distance[1],
        masi=by_distance[2],
        exact=same / pairs if pairs else None,
        articles=len(shared.documents),
        disagreed=tuple(disagreed),
    )


def find_confusions(shared: Votes) -> tuple[Confusion, ...]:
    """Return the pairs of categories taken for each other, the most frequent first."""
    articles: dict[tuple[int, int], list[str]] = defaultdict(list)
    for document_id, rows in zip(shared.documents, shared.rows_of_articles(), strict=True):
        confused: set[tuple[int, int]] = set()
        for one, other in combinations(rows, 2):
            asked = shared.asked[one] & shared.asked[other]
            mine = np.flatnonzero(shared.chosen[one] & ~shared.chosen[other] & asked)
            theirs = np.flatnonzero(shared.chosen[other] & ~shared.chosen[one] & asked)
            confused |= {(min(a, b), max(a, b)) for a in mine.tolist() for b in theirs.tolist()}
        for pair in confused:
            articles[pair].append(document_id)
    ranked = sorted(articles.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    names = shared.categories
    return tuple(Confusion(names[a], names[b], tuple(ids)) for (a, b), ids in ranked)


def _by_pair(shared: Votes, seed: int, resamples: int) -> Iterable[PairAgreement]:
    """Yield the figures of each two annotators who share an article."""
    for one, other in combinations(range(len(shared.annotators)), 2):
        common = shared.select(np.isin(shared.annotator, (one, other))).shared
        if common.documents:
            sets = measure_sets(common, seed, resamples)
            yield PairAgreement(shared.annotators[one], shared.annotators[other], sets)


def _by_month(shared: Votes, seed: int, resamples: int) -> Iterable[MonthAgreement]:
    """Yield the figures of the articles by the month of their last answer."""
    last = [max(shared.months[int(row)] for row in rows) for rows in shared.rows_of_articles()]
    of_vote = np.array(last, object)[shared.article] if last else np.array([], object)
    for month in sorted(set(last)):
        sets = measure_sets(shared.select(of_vote == month), seed, resamples)
        yield MonthAgreement(month, sets)
