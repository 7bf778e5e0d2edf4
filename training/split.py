"""Which articles to learn from and which to measure on: frozen by id, near-duplicates together."""

import json
import re
from collections import Counter
from collections.abc import Sequence
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
from training.arrays import BoolArray, Float64Array, IntArray

By = Literal["stratified", "date"]
_ID = re.compile(r"[0-9a-f]{16}")
_NEW, _LEARN, _TEST = -1, 0, 1
_FAR = 2  # the test part is spoken of when its share is off by more than this factor


@dataclass(frozen=True, slots=True)
class Parts:
    """Which articles are learned from and which are measured on, by document id.

    Attributes:
        by: how they were drawn.
        learn, test: the ids; those of articles that are gone since keep their place.
        since: by date, where the test part begins: "2021", "2021-04" or "2021-04-30"; else "".
    """

    by: By
    learn: tuple[str, ...]
    test: tuple[str, ...]
    since: str = ""

    def __post_init__(self) -> None:
        count = Counter((*self.learn, *self.test))
        faults = [f"{name!r} is no document id" for name in count if not _ID.fullmatch(name)]
        faults += [f"{name} stands twice" for name, times in count.items() if times > 1]
        if bool(self.since) != (self.by == "date"):
            faults.append("'since' belongs to a split by date, and to no other")
        if faults:
            more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
            raise InputError("; ".join(faults[:3]) + more)


def read_parts(workspace: Path) -> Parts | None:
    """The workspace's split.json; None before the first test part was drawn.

    Raises:
        InputError: the file is not what `write_parts` wrote.
    """
    path = workspace / "split.json"
    record = read_optional_object(path, _MEND)
    if record is None:
        return None
    try:
        return parse(record, Parts, str(path))
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('Fix the file.')}{_MEND}") from error


_MEND = "Restore it from a copy, or draw a new test part with `classify train --new-split`."


def write_parts(workspace: Path, parts: Parts) -> None:
    """Write split.json anew, atomically."""
    record = {name: value for name, value in asdict(parts).items() if value != ""}
    write_text(workspace / "split.json", json.dumps(record, indent=1))


def draw(
    dataset: Dataset, share: float, seed: int, by: By, before: Parts | None = None
) -> tuple[Parts, list[str]]:
    """The parts of a dataset, and notes for the user.

    What stands in `before` keeps its place. A new article goes where its near-duplicates are; else,
    stratified, where the share of each of its categories wants it, and by date into the test part
    if it may be as new as that is: an article dated by month or year counts as its last day.

    Args:
        dataset: the labelled articles.
        share: of the test part, above 0 and at most 0.9; by date, of the dated articles.
        seed: of the stratified draw.
        by: how to draw.
        before: the frozen parts.

    Raises:
        InputError: `before` was drawn in another way, or there are no dates to draw by.
    """
    if not 0 < share <= 0.9:
        raise InputError(f"test must be a share above 0 and up to 0.9, found {share}")
    if before and before.by != by:
        raise InputError(
            f"the test part is frozen and was drawn {_WORDS[before.by]}, not {_WORDS[by]}. Train "
            f"with --split {before.by}, or add --new-split to draw another test part."
        )
    side = _placed(dataset, before)
    since = ""
    if by == "date":
        ends = _ends(dataset)
        since = before.since if before else _cut(dataset, ends, share)
        side[(side == _NEW) & (ends >= since)] = _TEST
        side[side == _NEW] = _LEARN
    else:
        side = assign(dataset, (1 - share, share), seed, side)
    new = (_added(dataset, side == part, before) for part in (_LEARN, _TEST))
    learn, test = (before.learn, before.test) if before else ((), ())
    learn, test = (old + more for old, more in zip((learn, test), new, strict=True))
    parts = Parts(by, learn, test, since)
    return parts, _notes(dataset, parts, share, frozen=before is not None)


