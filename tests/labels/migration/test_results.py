"""Results under new ids: only the categories change, and nothing that is no result breaks it."""

from typing import Any

import pytest

from labels.migration.results import chosen, map_result
from tests.support.newsroom import choices

MAPPING = {"a": "c", "b": "c"}


def test_only_the_ids_change_and_each_stands_once() -> None:
    comment = {"from_name": "comment", "type": "textarea", "value": {"text": ["a"]}}
    (region,) = choices("a", "d", "b")
    result = [{**region, "id": "x1", "origin": "manual"}, comment]
    (changed,) = choices("c", "d")
    assert map_result(result, MAPPING) == [{**changed, "id": "x1", "origin": "manual"}, comment]
    assert chosen(result) == {"a", "b", "d"}


@pytest.mark.parametrize(
    "result",
    [
        None,
        "a",
        [],
        [None, 5],
        [{"from_name": "categories"}],
        [{"from_name": "categories", "value": {"choices": "a"}}],
        [{"from_name": "categories", "value": {"choices": [["a"], None]}}],
        [{"from_name": "stars", "value": {"choices": ["a"]}}],
        choices("d"),
    ],
)
def test_what_has_none_of_these_categories_stays_the_same(result: Any) -> None:
    assert map_result(result, MAPPING) is result
