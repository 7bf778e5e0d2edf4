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
        agreed: the categories a majority gave.
        disputed: the categories without a majority for or against.
        votes: who gave what.
    """

    document_id: str
    agreed: tuple[str, ...]
    disputed: tuple[str, ...]
    votes: dict[str, tuple[str, ...]]


def agree(
    annotations: Iterable[Annotation], documents: Mapping[str, Document], taxonomy: Taxonomy
) -> tuple[Dataset, list[Dispute]]:
    """The agreed labels, in the order of the documents, and what a person must settle.

    Only submitted annotations vote. A category is agreed when more than half of an article's
    annotators gave it, and disputed at exactly half. For single choice the category with the most
    votes wins; equal first places are disputed. A ground truth, set by a person, settles the
    article alone.

    Raises:
        InputError: a vote is for a category that the taxonomy lacks; names article and annotator.
    """
    votes: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        if annotation.status == "submitted" and annotation.document_id in documents:
            _refuse_unknown(annotation, taxonomy)
            votes[annotation.document_id].append(annotation)
    examples, disputes = [], []
    for name, article in documents.items():
        if name not in votes:
            continue
        agreed, disputed = _settle(votes[name], taxonomy)
        if disputed:
            given = {each.annotator: each.categories for each in votes[name]}
            disputes.append(Dispute(name, agreed, disputed, given))
        else:
            examples.append(Example(article, agreed))
    return Dataset(tuple(examples), taxonomy), disputes


def _refuse_unknown(annotation: Annotation, taxonomy: Taxonomy) -> None:
    for name in annotation.categories:
        if name not in taxonomy.ids:
            raise InputError(
                f"article {annotation.document_id}, label by {annotation.annotator}: "
                f"{taxonomy.unknown(name)} Put it back into the workspace's taxonomy.toml, "
                "or correct the label and import or pull again."
            )


def _settle(votes: list[Annotation], taxonomy: Taxonomy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The agreed and the disputed categories of one article."""
    truths = [each for each in votes if each.ground_truth]
    if truths:
        return max(truths, key=lambda each: each.created).categories, ()
    count = Counter(category for each in votes for category in each.categories)
    if taxonomy.choice == "single":
        most = max(count.values(), default=0)
        first = tuple(name for name in taxonomy.ids if count[name] == most)
        return (first, ()) if len(first) == 1 else ((), first)
    agreed = tuple(name for name in taxonomy.ids if 2 * count[name] > len(votes))
    return agreed, tuple(name for name in taxonomy.ids if 2 * count[name] == len(votes))
