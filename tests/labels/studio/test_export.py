"""The full JSON export: which annotations it yields, and what is set aside."""

from typing import Any

import pytest

from labels.studio.export import Export, read_export
from labels.studio.tasks import to_task
from seeds.document import Document
from tests.support.corpus import taxonomy

ARTICLE = Document.of(
    "Un film.\n\nSuite.", title="Un film.", date="2024-05", language="fr", source="a.txt", group="g"
)


def choices(*names: str) -> dict[str, Any]:
    """A result as Label Studio exports it."""
    return {
        "id": "x1",
        "from_name": "categories",
        "to_name": "text",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": list(names)},
    }


def annotation(by: str, *names: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "completed_by": by,
        "result": [choices(*names)] if names else [],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-11-01T10:00:00.000000Z",
        "lead_time": 12.5,
        **fields,
    }


def export(*annotations: dict[str, Any], drafts: Any = (), choice: str = "multiple") -> Export:
    exported_task = {
        **to_task(ARTICLE),
        "id": 7,
        "annotations": list(annotations),
        "drafts": list(drafts),
        "predictions": [],
    }
    return read_export([exported_task], taxonomy(choice))


def test_an_annotation_has_annotator_time_comment_and_the_taxonomys_order() -> None:
    comment = {"from_name": "comment", "type": "textarea", "value": {"text": ["à", "revoir"]}}
    exported = export(annotation("a@b.fr", result=[choices("sport", "cinema"), comment]))
    (entry,) = exported.annotations
    assert entry.document_id == ARTICLE.id
    assert entry.annotator == "a@b.fr"
    assert entry.categories == ("cinema", "sport")
    assert entry.status == "submitted"
    assert entry.seconds == 12.5
    assert entry.comment == "à revoir"
    assert exported.documents == {ARTICLE.id: ARTICLE}
    assert exported.rejected == {}


def test_nothing_ticked_means_that_no_category_applies() -> None:
    (entry,) = export(annotation("a")).annotations
    assert entry.categories == ()
    assert entry.status == "submitted"


def test_skipped_and_draft_annotations_have_their_status_and_are_counted() -> None:
    draft = {"user": "c", "result": [choices("trade")], "created_at": "2026"}
    exported = export(
        annotation("a", "cinema"), annotation("b", "sport", was_cancelled=True), drafts=[draft]
    )
    assert {entry.annotator: entry.status for entry in exported.annotations} == {
        "a": "submitted",
        "b": "skipped",
        "c": "draft",
    }
    assert exported.counted == {"submitted": 1, "skipped": 1, "draft": 1}


def test_of_two_annotations_by_one_person_the_later_counts() -> None:
    earlier = annotation("a", "cinema", created_at="2026-11-01T10:00:00Z")
    later = annotation("a", "trade", created_at="2026-11-02T10:00:00Z")
    for order in ((earlier, later), (later, earlier)):
        exported = export(*order)
        assert [entry.categories for entry in exported.annotations] == [("trade",)]
        assert exported.counted == {"submitted": 1, "replaced": 1}


def test_a_later_draft_or_skip_does_not_replace_what_was_submitted() -> None:
    draft = {"user": "a", "result": [choices("trade")], "created_at": "2027"}
    skip = annotation("a", was_cancelled=True, created_at="2028")
    exported = export(annotation("a", "cinema"), skip, drafts=[draft])
    assert [(entry.categories, entry.status) for entry in exported.annotations] == [
        (("cinema",), "submitted")
    ]


def test_a_ground_truth_outranks_a_later_annotation() -> None:
    star = annotation("a", "cinema", ground_truth=True, created_at="2020")
    (entry,) = export(annotation("a", "trade"), star).annotations
    assert entry.categories == ("cinema",)
    assert entry.ground_truth


def test_a_label_outside_the_taxonomy_is_set_aside_with_the_tasks_number() -> None:
    exported = export(
        annotation("a", "cinema", "opera"), annotation("b", "trade"), annotation("c", "opera")
    )
    assert [entry.annotator for entry in exported.annotations] == ["b"]
    ((reason, tasks),) = exported.rejected.items()
    assert reason.startswith("category 'opera' is not in the taxonomy")
    assert tasks == [7, 7], "one for each annotation"


def test_a_control_that_is_not_ours_is_set_aside() -> None:
    stars = {"from_name": "stars", "type": "rating", "value": {"rating": 3}}
    exported = export(annotation("a", result=[choices("cinema"), stars]))
    assert exported.annotations == []
    (reason,) = exported.rejected
    assert "'stars'" in reason
    assert "classify labels push" in reason


def test_a_task_that_is_no_article_is_set_aside_and_the_rest_is_read() -> None:
    foreign = {"id": 3, "data": {"image": "x.png"}, "annotations": [annotation("a", "cinema")]}
    good = {**to_task(ARTICLE), "id": 4, "annotations": [annotation("a", "cinema")]}
    exported = read_export([foreign, good], taxonomy())
    assert len(exported.annotations) == 1
    assert list(exported.rejected.values()) == [[3]]


@pytest.mark.parametrize("names", [(), ("cinema", "trade")])
def test_single_choice_takes_exactly_one_category(names: tuple[str, ...]) -> None:
    exported = export(annotation("a", *names), choice="single")
    assert exported.annotations == []
    (reason,) = exported.rejected
    assert f"{len(names)} categories" in reason
    (skip,) = export(annotation("a", was_cancelled=True), choice="single").annotations
    assert skip.status == "skipped"


def test_an_empty_export_is_no_error() -> None:
    exported = read_export([], taxonomy())
    assert (exported.annotations, exported.documents, exported.rejected) == ([], {}, {})
    assert not exported.counted
