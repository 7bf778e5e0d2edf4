"""The full JSON export: which annotations it yields, and what is set aside."""

from dataclasses import replace
from typing import Any

import pytest

from labels.studio.export import Export, keep_shown, list_submitted, read_export
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


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"created_at": "2026-11-01T10:00:00Z"}, {"created_at": "2026-11-02T10:00:00Z"}),
        # Made first, and changed after the other one was made.
        (
            {"created_at": "2026-11-02T10:00:00Z", "updated_at": "2026-11-02T10:00:00Z"},
            {"created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-03T10:00:00Z"},
        ),
        # Within a second, where the text of the first would be the greater one.
        (
            {"created_at": "", "updated_at": "2026-11-01T10:00:00Z"},
            {"created_at": "", "updated_at": "2026-11-01T10:00:00.250000Z"},
        ),
        (
            {"created_at": None, "updated_at": "2026-11-01T11:30:00+02:00"},
            {"created_at": None, "updated_at": "2026-11-01T10:00:00Z"},
        ),
        ({"created_at": "2026-11-01T10:00:00Z"}, {"updated_at": "2026-11-01T10:00:01"}),
    ],
)
def test_of_two_annotations_by_one_person_the_one_changed_last_counts(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    first, last = annotation("a", "cinema", **earlier), annotation("a", "trade", **later)
    for order in ((first, last), (last, first)):
        exported = export(*order)
        assert [entry.categories for entry in exported.annotations] == [("trade",)]
        assert exported.counted == {"submitted": 1, "replaced": 1}


def test_when_an_annotation_was_made_and_changed_is_kept() -> None:
    (entry,) = export(annotation("a", "cinema", updated_at="2026-11-03T10:00:00Z")).annotations
    assert entry.created == "2026-11-01T10:00:00.000000Z"
    assert entry.updated == "2026-11-03T10:00:00Z"


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


def test_a_category_outside_the_taxonomy_is_set_aside_and_those_beside_it_count() -> None:
    exported = export(
        annotation("a", "cinema", "opera"), annotation("b", "trade"), annotation("c", "opera")
    )
    kept = [(e.annotator, e.categories, e.aside) for e in exported.annotations]
    assert kept == [("a", ("cinema",), ("opera",)), ("b", ("trade",), ()), ("c", (), ("opera",))]
    assert exported.rejected == {}
    assert exported.aside == {"opera": [7, 7]}, "one for each annotation"


def test_a_control_that_is_not_ours_is_set_aside() -> None:
    stars = {"from_name": "stars", "type": "rating", "value": {"rating": 3}}
    exported = export(annotation("a", result=[choices("cinema"), stars]))
    assert exported.annotations == []
    (reason,) = exported.rejected
    assert "'stars'" in reason
    assert "classify labels push" in reason


@pytest.mark.parametrize(
    "data",
    [
        {"image": "x.png"},
        {"text": "Un film.\n\nSuite."},
        {"seed_id": "", "text": "Un film."},
        {"seed_id": None, "text": "Un film."},
        {"seed_id": 5, "text": "Un film."},
        {"seed_id": ["0" * 16], "text": "Un film."},
        {"seed_id": "article 12", "text": "Un film."},
        {"id": "0" * 16, "text": "Un film."},
        {},
        None,
        [],
        "text",
        5,
    ],
)
def test_a_task_that_was_not_sent_is_counted_apart_and_the_rest_is_read(data: object) -> None:
    foreign = {"id": 3, "data": data, "annotations": [annotation("a", "cinema")]}
    good = {**to_task(ARTICLE), "id": 4, "annotations": [annotation("a", "cinema")]}
    exported = read_export([foreign, good], taxonomy())
    assert len(exported.annotations) == 1
    assert exported.documents == {ARTICLE.id: ARTICLE}
    assert exported.foreign == (3,)
    assert exported.rejected == {}
    assert exported.counted == {"submitted": 1}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("text", "Un autre film.", f"id '{ARTICLE.id}' is not that of the text"),
        ("text", 5, "text is a whole number, not text"),
        ("text", "", "the text is empty"),
        ("title", ["x"], "title is a list, not text"),
        ("date", {"year": 2024}, "date is an object, not text"),
        ("date", "hier", "date 'hier' is not"),
    ],
)
def test_an_article_that_was_changed_in_label_studio_is_set_aside(
    field: str, value: object, reason: str
) -> None:
    sent = to_task(ARTICLE)
    changed = {**sent, "data": {**sent["data"], field: value}, "id": 3}
    exported = read_export([{**changed, "annotations": [annotation("a", "cinema")]}], taxonomy())
    ((message, tasks),) = exported.rejected.items()
    assert message.startswith(reason)
    assert (tasks, exported.foreign) == ([3], ())


