"""Which articles to learn from and which to measure on: frozen by id, near-duplicates together."""

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labels.dataset import Dataset
from seeds.base.errors import InputError
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import write_text
from seeds.document import Document
from training.arrays import BoolArray, IntArray
from training.splitting.stratify import UNPLACED, group_of, stratify

By = Literal["stratified", "date"]
_ID = re.compile(r"[0-9a-f]{16}")
_LEARN, _TEST = 0, 1
_FAR = 2  # a note names the test set's share when it is off by more than this factor


@dataclass(frozen=True, slots=True)
class Split:
    """The training set and the test set, by document id.

    Attributes:
        by: how they were drawn.
        learn, test: the ids; articles that have since gone keep their place.
        since: by date, where the test set begins: "2021", "2021-04" or "2021-04-30"; else "".
    """

    by: By
    learn: tuple[str, ...]
    test: tuple[str, ...]
    since: str = ""

    def __post_init__(self) -> None:
        counts = Counter((*self.learn, *self.test))
        faults = [f"{name!r} is not a document id" for name in counts if not _ID.fullmatch(name)]
        faults += [f"{name} is listed twice" for name, count in counts.items() if count > 1]
        if bool(self.since) != (self.by == "date"):
            faults.append("'since' belongs to a split by date, and to no other")
        if faults:
            rest = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
            raise InputError("; ".join(faults[:3]) + rest)


def read_split(workspace: Path) -> Split | None:
    """Read the workspace's split.json; None before the first test set was drawn.

    Raises:
        InputError: the file is not what `write_split` wrote.
    """
    path = workspace / "split.json"
    record = read_optional_object(path, _REMEDY)
    if record is None:
        return None
    try:
        return parse(record, Split, str(path))
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('Fix the file.')}{_REMEDY}") from error


_REMEDY = "Restore it from a copy, or draw a new test set with `classify train --new-split`."


def write_split(workspace: Path, split: Split) -> None:
    """Replace split.json, atomically."""
    record = {name: value for name, value in asdict(split).items() if value != ""}
    write_text(workspace / "split.json", json.dumps(record, indent=1))


def draw_split(
    dataset: Dataset, share: float, seed: int, by: By, frozen: Split | None = None
) -> tuple[Split, list[str]]:
    """Split a dataset into training and test set, and return notes for the user.

    Articles of the frozen split keep their place. A new article joins its near-duplicates. Without
    any it goes, stratified, where its categories are short of their share; by date, into the test
    set if it may be as new as that is: an article dated by month or year counts as its last day.

    Args:
        dataset: the labelled articles.
        share: of the test set, above 0 and at most 0.9; by date, of the dated articles.
        seed: of the stratified draw.
        by: how to draw.
        frozen: the split of an earlier training.

    Raises:
        InputError: the frozen split was drawn in another way, or there are no dates to draw by.
    """
    if not 0 < share <= 0.9:
        raise InputError(f"test must be a share above 0 and up to 0.9, found {share}")
    if frozen and frozen.by != by:
        raise InputError(
            f"the test set is frozen and was drawn {_WORDS[frozen.by]}, not {_WORDS[by]}. Train "
            f"with --split {frozen.by}, or add --new-split to draw a new test set."
        )
    side = _frozen_sides(dataset, frozen)
    since = ""
    if by == "date":
        latest = _latest_dates(dataset)
        since = frozen.since if frozen else _first_test_date(dataset, latest, share)
        side[(side == UNPLACED) & (latest >= since)] = _TEST
        side[side == UNPLACED] = _LEARN
    else:
        side = stratify(dataset, (1 - share, share), seed, side)
    learn, test = (frozen.learn, frozen.test) if frozen else ((), ())
    split = Split(
        by,
        (*learn, *_new_ids(dataset, side == _LEARN, frozen)),
        (*test, *_new_ids(dataset, side == _TEST, frozen)),
        since,
    )
    return split, _notes(dataset, split, share, frozen=frozen is not None)


_WORDS = {"stratified": "stratified", "date": "by date"}


def find_positions(dataset: Dataset, split: Split) -> tuple[IntArray, IntArray]:
    """Return the positions to learn from and those to measure on; other articles are in neither.

    An article that became a near-duplicate of a test article after both were placed is not learned
    from.
    """
    learn, test = set(split.learn), set(split.test)
    documents = [example.document for example in dataset.examples]
    test_groups = test | {group_of(document) for document in documents if document.id in test}
    learned = [doc.id in learn and group_of(doc) not in test_groups for doc in documents]
    tested = [document.id in test for document in documents]
    return np.flatnonzero(np.array(learned, bool)), np.flatnonzero(np.array(tested, bool))


