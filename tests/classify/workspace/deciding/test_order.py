"""Disputes stand in the order in which one more answer helps most."""

from classify.workspace.deciding.agreement import order_disputes
from labels.annotations import Annotation
from labels.consensus import Dispute
from tests.support.corpus import taxonomy


def test_the_article_with_more_in_doubt_comes_first() -> None:
    answers = {"lone": ("cinema",), "wide": ("cinema", "trade", "sport"), "sure": ("trade",)}
    annotations = [
        Annotation(
            article, annotator, categories if annotator == "lea" or article == "sure" else ()
        )
        for article, categories in answers.items()
        for annotator in ("lea", "max")
    ]
    disputes = [Dispute(name, (), answers[name], {}) for name in ("lone", "wide")]
    ordered = order_disputes(disputes, annotations, taxonomy())
    assert [dispute.document_id for dispute in ordered] == ["wide", "lone"]
    assert order_disputes([], annotations, taxonomy()) == []
    assert order_disputes(disputes, [], taxonomy()) == disputes
