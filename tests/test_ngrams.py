"""Hashed n-grams, held against a slow counting of the n-grams themselves, by the written rules."""

import itertools
import subprocess
import sys
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.base.errors import InputError
from training.models.tfidf.ngrams import Ngrams

NGRAMS = Ngrams(buckets=24, char_ngrams=(2, 8), word_ngrams=(1, 3))
M1, M2, M3, M4 = 0x9E3779B97F4A7C15, 0xFF51AFD7ED558CCD, 0x5851F42D4C957F2D, 0xC4CEB9FE1A85EC53
WHOLE = (1 << 64) - 1
SEPARATING = [(0x2000, 0x303F), (0xD800, 0xF8FF), (0xF900, 0xFFFF), (0x1F000, 0x1FFFF)]
SPELLED = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"}
LIGATURES = dict(zip("ﬀﬁﬂﬃﬄﬅﬆ", ["ff", "fi", "fl", "ffi", "ffl", "st", "st"], strict=True))
TEXTS = st.lists(
    st.text(max_size=60) | st.text("éÀœ ﬁ’a bcß1²½đ́中ж😀\x01\x00", max_size=90), max_size=6
)


def slow_fold(text: str) -> list[bytes]:
    """The words of a text, one character at a time."""
    found = []
    for character in text:
        code = ord(character)
        if code < 128:
            found.append(character.lower() if character.isalnum() else " ")
        elif character in LIGATURES:
            found.append(LIGATURES[character])
        elif code <= 0x52F or 0x1E00 <= code <= 0x1EFF:
            found.append(slow_letter(character))
        elif any(low <= code <= high for low, high in SEPARATING) or code >= 0xC0000:
            found.append(" ")
        else:
            found.append(character)
    return [word.encode() for word in "".join(found).split(" ") if word]


def slow_letter(character: str) -> str:
    """A Latin, Greek or Cyrillic character in lower case without accents."""
    if unicodedata.combining(character):
        return ""
    parts = unicodedata.normalize("NFKD", character.lower())
    letters = "".join(SPELLED.get(c, c) for c in parts if not unicodedata.combining(c))
    fits = len(letters.encode()) <= len(character.encode())
    return letters if letters.isalnum() and fits else " "


def slow_hash(word: bytes) -> int:
    """The hash of a word, a block at a time."""
    found = 0
    for begin in range(0, min(len(word), 64), 8):
        found = (found ^ int.from_bytes(word[begin : begin + 8], "little")) * M1 & WHOLE
        found ^= found >> 32
    return found


def slow_buckets(text: str, ngrams: Ngrams) -> Counter[int]:
    """The bucket of every n-gram, one at a time."""
    words, found = slow_fold(text), Counter[int]()
    shortest, longest = ngrams.char_ngrams
    for word, length in itertools.product(words, range(max(shortest, 1), longest + 1)):
        padded = b" " + word + b" "
        for n in range(len(padded) - length + 1):
            number = int.from_bytes(padded[n : n + length], "little")
            found[(number * M1 & WHOLE) >> (64 - ngrams.buckets)] += 1
    for length in range(ngrams.word_ngrams[0], ngrams.word_ngrams[1] + 1):
        for n in range(len(words) - length + 1):
            run = 0
            for word in words[n : n + length]:
                run = (run * M3 + slow_hash(word)) & WHOLE
            mixed = (run ^ (length * M4 & WHOLE)) * M2 & WHOLE
            found[mixed >> (64 - ngrams.buckets)] += 1
    return found


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_texts_are_counted_as_the_written_rules_count_them(texts: list[str]) -> None:
    for text, (buckets, counts) in zip(texts, NGRAMS.bags(texts), strict=True):
        found = dict(zip(buckets.tolist(), counts.tolist(), strict=True))
        assert found == slow_buckets(text, NGRAMS)


@pytest.mark.parametrize("code", [*range(0, 0x12000, 0x1000), *range(0x1F000, 0x110000, 0x7000)])
def test_every_kind_of_character_is_folded_as_the_written_rules_say(code: int) -> None:
    words = Ngrams(buckets=24, char_ngrams=(0, 0), word_ngrams=(1, 1))
    text = " ".join(f"a{chr(each)}b" for each in range(code, code + 0x1000))
    ((buckets, counts),) = words.bags([text])
    expected = slow_buckets(text, words)
    assert dict(zip(buckets.tolist(), counts.tolist(), strict=True)) == expected