def region(**fields: object) -> dict[str, Any]:
    return {"from_name": "categories", "to_name": "text", "type": "choices", **fields}


def comment(text: object) -> dict[str, Any]:
    return {"from_name": "comment", "to_name": "text", "type": "textarea", "value": {"text": text}}


DEEP: list[Any] = []
for _ in range(5000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"result": [region(value={"choices": 5})]}, "choices is a whole number, not a list"),
        ({"result": [region(value={"choices": "cinema"})]}, "choices is text, not a list"),
        ({"result": [region(value={"choices": {"cinema": 1}})]}, "choices is an object"),
        ({"result": [region(value={"choices": None})]}, "choices is missing"),
        ({"result": [region(value={})]}, "choices is missing"),
        ({"result": [region(value={"choices": [5]})]}, "a category of choices is a whole number"),
        ({"result": [region(value={"choices": [["cinema"]]})]}, "a category of choices is a list"),
        ({"result": [region(value={"choices": [None]})]}, "a category of choices is missing"),
        ({"result": [region(value={"choices": [DEEP]})]}, "a category of choices is a list"),
        ({"result": [region(value="cinema")]}, "the value of categories is text"),
        ({"result": [region(value=None)]}, "the value of categories is missing"),
        ({"result": [region()]}, "the value of categories is missing"),
        ({"result": [comment(5)]}, "text is a whole number, not a list"),
        ({"result": [comment({"a": 1})]}, "text is an object"),
        ({"result": [comment([5])]}, "a part of text is a whole number"),
        ({"result": [comment(None)]}, "text is missing"),
        ({"result": [region(from_name=5, value={})]}, "a result of no name"),
        ({"result": [region(from_name=["categories"], value={})]}, "a result of no name"),
        ({"result": [{}]}, "a result of no name"),
        ({"result": [5]}, "a region of the result is a whole number"),
        ({"result": ["categories"]}, "a region of the result is text"),
        ({"result": [None]}, "a region of the result is missing"),
        ({"result": {"0": region()}}, "result is an object, not a list"),
        ({"result": "[]"}, "result is text, not a list"),
        ({"result": None}, "result is missing"),
        ({"result": DEEP}, "a region of the result is a list"),
        ({"completed_by": {"email": "a@b.fr"}}, "the annotator is an object"),
        ({"completed_by": [1]}, "the annotator is a list"),
        ({"completed_by": "import:a.csv"}, "the annotator 'import:a.csv' has the name of an"),
        ({"was_cancelled": "no"}, "was_cancelled is text, not true or false"),
        ({"ground_truth": 1}, "ground_truth is a whole number, not true or false"),
        ({"lead_time": "12 s"}, "lead_time is text, not a number"),
        ({"lead_time": float("nan")}, "lead_time is beyond every measure"),
        ({"lead_time": 10**400}, "lead_time is beyond every measure"),
        ({"lead_time": True}, "lead_time is true or false, not a number"),
        ({"created_at": 1762000000}, "created_at is a whole number, not text"),
        ({"updated_at": ["2026"]}, "updated_at is a list, not text"),
    ],
)
def test_an_annotation_of_wrong_types_is_set_aside_alone(
    wrong: dict[str, object], reason: str
) -> None:
    """Label Studio stores whatever an annotator sends it."""
    exported = export({**annotation("a", "cinema"), **wrong}, annotation("b", "trade"))
    assert [entry.annotator for entry in exported.annotations] == ["b"]
    ((message, tasks),) = exported.rejected.items()
    assert message.startswith(reason)
    assert len(message) < 500
    assert tasks == [7]


@pytest.mark.parametrize("value", [None, 5, "x", [], True])
def test_what_is_no_annotation_at_all_is_set_aside_alone(value: Any) -> None:
    exported = export(value, annotation("b", "trade"), drafts=[value])
    assert [entry.annotator for entry in exported.annotations] == ["b"]
    ((message, tasks),) = exported.rejected.items()
    assert message.startswith("an annotation is ")
    assert tasks == [7, 7]


