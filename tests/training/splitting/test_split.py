"""Splits: stratified or by date, frozen by id, near-duplicates never on both sides."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labels.dataset import Dataset, Example
from labels.taxonomy import Category, Taxonomy
from seeds.base.errors import InputError
from seeds.document import Document
from tests.support.corpus import dataset
from training.runs.provenance import RunSplit
from training.splitting.split import (
    Split,
    draw_split,
    find_positions,
    read_split,
    refuse_leak,
    write_split,
)
from training.splitting.stratify import make_folds


def changed(data: Dataset, **fields: Sequence[str]) -> Dataset:
    """Return the dataset with other values of a Document's fields, one per article."""
    examples = [
        Example(
            replace(example.document, **{name: values[n] for name, values in fields.items()}),
            example.categories,
        )
        for n, example in enumerate(data.examples)
    ]
    return Dataset(tuple(examples), data.taxonomy)


def with_groups(data: Dataset, size: int) -> Dataset:
    names = [data.examples[n - n % size].document.id for n in range(len(data.examples))]
    return changed(data, group=names)


def ids(data: Dataset, positions: Sequence[int] | None = None) -> list[str]:
    return [data.examples[n].document.id for n in positions or range(len(data.examples))]


def first(data: Dataset, count: int) -> Dataset:
    return data.subset(range(count))


# ---------------------------------------------------------------- stratified


def test_every_category_has_its_share_in_the_test_set() -> None:
    data = dataset(200)
    split, notes = draw_split(data, 0.2, 1, "stratified")
    learn, test = find_positions(data, split)
    assert sorted([*learn, *test]) == list(range(200))
    assert notes == []
    for name in data.taxonomy.ids:
        total = sum(name in example.categories for example in data.examples)
        tested = sum(name in data.examples[n].categories for n in test)
        assert tested == pytest.approx(0.2 * total, abs=2)


def test_a_group_is_never_on_both_sides() -> None:
    data = with_groups(dataset(120), size=4)
    split, _ = draw_split(data, 0.3, 2, "stratified")
    for learn, validate in [find_positions(data, split), *make_folds(data, 5, seed=2)]:
        groups = [{data.examples[n].document.group for n in part} for part in (learn, validate)]
        assert not groups[0] & groups[1]
        assert len(learn) + len(validate) == 120


def test_each_article_is_validated_once() -> None:
    folds = make_folds(dataset(53), 5, seed=3)
    assert sorted(np.concatenate([validate for _, validate in folds])) == list(range(53))


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    data = dataset(100)
    earlier, again, another = (draw_split(data, 0.2, n, "stratified")[0].test for n in (5, 5, 6))
    assert earlier == again != another


def test_fewer_groups_than_folds_is_refused() -> None:
    with pytest.raises(InputError, match="too few"):
        make_folds(with_groups(dataset(12), size=12), 5, seed=0)


@pytest.mark.slow
def test_ten_thousand_articles_of_sixteen_categories_are_drawn_in_about_a_second() -> None:
    rng = np.random.default_rng(0)
    names = [f"c{n}" for n in range(16)]
    taxonomy = Taxonomy("t", "multiple", tuple(Category(name, name, name) for name in names))
    drawn = rng.random((10_000, 16)) < 0.1
    examples = tuple(
        Example(
            Document.of(f"article {n}"),
            tuple(name for name, on in zip(names, row, strict=True) if on),
        )
        for n, row in enumerate(drawn.tolist())
    )
    data = Dataset(examples, taxonomy)
    started = time.perf_counter()
    split, _ = draw_split(data, 0.2, 1, "stratified")
    assert time.perf_counter() - started < 4  # 0.5 s on an idle machine
    test = np.isin(ids(data), split.test)
    assert test.mean() == pytest.approx(0.2, abs=0.002)
    assert drawn[test].mean(axis=0) == pytest.approx(drawn.mean(axis=0), abs=0.003)


@pytest.mark.parametrize("share", [0, -0.1, 0.95])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="test must be a share"):
        draw_split(dataset(20), share, 1, "stratified")


# ---------------------------------------------------------------- frozen


def test_articles_keep_their_side_as_labels_grow_and_with_any_seed() -> None:
    data = dataset(300)
    split: Split | None = None
    for seed, count in enumerate((100, 101, 150, 300)):
        grown, _ = draw_split(first(data, count), 0.2, seed, "stratified", split)
        if split:
            assert grown.learn[: len(split.learn)] == split.learn
            assert grown.test[: len(split.test)] == split.test
        assert sorted(grown.learn + grown.test) == sorted(ids(first(data, count)))
        split = grown
    assert split
    assert len(split.test) == pytest.approx(60, abs=4)


