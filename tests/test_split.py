"""Splits: stratified for every category, near-duplicates never on both sides."""

from dataclasses import replace

import numpy as np
import pytest

from labels.dataset import Dataset, Example
from seeds.errors import InputError
from tests.corpus import dataset
from training.split import folds, hold_out


def with_groups(data: Dataset, size: int) -> Dataset:
    examples = [
        Example(
            replace(each.document, group=data.examples[n - n % size].document.id), each.categories
        )
        for n, each in enumerate(data.examples)
    ]
    return Dataset(tuple(examples), data.taxonomy)


def test_every_category_has_its_share_in_the_test_part() -> None:
    data = dataset(200)
    learn, test = hold_out(data, 0.2, seed=1)
    assert sorted([*learn, *test]) == list(range(200))
    for name in data.taxonomy.ids:
        total = sum(name in each.categories for each in data.examples)
        tested = sum(name in data.examples[n].categories for n in test)
        assert tested == pytest.approx(0.2 * total, abs=2)


def test_a_group_is_never_on_both_sides() -> None:
    data = with_groups(dataset(120), size=4)
    for learn, validate in [hold_out(data, 0.3, seed=2), *folds(data, 5, seed=2)]:
        sides = [{data.examples[n].document.group for n in part} for part in (learn, validate)]
        assert not sides[0] & sides[1]


def test_each_article_is_validated_once() -> None:
    parts = folds(dataset(53), 5, seed=3)
    assert sorted(np.concatenate([validate for _, validate in parts])) == list(range(53))


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    data = dataset(100)
    first, again, other = (hold_out(data, 0.2, seed=n)[1].tolist() for n in (5, 5, 6))
    assert first == again != other


def test_fewer_groups_than_folds_is_refused() -> None:
    with pytest.raises(InputError, match="too few"):
        folds(with_groups(dataset(12), size=12), 5, seed=0)
