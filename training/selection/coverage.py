"""Choose few articles that resemble as many others as possible; NumPy alone. Pure."""

from dataclasses import dataclass

import numpy as np

from training.arrays import BoolArray, Float32Array, Float64Array


@dataclass(frozen=True, slots=True)
class Pick:
    """An article chosen for what it covers.

    Attributes:
        place: of the article.
        neighbours: how many others resemble it more than anything chosen before.
    """

    place: int
    neighbours: int


def choose_covering(
    similarity: Float32Array,
    weights: Float64Array,
    covered: Float32Array,
    allowed: BoolArray,
    count: int,
) -> list[Pick]:
    """Choose articles one by one, each the one that adds most to what is covered.

    An article is covered as far as the chosen one most similar to it resembles it, and counts by
    its weight. This is greedy facility location, within 63 % of the best set there is (Nemhauser,
    Wolsey and Fisher 1978). What an article adds only shrinks as others are chosen, so that its
    earlier figure bounds it and most need no second look (Minoux 1978).

    Args:
        similarity: of each article to each other, (n, n), in [0, 1].
        weights: what it is worth to cover each article, (n,), 0 or more.
        covered: how far each is covered already, (n,), in [0, 1].
        allowed: which may be chosen, (n,).
        count: how many to choose, if there are as many.
    """
    covered = covered.copy()
    bounds = np.array([_gain(row, weights, covered) for row in similarity])
    bounds[~allowed] = -1.0
    picks: list[Pick] = []
    while len(picks) < count and (bounds >= 0).any():
        place = int(bounds.argmax())
        gain = _gain(similarity[place], weights, covered)
        bounds[place] = gain
        if gain < bounds.max():
            continue
        closer = similarity[place] > covered
        picks.append(Pick(place, int(closer.sum() - closer[place])))
        covered = np.maximum(covered, similarity[place])
        bounds[place] = -1.0
    return picks


def _gain(row: Float32Array, weights: Float64Array, covered: Float32Array) -> float:
    """Return what one article adds to what is covered."""
    return float(np.maximum(row - covered, 0) @ weights)
