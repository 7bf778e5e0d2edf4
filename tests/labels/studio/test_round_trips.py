"""An article and its labels go to Label Studio and come back as they were."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from labels.studio.export import read_export
from labels.studio.interface import read_categories, read_choice, render_interface
from labels.studio.prediction_result import read_prediction, suggest, to_prediction
from labels.studio.tasks import to_document, to_result, to_task
from labels.taxonomy import Category, Guideline, Taxonomy
from seeds.document import Document
from tests.support.corpus import WORDS, taxonomy

WORD = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ARTICLES = st.builds(
    Document.of,
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
    title=WORD,
    date=st.sampled_from(["", "2021", "2021-04", "2021-04-30"]),
    source=WORD,
    language=st.sampled_from(["", "fr", "fr+zh"]),
    group=st.sampled_from(["0123456789abcdef", "fedcba9876543210"]),
)
CHOSEN = st.lists(st.sampled_from(list(WORDS)), unique=True)
NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20).filter(str.strip)


def over_http(record: dict[str, Any]) -> Any:
    """Return what is left of a record that was sent as JSON."""
    return json.loads(json.dumps(record))


@settings(deadline=None, max_examples=50)
@given(ARTICLES)
def test_any_article_comes_back_from_its_task(article: Document) -> None:
    assert to_document(over_http(to_task(article))) == article


@settings(deadline=None, max_examples=50)
@given(ARTICLES, st.lists(st.tuples(CHOSEN, st.booleans()), min_size=1, max_size=5), WORD)
def test_the_categories_of_every_annotator_come_back_from_an_export(
    article: Document, answers: list[tuple[list[str], bool]], comment: str
) -> None:
    annotations = [
        {
            "id": n,
            "completed_by": f"{n}@b.fr",
            "result": to_result(names, comment),
            "was_cancelled": skipped,
        }
        for n, (names, skipped) in enumerate(answers, 1)
    ]
    task = {**to_task(article), "id": 7, "annotations": annotations, "drafts": []}
    export = read_export([over_http(task)], taxonomy())
    assert export.rejected == {}
    assert export.documents == {article.id: article}
    returned = {entry.annotator: entry for entry in export.annotations}
    assert len(returned) == len(answers)
    for n, (names, skipped) in enumerate(answers, 1):
        entry = returned[f"{n}@b.fr"]
        assert set(entry.categories) == set(names)
        assert entry.status == ("skipped" if skipped else "submitted")
        assert entry.comment == comment


@settings(deadline=None, max_examples=50)
@given(CHOSEN, st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_prediction_comes_back_as_it_was_sent(
    names: list[str], probabilities: list[float]
) -> None:
    sent = suggest("run-1", names, dict(zip(WORDS, probabilities, strict=True)), "multiple")
    assert (
        read_prediction(over_http(to_prediction(sent, frozenset(WORDS))), frozenset(WORDS)) == sent
    )


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(NAMES, NAMES, WORD), min_size=1, max_size=6), st.booleans())
def test_the_labelling_interface_shows_the_categories_of_any_taxonomy(
    names: list[tuple[str, str, str]], single: bool
) -> None:
    printable = str.maketrans(dict.fromkeys(range(32), " "))
    categories = tuple(
        Category(f"c{n}", f"{n} {fr}", f"{n} {en}", guideline=Guideline(rule.translate(printable)))
        for n, (fr, en, rule) in enumerate(names)
    )
    shown = Taxonomy("1", "single" if single else "multiple", categories)
    interface = render_interface(shown)
    assert read_categories(interface) == set(shown.ids)
    assert read_choice(interface) == shown.choice
