"""Models of other folds judge labels, of which some were changed on purpose."""

from dataclasses import replace

import numpy as np
import pytest

from labels.dataset import Dataset, Example
from seeds.base.errors import InputError
from tests.support.corpus import dataset, uneven
from training.model import Fitting
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.suspects.find import find_suspects, find_unchecked
from training.suspects.opinion import Opinion, ask_folds


def ask(data: Dataset) -> Opinion:
    """Return the opinion of small models."""
    return ask_folds(data, "tfidf", Recipe(), TfidfSettings(buckets=12), Fitting())


@pytest.mark.parametrize("choice", ["single", "multiple"])
def test_labels_changed_on_purpose_are_the_first_suspects(choice: str) -> None:
    """Three of 60 articles got the labels of another topic."""
    data = dataset(60, choice)
    changed = {10: ("cinema",), 21: ("trade",), 35: ("cinema",)}
    assert not any(set(names) & set(data.examples[n].categories) for n, names in changed.items())
    examples = [
        Example(example.document, changed.get(n, example.categories))
        for n, example in enumerate(data.examples)
    ]
    data = replace(data, examples=tuple(examples))
    suspects = find_suspects(data, ask(data))
    assert {suspect.position for suspect in suspects[:3]} == {10, 21, 35}


def test_a_category_with_too_few_articles_is_not_judged() -> None:
    """Of sport there are three articles, and four are needed; the others are judged."""
    data = uneven({("cinema",): 20, ("trade",): 20, ("trade", "sport"): 3})
    opinion = ask(data)
    assert find_unchecked(data, opinion) == {"sport": 3}
    np.testing.assert_array_equal(opinion.asked.all(axis=0), [True, True, False])


def test_one_category_alone_is_refused() -> None:
    """There is nothing to tell apart."""
    with pytest.raises(InputError, match="too few labels to tell categories apart"):
        ask(uneven({("cinema",): 12}, "single"))
