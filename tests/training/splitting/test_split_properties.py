"""Whatever the articles and their groups: none is lost, and no group stands on both sides."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.dataset import Dataset, Example
from seeds.base.errors import InputError
from tests.support.corpus import dataset
from training.splitting.split import draw_split, find_positions
from training.splitting.stratify import make_folds

COUNT = 40
ARTICLES = dataset(COUNT)


def grouped(groups: list[int], dates: list[str]) -> Dataset:
    """Return articles some of which are near-duplicates. groups: a number for each."""
    first: dict[int, str] = {}
    examples = []
    for example, group, date in zip(ARTICLES.examples, groups, dates, strict=True):
        name = first.setdefault(group, example.document.id)
        document = replace(example.document, group=name, date=date)
        examples.append(Example(document, example.categories))
    return Dataset(tuple(examples), ARTICLES.taxonomy)


GROUPS = st.lists(st.integers(0, COUNT), min_size=COUNT, max_size=COUNT)
DATES = st.lists(
    st.sampled_from(["", "2020", "2021-03", "2021-04-02", "2022-01-31", "2022"]),
    min_size=COUNT,
    max_size=COUNT,
)


def sides(data: Dataset, learned: list[int], tested: list[int]) -> tuple[set[str], set[str]]:
    """Return the groups on each side."""
    first, second = ({data.examples[n].document.group for n in side} for side in (learned, tested))
    return first, second


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(GROUPS, DATES, st.sampled_from(["stratified", "date"]), st.integers(0, 99))
def test_no_group_straddles_a_split_and_no_article_is_lost(
    groups: list[int], dates: list[str], by: str, seed: int
) -> None:
    data = grouped(groups, dates)
    try:
        split, _ = draw_split(data, 0.25, seed, by)  # type: ignore[arg-type]
    except InputError:  # such dates or groups tell nothing apart
        return
    learned, tested = (positions.tolist() for positions in find_positions(data, split))
    assert sorted([*learned, *tested]) == list(range(COUNT))
    assert sides(data, learned, tested)[0].isdisjoint(sides(data, learned, tested)[1])
    again, _ = draw_split(data, 0.25, seed + 1, by, split)  # type: ignore[arg-type]
    assert again == split


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(GROUPS, st.integers(2, 5), st.integers(0, 99))
def test_no_group_straddles_a_fold_and_each_article_is_held_out_once(
    groups: list[int], count: int, seed: int
) -> None:
    data = grouped(groups, [""] * COUNT)
    try:
        folds = make_folds(data, count, seed)
    except InputError:  # fewer groups than folds
        assert len(set(groups)) < count
        return
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(COUNT))
    for learned, held_out in folds:
        first, second = sides(data, learned.tolist(), held_out.tolist())
        assert first.isdisjoint(second)