@pytest.mark.parametrize("field", ["annotations", "drafts"])
@pytest.mark.parametrize("value", [5, "x", {"id": 1}])
def test_a_task_without_a_list_of_annotations_is_set_aside_alone(field: str, value: object) -> None:
    other = Document.of("Un match.")
    tasks = [
        {**to_task(ARTICLE), "id": 3, field: value},
        {**to_task(other), "id": 4, "annotations": [annotation("b", "trade")], "drafts": None},
    ]
    exported = read_export(tasks, taxonomy())
    assert [entry.document_id for entry in exported.annotations] == [other.id]
    ((message, numbers),) = exported.rejected.items()
    assert message.startswith(f"{field} is ")
    assert numbers == [3]


def test_a_comment_may_be_one_text() -> None:
    (entry,) = export(annotation("a", result=[choices("cinema"), comment("à revoir")])).annotations
    assert entry.comment == "à revoir"


def test_submitted_annotations_after_a_time_are_listed_whatever_else_there_is() -> None:
    times = {"updated_at": "2026-11-03T10:00:00Z"}
    tasks = [
        {"annotations": [{"id": 1, **times}, {"id": 2, "updated_at": "2026-11-01T10:00:00Z"}]},
        {"annotations": [{"id": 3, "was_cancelled": True, **times}, 5, None, {"id": "4", **times}]},
        {"annotations": 5},
        {},
        {"annotations": [{"id": 6, "was_cancelled": False, **times}]},
    ]
    assert list_submitted(tasks, "2026-11-02T00:00:00+00:00") == [1, 6]


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


UNSURE = {
    "from_name": "unsure",
    "to_name": "text",
    "type": "choices",
    "value": {"choices": ["unsure"]},
}


def test_unsure_is_read_as_an_answer_of_its_own_and_not_as_a_skip() -> None:
    both, alone, sure = (
        annotation("a@b.fr", result=[choices("cinema"), UNSURE]),
        annotation("c@d.fr", result=[UNSURE]),
        annotation("e@f.fr", "cinema"),
    )
    exported = export(both, alone, sure)
    assert [(a.status, a.categories, a.unsure) for a in exported.annotations] == [
        ("submitted", ("cinema",), True),
        ("submitted", (), True),
        ("submitted", ("cinema",), False),
    ]


@pytest.mark.parametrize("value", [{"choices": []}, {"choices": None}, {}, None, 5, "unsure"])
def test_an_unsure_that_says_nothing_is_none(value: Any) -> None:
    exported = export(annotation("a@b.fr", result=[{**UNSURE, "value": value}]))
    assert [a.unsure for a in exported.annotations] == [False]


def test_unsure_alone_is_an_answer_where_exactly_one_category_holds() -> None:
    exported = export(annotation("a@b.fr", result=[UNSURE]), choice="single")
    assert [(a.categories, a.unsure) for a in exported.annotations] == [((), True)]
    assert exported.rejected == {}
    assert export(annotation("a@b.fr"), choice="single").annotations == []


def test_what_was_shown_is_kept_once_the_server_has_forgotten_it() -> None:
    prediction = {"id": 5, "model_version": "run-1", "result": [choices("sport")]}
    task = {**to_task(ARTICLE), "id": 7, "drafts": [], "predictions": [prediction]}
    begun = annotation("a@b.fr", "cinema", parent_prediction=5)
    (known,) = read_export([{**task, "annotations": [begun]}], taxonomy()).annotations
    assert (known.shown_run, known.shown, known.categories) == ("run-1", ("sport",), ("cinema",))
    (forgotten,) = export(annotation("a@b.fr", "trade", parent_prediction=None)).annotations
    assert (forgotten.shown_run, forgotten.shown) == ("", ())
    (kept,) = keep_shown([forgotten], [known])
    assert (kept.shown_run, kept.shown, kept.categories) == ("run-1", ("sport",), ("trade",))
    another = replace(forgotten, created="2026-11-02T10:00:00.000000Z")
    assert keep_shown([another], [known]) == [another]


def test_an_annotation_that_a_colleague_changed_stays_its_authors_and_is_named() -> None:
    mine = annotation("max@b.fr", "cinema", author=2, updated_by=2)
    changed = annotation("ines@b.fr", "sport", author=3, updated_by=2)
    by_stranger = annotation("lea@b.fr", "sport", author=4, updated_by=9)
    exported = export(mine, changed, by_stranger, annotation("old@b.fr", updated_by=None))
    assert [(e.task, e.author, e.editor, e.editor_id) for e in exported.edits] == [
        (7, "ines@b.fr", "max@b.fr", 2),
        (7, "lea@b.fr", "user 9", 9),
    ]
    assert {entry.annotator for entry in exported.annotations} >= {"ines@b.fr", "lea@b.fr"}