_WORDS = {"stratified": "stratified", "date": "by date"}


def sides(dataset: Dataset, parts: Parts) -> tuple[IntArray, IntArray]:
    """Positions to learn from and positions to measure on; other articles are in neither.

    An article that became a near-duplicate of a test article after both were placed is not learned
    from.
    """
    learn, test = set(parts.learn), set(parts.test)
    documents = [each.document for each in dataset.examples]
    tested = test | {group_of(each) for each in documents if each.id in test}
    kept = (each.id in learn and group_of(each) not in tested for each in documents)
    return (
        np.flatnonzero(np.fromiter(kept, bool, len(documents))),
        np.flatnonzero(np.fromiter((each.id in test for each in documents), bool, len(documents))),
    )


def refuse_leak(learned: Dataset, measured: Dataset) -> None:
    """Make sure that no article, and no near-duplicate of it, is on both sides.

    Raises:
        InputError: names one that is.
    """
    known = _names(learned)
    for example in measured.examples:
        if {example.document.id, group_of(example.document)} & known:
            raise InputError(
                f"article {example.document.id} is in the test part, and it or a near-duplicate "
                "is learned from. Draw a new test part with `classify train --new-split`."
            )


def folds(dataset: Dataset, count: int, seed: int) -> list[tuple[IntArray, IntArray]]:
    """(learn, validate) positions, each article validated once.

    Raises:
        InputError: count is less than 2, or there are fewer groups than folds.
    """
    groups = len({group_of(each.document) for each in dataset.examples})
    if count < 2:
        raise InputError(f"folds must be 2 or more, found {count}")
    if groups < count:
        raise InputError(
            f"{groups} different articles are too few for {count} folds. Label more of them."
        )
    part = assign(dataset, (1 / count,) * count, seed)
    return [(np.flatnonzero(part != n), np.flatnonzero(part == n)) for n in range(count)]


def assign(
    dataset: Dataset, shares: Sequence[float], seed: int, placed: IntArray | None = None
) -> IntArray:
    """The part of each example, (n,): every category near its share in every part.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011) over groups: the rarest
    category still to be placed goes first, to the part that wants it most. placed: (n,), the part
    of each example that has one already, -1 of the others; a group has one for all or for none.
    """
    part = np.full(len(dataset.examples), _NEW) if placed is None else placed.copy()
    labels = _labels(dataset)
    wanted = np.outer(shares, labels.sum(axis=0))
    for n in range(len(shares)):
        wanted[n] -= labels[part == n].sum(axis=0)
    members = _members(dataset)
    counts = np.array([labels[group].sum(axis=0) for group in members])
    order = np.random.default_rng(seed).permutation(len(members))
    waiting = np.array([n for n in order if part[members[n][0]] == _NEW], np.int64)
    while len(waiting):
        holding = counts[waiting] > 0
        remaining = holding.sum(axis=0)
        rarest = np.where(remaining > 0, remaining, len(members) + 1).argmin()
        with_it = waiting[holding[:, rarest]]
        for group in with_it[np.argsort(-counts[with_it, rarest], kind="stable")]:
            best = max(range(len(shares)), key=lambda n: (wanted[n, rarest], wanted[n].sum()))
            part[members[group]] = best
            wanted[best] -= counts[group]
        waiting = waiting[~holding[:, rarest]]
    return part


def _placed(dataset: Dataset, before: Parts | None) -> IntArray:
    """The side of each example, (n,), from what is frozen; -1 of those that are free."""
    if before is None:
        return np.full(len(dataset.examples), _NEW)
    own = dict.fromkeys(before.learn, _LEARN) | dict.fromkeys(before.test, _TEST)
    documents = [each.document for each in dataset.examples]
    # A group is named after one of its members, whose side counts even if it is gone from here.
    of_group = {group_of(each): own.get(group_of(each), _NEW) for each in documents}
    for each in documents:
        of_group[group_of(each)] = max(of_group[group_of(each)], own.get(each.id, _NEW))
    found = (own.get(each.id, of_group[group_of(each)]) for each in documents)
    return np.fromiter(found, np.int64, len(documents))


