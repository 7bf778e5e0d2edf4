"""Several annotators -> one agreed label set for each article, or "to adjudicate". Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from labels.annotations import IMPORTED, Annotation, was_asked
from labels.dataset import Dataset, Example
from labels.taxonomy import Taxonomy
from seeds.document import Document

Method = Literal["majority", "dawid-skene"]
_DOUBTFUL = 0.1, 0.9  # probabilities between which votes that differ settle nothing (DECISIONS.md)


@dataclass(frozen=True, slots=True)
class Dispute:
    """An article whose annotators are evenly split on some categories.

    Attributes:
        document_id: the article.
        agreed: the categories a majority chose.
        disputed: the categories without a majority for or against.
        votes: each annotator's categories.
    """

    document_id: str
    agreed: tuple[str, ...]
    disputed: tuple[str, ...]
    votes: dict[str, tuple[str, ...]]


class Agreement(NamedTuple):
    """What the annotators agree on.

    Attributes:
        dataset: the settled articles; pairs that are not known are unknown in it.
        disputes: what a person must adjudicate.
        waiting: ids of articles with a submitted answer, but too few votes to be settled.
    """

    dataset: Dataset
    disputes: list[Dispute]
    waiting: list[str]


class _Verdict(NamedTuple):
    """The categories of one article that are agreed, evenly split, and not asked of enough."""

    agreed: tuple[str, ...]
    disputed: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


def agree(
    annotations: Iterable[Annotation],
    documents: Mapping[str, Document],
    taxonomy: Taxonomy,
    votes_needed: int = 1,
    method: Method = "majority",
) -> Agreement:
    """Return the agreed labels in the order of the documents, the disputes, and what waits.

    Only submitted annotations vote, and an unsure one does not. A category is agreed when more
    than half of those asked chose it, and disputed at exactly half; then it alone is unknown. It
    is unknown as well where too few were asked: it was added to the taxonomy after they answered.
    For single choice the category with the most votes wins; a tie is disputed, and its article
    stays out. A ground truth settles an article, whoever else voted.

    votes_needed: how many votes settle an article; one that came from a file is enough, too.
    method: "dawid-skene" weighs votes that differ by how strict their annotators are; a category
        that stays doubtful is disputed.
    Votes for a category that the taxonomy lacks do not count; the others beside them do.
    """
    votes: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        if annotation.status == "submitted" and annotation.document_id in documents:
            vote = annotation.within(taxonomy)
            # Of one category alone, which is no more, nothing is left.
            is_void = vote.unsure or (taxonomy.choice == "single" and not vote.categories)
            votes[annotation.document_id] += [] if is_void else [vote]
    beliefs = _weigh(votes, taxonomy) if method == "dawid-skene" else {}
    agreement = Agreement(Dataset((), taxonomy), [], [])
    examples = []
    for document_id, article in documents.items():
        if document_id not in votes:
            continue
        deciding = _deciding(votes[document_id])
        if not _are_enough(deciding, votes_needed):
            agreement.waiting.append(document_id)
            continue
        belief = None if deciding[0].ground_truth else beliefs.get(document_id)
        agreed, disputed, unasked = _settle(votes[document_id], taxonomy, votes_needed, belief)
        if disputed:
            by_annotator = {vote.annotator: vote.categories for vote in votes[document_id]}
            agreement.disputes.append(Dispute(document_id, agreed, disputed, by_annotator))
        if taxonomy.choice == "multiple" or not disputed:
            examples.append(Example(article, agreed, taxonomy.sort((*disputed, *unasked))))
    return agreement._replace(dataset=Dataset(tuple(examples), taxonomy))


def _deciding(votes: list[Annotation]) -> list[Annotation]:
    """Return the votes that decide: the latest ground truth alone if there is one, else all."""
    ground_truths = [vote for vote in votes if vote.ground_truth]
    return [max(ground_truths, key=lambda vote: vote.last_change)] if ground_truths else votes


def _are_enough(votes: Sequence[Annotation], needed: int) -> bool:
    """Tell whether votes settle what they were asked."""
    alone = any(vote.ground_truth or vote.annotator.startswith(IMPORTED) for vote in votes)
    return alone or len(votes) >= needed


def _weigh(
    votes: Mapping[str, Sequence[Annotation]], taxonomy: Taxonomy
) -> dict[str, dict[str, float]]:
    """Return how likely each article has each category, by what votes of its annotators are worth.

    Articles that a person settled teach how strict each annotator is, and are not weighed.
    """
    from labels.agreement.strictness import weigh_votes

    return weigh_votes(votes, taxonomy) if any(votes.values()) else {}


def _settle(
    votes: list[Annotation],
    taxonomy: Taxonomy,
    needed: int,
    belief: Mapping[str, float] | None = None,
) -> _Verdict:
    """Settle one article by its deciding votes.

    belief: how likely the article has each category; None: the majority decides.
    """
    deciding = _deciding(votes)
    count = Counter(category for vote in deciding for category in vote.categories)
    if taxonomy.choice == "single":
        chosen = taxonomy.sort(count) if count else taxonomy.ids
        winners = _win(chosen, count, belief)
        return _Verdict(winners) if len(winners) == 1 else _Verdict((), winners)
    agreed, disputed, unasked = [], [], []
    for category in taxonomy.categories:
        name, asked = category.id, deciding
        if category.added:  # what no judge was asked is for those who were
            asked = [vote for vote in deciding if was_asked(vote, category)]
            asked = asked or [vote for vote in votes if was_asked(vote, category)]
        votes_for = sum(name in vote.categories for vote in asked)
        if not _are_enough(asked, needed):
            unasked.append(name)
            continue
        share = belief[name] if belief else votes_for / len(asked)
        doubtful = _DOUBTFUL if belief else (0.5, 0.5)
        if share > doubtful[1]:
            agreed.append(name)
        elif share >= doubtful[0]:
            disputed.append(name)
    return _Verdict(tuple(agreed), tuple(disputed), tuple(unasked))


def _win(
    chosen: Sequence[str], count: Mapping[str, int], belief: Mapping[str, float] | None
) -> tuple[str, ...]:
    """Return the category that wins in single choice, or those that are tied or doubtful."""
    if not belief:
        maximum = max(count.values(), default=0)
        return tuple(name for name in chosen if count.get(name, 0) == maximum)
    total = sum(belief[name] for name in chosen)
    sure = tuple(name for name in chosen if belief[name] > _DOUBTFUL[1] * total)
    return sure or tuple(chosen)
