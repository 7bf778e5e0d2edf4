"""Texts -> one array of bytes: lower case, no accents, one space between words; NumPy alone.

The same bytes on every machine and in every version of Python, by these rules over UTF-8:

- ASCII: letters become lower case, digits stay, everything else separates words.
- U+0080 to U+052F and U+1E00 to U+1EFF (Latin, Greek, Cyrillic): lower case, compatibility
  decomposition, combining marks dropped; œ is oe, æ ae, ß ss, ø o, đ d, ł l. A result that is
  neither letter nor digit, or needs more bytes than the character itself, separates.
- The ligatures ﬀ to ﬆ (U+FB00 to U+FB06) become their letters.
- U+2000 to U+303F, U+D800 to U+F8FF, U+F900 to U+FFFF, U+1F000 to U+1FFFF and all from U+C0000 on
  separate: punctuation, symbols, pictures.
- Every other character stays as its bytes in UTF-8.

A word's hash: h = 0; for each block of 8 of its first 64 bytes, the last one padded with 0, read
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
HASHED = 64  # bytes of a word that its hash depends on
SPACE = 32
_EDGE = 1  # between two texts; folded texts never contain it, for it is no letter or digit
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
        stream: uint8, all texts one after the other, with a SPACE byte on both sides of a word.
        starts: int64 (w,), where each word begins in the stream.
        lengths: int64 (w,), in bytes.
        texts: int64 (w,), ascending: the number of the text that each word is from.
        hashes: uint64 (w,), of each word.
    """

    stream: Bytes
    starts: IntArray
    lengths: IntArray
    texts: IntArray
    hashes: Hashes


def fold(texts: Sequence[str]) -> Words:
    """Return the folded words of some texts."""
    stream = _fold_in_place(texts)
    present, needed = _masks(stream)
    return _find_words(stream[present][needed])


def fold_with_origins(text: str) -> tuple[Words, IntArray]:
    """Return the folded words of a text, and the character each byte of their stream is from."""
    stream = _fold_in_place([text])
    present, needed = _masks(stream)
    raw = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    character = np.cumsum((raw & 0xC0) != 0x80) - 1
    origins = np.concatenate([[0], character, [len(text) - 1]])  # of the edges too
    return _find_words(stream[present][needed]), origins[present][needed].astype(np.int64)


def _fold_in_place(texts: Sequence[str]) -> Bytes:
    """Return the texts between edges, folded; bytes that a character no longer needs are 0."""
    parts = [text.encode("utf-8", "surrogatepass").translate(_ASCII) for text in texts]
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
    """Fold the characters of three and four bytes that begin at the given places."""
    byte1, byte2, byte3 = stream[at], stream[at + 1], stream[at + 2]
    four = (byte1 >= 0xF3) | ((byte1 == 0xF0) & (byte2 == 0x9F))
    latin = (byte1 == 0xE1) & (byte2 >= 0xB8) & (byte2 <= 0xBB)
    ligature = (byte1 == 0xEF) & (byte2 == 0xAC) & (byte3 <= 0x86)
    three = (byte1 == 0xE2) | ((byte1 == 0xE3) & (byte2 == 0x80)) | (byte1 == 0xEE)
    three |= ((byte1 == 0xED) & (byte2 >= 0xA0)) | ((byte1 == 0xEF) & ~ligature)
    _write(stream, at[four], np.full((1, 4), SPACE, np.uint8))
    _write(stream, at[three], np.full((1, 3), SPACE, np.uint8))
    codes = (byte2[latin].astype(np.int64) - 0xB8) * 64 + byte3[latin] - 0x80
    _write(stream, at[latin], _LATIN[codes])
    _write(stream, at[ligature], _LIGATURES[byte3[ligature] - 0x80])


def _write(stream: Bytes, at: IntArray, values: Bytes) -> None:
    """Write a row of bytes at each place."""
    for n in range(values.shape[1]):
        stream[at + n] = values[:, n]


def _masks(stream: Bytes) -> tuple[BoolArray, BoolArray]:
    """Return masks of the bytes in use, and among those of all but repeated separators."""
    present = stream != 0
    used = stream[present]
    needed = np.ones(len(used), bool)
    needed[1:] = (used[1:] != SPACE) | (used[:-1] > SPACE)
    return present, needed


def _find_words(stream: Bytes) -> Words:
    """Find the words of a stream whose texts are separated by edges; its edges become spaces."""
    separators = np.flatnonzero(stream <= SPACE)
    edges = np.flatnonzero(stream.take(separators) == _EDGE)  # places among the separators
    stream[separators] = SPACE
    texts = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    lengths = np.diff(separators) - 1
    real = np.flatnonzero(lengths > 0)
    starts, lengths = separators.take(real) + 1, lengths.take(real)
    return Words(stream, starts, lengths, texts.take(real), _hashes(stream, starts, lengths))


def _hashes(stream: Bytes, starts: IntArray, lengths: IntArray) -> Hashes:
    """Return a hash of each word."""
    padded = np.append(stream, np.zeros(7, np.uint8))
    numbers: Hashes = np.ndarray(len(stream), "<u8", padded, strides=(1,)).copy()
    hashes = _mix(numbers.take(starts) & _LOWEST.take(np.minimum(lengths, 8)))
    longer = np.flatnonzero(lengths > 8)
    for begin in range(8, HASHED, 8):
        blocks = numbers.take(starts.take(longer) + begin)
        blocks &= _LOWEST.take(np.minimum(lengths.take(longer) - begin, 8))
        hashes[longer] = _mix(hashes.take(longer) ^ blocks)
        longer = longer[lengths.take(longer) > begin + 8]
        if not len(longer):
            break
    return hashes


def _mix(numbers: Hashes) -> Hashes:
    """Mix numbers: each bit changes the higher ones, and those the lower half."""
    numbers = numbers * _MULTIPLIER
    return numbers ^ (numbers >> np.uint64(32))


def _fold_character(character: str, room: int) -> bytes:
    """Return a character as `room` bytes, padded with 0; spaces if it separates words."""
    if unicodedata.combining(character):
        return bytes(room)
    parts = unicodedata.normalize("NFKD", character.lower())
    letters = "".join(_LETTERS.get(c, c) for c in parts if not unicodedata.combining(c))
    data = letters.encode()
    if not letters.isalnum() or len(data) > room:
        return b" " * room
    return data.ljust(room, b"\0")


def _table(lowest: int, highest: int, room: int) -> Bytes:
    """Return the folded bytes of a range of characters, (characters, room)."""
    folded = b"".join(_fold_character(chr(code), room) for code in range(lowest, highest + 1))
    return np.frombuffer(folded, np.uint8).reshape(-1, room)


_UNCHANGED = np.frombuffer("".join(map(chr, range(0x530, 0x800))).encode(), np.uint8).reshape(-1, 2)
_TWO = np.concatenate([_table(0x80, 0x52F, 2), _UNCHANGED])
_LATIN = _table(0x1E00, 0x1EFF, 3)
_LIGATURES = _table(0xFB00, 0xFB06, 3)
