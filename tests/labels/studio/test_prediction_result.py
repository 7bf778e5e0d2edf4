"""A run's prediction of an article, as Label Studio stores it."""

import json

import numpy as np
import pytest

from labels.studio.interface import read_categories, render_interface
from labels.studio.prediction_result import (
    Suggestion,
    read_prediction,
    read_shown,
    suggest,
    to_prediction,
)
from seeds.base.errors import InputError
from tests.support.corpus import taxonomy
from training.decision import Rule

RUN = "20261124-101500-tfidf-0123abcd"
KNOWN = {"cinema", "trade", "sport"}


def test_a_suggestion_is_what_the_page_would_submit() -> None:
    sent = to_prediction(Suggestion(("trade", "cinema"), 0.25, RUN), KNOWN)
    value = {"choices": ["trade", "cinema"]}
    region = {"from_name": "categories", "to_name": "text", "type": "choices", "value": value}
    assert sent == {"model_version": RUN, "score": 0.25, "result": [region]}
    assert to_prediction(Suggestion((), 0.25, RUN), KNOWN)["result"] == []


def test_categories_the_interface_lacks_are_never_sent() -> None:
    sent = to_prediction(Suggestion(("kino", "trade"), 0.5, RUN), KNOWN)
    assert "kino" not in json.dumps(sent)
    assert sent["result"][0]["value"] == {"choices": ["trade"]}
    assert to_prediction(Suggestion(("kino",), 0.5, RUN), KNOWN)["result"] == []


def test_the_score_is_the_chance_that_all_decisions_are_right() -> None:
    probabilities = {"cinema": 0.9, "trade": 0.2, "sport": 0.5}
    assert suggest(RUN, ["cinema"], probabilities, "multiple").confidence == 0.36  # .9 × .8 × .5
    assert suggest(RUN, [], probabilities, "multiple").confidence == 0.04
    assert suggest(RUN, ["cinema"], probabilities, "single").confidence == 0.9


@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_the_score_orders_articles_as_the_decision_to_ask_a_person_does(choice: str) -> None:
    rule = Rule(choice, ("cinema", "trade", "sport"), (0.5, 0.3, 0.6), 0.5)  # type: ignore[arg-type]
    scores = np.random.default_rng(1).normal(0, 2, (50, 3)).astype(np.float32)
    certainties = rule.certainty(rule.probabilities(scores))
    confidences = [
        suggest(RUN, predicted.categories, predicted.probabilities, rule.choice).confidence
        for predicted in rule.predictions(scores)
    ]
    assert confidences == pytest.approx(list(certainties), abs=1e-6)


def test_a_suggestion_that_was_sent_reads_back_the_same() -> None:
    for suggestion in (Suggestion(("trade", "cinema"), 0.25, RUN), Suggestion((), 0.0, RUN)):
        assert read_prediction(to_prediction(suggestion, KNOWN), KNOWN) == suggestion


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": 7}, "score of 7"),
        ({"score": float("nan")}, "score is beyond"),
        ({"score": None}, "score is missing"),
        ({"score": True}, "score is true or false, not a number"),
        ({"model_version": ""}, "no run"),
        ({"result": [{"from_name": "topics", "value": {"choices": ["trade"]}}]}, "'topics'"),
        ({"result": [{"from_name": "categories", "value": {"choices": ["kino"]}}]}, "'kino'"),
        (
            {"result": [{"from_name": "categories", "value": {"choices": ["trade", "trade"]}}]},
            "twice",
        ),
    ],
)
def test_a_prediction_that_was_changed_is_refused(change: dict[str, object], message: str) -> None:
    sent = to_prediction(Suggestion(("trade",), 0.5, RUN), KNOWN)
    with pytest.raises(InputError, match=message):
        read_prediction({**sent, **change}, KNOWN)


def test_the_categories_are_read_from_the_interface() -> None:
    assert read_categories(render_interface(taxonomy())) == KNOWN


CHOICES = '<Choices name="categories" toName="text"/>'


@pytest.mark.parametrize(
    ("interface", "message"),
    [
        ("<View", "not XML"),
        ("\0", "not XML"),
        ("<View/>", 'Choices name="categories" toName="text"'),
        ('<View><Choices name="topics" toName="text"/></View>', 'Choices name="categories"'),
        (f"<View>{CHOICES}</View>", 'Text name="text"'),
        (f'<View><Text name="text" value="$body"/>{CHOICES}</View>', 'Text name="text"'),
    ],
)
def test_an_interface_without_our_control_is_refused(interface: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_categories(interface)


def test_the_suggestion_shown_is_the_parent_prediction() -> None:
    trade, none = (to_prediction(Suggestion(names, 0.5, RUN), KNOWN) for names in (("trade",), ()))
    predictions = [{"id": 7, **trade}, None, {"id": 9, **none}]
    assert read_shown({"parent_prediction": 7}, predictions) == (RUN, ("trade",))
    assert read_shown({"parent_prediction": 9}, predictions) == (RUN, ())
    nameless = {"id": 3, **trade, "model_version": None}
    assert read_shown({"parent_prediction": 3}, [nameless]) == ("unknown", ("trade",))


@pytest.mark.parametrize(
    ("parent", "change"),
    [
        (None, {}),
        (12, {}),
        ([7], {}),
        (7, {"result": [{"from_name": "kino"}]}),
        (7, {"result": 5}),
        (7, {"result": None}),
    ],
)
def test_without_a_suggestion_that_can_be_read_none_was_shown(
    parent: object, change: dict[str, object]
) -> None:
    prediction = {"id": 7, **to_prediction(Suggestion(("trade",), 0.5, RUN), KNOWN), **change}
    assert read_shown({"parent_prediction": parent}, [5, prediction]) == ("", ())
