"""Articles with labels in doubt, from labels and probabilities written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import taxonomy
from training.suspects.find import Pair, find_suspects, find_unchecked, score_articles
from training.suspects.opinion import Opinion


def dataset(
    *labels: str, choice: str = "multiple", groups: dict[int, int] | None = None
) -> Dataset:
    """Return an article for each "cinema trade" of labels; groups: article -> its first copy."""
    documents = [Document.of(f"article {n}") for n in range(len(labels))]
    for n, first in (groups or {}).items():
        documents[n] = replace(documents[n], group=documents[first].id)
    examples = (
        Example(d, tuple(names.split())) for d, names in zip(documents, labels, strict=True)
    )
    return Dataset(tuple(examples), taxonomy(choice))


def opinion(*rows: tuple[float, float, float], single: bool = False) -> Opinion:
    """Return an opinion that selects what is above a half, or the most probable category."""
    p = np.array(rows)
    best = np.arange(3) == np.nan_to_num(p).argmax(axis=1)[:, None]
    return Opinion(p, best if single else np.nan_to_num(p) > 0.5)


def test_a_label_the_models_contradict_is_listed_and_one_they_share_is_not() -> None:
    """The missing category and the surplus one are both found, the least believed first."""
    data = dataset("cinema", "trade", "cinema sport")
    found = find_suspects(data, opinion((0.9, 0.1, 0.2), (0.8, 0.01, 0.3), (0.9, 0.1, 0.45)))
    assert [suspect.position for suspect in found] == [1, 2]
    assert found[0].pairs == (
        Pair("trade", labelled=True, probability=0.01, reason="model"),
        Pair("cinema", labelled=False, probability=0.8, reason="model"),
    )
    assert found[1].pairs == (Pair("sport", labelled=True, probability=0.45, reason="model"),)
    # softmin of (.2, .01, .7) and (.9, .9, .45) at temperature .1, by hand
    assert [suspect.score for suspect in found] == pytest.approx([0.0353, 0.4598], abs=1e-4)


def test_near_duplicates_with_different_labels_lead_even_if_models_agree_with_both() -> None:
    """Each member names those it differs from; a copy labelled alike is no clash."""
    data = dataset("cinema", "trade", "sport", "trade sport", "trade", groups={3: 1, 4: 1})
    found = find_suspects(
        data,
        opinion((0.1, 0.9, 0.0), (0, 0.9, 0.1), (0, 0, 0.9), (0, 0.9, 0.6), (0, 0.9, 0.3)),
    )
    assert [suspect.position for suspect in found] == [3, 4, 1, 0]
    assert [suspect.duplicates for suspect in found] == [(1, 4), (3,), (3,), ()]
    assert found[0].pairs == (Pair("sport", labelled=True, probability=0.6, reason="duplicates"),)


def test_unknown_pairs_are_neither_a_clash_nor_scored() -> None:
    """A disputed category says nothing, however sure the models are."""
    data = dataset("cinema", "cinema trade", groups={1: 0})
    first = replace(data.examples[0], unknown=("trade",))
    data = replace(data, examples=(first, data.examples[1]))
    judged = opinion((0.9, 0.99, 0.1), (0.9, 0.9, 0.1))
    assert find_suspects(data, judged) == []
    certain = opinion((0.9, 0.5, 0.1), (0.9, 0.9, 0.1))
    assert score_articles(data, judged)[0] == score_articles(data, certain)[0]


def test_a_category_no_model_knows_is_unchecked_and_clashes_all_the_same() -> None:
    """Near-duplicates need no model; the probability is missing."""
    data = dataset("cinema", "cinema sport", groups={1: 0})
    judged = opinion((0.9, 0.1, np.nan), (0.9, 0.1, np.nan))
    found = find_suspects(data, judged)
    assert find_unchecked(data, judged) == {"sport": 1}
    pairs = [suspect.pairs for suspect in found]
    assert pairs == [
        (Pair("sport", labelled=False, probability=None, reason="duplicates"),),
        (Pair("sport", labelled=True, probability=None, reason="duplicates"),),
    ]


def test_in_single_choice_an_article_of_an_unknown_category_is_not_judged() -> None:
    """The models had to choose another one; a wrong label gives the label and what it should be."""
    data = dataset("sport", "cinema", choice="single")
    judged = opinion((0.99, 0.01, np.nan), (0.1, 0.8, np.nan), single=True)
    found = find_suspects(data, judged)
    assert [suspect.position for suspect in found] == [1]
    assert [(pair.category, pair.labelled) for pair in found[0].pairs] == [
        ("cinema", True),
        ("trade", False),
    ]
    assert np.isnan(score_articles(data, judged)[0])
