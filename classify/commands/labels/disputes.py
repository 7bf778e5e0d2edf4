"""Disputes in lines for a person: which article, who said what, and where to look at it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from classify.terminal import escape

if TYPE_CHECKING:
    from classify.workspace.labels import Labels
    from labels.annotations import Annotation
    from labels.consensus import Dispute
    from labels.taxonomy import Taxonomy


def describe_disputes(
    disputes: Iterable["Dispute"], labels: "Labels", links: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return disputes as JSON objects: id, title, link, what is disputed, and each vote.

    links: the page of each article in Label Studio, where it is known.
    """
    taxonomy = labels.taxonomy
    disputed = {dispute.document_id: dispute for dispute in disputes}
    votes: dict[str, list[Annotation]] = {name: [] for name in disputed}
    for annotation in labels.annotations:
        if annotation.document_id in votes and annotation.status == "submitted":
            votes[annotation.document_id].append(annotation)
    return [
        {
            "id": name,
            "title": labels.documents[name].text.partition("\n")[0],
            "link": links.get(name, ""),
            "disputed": _names(dispute.disputed, taxonomy),
            "votes": [
                {
                    "annotator": vote.annotator,
                    "categories": _names(vote.categories, taxonomy),
                    "unsure": vote.unsure,
                    "comment": vote.comment,
                }
                for vote in votes[name]
            ],
        }
        for name, dispute in disputed.items()
    ]


def dispute_lines(described: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of disputes, as `describe_disputes` returns them."""
    for dispute in described:
        yield f"  {dispute['id']}  {escape(dispute['title'])}"
        yield f"    {', '.join(map(escape, dispute['disputed']))}?"
        for vote in dispute["votes"]:
            yield f"    {escape(vote['annotator'])}: {_describe_vote(vote)}"
        if dispute["link"]:
            yield f"    {dispute['link']}"


def _describe_vote(vote: Mapping[str, Any]) -> str:
    answer = "unsure" if vote["unsure"] else ", ".join(vote["categories"]) or "no category"
    comment = f'  "{vote["comment"]}"' if vote["comment"] else ""
    return escape(f"{answer}{comment}")


def _names(categories: Iterable[str], taxonomy: "Taxonomy") -> list[str]:
    return [f"{taxonomy[name].fr} / {taxonomy[name].en}" for name in categories]