def refuse_leak(learned: Dataset, tested: Dataset) -> None:
    """Refuse an article that, itself or as a near-duplicate, is in both sets.

    Raises:
        InputError: names one that is.
    """
    names = {
        name
        for example in learned.examples
        for name in (example.document.id, group_of(example.document))
    }
    for example in tested.examples:
        if {example.document.id, group_of(example.document)} & names:
            raise InputError(
                f"article {example.document.id} is in the test set, and it or a near-duplicate is "
                "in the training set. Draw a new test set with `classify train --new-split`."
            )


def _frozen_sides(dataset: Dataset, frozen: Split | None) -> IntArray:
    """Return the side of each example, (n,), in the frozen split; UNPLACED for new articles."""
    if frozen is None:
        return np.full(len(dataset.examples), UNPLACED)
    side_of = dict.fromkeys(frozen.learn, _LEARN) | dict.fromkeys(frozen.test, _TEST)
    documents = [example.document for example in dataset.examples]
    # A group is named after one of its members, whose side counts even if it is gone from here.
    group_sides = {
        group_of(document): side_of.get(group_of(document), UNPLACED) for document in documents
    }
    for document in documents:
        group = group_of(document)
        group_sides[group] = max(group_sides[group], side_of.get(document.id, UNPLACED))
    sides = (side_of.get(document.id, group_sides[group_of(document)]) for document in documents)
    return np.fromiter(sides, np.int64, len(documents))


def _new_ids(dataset: Dataset, selected: BoolArray, frozen: Split | None) -> tuple[str, ...]:
    """Return the ids of the selected examples, (n,), that are not frozen yet, in order."""
    placed = {*frozen.learn, *frozen.test} if frozen else set()
    ids = (dataset.examples[n].document.id for n in np.flatnonzero(selected))
    return tuple(dict.fromkeys(name for name in ids if name not in placed))


def _latest_dates(dataset: Dataset) -> NDArray[np.str_]:
    """Return the latest possible day of each example's group, (n,), as sortable text; or "".

    "2021-04" becomes "2021-04-99": as late as any day of that month.
    """
    documents = [example.document for example in dataset.examples]
    latest: dict[str, str] = {}
    for document in documents:
        group = group_of(document)
        latest[group] = max(latest.get(group, ""), latest_day(document))
    return np.array([latest[group_of(document)] for document in documents], np.str_)


def latest_day(document: Document) -> str:
    """Return the latest day that an article can date from, as sortable text; "" without a date."""
    return document.date and document.date + "-99" * (2 - document.date.count("-"))


def _first_test_date(dataset: Dataset, latest: NDArray[np.str_], share: float) -> str:
    """Return the date from which on the dated articles come nearest to a share of them.

    Raises:
        InputError: the dates do not tell earlier articles from later ones.
    """
    documents = [example.document for example in dataset.examples]
    dates = np.unique([document.date for document in documents if document.date])
    dated = np.sort(latest[latest != ""])
    count = len(dated) - np.searchsorted(dated, dates)
    leaves_some = count < len(dated)
    if not leaves_some.any():
        raise InputError(
            f"split by date: the articles have {len(dates)} different dates, so none is known to "
            "be older than the others. Train with --split stratified."
        )
    gap = np.abs(count - share * len(dated))
    return str(dates[leaves_some][gap[leaves_some].argmin()])


def _notes(dataset: Dataset, split: Split, share: float, *, frozen: bool) -> list[str]:
    """Return what a user should know of a split."""
    learn, test = find_positions(dataset, split)
    total = len(learn) + len(test)
    notes = []
    if split.by == "date":
        undated = sum(not dataset.examples[n].document.date for n in learn)
        total -= undated
        notes.append(f"testing on {len(test)} articles that may date from {split.since} or later")
        if undated:
            notes.append(f"learning also from {undated} articles without a date")
    dropped = len(dataset.examples) - len(learn) - len(test)
    if dropped:
        notes.append(
            f"{dropped} articles are not learned from: they are near-duplicates of test articles"
        )
    actual = len(test) / max(total, 1)
    if not share / _FAR <= actual <= share * _FAR:
        note = f"the test set has {actual:.0%} of the articles; the recipe asks for {share:.0%}"
        notes.append(note + ("; it is frozen: use --new-split to draw another" if frozen else ""))
    return notes
