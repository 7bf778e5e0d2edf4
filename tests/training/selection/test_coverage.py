"""Articles that cover the others: worked out by hand, and beside an exhaustive search."""

import itertools

import numpy as np

from training.selection.coverage import Pick, choose_covering

ALL = np.ones(5, bool)
NONE = np.zeros(5, np.float32)
# Two clusters, 0 1 2 around 1 and 3 4, and nothing between them.
SIMILARITY = np.array(
    [
        [1.0, 0.8, 0.3, 0.0, 0.0],
        [0.8, 1.0, 0.8, 0.0, 0.0],
        [0.3, 0.8, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.9],
        [0.0, 0.0, 0.0, 0.9, 1.0],
    ],
    np.float32,
)


def test_the_middle_of_the_largest_cluster_comes_first_then_the_other_cluster() -> None:
    picks = choose_covering(SIMILARITY, np.ones(5), NONE, ALL, 2)
    assert picks == [Pick(1, 2), Pick(3, 1)]


def test_what_is_covered_already_is_left_to_the_end() -> None:
    covered = np.array([0.9, 1, 0.9, 0, 0], np.float32)
    assert choose_covering(SIMILARITY, np.ones(5), covered, ALL, 1) == [Pick(3, 1)]


def test_weights_decide_what_is_worth_covering() -> None:
    weights = np.array([0, 0, 0, 0.1, 1.0])
    assert choose_covering(SIMILARITY, weights, NONE, ALL, 1)[0].place == 4


def test_only_allowed_articles_are_chosen_and_all_of_them_if_enough_are_wanted() -> None:
    allowed = np.array([True, False, True, False, False])
    places = [pick.place for pick in choose_covering(SIMILARITY, np.ones(5), NONE, allowed, 9)]
    assert sorted(places) == [0, 2]


def test_skipping_what_cannot_win_changes_nothing() -> None:
    """The same choices as looking at every article each time."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        vectors = rng.random((12, 3))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        similarity = (vectors @ vectors.T).astype(np.float32)
        weights, covered = rng.random(12), np.zeros(12, np.float32)
        picks = choose_covering(similarity, weights, covered, np.ones(12, bool), 4)
        chosen: list[int] = []
        for _ in range(4):
            totals = {
                place: similarity[[*chosen, place]].max(axis=0) @ weights
                for place in range(12)
                if place not in chosen
            }
            chosen.append(max(totals, key=lambda place: totals[place]))
        assert [pick.place for pick in picks] == chosen
        best = max(
            similarity[list(places)].max(axis=0) @ weights
            for places in itertools.combinations(range(12), 4)
        )
        assert similarity[chosen].max(axis=0) @ weights >= 0.63 * best
