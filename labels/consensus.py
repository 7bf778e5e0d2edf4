"""Several annotators -> one agreed label set for each article, or "to adjudicate". Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labels.annotations import Annotation
from labels.dataset import Dataset, Example
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.document import Document


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


def agree(
    annotations: Iterable[Annotation], documents: Mapping[str, Document], taxonomy: Taxonomy
) -> tuple[Dataset, list[Dispute]]:
    """Return the agreed labels, in the order of the documents, and the disputes to adjudicate.

    Only submitted annotations vote. A category is agreed when more than half of an article's
    annotators chose it, and disputed at exactly half. For single choice the category with the
    most votes wins; a tie is disputed. A ground truth, set by a person, settles the article alone.

    Raises:
        InputError: a vote is for a category that the taxonomy lacks; names article and annotator.
    """
    votes: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        if annotation.status == "submitted" and annotation.document_id in documents:
            _refuse_unknown(annotation, taxonomy)
            votes[annotation.document_id].append(annotation)
    examples, disputes = [], []
    for document_id, article in documents.items():
        if document_id not in votes:
            continue
        agreed, disputed = _settle(votes[document_id], taxonomy)
        if disputed:
            by_annotator = {vote.annotator: vote.categories for vote in votes[document_id]}
            disputes.append(Dispute(document_id, agreed, disputed, by_annotator))
        else:
            examples.append(Example(article, agreed))
    return Dataset(tuple(examples), taxonomy), disputes


def _refuse_unknown(annotation: Annotation, taxonomy: Taxonomy) -> None:
    for category in annotation.categories:
        if category not in taxonomy.places:
            raise InputError(
                f"article {annotation.document_id}, label by {annotation.annotator}: "
                f"{taxonomy.describe_unknown(category)} Put it back into the workspace's "
                "taxonomy.toml, or correct the label and import or pull again."
            )


def _settle(votes: list[Annotation], taxonomy: Taxonomy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the agreed and the disputed categories of one article."""
    ground_truths = [vote for vote in votes if vote.ground_truth]
    if ground_truths:
        return max(ground_truths, key=lambda vote: vote.last_change).categories, ()
    count = Counter(category for vote in votes for category in vote.categories)
    if taxonomy.choice == "single":
        maximum = max(count.values(), default=0)
        chosen = taxonomy.sort(count) if count else taxonomy.ids
        winners = tuple(name for name in chosen if count[name] == maximum)
        return (winners, ()) if len(winners) == 1 else ((), winners)
    chosen = taxonomy.sort(count)
    agreed = tuple(name for name in chosen if 2 * count[name] > len(votes))
    return agreed, tuple(name for name in chosen if 2 * count[name] == len(votes))
