"""Signatures of articles (MinHash): two that share much of their text agree in some of its parts.

An article's signature follows from its text alone, so it is computed once and kept in the
workspace's signatures.npy. That file is only a cache: without it, all are computed again.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seeds.base.storage import replacing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Rows = npt.NDArray[Any]  # (n,): id, size, bands
    Places = npt.NDArray[np.int64]

SHINGLE = 3  # words
# 42 bands of 3 hash values: a pair at 0.5 becomes a candidate with probability
# 1 - (1 - 0.5³)^42 = 0.996, an unrelated pair at 0.02 with 0.0003.
BANDS, _BAND = 42, 3
# A band that many articles share stands for a passage they all have. Each is then compared with the
# first of them and with those before it, but not with all.
_FIRST, _BEFORE = 2, 2
_WORD = re.compile(r"\w+")
_MOST_WORDS = 500_000  # whose hashes are remembered; some 60 MB
_AT_ONCE = 4096  # shingles whose values are computed together; 4 MB
_FIELDS = ("id", "size", "bands_v1")  # another name for any other way of making them


def shingle_set(text: str, hashes: dict[str, int]) -> "Hashes":
    """Return the sorted, distinct 64-bit hashes of the three-word sequences of a text.

    A text of fewer words has one hash over all of them; a text without words has one over all.

    hashes: of the words seen so far; filled.
    """
    import numpy as np

    if len(hashes) > _MOST_WORDS:
        hashes.clear()
    words = _WORD.findall(text.casefold()) or [text]
    for word in words:
        if word not in hashes:
            digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
            hashes[word] = int.from_bytes(digest, "little")
    numbers = np.fromiter(map(hashes.__getitem__, words), np.uint64, len(words))
    return np.unique(_shingles(numbers))


def sign_articles(ids: Sequence[str], texts: Callable[[int], str], kept: "Rows") -> "Rows":
    """Return a row for each article: id, number of distinct shingles, a number for each band.

    Args:
        ids: of the articles.
        texts: returns the text of the article at a place among them.
        kept: rows of some of them; these texts are not read.
    """
    import numpy as np

    rows: Rows = np.zeros(len(ids), _row_type())
    rows[_FIELDS[0]] = [int(name, 16) for name in ids]
    known: npt.NDArray[np.bool_] = np.zeros(len(ids), bool)
    if len(kept):
        order = np.argsort(kept[_FIELDS[0]])
        places = np.searchsorted(kept[_FIELDS[0]], rows[_FIELDS[0]], sorter=order)
        found = kept[order[np.minimum(places, len(kept) - 1)]]
        known = found[_FIELDS[0]] == rows[_FIELDS[0]]
        rows[known] = found[known]
    hashes: dict[str, int] = {}
    for n in np.flatnonzero(~known).tolist():
        shingles = shingle_set(texts(n), hashes)
        rows[n] = (rows[n][_FIELDS[0]], len(shingles), _bands(shingles))
    return rows


def find_candidates(rows: "Rows", first: int) -> Iterator[tuple[int, int]]:
    """Find the pairs of places that may be near-duplicates, each place with earlier ones only.

    The number of pairs grows with the number of articles, however much text they share.

    Args:
        rows: of all articles.
        first: the place from which on articles are new; pairs of earlier ones are left out.
    """
    import numpy as np

    pairs: Places = np.zeros(0, np.int64)
    for band in range(BANDS):
        found = _pairs_in_band(rows[_FIELDS[2]][:, band], first)
        pairs = np.union1d(pairs, found)
    for pair in pairs.tolist():
        right, left = divmod(pair, len(rows))
        yield left, right


def sizes(rows: "Rows") -> list[int]:
    """Return the number of distinct shingles of each article."""
    numbers: list[int] = rows[_FIELDS[1]].tolist()
    return numbers


def read_signatures(workspace: Path) -> "Rows":
    """Return the rows kept in a workspace; none if they are missing, damaged or of another kind."""
    import numpy as np

    rows: Rows = np.zeros(0)
    with (
        contextlib.suppress(OSError, ValueError, EOFError, MemoryError),
        (workspace / "signatures.npy").open("rb") as file,
    ):
        rows = np.lib.format.read_array(file, allow_pickle=False)  # type: ignore[no-untyped-call]
    return rows if rows.dtype == _row_type() and rows.ndim == 1 else no_signatures()


def no_signatures() -> "Rows":
    """Return rows of no article."""
    import numpy as np

    return np.zeros(0, _row_type())


def keep_signatures(workspace: Path, rows: "Rows") -> None:
    """Keep the rows of all articles of a workspace."""
    import numpy as np

    with replacing(workspace / "signatures.npy") as file:
        np.lib.format.write_array(file, rows, allow_pickle=False)  # type: ignore[no-untyped-call]


def _row_type() -> "np.dtype[Any]":
    import numpy as np

    return np.dtype(list(zip(_FIELDS, ("<u8", "<u4", ("<u4", BANDS)), strict=True)))


def _shingles(words: "Hashes") -> "Hashes":
    """Hash the sequences of three words, from the words' hashes; arithmetic wraps at 2^64."""
    import numpy as np

    count = max(1, len(words) - SHINGLE + 1)
    mixed: Hashes = np.zeros(count, np.uint64)
    for n in range(min(SHINGLE, len(words))):
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= words[n : n + count]
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _bands(shingles: "Hashes") -> "npt.NDArray[np.uint32]":
    """Return a number for each band: of the least values of its hash functions, uint32 (BANDS,)."""
    import numpy as np

    factors, offsets = _hash_functions()
    least: Hashes = np.full(BANDS * _BAND, np.iinfo(np.uint64).max, np.uint64)
    for begin in range(0, len(shingles), _AT_ONCE):
        values = factors[:, None] * shingles[begin : begin + _AT_ONCE] + offsets[:, None]
        np.minimum(least, values.min(axis=1), out=least)
    values = least.reshape(BANDS, _BAND)
    mixed: Hashes = np.zeros(BANDS, np.uint64)
    for n in range(_BAND):
        mixed = (mixed ^ values[:, n]) * np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(33)
    return mixed.astype(np.uint32)


@cache
def _hash_functions() -> "tuple[Hashes, Hashes]":
    """Return the factors, which are odd, and the offsets of the hash functions of all bands."""
    import numpy as np

    digests = [hashlib.blake2b(b"%d" % n, digest_size=16).digest() for n in range(BANDS * _BAND)]
    numbers = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2).astype(np.uint64)
    return numbers[:, 0] | np.uint64(1), numbers[:, 1]


def _pairs_in_band(values: "npt.NDArray[np.uint32]", first: int) -> "Places":
    """Return the candidates of a band, each as right · n + left.

    values: uint32 (n,), of each article.
    """
    import numpy as np

    places = np.flatnonzero(np.isin(values, values[first:])) if first else np.arange(len(values))
    order = places[np.argsort(values[places], kind="stable")]
    runs = values[order]
    at = np.arange(len(order))
    begins = np.maximum.accumulate(np.where(np.diff(runs, prepend=~runs[:1]) != 0, at, 0))
    partners = [begins + n for n in range(_FIRST)] + [at - n for n in range(1, _BEFORE + 1)]
    new = order >= first
    pairs = []
    for left in partners:
        sound = np.flatnonzero((left >= begins) & (left < at) & new)
        pairs.append(order[sound] * len(values) + order[left[sound]])
    return np.concatenate(pairs)
