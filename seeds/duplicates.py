"""Near-duplicates: wire copy that several papers rewrote shares a group."""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seeds.document import Document
from seeds.signatures import find_candidates, no_signatures, shingle_set, sign_articles, sizes

if TYPE_CHECKING:
    from seeds.signatures import Hashes, Rows

# Jaccard similarity of two articles' sets of three-word sequences from which they are the same
# copy. A rewrite that drops one paragraph in five, changes the headline and one word in twenty-five
# keeps about 0.6; two papers on one event, each in its own words, share below 0.1.
THRESHOLD = 0.5
_REMEMBERED = 10_000  # articles whose sets are kept for further comparisons; some 30 MB


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of some articles.

    Attributes:
        groups: of each article, the id of the first of its group.
        signatures: of the articles, to be kept.
        comparisons: how many pairs of articles were compared whole.
    """

    groups: list[str]
    signatures: "Rows"
    comparisons: int


def assign_groups(documents: Iterable[Document], kept: "Rows | None" = None) -> list[Document]:
    """Return the same documents, in order, each with the group of its near-duplicates.

    A group is named after the first of its members in this order. Similarity carries over: if B
    resembles A and C resembles B, all three are one group. The same documents always get the
    same groups.

    kept: signatures of some of them.
    """
    ordered = list(documents)
    grouping = find_groups(
        [document.id for document in ordered], [], lambda place: ordered[place].text, kept
    )
    pairs = zip(ordered, grouping.groups, strict=True)
    return [replace(document, group=group) for document, group in pairs]


def find_groups(
    ids: Sequence[str],
    known: Sequence[str],
    texts: Callable[[int], str],
    kept: "Rows | None" = None,
) -> Grouping:
    """Find the groups of articles, of which the first may have been grouped before.

    Only the others are compared, each with earlier articles: the groups are the same as if all
    had been found at once.

    Args:
        ids: of all articles, in order.
        known: the groups of the first of them.
        texts: returns the text of the article at a place.
        kept: signatures of some of them, whose texts need not be read.
    """
    rows = sign_articles(ids, texts, no_signatures() if kept is None else kept)
    lengths, parent = sizes(rows), _parents(ids, known)
    hashes: dict[str, int] = {}

    @functools.lru_cache(_REMEMBERED)
    def shingles(place: int) -> "Hashes":
        return shingle_set(texts(place), hashes)

    comparisons = 0
    for left, right in find_candidates(rows, len(known)):
        root, child = sorted((_root(parent, left), _root(parent, right)))
        short, long = sorted((lengths[left], lengths[right]))
        if root == child or short < THRESHOLD * long:
            continue
        comparisons += 1
        if _jaccard(shingles(left), shingles(right)) >= THRESHOLD:
            parent[child] = root
    return Grouping([ids[_root(parent, n)] for n in range(len(ids))], rows, comparisons)


def _parents(ids: Sequence[str], known: Sequence[str]) -> list[int]:
    """Return for each place that of an earlier member of its group, or itself."""
    first: dict[str, int] = {}
    parents = [first.setdefault(group, place) for place, group in enumerate(known)]
    return parents + list(range(len(known), len(ids)))


def _root(parent: list[int], place: int) -> int:
    """Return the first member of a place's group, and shorten the way to it."""
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def _jaccard(left: "Hashes", right: "Hashes") -> float:
    """Return the size of the intersection over that of the union, in [0, 1]."""
    import numpy as np

    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)
