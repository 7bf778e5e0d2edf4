"""Hashed n-grams over whole arrays of bytes: texts -> counts, with NumPy alone.

A word is read once for a batch of articles, and counted once for each of them, however often it
stands there. Its character n-grams are all runs of its bytes (see `folding`), with the space before
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
    words,
    words_with_origins,
)

_Part = tuple[IntArray, Float64Array, IntArray]  # buckets, weights, where each text's begin
_CHARACTERS_AT_ONCE = (
    1 << 18
)  # more share their words; still more no longer fit the processor's cache
# Odd numbers without a pattern: of the golden ratio, MurmurHash3, and two generators' multipliers.
_M1 = np.uint64(0x9E3779B97F4A7C15)
_M2 = np.uint64(0xFF51AFD7ED558CCD)
_M3 = np.uint64(0x5851F42D4C957F2D)
_M4 = np.uint64(0xC4CEB9FE1A85EC53)
_SLOTS = 17  # bits of the table in which equal words of a batch meet
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # the n lowest bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """Bucket counts of n texts, as compressed sparse rows.

    Attributes:
        starts: int64 (n + 1,), where each text's part of the other two begins.
        buckets: int32, each once, in no order.
        counts: float32, how often.
    """

    starts: IntArray
    buckets: Int32Array
    counts: Float32Array


@dataclass(frozen=True, slots=True)
class Ngrams:
    """Which n-grams are counted.

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
        """Each text's features, and how often each occurs; both (m,), in no order.

        Args:
            texts: any number.
            columns: int32 (2**buckets,), the feature of each bucket, below 0 for a bucket that is
                none; None: every bucket is a feature.
        """
        last = np.empty(1 << self.buckets, np.int32)  # where each feature stood last in a text
        places = np.arange(1 << 12, dtype=np.int32)
        for batch in _batches(texts):
            for features, times in self._occurrences(batch, columns):
                if len(features) > len(places):
                    places = np.arange(2 * len(features), dtype=np.int32)
                last[features] = places[: len(features)]
                sums = np.bincount(last.take(features), times, len(features))
                found = np.flatnonzero(sums > 0)
                yield features.take(found), sums.take(found).astype(np.float64)

    def count(self, texts: Sequence[str]) -> Counts:
        """The bucket counts of each text."""
        starts = np.zeros(len(texts) + 1, np.int64)
        buckets, counts = np.empty(0, np.int32), np.empty(0, np.float32)
        for n, (found, sums) in enumerate(self.bags(texts)):
            begin = int(starts[n])
            end = starts[n + 1] = begin + len(found)
            if end > len(buckets):  # in place, as far as the system can: no second copy of it all
                buckets.resize(int(end * 1.25) + 1024, refcheck=False)
                counts.resize(len(buckets), refcheck=False)
            buckets[begin:end], counts[begin:end] = found, sums
        buckets.resize(int(starts[-1]), refcheck=False)
        counts.resize(int(starts[-1]), refcheck=False)
        return Counts(starts, buckets, counts)

    def places(self, text: str) -> tuple[IntArray, IntArray, IntArray]:
        """Every occurrence of an n-gram: its bucket, its first character, and the one after it."""
        found, origins = words_with_origins(text)
        stream, at = _compact(found, np.arange(len(found.starts)))
        ends = found.starts + found.lengths
        parts = [
            (buckets, at[first], at[first + length - 1])
            for length, (buckets, first, _) in self._chars(stream, found.lengths).items()
        ]
        for length, (buckets, first) in self._runs(found).items():
            parts.append((buckets, found.starts[first], ends[first + length - 1] - 1))
        buckets, firsts, lasts = (
            np.concatenate([np.zeros(0, np.int64), *(each[n] for each in parts)]) for n in range(3)
        )
        return buckets, origins[firsts], origins[lasts] + 1

    def _occurrences(
        self, texts: Sequence[str], columns: Int32Array | None
    ) -> Iterator[tuple[IntArray, Float64Array]]:
        """Each text's features, one or more times each, and what each time counts for."""
        found = words(texts)
        edges = np.searchsorted(found.texts, np.arange(len(texts) + 1))  # words, text by text
        parts: list[_Part] = [
            (buckets, np.ones(len(buckets)), np.searchsorted(first, edges))
            for buckets, first in self._runs(found).values()
        ]
        if columns is not None:
            parts = [_known(part, columns) for part in parts]
        parts += self._of_distinct_words(found, edges, columns)
        for n in range(len(texts)):
            spans = [slice(each[n], each[n + 1]) for _, _, each in parts]
            features, times = (
                np.concatenate([part[k][span] for part, span in zip(parts, spans, strict=True)])
                for k in range(2)
            )
            yield features, times

    def _of_distinct_words(
        self, found: Words, edges: IntArray, columns: Int32Array | None
    ) -> Iterator[_Part]:
        """Features of the characters of each text's distinct words.

        They are made once for each word of the batch, and those that are none are dropped there;
        each text then has its words' features, which is all that is done for every text.
        """
        chosen, times = _distinct(found.hashes, found.lengths, found.texts)
        edges = np.searchsorted(chosen, edges)
        hashes, lengths = found.hashes.take(chosen), found.lengths.take(chosen)
        met = _met(hashes, lengths)
        once = np.bincount(met, minlength=len(met)) > 0
        own = np.flatnonzero(once)  # a word of the batch each
        which = (np.cumsum(once) - 1).take(met)
        stream, _ = _compact(found, chosen.take(own))
        for buckets, _, of_each in self._chars(stream, lengths.take(own)).values():
            features, many = buckets, of_each
            if columns is not None:
                features, many = _known_of(columns.take(buckets), of_each)
            begins = np.cumsum(many) - many
            of_word = many.take(which)
            until = np.concatenate([[0], np.cumsum(of_word)])
            at = np.repeat(begins.take(which) - until[:-1], of_word) + np.arange(until[-1])
            yield features.take(at), np.repeat(times, of_word), until.take(edges)

    def _chars(
        self, stream: Bytes, lengths: IntArray
    ) -> dict[int, tuple[IntArray, IntArray, IntArray]]:
        """By length, the n-grams of a compact stream of words.

        Returns:
            The bucket of each, where it begins, and how many each word has.
        """
        shortest, longest = self.char_ngrams
        if not longest:
            return {}
        begins = np.cumsum(lengths + 1) - lengths - 1
        padded = np.append(stream, np.zeros(7, np.uint8))
        numbers: Hashes = np.ndarray(len(stream), "<u8", padded, strides=(1,)).copy()
        found = {}
        for length in range(shortest, longest + 1):
            many = np.maximum(lengths + 3 - length, 0)
            before = np.cumsum(many) - many
            first = np.repeat(begins - before, many) + np.arange(int(many.sum()))
            hashes = (numbers.take(first) & _MASKS[length]) * _M1
            found[length] = self._top(hashes), first, many
        return found

    def _runs(self, found: Words) -> dict[int, tuple[IntArray, IntArray]]:
        """By length, runs of words of one text: bucket, and each one's first word."""
        shortest, longest = self.word_ngrams
        runs, by_length = found.hashes, {}
        for length in range(1, longest + 1):
            if length > 1:
                runs = runs[:-1] * _M3 + found.hashes[length - 1 :]
            same = found.texts[: len(runs)] == found.texts[len(found.texts) - len(runs) :]
            first = np.flatnonzero(same)
            if length >= shortest:
                salt = np.uint64(length * int(_M4) % (1 << 64))
                by_length[length] = self._top((runs.take(first) ^ salt) * _M2), first
        return by_length

    def _top(self, hashes: Hashes) -> IntArray:
        return (hashes >> np.uint64(64 - self.buckets)).astype(np.int64)


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of texts of about _CHARACTERS_AT_ONCE together, never less than one text."""
    first = size = 0
    for n, text in enumerate(texts):
        if n > first and size + len(text) > _CHARACTERS_AT_ONCE:
            yield texts[first:n]
            first, size = n, 0
        size += len(text)
    if first < len(texts):
        yield texts[first:]


def _known(part: _Part, columns: Int32Array) -> _Part:
    """The features in the place of buckets, without the buckets that are none."""
    buckets, times, edges = part
    features = columns.take(buckets)
    known = np.flatnonzero(features >= 0)
    return features.take(known).astype(np.int64), times.take(known), np.searchsorted(known, edges)


def _compact(found: Words, chosen: IntArray) -> tuple[Bytes, IntArray]:
    """Some words after each other, a space before each and one at the end; where each byte was."""
    sizes = found.lengths.take(chosen) + 1
    begins = np.cumsum(sizes) - sizes
    at = np.repeat(found.starts.take(chosen) - 1 - begins, sizes) + np.arange(int(sizes.sum()))
    after = found.starts[chosen[-1:]] + found.lengths[chosen[-1:]]
    at = np.concatenate([at, after])
    return found.stream.take(at), at


def _known_of(features: Int32Array, many: IntArray) -> tuple[IntArray, IntArray]:
    """The features that are one, and how many each word has; many: how many it had."""
    known = features >= 0
    until = np.concatenate([[0], np.cumsum(known)])
    ends = np.cumsum(many)
    return features[known].astype(np.int64), until.take(ends) - until.take(ends - many)


def _distinct(hashes: Hashes, lengths: IntArray, texts: IntArray) -> tuple[IntArray, Float64Array]:
    """One of each text's equal words, and how many there are; a few may be left apart."""
    times = np.bincount(_met(hashes, lengths, texts), minlength=len(hashes))
    chosen = np.flatnonzero(times > 0)
    return chosen, times.take(chosen).astype(np.float64)


def _met(hashes: Hashes, lengths: IntArray, texts: IntArray | None = None) -> IntArray:
    """For each word the place of an equal one, the same for all of them, or its own place.

    Equal words meet in a slot of a table that keeps the last comer. A word that finds another one
    there stays by itself: that costs time, and nothing else, for counts add up.

    Args:
        hashes, lengths: of each.
        texts: which it is of, where words of different texts are kept apart.
    """
    mixed = hashes if texts is None else hashes ^ (texts.astype(np.uint64) * _M4)
    slots = ((mixed * _M2) >> np.uint64(64 - _SLOTS)).astype(np.int64)
    places = np.arange(len(slots))
    table = np.empty(1 << _SLOTS, np.int64)
    table[slots] = places
    met = table.take(slots)
    equal = (hashes.take(met) == hashes) & (lengths.take(met) == lengths) & (lengths <= HASHED)
    if texts is not None:
        equal &= texts.take(met) == texts
    return np.where(equal, met, places)
