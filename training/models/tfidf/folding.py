"""Texts -> one array of bytes: lower case, no accents, one space between words; NumPy alone.

The same bytes on every machine and in every version of Python, by these rules over UTF-8:

- ASCII: letters are put in lower case, digits stay, everything else separates words.
- U+0080 to U+052F and U+1E00 to U+1EFF (Latin, Greek, Cyrillic): lower case, compatibility
  decomposition, combining marks dropped; œ is oe, æ ae, ß ss, ø o, đ d, ł l. What is then neither
  letter nor digit, or has no room in the bytes of the character itself, separates.
- The ligatures ﬀ to ﬆ (U+FB00 to U+FB06) are their letters.
- U+2000 to U+303F, U+D800 to U+F8FF, U+F900 to U+FFFF, U+1F000 to U+1FFFF and all from U+C0000 on
  separate: punctuation, symbols, pictures.
- Every other character stays as its bytes in UTF-8.

A word's hash: h = 0; for each block of 8 of its first 64 bytes, the last one filled up with 0, read
as a little-endian number x: h = (h ⊕ x) · M, h = h ⊕ (h >> 32), modulo 2**64.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.arrays import BoolArray, IntArray

Bytes = NDArray[np.uint8]
Hashes = NDArray[np.uint64]
HASHED = 64  # bytes of a word that its hash is made of
SPACE = 32
_EDGE = 1  # between two texts; no text holds it, for it is neither letter nor digit
_ASCII = bytes(
    ord(chr(code).lower()) if code >= 128 or chr(code).isalnum() else SPACE for code in range(128)
) + bytes(range(128, 256))
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio, odd
_LOWEST = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # the n lowest bytes
_LETTERS = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of n texts.

    Attributes:
        stream: uint8, all texts after each other; a byte of SPACE stands on both sides of a word.
        starts: int64 (w,), where each word begins in it.
        lengths: int64 (w,), in bytes.
        texts: int64 (w,), ascending: which text each is of.
        hashes: uint64 (w,), of each.
    """

    stream: Bytes
    starts: IntArray
    lengths: IntArray
    texts: IntArray
    hashes: Hashes


def words(texts: Sequence[str]) -> Words:
    """The folded words of some texts."""
    stream = _marked(texts)
    present, kept = _masks(stream)
    return _words(stream[present][kept])


def words_with_origins(text: str) -> tuple[Words, IntArray]:
    """The folded words of a text, and the character that each byte of their stream comes from."""
    stream = _marked([text])
    present, kept = _masks(stream)
    raw = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    character = np.cumsum((raw & 0xC0) != 0x80) - 1
    origins = np.concatenate([[0], character, [len(text) - 1]])  # of the edges too
    return _words(stream[present][kept]), origins[present][kept].astype(np.int64)


def _marked(texts: Sequence[str]) -> Bytes:
    """The texts between edges, folded in place: what a character does not need is 0."""
    parts = [each.encode("utf-8", "surrogatepass").translate(_ASCII) for each in texts]
    edge = bytes([_EDGE])
    stream = np.frombuffer(bytearray(edge.join([b"", *parts, b""])), np.uint8)
    high = np.flatnonzero(stream >= 0xC2)  # first bytes of characters beyond ASCII
    lead = stream.take(high)
    two = high[lead < 0xE0]
    codes = ((stream.take(two).astype(np.int64) & 0x1F) << 6) | (stream.take(two + 1) & 0x3F)
    _write(stream, two, _TWO.take(codes - 0x80, axis=0))
    if len(two) < len(high):
        _fold_long(stream, high[lead >= 0xE0])
    return stream