def test_words_that_differ_after_their_64th_byte_are_not_taken_for_one() -> None:
    text = f"{'a' * 64}x {'a' * 64}y {'b' * 9}x {'b' * 9}y"
    ((buckets, counts),) = NGRAMS.bags([text])
    expected = slow_buckets(text, NGRAMS)
    assert dict(zip(buckets.tolist(), counts.tolist(), strict=True)) == expected


def test_a_batch_gives_what_each_text_gives_alone() -> None:
    texts = ["Le film d'été à Dakar.", "", "  ", "œuvre № 3", "中国 et la France", "a"] * 3000
    alone = {text: slow_buckets(text, NGRAMS) for text in texts[:6]}
    for text, (buckets, counts) in zip(texts, NGRAMS.bags(texts), strict=True):
        assert dict(zip(buckets.tolist(), counts.tolist(), strict=True)) == alone[text]


def test_accents_case_and_typography_make_no_difference_and_letters_do() -> None:
    words = Ngrams(buckets=24, char_ngrams=(0, 0), word_ngrams=(1, 1))

    def buckets(text: str) -> set[int]:
        ((found, _),) = words.bags([text])
        return set(found.tolist())

    assert buckets("L’ŒUVRE — l'Été ; « Musée »") == buckets("l oeuvre l ete musee")
    assert buckets("e\u0301te\u0301") == buckets("été")
    assert not buckets("musée") & buckets("fermé")


def test_known_buckets_are_counted_under_their_own_numbers_and_no_others() -> None:
    columns = np.full(1 << 24, -1, np.int32)
    ((known, _),) = NGRAMS.bags(["film"])
    columns[known] = 3
    ((features, counts),) = NGRAMS.bags(["film ouvert film"], columns)
    expected = slow_buckets("film ouvert film", NGRAMS)
    ours = sum(expected[bucket] for bucket in known.tolist())
    assert dict(zip(features.tolist(), counts.tolist(), strict=True)) == {3: ours}


@given(st.text("éÀœ ﬁ’a bc\u0301中ж😀\x01", max_size=60))
@settings(max_examples=200, deadline=None)
def test_each_occurrence_is_placed_on_its_own_characters(text: str) -> None:
    ngrams = Ngrams(buckets=24, char_ngrams=(3, 4), word_ngrams=(1, 2))
    buckets, firsts, ends = ngrams.places(text)
    assert Counter(buckets.tolist()) == slow_buckets(text, ngrams)
    assert ((firsts >= 0) & (firsts < ends) & (ends <= len(text))).all()


def test_an_occurrence_covers_the_letters_it_is_made_of() -> None:
    text = "Un musée, très vieux"
    ngrams = Ngrams(buckets=24, char_ngrams=(0, 0), word_ngrams=(1, 2))
    _, firsts, ends = ngrams.places(text)
    pieces = [text[first:end] for first, end in zip(firsts, ends, strict=True)]
    assert pieces == ["Un", "musée", "très", "vieux", "Un musée", "musée, très", "très vieux"]


def test_buckets_do_not_depend_on_the_process() -> None:
    code = (
        "from training.models.tfidf.ngrams import Ngrams\n"
        "(found,) = Ngrams(20, (4, 6), (1, 2)).bags(['Le musée a rouvert'])\n"
        "print(sorted(found[0].tolist()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "random")
    }
    assert outputs == {
        f"{sorted(slow_buckets('Le musée a rouvert', Ngrams(20, (4, 6), (1, 2))))}\n"
    }


@pytest.mark.parametrize(
    ("buckets", "chars", "words"),
    [
        (40, (2, 5), (1, 2)),
        (20, (5, 2), (1, 2)),
        (20, (1, 5), (1, 2)),
        (20, (2, 5), (1, 9)),
        (20, (0, 0), (0, 0)),
    ],
)
def test_ngrams_out_of_range_are_refused(
    buckets: int, chars: tuple[int, int], words: tuple[int, int]
) -> None:
    with pytest.raises(InputError):
        Ngrams(buckets, chars, words)