def test_new_articles_bring_every_category_back_to_its_share() -> None:
    """The frozen test set has sports only; cinema and trade catch up with what is new."""
    data = dataset(240, "single")
    sport = [n for n in range(120) if data.examples[n].categories == ("sport",)]
    rest = [n for n in range(120) if n not in sport]
    frozen = Split("stratified", tuple(ids(data, rest)), tuple(ids(data, sport)))
    split, _ = draw_split(data, 0.25, 1, "stratified", frozen)
    new = [data.examples[n].categories[0] for n in find_positions(data, split)[1] if n >= 120]
    assert new.count("sport") == 0  # 40 of 80 are in the test set, which should have 20
    assert new.count("cinema") == pytest.approx(20, abs=1)
    assert new.count("trade") == pytest.approx(20, abs=1)


def test_articles_that_are_gone_keep_their_side_for_when_they_come_back() -> None:
    data = dataset(100)
    frozen, _ = draw_split(data, 0.2, 1, "stratified")
    fewer = data.subset(range(50, 100))
    split, _ = draw_split(fewer, 0.2, 1, "stratified", frozen)
    assert split == frozen
    assert sorted(ids(fewer, [*find_positions(fewer, split)[1]])) == sorted(
        set(ids(fewer)) & set(frozen.test)
    )
    assert draw_split(data, 0.2, 1, "stratified", split)[0] == frozen


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("side", ["learn", "test"])
def test_a_new_near_duplicate_goes_where_the_article_is_or_was(side: str, gone: bool) -> None:
    data = dataset(101)
    frozen, _ = draw_split(first(data, 100), 0.2, 1, "stratified")
    frozen_ids = getattr(frozen, side)
    for name in frozen_ids[:15]:
        groups = [*ids(first(data, 100)), name]
        positions = [n for n in range(101) if not gone or data.examples[n].document.id != name]
        split, _ = draw_split(
            changed(data, group=groups).subset(positions), 0.2, 1, "stratified", frozen
        )
        assert getattr(split, side) == (*frozen_ids, data.examples[100].document.id)


def test_groups_merged_later_are_measured_on_and_not_learned_from() -> None:
    data = dataset(100)
    frozen, _ = draw_split(data, 0.2, 1, "stratified")
    groups = dict(zip(ids(data), ids(data), strict=True))
    for learned, tested in zip(frozen.learn[:3], frozen.test[:3], strict=True):
        groups[tested] = learned
    merged = changed(data, group=list(groups.values()))
    split, notes = draw_split(merged, 0.2, 1, "stratified", frozen)
    learn, test = find_positions(merged, split)
    assert set(ids(merged, [*learn])) == set(frozen.learn[3:])
    assert set(ids(merged, [*test])) == set(frozen.test)
    assert notes == ["3 articles are not learned from: they are near-duplicates of test articles"]
    assert split == frozen
    refuse_leak(merged.subset(learn), merged.subset(test))


def test_a_leak_is_refused_whether_by_id_or_by_group() -> None:
    data = dataset(20)
    refuse_leak(data.subset(range(10)), data.subset(range(10, 20)))
    with pytest.raises(InputError, match="--new-split"):
        refuse_leak(data.subset(range(11)), data.subset(range(10, 20)))
    groups = ids(data)
    groups[15] = groups[3]
    alike = changed(data, group=groups)
    with pytest.raises(InputError, match=ids(data)[15]):
        refuse_leak(alike.subset(range(10)), alike.subset(range(10, 20)))


def test_another_way_to_draw_than_the_frozen_one_is_refused_with_what_to_do() -> None:
    data = dataset(60)
    frozen, _ = draw_split(data, 0.2, 1, "stratified")
    with pytest.raises(InputError, match=r"stratified, not by date.*--new-split"):
        draw_split(data, 0.2, 1, "date", frozen)


def test_a_test_set_far_from_its_share_is_noted() -> None:
    data = dataset(100)
    frozen = Split("stratified", tuple(ids(data)[:50]), tuple(ids(data)[50:]))
    for share, expected in ((0.3, []), (0.2, ["50% of the articles; the recipe asks for 20%"])):
        _, notes = draw_split(data, share, 1, "stratified", frozen)
        assert len(notes) == len(expected)
        assert all(part in note for part, note in zip(expected, notes, strict=True))


# ---------------------------------------------------------------- by date


def test_the_past_is_learned_from_and_the_future_measured_on() -> None:
    days = [f"2021-{1 + n // 28:02d}-{1 + n % 28:02d}" for n in range(100)]
    order = np.random.default_rng(0).permutation(100)
    data = changed(dataset(100), date=[days[n] for n in order])
    split, notes = draw_split(data, 0.2, 1, "date")
    learn, test = find_positions(data, split)
    dates = [example.document.date for example in data.examples]
    assert sorted(dates[n] for n in test) == days[80:]
    assert sorted(dates[n] for n in learn) == days[:80]
    assert split.since == days[80]
    assert notes == [f"testing on 20 articles that may date from {days[80]} or later"]


def test_a_day_or_a_month_is_never_split() -> None:
    dates = ["2021-03"] * 30 + ["2021-04"] * 20 + ["2021-05"] * 10
    data = changed(dataset(60), date=dates)
    for share, months in ((0.2, {"2021-05"}), (0.4, {"2021-04", "2021-05"})):
        split, _ = draw_split(data, share, 1, "date")
        assert {dates[n] for n in find_positions(data, split)[1]} == months
        assert len(find_positions(data, split)[1]) == sum(date in months for date in dates)


