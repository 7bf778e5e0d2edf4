"""N-grams by the written rules, slowly."""

import itertools
import unicodedata
from collections import Counter

from training.models.tfidf.ngrams import Ngrams

M1, M2, M3, M4 = 0x9E3779B97F4A7C15, 0xFF51AFD7ED558CCD, 0x5851F42D4C957F2D, 0xC4CEB9FE1A85EC53
ALL_BITS = (1 << 64) - 1
SEPARATING = [(0x2000, 0x303F), (0xD800, 0xF8FF), (0xF900, 0xFFFF), (0x1F000, 0x1FFFF)]
SPELLED = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"}
LIGATURES = dict(zip("ﬀﬁﬂﬃﬄﬅﬆ", ["ff", "fi", "fl", "ffi", "ffl", "st", "st"], strict=True))


def slow_fold(text: str) -> list[bytes]:
    """Return the folded words of a text, one character at a time."""
    folded = []
    for character in text:
        code = ord(character)
        if code < 128:
            folded.append(character.lower() if character.isalnum() else " ")
        elif character in LIGATURES:
            folded.append(LIGATURES[character])
        elif code <= 0x52F or 0x1E00 <= code <= 0x1EFF:
            folded.append(slow_letter(character))
        elif any(low <= code <= high for low, high in SEPARATING) or code >= 0xC0000:
            folded.append(" ")
        else:
            folded.append(character)
    return [word.encode() for word in "".join(folded).split(" ") if word]


def slow_letter(character: str) -> str:
    """Return a Latin, Greek or Cyrillic character in lower case without accents."""
    if unicodedata.combining(character):
        return ""
    parts = unicodedata.normalize("NFKD", character.lower())
    letters = "".join(SPELLED.get(c, c) for c in parts if not unicodedata.combining(c))
    fits = len(letters.encode()) <= len(character.encode())
    return letters if letters.isalnum() and fits else " "


def slow_hash(word: bytes) -> int:
    """Return the hash of a word, a block at a time."""
    digest = 0
    for begin in range(0, min(len(word), 64), 8):
        digest = (digest ^ int.from_bytes(word[begin : begin + 8], "little")) * M1 & ALL_BITS
        digest ^= digest >> 32
    return digest


def slow_buckets(text: str, ngrams: Ngrams) -> Counter[int]:
    """Count the buckets of all n-grams, one at a time."""
    words, counts = slow_fold(text), Counter[int]()
    shortest, longest = ngrams.char_ngrams
    for word, length in itertools.product(words, range(max(shortest, 1), longest + 1)):
        padded = b" " + word + b" "
        for n in range(len(padded) - length + 1):
            number = int.from_bytes(padded[n : n + length], "little")
            counts[(number * M1 & ALL_BITS) >> (64 - ngrams.buckets)] += 1
    for length in range(ngrams.word_ngrams[0], ngrams.word_ngrams[1] + 1):
        for n in range(len(words) - length + 1):
            run = 0
            for word in words[n : n + length]:
                run = (run * M3 + slow_hash(word)) & ALL_BITS
            mixed = (run ^ (length * M4 & ALL_BITS)) * M2 & ALL_BITS
            counts[mixed >> (64 - ngrams.buckets)] += 1
    return counts