def _added(dataset: Dataset, here: BoolArray, before: Parts | None) -> tuple[str, ...]:
    """The ids of a part that are not frozen yet, in order."""
    frozen = {*before.learn, *before.test} if before else set()
    ids = (dataset.examples[n].document.id for n in np.flatnonzero(here))
    return tuple(dict.fromkeys(each for each in ids if each not in frozen))


def _ends(dataset: Dataset) -> NDArray[np.str_]:
    """The last day that each example's group may be of, (n,), as text in order; "" without a date.

    "2021-04" is "2021-04-99": as late as any day of that month.
    """
    documents = [each.document for each in dataset.examples]
    latest: dict[str, str] = {}
    for each in documents:
        end = each.date and each.date + "-99" * (2 - each.date.count("-"))
        latest[group_of(each)] = max(latest.get(group_of(each), ""), end)
    return np.array([latest[group_of(each)] for each in documents], np.str_)


def _cut(dataset: Dataset, ends: NDArray[np.str_], share: float) -> str:
    """The date from which on the dated articles make up nearest to a share.

    Raises:
        InputError: the dates do not tell earlier articles from later ones.
    """
    dates = np.unique([each.document.date for each in dataset.examples if each.document.date])
    dated = np.sort(ends[ends != ""])
    count = len(dated) - np.searchsorted(dated, dates)
    apart = count < len(dated)
    if not apart.any():
        raise InputError(
            f"split by date: the articles have {len(dates)} different dates, so none is known to "
            "be older than the others. Train with --split stratified."
        )
    gap = np.abs(count - share * len(dated))
    return str(dates[apart][gap[apart].argmin()])


def _notes(dataset: Dataset, parts: Parts, share: float, *, frozen: bool) -> list[str]:
    """What a user should know of a split."""
    learn, test = sides(dataset, parts)
    total = len(learn) + len(test)
    notes = []
    if parts.by == "date":
        undated = sum(not dataset.examples[n].document.date for n in learn)
        total -= undated
        notes.append(f"testing on {len(test)} articles that may be of {parts.since} or later")
        if undated:
            notes.append(f"learning from {undated} articles without a date as well")
    dropped = len(dataset.examples) - len(learn) - len(test)
    if dropped:
        notes.append(
            f"{dropped} articles are left out of learning: near-duplicates of test articles"
        )
    found = len(test) / max(total, 1)
    if not share / _FAR <= found <= share * _FAR:
        said = f"the test part is {found:.0%} of the articles where {share:.0%} are wanted"
        notes.append(said + ("; it is frozen, --new-split draws another" if frozen else ""))
    return notes


def group_of(document: Document) -> str:
    """What an article shares with its near-duplicates: their group, else its own id."""
    return document.group or document.id


def _names(dataset: Dataset) -> set[str]:
    """The ids and groups of all articles."""
    return {
        name for each in dataset.examples for name in (each.document.id, group_of(each.document))
    }


def _members(dataset: Dataset) -> list[IntArray]:
    """The positions of each group's members, groups in the order of their first."""
    positions: dict[str, list[int]] = {}
    for n, example in enumerate(dataset.examples):
        positions.setdefault(group_of(example.document), []).append(n)
    return [np.array(members) for members in positions.values()]


def _labels(dataset: Dataset) -> Float64Array:
    """Which categories each example has, (n, k + 1).

    A last column stands for articles without any, so that they are shared out as well.
    """
    column = {name: n for n, name in enumerate(dataset.taxonomy.ids)}
    labels = np.zeros((len(dataset.examples), len(column) + 1))
    for n, example in enumerate(dataset.examples):
        labels[n, [column[each] for each in example.categories] or [len(column)]] = 1
    return labels
