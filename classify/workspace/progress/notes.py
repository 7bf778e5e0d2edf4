"""Articles that annotators skipped, were unsure of or wrote a comment on."""

from collections.abc import Iterable, Mapping
from typing import Any

from labels.annotations import Annotation
from seeds.document import Document


def list_skipped(
    annotations: Iterable[Annotation],
    documents: Mapping[str, Document],
    links: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return the answers by which somebody left an article to others, as JSON objects.

    links: the page of each article in Label Studio, where it is known.
    """
    return [
        _record(annotation, documents, links)
        | {"answer": "unsure" if annotation.unsure else "skipped"}
        for annotation in annotations
        if annotation.document_id in documents
        and (annotation.status == "skipped" or annotation.unsure)
    ]


def list_commented(
    annotations: Iterable[Annotation],
    documents: Mapping[str, Document],
    links: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return the answers with a comment, as JSON objects; links as in `list_skipped`."""
    return [
        _record(annotation, documents, links)
        for annotation in annotations
        if annotation.document_id in documents and annotation.comment
    ]


def _record(
    annotation: Annotation, documents: Mapping[str, Document], links: Mapping[str, str]
) -> dict[str, Any]:
    """Return who said what about which article."""
    article = documents[annotation.document_id]
    return {
        "id": article.id,
        "title": article.title or article.text.partition("\n")[0],
        "annotator": annotation.annotator,
        "comment": annotation.comment,
        "link": links.get(article.id, ""),
    }
