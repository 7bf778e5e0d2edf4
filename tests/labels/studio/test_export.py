"""Tasks out, annotations in: what the full JSON export means and what is set aside."""

from typing import Any

import pytest

from labels.studio.export import Export, read_export
from labels.studio.tasks import document, result, task
from seeds.base.errors import InputError
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


def annotation(by: str, *names: str, **more: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "completed_by": by,
        "result": [choices(*names)] if names else [],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-11-01T10:00:00.000000Z",
        "lead_time": 12.5,
        **more,
    }


def export(*annotations: dict[str, Any], drafts: Any = (), choice: str = "multiple") -> Export:
    exported = {
        **task(ARTICLE),
        "id": 7,
        "annotations": list(annotations),
        "drafts": list(drafts),
        "predictions": [],
    }
    return read_export([exported], taxonomy(choice))


def test_an_article_comes_back_from_its_task_as_it_was() -> None:
    assert document(task(ARTICLE)) == ARTICLE


def test_a_task_carries_the_text_inline_and_the_id_it_is_recognised_by() -> None:
    made = task(ARTICLE)
    assert made["data"]["seed_id"] == ARTICLE.id
    assert made["data"]["text"] == "Un film.\n\nSuite."
    assert made["data"]["facts"] == "2024-05 · a.txt · fr"
    assert task(Document.of("Rien d'autre."))["data"]["facts"] == "–"


def test_a_task_whose_text_was_changed_on_the_server_is_refused() -> None:
    changed = task(ARTICLE)
    changed["data"]["text"] += " Ajout."
    with pytest.raises(InputError, match="not that of the text"):
        document(changed)


def test_our_own_results_are_what_the_page_would_submit() -> None:
    assert result(["trade"], "un doute") == [
        {
            "from_name": "categories",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": ["trade"]},
        },
        {
            "from_name": "comment",
            "to_name": "text",
            "type": "textarea",
            "value": {"text": ["un doute"]},
        },
    ]
    assert result([]) == []


def test_an_annotation_keeps_annotator_time_comment_and_the_taxonomys_order() -> None:
    comment = {"from_name": "comment", "type": "textarea", "value": {"text": ["à", "revoir"]}}
    found = export(annotation("a@b.fr", result=[choices("sport", "cinema"), comment]))
    (kept,) = found.annotations
    assert kept.document_id == ARTICLE.id
    assert kept.annotator == "a@b.fr"
    assert kept.categories == ("cinema", "sport")
    assert kept.status == "submitted"
    assert kept.seconds == 12.5
    assert kept.comment == "à revoir"
    assert found.documents == {ARTICLE.id: ARTICLE}
    assert found.rejected == {}


def test_nothing_ticked_means_that_no_category_applies() -> None:
    (kept,) = export(annotation("a")).annotations
    assert kept.categories == ()
    assert kept.status == "submitted"


def test_skipped_and_draft_annotations_are_told_apart_and_counted() -> None:
    draft = {"user": "c", "result": [choices("trade")], "created_at": "2026"}
    found = export(
        annotation("a", "cinema"), annotation("b", "sport", was_cancelled=True), drafts=[draft]
    )
    assert {each.annotator: each.status for each in found.annotations} == {
        "a": "submitted",
        "b": "skipped",
        "c": "draft",
    }
    assert found.counted == {"submitted": 1, "skipped": 1, "draft": 1}


def test_of_two_annotations_by_one_person_the_later_counts() -> None:
    first = annotation("a", "cinema", created_at="2026-11-01T10:00:00Z")
    second = annotation("a", "trade", created_at="2026-11-02T10:00:00Z")
    for order in ((first, second), (second, first)):
        found = export(*order)
        assert [each.categories for each in found.annotations] == [("trade",)]
        assert found.counted == {"submitted": 1, "replaced": 1}


def test_a_later_draft_or_skip_does_not_replace_what_was_submitted() -> None:
    draft = {"user": "a", "result": [choices("trade")], "created_at": "2027"}
    skip = annotation("a", was_cancelled=True, created_at="2028")
    found = export(annotation("a", "cinema"), skip, drafts=[draft])
    assert [(each.categories, each.status) for each in found.annotations] == [
        (("cinema",), "submitted")
    ]


def test_a_ground_truth_outranks_a_later_annotation() -> None:
    star = annotation("a", "cinema", ground_truth=True, created_at="2020")
    (kept,) = export(annotation("a", "trade"), star).annotations
    assert kept.categories == ("cinema",)
    assert kept.ground_truth


def test_a_label_outside_the_taxonomy_is_set_aside_with_the_tasks_number() -> None:
    found = export(
        annotation("a", "cinema", "opera"), annotation("b", "trade"), annotation("c", "opera")
    )
    assert [each.annotator for each in found.annotations] == ["b"]
    ((reason, tasks),) = found.rejected.items()
    assert reason.startswith("category 'opera' is not in the taxonomy")
    assert tasks == [7, 7], "one for each annotation"


def test_a_control_that_is_not_ours_is_set_aside() -> None:
    stars = {"from_name": "stars", "type": "rating", "value": {"rating": 3}}
    found = export(annotation("a", result=[choices("cinema"), stars]))
    assert found.annotations == []
    (reason,) = found.rejected
    assert "'stars'" in reason
    assert "classify labels push" in reason


def test_a_task_that_is_no_article_is_set_aside_and_the_rest_is_read() -> None:
    foreign = {"id": 3, "data": {"image": "x.png"}, "annotations": [annotation("a", "cinema")]}
    good = {**task(ARTICLE), "id": 4, "annotations": [annotation("a", "cinema")]}
    found = read_export([foreign, good], taxonomy())
    assert len(found.annotations) == 1
    assert list(found.rejected.values()) == [[3]]


@pytest.mark.parametrize("names", [(), ("cinema", "trade")])
def test_single_choice_takes_exactly_one_category(names: tuple[str, ...]) -> None:
    found = export(annotation("a", *names), choice="single")
    assert found.annotations == []
    (reason,) = found.rejected
    assert f"{len(names)} categories" in reason
    (skip,) = export(annotation("a", was_cancelled=True), choice="single").annotations
    assert skip.status == "skipped"


def test_an_empty_export_is_no_error() -> None:
    found = read_export([], taxonomy())
    assert (found.annotations, found.documents, found.rejected) == ([], {}, {})
    assert not found.counted
