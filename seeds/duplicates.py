"""Near-duplicates: wire copy that several papers rewrote shares a group."""

import hashlib
import itertools
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seeds.base.errors import missing_extra
from seeds.document import Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]

# Jaccard similarity of two articles' sets of three-word sequences from which they are the same
# copy. A rewrite that drops one paragraph in five, changes the headline and one word in twenty-five
# keeps about 0.6; two papers on one event, each in its own words, share below 0.1.
THRESHOLD = 0.5
SHINGLE = 3  # words
# 42 bands of 3 hash values: a pair at 0.5 becomes a candidate with probability
# 1 - (1 - 0.5³)^42 = 0.996, an unrelated pair at 0.02 with 0.0003.
_BANDS, _BAND = 42, 3
_WORD = re.compile(r"\w+")


def assign_groups(documents: Iterable[Document]) -> list[Document]:
    """Return the same documents, in order, each with the group of its near-duplicates.

    A group is named after the first of its members in this order. Similarity carries over: if B
    resembles A and C resembles B, all three are one group. The same documents always get the
    same groups.

    Raises:
        InputError: the extra "seeds" is not installed.
    """
    ordered = list(documents)
    sets = _shingle_sets([document.text for document in ordered])
    parent = list(range(len(ordered)))
    for left, right in _candidates(sets):
        root, child = sorted((_root(parent, left), _root(parent, right)))
        if root != child and _jaccard(sets[left], sets[right]) >= THRESHOLD:
            parent[child] = root
    return [
        replace(document, group=ordered[_root(parent, n)].id) for n, document in enumerate(ordered)
    ]


def _root(parent: list[int], place: int) -> int:
    """Return the first member of a place's group, and shorten the way to it."""
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def _shingle_sets(texts: list[str]) -> "list[Hashes]":
    """Return for each text the sorted, distinct 64-bit hashes of its three-word sequences.

    A text of fewer words has one hash over all of them; a text without words has one over all.
    """
    import numpy as np

    hashes: dict[str, int] = {}  # each word is hashed once
    sets = []
    for text in texts:
        words = _WORD.findall(text.casefold()) or [text]
        for word in words:
            if word not in hashes:
                digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
                hashes[word] = int.from_bytes(digest, "little")
        numbers = np.fromiter(map(hashes.__getitem__, words), np.uint64, len(words))
        sets.append(np.unique(_shingles(numbers)))
    return sets


def _shingles(words: "Hashes") -> "Hashes":
    """Hash the sequences of three words, from the words' hashes; arithmetic wraps at 2^64."""
    import numpy as np

    count = max(1, len(words) - SHINGLE + 1)
    mixed = np.zeros(count, np.uint64)
    for n in range(min(SHINGLE, len(words))):
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= words[n : n + count]
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _candidates(sets: "list[Hashes]") -> Iterable[tuple[int, int]]:
    """Find the pairs of places that MinHash finds alike, each place with earlier ones only."""
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError as error:
        raise missing_extra("seeds", "finding near-duplicates") from error
    import numpy as np

    index = MinHashLSH(num_perm=_BANDS * _BAND, params=(_BANDS, _BAND))
    empty = MinHash(num_perm=_BANDS * _BAND, seed=1, hashfunc=int)
    for place, hashes in enumerate(sets):
        sketch: Any = empty.copy()
        sketch.update_batch((hashes >> np.uint64(32)).tolist())
        yield from zip(sorted(index.query(sketch)), itertools.repeat(place), strict=False)
        index.insert(place, sketch, check_duplication=False)


def _jaccard(left: "Hashes", right: "Hashes") -> float:
    """Return the size of the intersection over that of the union, in [0, 1]."""
    import numpy as np

    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)
