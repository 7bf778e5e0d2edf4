"""The next step, from the first article to the labels that may be wrong."""

from dataclasses import replace

import pytest

from classify.workspace.progress.advice import Situation, advise

DONE = Situation(
    articles=10,
    has_tasks=True,
    unsent=0,
    project="https://labels.example.org/projects/3",
    to_do=0,
    waiting=0,
    disputed=0,
    agreed=10,
    is_pulled=True,
    is_learned=True,
)


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"articles": 0, "has_tasks": False}, "classify seeds add PATH"),
        ({"unsent": 10, "has_tasks": False}, "classify labels push"),
        ({"disputed": 2, "to_do": 3, "is_pulled": False}, "classify labels pull"),
        ({"disputed": 2, "to_do": 3}, "classify labels adjudicate"),
        (
            {"to_do": 3, "unsent": 4},
            "annotate: https://labels.example.org/projects/3/data?labeling=1",
        ),
        ({"waiting": 1, "project": ""}, "annotate: Label All Tasks"),
        ({"unsent": 4, "is_learned": False}, "classify labels next"),
        ({"is_learned": False}, "classify train"),
        ({}, "classify labels suspects"),
    ],
)
def test_the_most_urgent_step_is_named(changes: dict, command: str) -> None:
    assert advise(replace(DONE, **changes))[0] == command
