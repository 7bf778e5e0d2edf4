"""Hashed n-grams over whole arrays of characters: texts -> counts, with NumPy alone.

A text is lower-cased, its accents are folded, and whatever is neither letter nor digit becomes one
space. Character n-grams stay within a word, the space at its edges included; word n-grams are runs
of words. Every n-gram is hashed to a bucket, so there is no vocabulary to store or to look up.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seeds.errors import InputError

Array = NDArray[np.uint64]
_CHARACTERS_AT_ONCE = 1 << 18  # keeps the arrays of one pass within a few MB
# Odd 64-bit constants: the multiplier of the polynomial hash and of MurmurHash3's finaliser.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_WORDS = np.uint64(0x5851F42D4C957F2D)  # sets word n-grams apart from character n-grams
_SPACE = 32


@dataclass(frozen=True, slots=True)
class Counts:
    """Bucket counts of n texts, as compressed sparse rows.

    Attributes:
        starts: int64 (n + 1,), where each text's part of the other two begins.
        buckets: int64, ascending within a text.
        counts: float32, how often.
    """

    starts: NDArray[np.int64]
    buckets: NDArray[np.int64]
    counts: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ngrams:
    """Which n-grams are counted.

    Attributes:
        buckets: n-grams are hashed to 2**buckets features.
        char_ngrams: shortest and longest run of characters; (0, 0) for none.
        word_ngrams: shortest and longest run of words; (0, 0) for none.
    """

    buckets: int
    char_ngrams: tuple[int, ...]
    word_ngrams: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 8 <= self.buckets <= 24:
            raise InputError(f"buckets must be 8 to 24, found {self.buckets}")
        for name, longest in (("char_ngrams", 8), ("word_ngrams", 4)):
            span = getattr(self, name)
            if len(span) != 2 or (tuple(span) != (0, 0) and not 1 <= span[0] <= span[1] <= longest):
                raise InputError(
                    f"{name} must be [shortest, longest] within 1 to {longest}, or [0, 0], "
                    f"found {list(span)}"
                )
        if tuple(self.char_ngrams) == tuple(self.word_ngrams) == (0, 0):
            raise InputError("char_ngrams and word_ngrams are both [0, 0]: nothing to count")

    def count(self, texts: Sequence[str]) -> Counts:
        """The bucket counts of each text."""
        starts, buckets, counts = [np.zeros(1, np.int64)], [], []
        for batch in _batches(texts):
            part = self._count_batch(batch)
            starts.append(part.starts[1:] + starts[-1][-1])
            buckets.append(part.buckets)
            counts.append(part.counts)
        empty_buckets, empty_counts = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return Counts(
            np.concatenate(starts),
            np.concatenate([empty_buckets, *buckets]),
            np.concatenate([empty_counts, *counts]),
        )

    def _count_batch(self, texts: Sequence[str]) -> Counts:
        stream, text_of = _stream(texts)
        keys = [*self._char_keys(stream, text_of), *self._word_keys(stream, text_of)]
        none = np.zeros(0, np.uint64)
        found, counts = np.unique(np.concatenate([none, *keys]), return_counts=True)
        rows = (found >> np.uint64(self.buckets)).astype(np.int64)
        starts = np.searchsorted(rows, np.arange(len(texts) + 1))  # rows are sorted
        buckets = (found & np.uint64((1 << self.buckets) - 1)).astype(np.int64)
        return Counts(starts.astype(np.int64), buckets, counts.astype(np.float32))

    def _char_keys(self, stream: Array, text_of: Array) -> Iterator[Array]:
        """Text and bucket in one number, for each run of characters within a word."""
        shortest, longest = self.char_ngrams
        space = stream == _SPACE
        before = np.concatenate([[0], np.cumsum(space)])  # spaces before each position
        values = _mix(stream)
        hashes = values
        for length in range(1, longest + 1):
            if length > 1:
                hashes = hashes[:-1] * _MULTIPLIER + values[length - 1 :]
            if length < shortest or len(hashes) == 0:
                continue
            last = len(stream) - length + 1
            if length == 1:
                inside = ~space
            elif length == 2:
                inside = ~(space[:-1] & space[1:])
            else:
                inside = before[length - 1 :][:last] == before[1:][:last]
            chosen = _mix(hashes[inside] + np.uint64(length))
            yield self._key(chosen, text_of[:last][inside])

    def _word_keys(self, stream: Array, text_of: Array) -> Iterator[Array]:
        """Text and bucket in one number, for each run of words."""
        shortest, longest = self.word_ngrams
        if longest == 0:
            return
        words, texts = _words(stream, text_of)
        hashes = words
        for length in range(1, longest + 1):
            if length > 1:
                hashes = hashes[:-1] * _WORDS + words[length - 1 :]
            if length < shortest or len(hashes) == 0:
                continue
            same = texts[: len(hashes)] == texts[length - 1 :]
            chosen = _mix(hashes[same] ^ (_WORDS * np.uint64(length)))
            yield self._key(chosen, texts[: len(hashes)][same])

    def _key(self, hashes: Array, texts: Array) -> Array:
        return (texts << np.uint64(self.buckets)) | (hashes >> np.uint64(64 - self.buckets))


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


def _stream(texts: Sequence[str]) -> tuple[Array, Array]:
    """All texts as folded words with a space around each, and the text each character is of."""
    folded = [unicodedata.normalize("NFKD", f" {text.lower()} ") for text in texts]
    data = "".join(folded).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(data, np.uint32).astype(np.int64)
    lengths = np.array([len(each) for each in folded], np.int64)
    text_of = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
    first = np.zeros(len(codes), bool)
    first[np.concatenate([[0], np.cumsum(lengths)[:-1]])] = True
    word, accent = _classes(codes)
    word, base = word[~accent], codes[~accent]
    after_word = np.concatenate([[False], word[:-1]])
    kept = word | after_word | first[~accent]
    return np.where(word, base, _SPACE)[kept].astype(np.uint64), text_of[~accent][kept]


def _classes(codes: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which characters are letters or digits, and which are accents that folding drops."""
    present = np.zeros(0x110000, bool)
    present[codes] = True
    word, accent = np.zeros_like(present), np.zeros_like(present)
    for code in np.flatnonzero(present):
        character = chr(code)
        word[code] = character.isalnum()
        accent[code] = unicodedata.combining(character) != 0
    return word[codes], accent[codes]


def _words(stream: Array, text_of: Array) -> tuple[Array, Array]:
    """A hash of each word, and whose it is.

    A word's hash is a difference of prefix sums of character · multiplier^position, brought back to
    position 0 by the multiplier's inverse modulo 2^64.
    """
    inside = stream != _SPACE
    edges = np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    powers = _powers(_MULTIPLIER, len(stream) + 1)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mix(stream) * powers[:-1])])
    inverse = np.uint64(pow(int(_MULTIPLIER), -1, 1 << 64))
    shifts = _powers(inverse, len(stream) + 1)
    return _mix((sums[ends] - sums[starts]) * shifts[starts]), text_of[starts]


def _powers(base: np.uint64, count: int) -> Array:
    """1, base, base², … modulo 2^64."""
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


def _mix(values: Array) -> Array:
    """MurmurHash3's 64-bit finaliser: every input bit sways every output bit."""
    values = (values ^ (values >> np.uint64(33))) * _MIX_1
    values = (values ^ (values >> np.uint64(33))) * _MIX_2
    return values ^ (values >> np.uint64(33))