def test_an_article_dated_by_month_or_year_counts_as_its_last_day() -> None:
    """Whatever may be newer than the first test article is not learned from."""
    dates = ["2021-04-10"] * 40 + ["2021-04-20"] * 16 + ["2021-04", "2021", "2021-03", "2020"]
    data = changed(dataset(60), date=dates)
    split, _ = draw_split(data, 0.3, 1, "date")
    assert split.since == "2021-04-20"
    tested = {dates[n] for n in find_positions(data, split)[1]}
    assert tested == {"2021-04-20", "2021-04", "2021"}


def test_articles_without_a_date_are_learned_from_and_noted() -> None:
    dates = ["2021-04-10"] * 40 + [""] * 10 + ["2021-04-20"] * 10
    data = changed(dataset(60), date=dates)
    split, notes = draw_split(data, 0.2, 1, "date")
    assert {dates[n] for n in find_positions(data, split)[0]} == {"2021-04-10", ""}
    assert notes[1:] == ["learning also from 10 articles without a date"]


def test_a_group_that_spans_the_first_test_date_is_measured_on() -> None:
    dates = [f"2021-{1 + n // 5:02d}-01" for n in range(60)]
    data = changed(dataset(60), date=dates)
    groups = ids(data)
    groups[59], groups[30] = groups[0], groups[31]  # January with December; July with July
    spanning = changed(data, group=groups)
    split, _ = draw_split(spanning, 0.2, 1, "date")
    tested = find_positions(spanning, split)[1].tolist()
    assert 0 in tested
    assert 59 in tested
    assert not {30, 31} & set(tested)


def test_new_articles_join_the_past_or_the_future_of_the_frozen_date() -> None:
    dates = [f"2021-{1 + n // 5:02d}-01" for n in range(60)]
    new_dates = ["2021-01-05", "2021-10-31", "2021-11-01", "2022-01-01", "2022", "2021", ""]
    data = changed(dataset(67), date=[*dates, *new_dates])
    frozen, _ = draw_split(first(data, 60), 0.2, 1, "date")
    assert frozen.since == "2021-11-01"
    fewer = data.subset(range(10, 67))
    split, _ = draw_split(fewer, 0.2, 1, "date", frozen)
    new = ids(data)[60:]
    assert split.test == (*frozen.test, *new[2:6])
    assert split.learn == (*frozen.learn, *new[:2], new[6])
    assert split.since == frozen.since


@pytest.mark.parametrize("dates", [[""] * 30, ["2021"] * 30, ["2021", "2021-05"] * 15])
def test_dates_that_tell_nothing_apart_are_refused(dates: list[str]) -> None:
    with pytest.raises(InputError, match="--split stratified"):
        draw_split(changed(dataset(30), date=dates), 0.2, 1, "date")


# ---------------------------------------------------------------- on disk


def test_a_split_is_read_as_written(tmp_path: Path) -> None:
    assert read_split(tmp_path) is None
    data = changed(dataset(60), date=[f"20{n:02d}" for n in range(60)])
    for by in ("stratified", "date"):
        split, _ = draw_split(data, 0.2, 1, by)  # type: ignore[arg-type]
        write_split(tmp_path, split)
        assert read_split(tmp_path) == split


ONE, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "not JSON"),
        ("[]", "expected a JSON object"),
        ("\xff", "not UTF-8 (byte 0)"),
        ('{"by": "stratified"}', "'learn' is missing"),
        ({"by": "luck", "learn": [], "test": []}, "'by' must be 'stratified' or 'date'"),
        ({"by": "stratified", "learn": [ONE], "test": [ONE]}, f"{ONE} is listed twice"),
        ({"by": "stratified", "learn": ["x"], "test": []}, "'x' is not a document id"),
        ({"by": "date", "learn": [ONE], "test": [OTHER]}, "'since'"),
        ({"by": "stratified", "learn": [], "test": [], "more": 1}, "unknown key 'more'"),
    ],
)
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, content: object, fault: str) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / "split.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=re.escape(fault)) as caught:
        read_split(tmp_path)
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / 'split.json'}: ")
    assert line.endswith("`classify train --new-split`.")
    assert "\n" not in line


# ---------------------------------------------------------------- what a run learned from


def test_what_a_run_has_not_seen_is_neither_its_articles_nor_their_near_duplicates() -> None:
    data = dataset(60)
    groups = ids(data)
    groups[1], groups[41] = groups[0], groups[1]  # 1 resembles 0, and 41 resembles 1
    groups[50], groups[51] = groups[51], groups[51]
    data = changed(data, group=groups)
    learned = RunSplit.of("stratified", data.subset(range(40)), data.subset(range(40, 50)))
    assert learned.find_unseen(data).tolist() == [40, *range(42, 60)]
    # Groups are named anew when articles go: 20 is now named after 55.
    groups[20] = groups[55]
    assert learned.find_unseen(changed(data, group=groups)).tolist() == [
        *(40, *range(42, 55)),
        *range(56, 60),
    ]
