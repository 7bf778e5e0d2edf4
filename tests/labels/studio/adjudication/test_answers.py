"""Which answers of the project for disputes settle an article, and how its tasks look."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from labels.annotations import Annotation
from labels.consensus import agree
from labels.studio.adjudication.answers import read_answers
from labels.studio.adjudication.tasks import show_votes, to_disputed_task
from labels.studio.interface import list_additions, render_interface
from labels.studio.tasks import to_result
from seeds.document import Document
from tests.support.corpus import taxonomy

FILM, MATCH = Document.of("Un film ouvre le festival."), Document.of("Un match a lieu.")
UNSURE = {
    "from_name": "unsure",
    "to_name": "text",
    "type": "choices",
    "value": {"choices": ["unsure"]},
}


def answered(article: Document, number: int, *annotations: dict[str, Any]) -> dict[str, Any]:
    """A task of the project for disputes as it is exported."""
    task = to_disputed_task(article, (), taxonomy())
    return {**task, "id": number, "annotations": list(annotations), "drafts": []}


def answer(by: str, *names: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "completed_by": by,
        "result": to_result(names),
        "was_cancelled": False,
        "created_at": "2026-11-01T10:00:00Z",
        **fields,
    }


def test_an_answer_settles_under_its_authors_name() -> None:
    answers = read_answers([answered(FILM, 1, answer("lea@b.fr", "cinema"))], taxonomy())
    (settling,) = answers.annotations
    assert (settling.document_id, settling.annotator) == (FILM.id, "lea@b.fr")
    assert settling.categories == ("cinema",)
    assert settling.ground_truth
    assert settling.origin == "adjudication"
    assert answers.undecided == ()


@pytest.mark.parametrize(
    "given",
    [
        answer("lea@b.fr", was_cancelled=True),
        answer("lea@b.fr", result=[UNSURE]),
        answer("lea@b.fr", result=[*to_result(["cinema"]), UNSURE]),
    ],
)
def test_a_skip_or_a_doubt_settles_nothing(given: dict[str, Any]) -> None:
    answers = read_answers([answered(FILM, 1, given), answered(MATCH, 2)], taxonomy())
    assert answers.annotations == ()
    assert answers.undecided == (FILM.id,)


def test_after_a_skip_somebody_elses_answer_settles() -> None:
    skip, settling = answer("lea@b.fr", was_cancelled=True), answer("max@b.fr", "sport")
    answers = read_answers([answered(FILM, 1, skip, settling)], taxonomy())
    assert [entry.annotator for entry in answers.annotations] == ["max@b.fr"]
    assert answers.undecided == ()


def test_an_adjudicator_who_is_one_of_the_two_settles_beside_their_own_vote() -> None:
    votes = [
        Annotation(FILM.id, "max@b.fr", ("cinema",)),
        Annotation(FILM.id, "ines@b.fr", ("sport",)),
    ]
    answers = read_answers([answered(FILM, 1, answer("max@b.fr", "trade"))], taxonomy())
    agreement = agree([*votes, *answers.annotations], {FILM.id: FILM}, taxonomy(), 2)
    (example,) = agreement.dataset.examples
    assert (example.categories, example.unknown) == (("trade",), ())
    assert agreement.disputes == []


def test_without_votes_to_show_a_task_tells_nothing_of_them() -> None:
    data = to_disputed_task(FILM, (), taxonomy())["data"]
    assert data["votes"] == "–"
    assert data["seed_id"] == FILM.id


def test_votes_are_shown_with_names_and_comments() -> None:
    votes = [
        Annotation(FILM.id, "max@b.fr", ("cinema", "sport"), comment="peut-être"),
        Annotation(FILM.id, "ines@b.fr", ()),
        Annotation(FILM.id, "lea@b.fr", ("cinema",), unsure=True),
    ]
    names = {category.id: category.fr for category in taxonomy().categories}
    assert to_disputed_task(FILM, votes, taxonomy())["data"]["votes"].splitlines() == [
        f"max@b.fr : {names['cinema']}, {names['sport']} — « peut-être »",
        "ines@b.fr : aucune catégorie",
        "lea@b.fr : Hésitant",
    ]


def test_the_interface_with_votes_has_the_same_controls() -> None:
    plain = render_interface(taxonomy())
    shown = show_votes(plain)
    assert list_additions(plain, shown) == []
    assert list_additions(shown, plain) == []
    values = [element.get("value") for element in ET.fromstring(shown).iter("Text")]
    assert "$votes" in values
    assert "$votes" not in plain
