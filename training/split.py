"""Which articles to learn from and which to measure on: stratified, near-duplicates together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labels.dataset import Dataset
from seeds.errors import InputError

Indices = NDArray[np.int64]


def hold_out(dataset: Dataset, share: float, seed: int) -> tuple[Indices, Indices]:
    """Positions to learn from and positions kept apart; a group is never on both sides.

    Raises:
        InputError: the share is not within [0, 0.9].
    """
    if not 0 <= share <= 0.9:
        raise InputError(f"test must be a share from 0 to 0.9, found {share}")
    if share == 0:
        return np.arange(len(dataset.examples)), np.zeros(0, np.int64)
    part = assign(dataset, (1 - share, share), seed)
    return np.flatnonzero(part == 0), np.flatnonzero(part == 1)


def folds(dataset: Dataset, count: int, seed: int) -> list[tuple[Indices, Indices]]:
    """(learn, validate) positions, each article validated once.

    Raises:
        InputError: count is less than 2, or there are fewer groups than folds.
    """
    groups = len({_group(each.document) for each in dataset.examples})
    if count < 2:
        raise InputError(f"folds must be 2 or more, found {count}")
    if groups < count:
        raise InputError(
            f"{groups} different articles are too few for {count} folds. Label more of them."
        )
    part = assign(dataset, (1 / count,) * count, seed)
    return [(np.flatnonzero(part != n), np.flatnonzero(part == n)) for n in range(count)]


def assign(dataset: Dataset, shares: Sequence[float], seed: int) -> Indices:
    """The part of each example, (n,): every category near its share in every part.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011) over groups: the rarest
    category still to be placed goes first, to the part that wants it most.
    """
    members, counts = _groups(dataset)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(members))
    wanted = np.outer(shares, counts.sum(axis=0))
    part = np.zeros(len(dataset.examples), np.int64)
    left = set(order.tolist())
    while left:
        waiting = np.array([n for n in order if n in left])
        remaining = (counts[waiting] > 0).sum(axis=0)
        rarest = np.where(remaining > 0, remaining, len(members) + 1).argmin()
        with_it = waiting[counts[waiting, rarest] > 0]
        for group in sorted(with_it, key=lambda n: -counts[n, rarest]):
            best = max(range(len(shares)), key=lambda n: (wanted[n, rarest], wanted[n].sum()))
            part[members[group]] = best
            wanted[best] -= counts[group]
            left.discard(int(group))
    return part


def _group(document: object) -> str:
    return getattr(document, "group", "") or str(getattr(document, "id", ""))


def _groups(dataset: Dataset) -> tuple[list[Indices], NDArray[np.float64]]:
    """The positions of each group's members, and how often each category stands in it.

    A last column counts the articles without any category, so that they are shared out as well.
    """
    column = {name: n for n, name in enumerate(dataset.taxonomy.ids)}
    positions: dict[str, list[int]] = {}
    for n, example in enumerate(dataset.examples):
        positions.setdefault(_group(example.document), []).append(n)
    counts = np.zeros((len(positions), len(column) + 1))
    for row, members in enumerate(positions.values()):
        for n in members:
            columns = [column[each] for each in dataset.examples[n].categories]
            counts[row, columns or [len(column)]] += 1
    return [np.array(members) for members in positions.values()], counts
