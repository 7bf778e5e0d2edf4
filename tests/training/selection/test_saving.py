"""What choosing saved, in worlds in which it is known."""

import random

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score

from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import FILLER, WORDS, taxonomy
from training.selection.saving import Saving, measure_saving, rank_quality


def articles(count: int, words: int, rng: random.Random) -> list[Example]:
    """Return articles of any category, each with some of the eight words that tell it."""
    examples = []
    for _ in range(count):
        category = rng.choice(list(WORDS))
        text = [*rng.sample(WORDS[category], k=words), *rng.choices(FILLER, k=6), str(rng.random())]
        examples.append(Example(Document.of(" ".join(text)), (category,)))
    return examples


def measure(chosen: list[Example], arm: list[Example]) -> Saving:
    examples = (*chosen, *arm)
    is_random = np.arange(len(examples)) >= len(chosen)
    saving = measure_saving(Dataset(examples, taxonomy("single")), is_random)
    assert saving
    return saving


def test_quality_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    scores, gold = rng.random((40, 5)).round(1), rng.random((40, 5)) < 0.4  # with ties
    gold[gold.sum(axis=1) == 0, 0] = True
    quality = rank_quality(scores, gold, np.ones_like(gold))
    assert np.isclose(quality.mean(), label_ranking_average_precision_score(gold, scores))


def test_articles_without_a_category_have_no_quality_and_unknown_ones_are_left_out() -> None:
    scores, gold = np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([[False, False], [False, True]])
    known = np.array([[True, True], [False, True]])
    quality = rank_quality(scores, gold, known)
    assert np.isnan(quality[0])
    assert quality[1] == 1.0  # the unknown one stands above it


@pytest.mark.slow
def test_clear_articles_save_labels_where_random_ones_teach_less() -> None:
    rng = random.Random(1)
    saving = measure(articles(20, 8, rng), articles(60, 1, rng))
    assert saving.labels == 80
    assert saving.arm == 60
    assert saving.low > 80
    assert "where random order would have needed about" in str(saving)


@pytest.mark.slow
def test_no_gain_is_shown_where_all_articles_are_random() -> None:
    rng = random.Random(2)
    saving = measure(articles(20, 1, rng), articles(30, 1, rng))
    assert saving.low <= 50 <= saving.high
    assert str(saving).startswith("no gain shown")


def test_a_small_random_arm_measures_nothing() -> None:
    examples = tuple(articles(30, 2, random.Random(3)))
    assert measure_saving(Dataset(examples, taxonomy("single")), np.arange(30) >= 25) is None


def test_the_saving_in_words() -> None:
    assert (
        str(Saving(140, 231.2, 183.9, 306.0, 40))
        == "you needed 140 labels where random order would have needed about 230 [180, 310]"
    )
