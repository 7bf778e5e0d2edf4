"""Hashed n-grams over whole arrays of bytes: texts -> counts, with NumPy alone.

A word is read once for a batch of articles, and counted once for each of them, however often it
occurs there. Its character n-grams are all runs of its bytes (see `folding`), with the space before
and after it; word n-grams are runs of words. Each is hashed to one of 2**buckets features, so there
is no vocabulary to store or to look up. With all arithmetic modulo 2**64, M₁ … M₄ the constants
below and "top" the highest `buckets` bits:

- an n-gram of up to 8 bytes, read as a little-endian number x: top of x · M₁;
- a run of n words with hashes h₁ … hₙ (see `folding`): g = h₁; g = g · M₃ + hᵢ for the others; top
  of (g ⊕ n · M₄) · M₂.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seeds.base.errors import InputError
from training.arrays import Float32Array, Float64Array, Int32Array, IntArray
from training.models.tfidf.folding import (
    HASHED,
    Bytes,
    Hashes,
    Words,
    fold,
    fold_with_origins,
)

_Part = tuple[IntArray, Float64Array, IntArray]  # features, times, where each text's begin
# More texts share their words; still more no longer fit the processor's cache.
_CHARACTERS_AT_ONCE = 1 << 18
# Odd numbers without a pattern: of the golden ratio, MurmurHash3, and two generators' multipliers.
_M1 = np.uint64(0x9E3779B97F4A7C15)
_M2 = np.uint64(0xFF51AFD7ED558CCD)
_M3 = np.uint64(0x5851F42D4C957F2D)
_M4 = np.uint64(0xC4CEB9FE1A85EC53)
_SLOTS = 17  # the table in which equal words of a batch meet has 2**17 slots
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # the n lowest bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """Bucket counts of n texts, as compressed sparse rows.

    Attributes:
        starts: int64 (n + 1,), where each text's part of the other two arrays begins.
        buckets: int32, each bucket once a text, in no order.
        counts: float32, how often each occurs.
    """

    starts: IntArray
    buckets: Int32Array
    counts: Float32Array


@dataclass(frozen=True, slots=True)
class Ngrams:
    """The n-grams to count.

    Attributes:
        buckets: n-grams are hashed to 2**buckets features.
        char_ngrams: shortest and longest run of bytes of a word; (0, 0) for none.
        word_ngrams: shortest and longest run of words; (0, 0) for none.
    """

    buckets: int
    char_ngrams: tuple[int, ...]
    word_ngrams: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 8 <= self.buckets <= 24:
            raise InputError(f"buckets must be 8 to 24, found {self.buckets}")
        for name, least, longest in (("char_ngrams", 2, 8), ("word_ngrams", 1, 4)):
            span = getattr(self, name)
            if len(span) != 2 or (
                tuple(span) != (0, 0) and not least <= span[0] <= span[1] <= longest
            ):
                raise InputError(
                    f"{name} must be [shortest, longest] within {least} to {longest}, or [0, 0], "
                    f"found {list(span)}"
                )
        if tuple(self.char_ngrams) == tuple(self.word_ngrams) == (0, 0):
            raise InputError("char_ngrams and word_ngrams are both [0, 0]: nothing to count")

    def bags(
        self, texts: Sequence[str], columns: Int32Array | None = None
    ) -> Iterator[tuple[IntArray, Float64Array]]:
        """Yield each text's features, and how often each occurs; both (m,), in no order.

        Args:
            texts: any number.
            columns: int32 (2**buckets,), the feature of each bucket, below 0 for a bucket without
                a feature; None: every bucket is a feature.
        """
        latest = np.empty(1 << self.buckets, np.int32)  # where each feature last stood in a text
        places = np.arange(1 << 12, dtype=np.int32)
        for batch in _batches(texts):
            for features, times in self._occurrences(batch, columns):
                if len(features) > len(places):
                    places = np.arange(2 * len(features), dtype=np.int32)
                latest[features] = places[: len(features)]
                sums = np.bincount(latest.take(features), times, len(features))
                distinct = np.flatnonzero(sums > 0)
                yield features.take(distinct), sums.take(distinct).astype(np.float64)

    def count(self, texts: Sequence[str]) -> Counts:
        """Count the buckets of each text."""
        starts = np.zeros(len(texts) + 1, np.int64)
        buckets, counts = np.empty(0, np.int32), np.empty(0, np.float32)
        for n, (text_buckets, sums) in enumerate(self.bags(texts)):
            begin = int(starts[n])
            end = starts[n + 1] = begin + len(text_buckets)
            if end > len(buckets):  # in place where the system can: no second copy of it all
                buckets.resize(int(end * 1.25) + 1024, refcheck=False)
                counts.resize(len(buckets), refcheck=False)
            buckets[begin:end], counts[begin:end] = text_buckets, sums
        buckets.resize(int(starts[-1]), refcheck=False)
        counts.resize(int(starts[-1]), refcheck=False)
        return Counts(starts, buckets, counts)

    def places(self, text: str) -> tuple[IntArray, IntArray, IntArray]:
        """Find every occurrence of an n-gram.

        Returns:
            The bucket of each, its first character, and the character after it.
        """
        words, origins = fold_with_origins(text)
        stream, at = _compact(words, np.arange(len(words.starts)))
        ends = words.starts + words.lengths
        parts = [
            (buckets, at[begins], at[begins + length - 1])
            for length, (buckets, begins, _) in self._chars(stream, words.lengths).items()
        ]
        for length, (buckets, begins) in self._runs(words).items():
            parts.append((buckets, words.starts[begins], ends[begins + length - 1] - 1))
        buckets, firsts, lasts = (
            np.concatenate([np.zeros(0, np.int64), *(part[n] for part in parts)]) for n in range(3)
        )
        return buckets, origins[firsts], origins[lasts] + 1

    def _occurrences(
        self, texts: Sequence[str], columns: Int32Array | None
    ) -> Iterator[tuple[IntArray, Float64Array]]:
        """Yield each text's features, with repeats, and how often each repeat counts."""
        words = fold(texts)
        edges = np.searchsorted(words.texts, np.arange(len(texts) + 1))  # words, text by text
        parts: list[_Part] = [
            (buckets, np.ones(len(buckets)), np.searchsorted(begins, edges))
            for buckets, begins in self._runs(words).values()
        ]
        if columns is not None:
            parts = [_to_features(part, columns) for part in parts]
        parts += self._of_distinct_words(words, edges, columns)
        for n in range(len(texts)):
            spans = [slice(starts[n], starts[n + 1]) for _, _, starts in parts]
            features, times = (
                np.concatenate([part[k][span] for part, span in zip(parts, spans, strict=True)])
                for k in range(2)
            )
            yield features, times

    def _of_distinct_words(
        self, words: Words, edges: IntArray, columns: Int32Array | None
    ) -> Iterator[_Part]:
        """Yield the features of the characters of each text's distinct words.

        They are computed, and filtered, once for each word of the batch; for every text they are
        only collected.
        """
        chosen, times = _distinct(words.hashes, words.lengths, words.texts)
        edges = np.searchsorted(chosen, edges)
        hashes, lengths = words.hashes.take(chosen), words.lengths.take(chosen)
        equals = _equals(hashes, lengths)
        is_first = np.bincount(equals, minlength=len(equals)) > 0
        vocabulary = np.flatnonzero(is_first)  # each word of the batch once
        which = (np.cumsum(is_first) - 1).take(equals)
        stream, _ = _compact(words, chosen.take(vocabulary))
        for buckets, _, counts in self._chars(stream, lengths.take(vocabulary)).values():
            features, sizes = buckets, counts
            if columns is not None:
                features, sizes = _filter_features(columns.take(buckets), counts)
            begins = np.cumsum(sizes) - sizes
            of_word = sizes.take(which)
            until = np.concatenate([[0], np.cumsum(of_word)])
            at = np.repeat(begins.take(which) - until[:-1], of_word) + np.arange(until[-1])
            yield features.take(at), np.repeat(times, of_word), until.take(edges)

    def _chars(
        self, stream: Bytes, lengths: IntArray
    ) -> dict[int, tuple[IntArray, IntArray, IntArray]]:
        """Find, by length, the n-grams of a compact stream of words.

        Returns:
            The bucket of each, where it begins, and how many each word has.
        """
        shortest, longest = self.char_ngrams
        if not longest:
            return {}
        begins = np.cumsum(lengths + 1) - lengths - 1
        padded = np.append(stream, np.zeros(7, np.uint8))
        numbers: Hashes = np.ndarray(len(stream), "<u8", padded, strides=(1,)).copy()
        by_length = {}
        for length in range(shortest, longest + 1):
            counts = np.maximum(lengths + 3 - length, 0)
            offsets = np.cumsum(counts) - counts
            places = np.repeat(begins - offsets, counts) + np.arange(int(counts.sum()))
            hashes = (numbers.take(places) & _MASKS[length]) * _M1
            by_length[length] = self._top(hashes), places, counts
        return by_length

    def _runs(self, words: Words) -> dict[int, tuple[IntArray, IntArray]]:
        """Find, by length, the runs of words of one text: buckets, and each run's first word."""
        shortest, longest = self.word_ngrams
        runs, by_length = words.hashes, {}
        for length in range(1, longest + 1):
            if length > 1:
                runs = runs[:-1] * _M3 + words.hashes[length - 1 :]
            same_text = words.texts[: len(runs)] == words.texts[len(words.texts) - len(runs) :]
            begins = np.flatnonzero(same_text)
            if length >= shortest:
                salt = np.uint64(length * int(_M4) % (1 << 64))
                by_length[length] = self._top((runs.take(begins) ^ salt) * _M2), begins
        return by_length

    def _top(self, hashes: Hashes) -> IntArray:
        return (hashes >> np.uint64(64 - self.buckets)).astype(np.int64)


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield runs of texts with about _CHARACTERS_AT_ONCE in all, never less than one text."""
    begin = size = 0
    for n, text in enumerate(texts):
        if n > begin and size + len(text) > _CHARACTERS_AT_ONCE:
            yield texts[begin:n]
            begin, size = n, 0
        size += len(text)
    if begin < len(texts):
        yield texts[begin:]


def _to_features(part: _Part, columns: Int32Array) -> _Part:
    """Replace buckets by their features; buckets without a feature are dropped."""
    buckets, times, edges = part
    features = columns.take(buckets)
    places = np.flatnonzero(features >= 0)
    return (
        features.take(places).astype(np.int64),
        times.take(places),
        np.searchsorted(places, edges),
    )


def _compact(words: Words, chosen: IntArray) -> tuple[Bytes, IntArray]:
    """Join the chosen words: a space before each and one at the end.

    Returns:
        The bytes, and the place of each in the stream of all words.
    """
    sizes = words.lengths.take(chosen) + 1
    begins = np.cumsum(sizes) - sizes
    at = np.repeat(words.starts.take(chosen) - 1 - begins, sizes) + np.arange(int(sizes.sum()))
    final_space = words.starts[chosen[-1:]] + words.lengths[chosen[-1:]]
    at = np.concatenate([at, final_space])
    return words.stream.take(at), at


def _filter_features(features: Int32Array, counts: IntArray) -> tuple[IntArray, IntArray]:
    """Drop numbers below 0, which are no features.

    Args:
        features: of all words, one after the other.
        counts: how many each word has.

    Returns:
        The features, and how many each word has left.
    """
    valid = features >= 0
    until = np.concatenate([[0], np.cumsum(valid)])
    ends = np.cumsum(counts)
    return features[valid].astype(np.int64), until.take(ends) - until.take(ends - counts)


def _distinct(hashes: Hashes, lengths: IntArray, texts: IntArray) -> tuple[IntArray, Float64Array]:
    """Return one of each text's equal words, and how many there are; a few may stay apart."""
    times = np.bincount(_equals(hashes, lengths, texts), minlength=len(hashes))
    chosen = np.flatnonzero(times > 0)
    return chosen, times.take(chosen).astype(np.float64)


def _equals(hashes: Hashes, lengths: IntArray, texts: IntArray | None = None) -> IntArray:
    """Find for each word the place of an equal one, the same for all of them, or its own place.

    Equal words share a slot of a table in which the latest replaces the others. A word that meets
    a different one there stays by itself: that costs time and nothing else, for counts add up.

    Args:
        hashes, lengths: of each word.
        texts: the number of its text, where words of different texts are told apart.
    """
    mixed = hashes if texts is None else hashes ^ (texts.astype(np.uint64) * _M4)
    slots = ((mixed * _M2) >> np.uint64(64 - _SLOTS)).astype(np.int64)
    places = np.arange(len(slots))
    table = np.empty(1 << _SLOTS, np.int64)
    table[slots] = places
    latest = table.take(slots)
    equal = hashes.take(latest) == hashes
    equal &= (lengths.take(latest) == lengths) & (lengths <= HASHED)
    if texts is not None:
        equal &= texts.take(latest) == texts
    return np.where(equal, latest, places)
