"""What a model says of an article, as Label Studio keeps it."""

import json

import numpy as np
import pytest

from labels.studio.interface import interface_xml, known_categories
from labels.studio.suggestion import Suggestion, prediction, read_prediction, suggested
from seeds.base.errors import InputError
from tests.support.corpus import taxonomy
from training.decision import Rule

RUN = "20261124-101500-tfidf-0123abcd"
KNOWN = {"cinema", "trade", "sport"}


def test_a_suggestion_is_what_the_page_would_submit() -> None:
    made = prediction(Suggestion(("trade", "cinema"), 0.25, RUN), KNOWN)
    value = {"choices": ["trade", "cinema"]}
    region = {"from_name": "categories", "to_name": "text", "type": "choices", "value": value}
    assert made == {"model_version": RUN, "score": 0.25, "result": [region]}
    assert prediction(Suggestion((), 0.25, RUN), KNOWN)["result"] == []


def test_categories_the_interface_lacks_are_never_sent() -> None:
    made = prediction(Suggestion(("kino", "trade"), 0.5, RUN), KNOWN)
    assert "kino" not in json.dumps(made)
    assert made["result"][0]["value"] == {"choices": ["trade"]}
    assert prediction(Suggestion(("kino",), 0.5, RUN), KNOWN)["result"] == []


def test_the_score_is_the_chance_that_all_decisions_are_right() -> None:
    found = {"cinema": 0.9, "trade": 0.2, "sport": 0.5}
    assert suggested(RUN, ["cinema"], found, "multiple").confidence == 0.36  # .9 × .8 × .5
    assert suggested(RUN, [], found, "multiple").confidence == 0.04
    assert suggested(RUN, ["cinema"], found, "single").confidence == 0.9


@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_the_score_orders_articles_as_the_decision_to_ask_a_person_does(choice: str) -> None:
    rule = Rule(choice, ("cinema", "trade", "sport"), (0.5, 0.3, 0.6), 0.5)  # type: ignore[arg-type]
    scores = np.random.default_rng(1).normal(0, 2, (50, 3)).astype(np.float32)
    wanted = rule.certainty(rule.probabilities(scores))
    given = [
        suggested(RUN, each.categories, each.probabilities, rule.choice).confidence
        for each in rule.predictions(scores)
    ]
    assert given == pytest.approx(list(wanted), abs=1e-6)


def test_what_was_sent_reads_back_the_same() -> None:
    for sent in (Suggestion(("trade", "cinema"), 0.25, RUN), Suggestion((), 0.0, RUN)):
        assert read_prediction(prediction(sent, KNOWN), KNOWN) == sent


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"score": 7}, "score of 7"),
        ({"score": float("nan")}, "score of nan"),
        ({"score": None}, "score of None"),
        ({"score": True}, "score of True"),
        ({"model_version": ""}, "no run"),
        ({"result": [{"from_name": "topics", "value": {"choices": ["trade"]}}]}, "'topics'"),
        ({"result": [{"from_name": "categories", "value": {"choices": ["kino"]}}]}, "'kino'"),
        (
            {"result": [{"from_name": "categories", "value": {"choices": ["trade", "trade"]}}]},
            "twice",
        ),
    ],
)
def test_a_prediction_that_was_changed_is_refused(change: dict[str, object], said: str) -> None:
    made = prediction(Suggestion(("trade",), 0.5, RUN), KNOWN)
    with pytest.raises(InputError, match=said):
        read_prediction({**made, **change}, KNOWN)


def test_an_interface_tells_the_categories_it_can_tick() -> None:
    assert known_categories(interface_xml(taxonomy())) == KNOWN


CHOICES = '<Choices name="categories" toName="text"/>'


@pytest.mark.parametrize(
    ("interface", "said"),
    [
        ("<View", "not XML"),
        ("\0", "not XML"),
        ("<View/>", 'Choices name="categories" toName="text"'),
        ('<View><Choices name="topics" toName="text"/></View>', 'Choices name="categories"'),
        (f"<View>{CHOICES}</View>", 'Text name="text"'),
        (f'<View><Text name="text" value="$body"/>{CHOICES}</View>', 'Text name="text"'),
    ],
)
def test_an_interface_without_our_control_is_refused(interface: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        known_categories(interface)
