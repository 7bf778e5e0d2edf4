"""Sharing articles out over parts, every category near its share and near-duplicates together."""

from collections.abc import Sequence

import numpy as np

from labels.dataset import Dataset
from seeds.base.errors import InputError
from seeds.document import Document
from training.arrays import Float64Array, IntArray

UNPLACED = -1  # the part of an example that has none yet


def group_of(document: Document) -> str:
    """Return what an article shares with its near-duplicates: their group, else its own id."""
    return document.group or document.id


def make_folds(dataset: Dataset, count: int, seed: int) -> list[tuple[IntArray, IntArray]]:
    """Return (learn, validate) positions of each fold; each article is validated once.

    Raises:
        InputError: count is less than 2, or there are fewer groups than folds.
    """
    groups = len({group_of(example.document) for example in dataset.examples})
    if count < 2:
        raise InputError(f"folds must be 2 or more, found {count}")
    if groups < count:
        raise InputError(
            f"{groups} different articles are too few for {count} folds. Label more articles."
        )
    part = stratify(dataset, (1 / count,) * count, seed)
    return [(np.flatnonzero(part != n), np.flatnonzero(part == n)) for n in range(count)]


def stratify(
    dataset: Dataset, shares: Sequence[float], seed: int, placed: IntArray | None = None
) -> IntArray:
    """Return the part of each example, (n,), every category near its share in every part.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011) over groups: the rarest
    category still to be placed goes first, to the part that lacks it most. placed: (n,), the part
    of each example that already has one, UNPLACED for the others; a group has one for all of its
    members or for none.
    """
    part = np.full(len(dataset.examples), UNPLACED) if placed is None else placed.copy()
    labels = _label_matrix(dataset)
    lacking = np.outer(shares, labels.sum(axis=0))
    for n in range(len(shares)):
        lacking[n] -= labels[part == n].sum(axis=0)
    members = _group_members(dataset)
    counts = np.array([labels[positions].sum(axis=0) for positions in members])
    order = np.random.default_rng(seed).permutation(len(members))
    waiting = np.array([n for n in order if part[members[n][0]] == UNPLACED], np.int64)
    while len(waiting):
        has_category = counts[waiting] > 0
        remaining = has_category.sum(axis=0)
        rarest = np.where(remaining > 0, remaining, len(members) + 1).argmin()
        groups = waiting[has_category[:, rarest]]
        for group in groups[np.argsort(-counts[groups, rarest], kind="stable")]:
            best = max(range(len(shares)), key=lambda n: (lacking[n, rarest], lacking[n].sum()))
            part[members[group]] = best
            lacking[best] -= counts[group]
        waiting = waiting[~has_category[:, rarest]]
    return part


def _group_members(dataset: Dataset) -> list[IntArray]:
    """Return the positions of each group's members, groups in the order of their first member."""
    positions: dict[str, list[int]] = {}
    for n, example in enumerate(dataset.examples):
        positions.setdefault(group_of(example.document), []).append(n)
    return [np.array(members) for members in positions.values()]


def _label_matrix(dataset: Dataset) -> Float64Array:
    """Return 1 where an example has a category, (n, k + 1).

    A last column stands for articles without any, so that they are shared out as well.
    """
    column = {name: n for n, name in enumerate(dataset.taxonomy.ids)}
    labels = np.zeros((len(dataset.examples), len(column) + 1))
    for n, example in enumerate(dataset.examples):
        labels[n, [column[name] for name in example.categories] or [len(column)]] = 1
    return labels
