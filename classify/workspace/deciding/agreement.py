"""How far the annotators of a workspace agree, with the articles behind the figures."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labels.annotations import IMPORTED, Annotation, read_annotations
from labels.consensus import Dispute
from labels.taxonomy import Taxonomy, read_taxonomy
from seeds.base.errors import InputError
from seeds.document import read_documents

if TYPE_CHECKING:
    from labels.agreement.figures import AgreementFigures, CategoryAgreement
    from labels.agreement.strictness import Strictness
    from labels.agreement.third_opinion import ThirdOpinion


@dataclass(frozen=True, slots=True)
class TeamAgreement:
    """How far the annotators of a workspace agree.

    Attributes:
        taxonomy: the categories.
        titles: of the articles that have an answer, by id.
        answers: each article's answers, category ids by annotator.
        figures: agreement.
        strictness: of each annotator; empty where nobody shares an article.
        third_opinions: the articles to show to one more person, the most useful first.
    """

    taxonomy: Taxonomy
    titles: dict[str, str]
    answers: dict[str, dict[str, tuple[str, ...]]]
    figures: "AgreementFigures"
    strictness: "tuple[Strictness, ...]"
    third_opinions: "list[ThirdOpinion]"


def read_agreement(workspace: Path, without: Collection[str] = ()) -> TeamAgreement:
    """Measure how far the annotators of a workspace agree, by its last pull.

    without: annotators to leave out.

    Raises:
        InputError: there is no answer, or nobody of a name in `without`.
    """
    from labels.agreement.figures import measure_agreement
    from labels.agreement.strictness import annotator_strictness, fit_categories, settled_truth
    from labels.agreement.third_opinion import rank_third_opinions
    from labels.agreement.votes import collect_votes

    taxonomy, annotations = read_taxonomy(workspace), read_annotations(workspace)
    known = sorted({annotation.annotator for annotation in annotations})
    for name in without:
        if name not in known:
            raise InputError(f"--without {name}: no such annotator. Known: {', '.join(known)}.")
    votes = collect_votes(annotations, taxonomy, without)
    if not votes.documents:
        raise InputError(
            f"{workspace / 'annotations.jsonl'}: no submitted answers yet. Annotate, then run "
            "`classify labels pull`."
        )
    submitted = [
        annotation.within(taxonomy)
        for annotation in annotations
        if annotation.status == "submitted" and annotation.annotator not in without
    ]
    settled = settled_truth(submitted, taxonomy)
    fits = fit_categories(votes, settled)
    answers: dict[str, dict[str, tuple[str, ...]]] = {}
    for annotation in submitted:
        answers.setdefault(annotation.document_id, {})[annotation.annotator] = annotation.categories
    documents = read_documents(workspace)
    return TeamAgreement(
        taxonomy=taxonomy,
        titles={
            name: documents[name].title or documents[name].text.partition("\n")[0]
            for name in votes.documents
            if name in documents
        },
        answers=answers,
        figures=measure_agreement(votes),
        strictness=annotator_strictness(votes, fits) if votes.shared.documents else (),
        third_opinions=rank_third_opinions(votes, fits, settled),
    )


def order_disputes(
    disputes: Iterable[Dispute], annotations: Iterable[Annotation], taxonomy: Taxonomy
) -> list[Dispute]:
    """Return disputes by what one more answer is worth, the most useful first."""
    from labels.agreement.strictness import fit_categories, settled_truth
    from labels.agreement.third_opinion import rank_third_opinions
    from labels.agreement.votes import collect_votes

    submitted = [a.within(taxonomy) for a in annotations if a.status == "submitted"]
    votes, settled = collect_votes(submitted, taxonomy), settled_truth(submitted, taxonomy)
    if not votes.shared.documents:
        return list(disputes)
    ranked = rank_third_opinions(votes, fit_categories(votes, settled), settled)
    places = {opinion.document_id: place for place, opinion in enumerate(ranked)}
    return sorted(disputes, key=lambda dispute: places.get(dispute.document_id, len(places)))


def measure_people(workspace: Path) -> "Mapping[str, CategoryAgreement]":
    """Return how far people agree on each category, by id, for the report of a training.

    Empty where no article has answers of two people: labels from a file are nobody's.
    """
    from labels.agreement.figures import measure_categories
    from labels.agreement.votes import collect_votes

    annotations = [a for a in read_annotations(workspace) if not a.annotator.startswith(IMPORTED)]
    shared = collect_votes(annotations, read_taxonomy(workspace)).shared
    if not shared.documents:
        return {}
    return {figures.category: figures for figures in measure_categories(shared, resamples=0)}
