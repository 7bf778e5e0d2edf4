"""How far two sets of labels are apart: nominal, Jaccard, MASI."""

import numpy as np

from labels.agreement.votes import BoolArray, FloatArray


def nominal(sets: BoolArray) -> FloatArray:
    """Return 0 for equal sets and 1 for others, (v, v); sets: bool (v, k), all different."""
    return 1 - np.eye(len(sets))


def jaccard(sets: BoolArray) -> FloatArray:
    """Return 1 - |A and B| / |A or B|, (v, v); 0 for two empty sets. sets: bool (v, k)."""
    common, union = _overlap(sets)
    return np.where(union > 0, 1 - common / np.maximum(union, 1), 0.0)


def masi(sets: BoolArray) -> FloatArray:
    """Return the MASI distance, (v, v); 0 for two empty sets. sets: bool (v, k).

    1 - Jaccard similarity x monotonicity, which is 1 for equal sets, 2/3 where one holds the
    other, 1/3 where they only overlap, else 0. Source: Passonneau 2006.
    """
    common, union = _overlap(sets)
    sizes = sets.sum(axis=1)
    smaller, larger = np.minimum.outer(sizes, sizes), np.maximum.outer(sizes, sizes)
    monotone = np.select([common == larger, common == smaller, common > 0], [1.0, 2 / 3, 1 / 3])
    return np.where(union > 0, 1 - monotone * common / np.maximum(union, 1), 0.0)


def _overlap(sets: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the sizes of intersections and unions of all pairs, (v, v) each."""
    members = sets.astype(np.float64)
    common, sizes = members @ members.T, members.sum(axis=1)
    return common, np.add.outer(sizes, sizes) - common