def _fold_long(stream: Bytes, at: IntArray) -> None:
    """Fold the characters of three and four bytes that begin at some places."""
    first, second, third = stream[at], stream[at + 1], stream[at + 2]
    four = (first >= 0xF3) | ((first == 0xF0) & (second == 0x9F))
    latin = (first == 0xE1) & (second >= 0xB8) & (second <= 0xBB)
    ligature = (first == 0xEF) & (second == 0xAC) & (third <= 0x86)
    three = (first == 0xE2) | ((first == 0xE3) & (second == 0x80)) | (first == 0xEE)
    three |= ((first == 0xED) & (second >= 0xA0)) | ((first == 0xEF) & ~ligature)
    _write(stream, at[four], np.full((1, 4), SPACE, np.uint8))
    _write(stream, at[three], np.full((1, 3), SPACE, np.uint8))
    codes = (second[latin].astype(np.int64) - 0xB8) * 64 + third[latin] - 0x80
    _write(stream, at[latin], _LATIN[codes])
    _write(stream, at[ligature], _LIGATURES[third[ligature] - 0x80])


def _write(stream: Bytes, at: IntArray, values: Bytes) -> None:
    """Put rows of bytes at some places."""
    for n in range(values.shape[1]):
        stream[at + n] = values[:, n]


def _masks(stream: Bytes) -> tuple[BoolArray, BoolArray]:
    """Which bytes are there, and which of those stay: of a run of separators, the first space."""
    present = stream != 0
    whole = stream[present]
    kept = np.ones(len(whole), bool)
    kept[1:] = (whole[1:] != SPACE) | (whole[:-1] > SPACE)
    return present, kept


def _words(stream: Bytes) -> Words:
    """The words of a stream in which texts are told apart by edges; its edges become spaces."""
    separators = np.flatnonzero(stream <= SPACE)
    edges = np.flatnonzero(stream.take(separators) == _EDGE)  # places among the separators
    stream[separators] = SPACE
    texts = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    lengths = np.diff(separators) - 1
    real = np.flatnonzero(lengths > 0)
    starts, lengths = separators.take(real) + 1, lengths.take(real)
    return Words(stream, starts, lengths, texts.take(real), _hashes(stream, starts, lengths))


def _hashes(stream: Bytes, starts: IntArray, lengths: IntArray) -> Hashes:
    """A hash of each word."""
    padded = np.append(stream, np.zeros(7, np.uint8))
    numbers: Hashes = np.ndarray(len(stream), "<u8", padded, strides=(1,)).copy()
    hashes = _mixed(numbers.take(starts) & _LOWEST.take(np.minimum(lengths, 8)))
    longer = np.flatnonzero(lengths > 8)
    for begin in range(8, HASHED, 8):
        blocks = numbers.take(starts.take(longer) + begin)
        blocks &= _LOWEST.take(np.minimum(lengths.take(longer) - begin, 8))
        hashes[longer] = _mixed(hashes.take(longer) ^ blocks)
        longer = longer[lengths.take(longer) > begin + 8]
        if not len(longer):
            break
    return hashes


def _mixed(numbers: Hashes) -> Hashes:
    """Every bit of a number sways the higher ones, and those the lower half."""
    numbers = numbers * _MULTIPLIER
    return numbers ^ (numbers >> np.uint64(32))


def _folded(character: str, room: int) -> bytes:
    """A character as at most `room` bytes, filled up with 0; spaces where it separates words."""
    if unicodedata.combining(character):
        return bytes(room)
    parts = unicodedata.normalize("NFKD", character.lower())
    letters = "".join(_LETTERS.get(c, c) for c in parts if not unicodedata.combining(c))
    data = letters.encode()
    if not letters.isalnum() or len(data) > room:
        return b" " * room
    return data.ljust(room, b"\0")


def _table(first: int, last: int, room: int) -> Bytes:
    """The folded bytes of a range of characters, (characters, room)."""
    folded = b"".join(_folded(chr(code), room) for code in range(first, last + 1))
    return np.frombuffer(folded, np.uint8).reshape(-1, room)


_KEPT = np.frombuffer("".join(map(chr, range(0x530, 0x800))).encode(), np.uint8).reshape(-1, 2)
_TWO = np.concatenate([_table(0x80, 0x52F, 2), _KEPT])
_LATIN = _table(0x1E00, 0x1EFF, 3)
_LIGATURES = _table(0xFB00, 0xFB06, 3)
