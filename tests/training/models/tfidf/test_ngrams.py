"""Hashed n-grams, held against a slow counting of the n-grams themselves, by the written rules."""

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.base.errors import InputError
from tests.support.slow_ngrams import slow_buckets
from training.models.tfidf.ngrams import Ngrams

NGRAMS = Ngrams(buckets=24, char_ngrams=(2, 8), word_ngrams=(1, 3))
TEXTS = st.lists(
    st.text(max_size=60) | st.text("éÀœ ﬁ’a bcß1²½đ́中ж😀\x01\x00", max_size=90), max_size=6
)


@pytest.mark.slow
@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_texts_are_counted_as_the_written_rules_count_them(texts: list[str]) -> None:
    for text, (buckets, counts) in zip(texts, NGRAMS.bags(texts), strict=True):
        counted = dict(zip(buckets.tolist(), counts.tolist(), strict=True))
        assert counted == slow_buckets(text, NGRAMS)


@pytest.mark.parametrize("code", [*range(0, 0x12000, 0x1000), *range(0x1F000, 0x110000, 0x7000)])
def test_every_kind_of_character_is_folded_as_the_written_rules_say(code: int) -> None:
    words = Ngrams(buckets=24, char_ngrams=(0, 0), word_ngrams=(1, 1))
    text = " ".join(f"a{chr(character)}b" for character in range(code, code + 0x1000))
    ((buckets, counts),) = words.bags([text])
    expected = slow_buckets(text, words)
    assert dict(zip(buckets.tolist(), counts.tolist(), strict=True)) == expected


def test_words_that_differ_after_their_64th_byte_are_not_taken_for_one() -> None:
    text = f"{'a' * 64}x {'a' * 64}y {'b' * 9}x {'b' * 9}y"
    ((buckets, counts),) = NGRAMS.bags([text])
    expected = slow_buckets(text, NGRAMS)
    assert dict(zip(buckets.tolist(), counts.tolist(), strict=True)) == expected


@pytest.mark.slow
def test_a_batch_gives_what_each_text_gives_alone() -> None:
    texts = ["Le film d'été à Dakar.", "", "  ", "œuvre № 3", "中国 et la France", "a"] * 3000
    alone = {text: slow_buckets(text, NGRAMS) for text in texts[:6]}
    for text, (buckets, counts) in zip(texts, NGRAMS.bags(texts), strict=True):
        assert dict(zip(buckets.tolist(), counts.tolist(), strict=True)) == alone[text]


def test_accents_case_and_typography_make_no_difference_and_letters_do() -> None:
    words = Ngrams(buckets=24, char_ngrams=(0, 0), word_ngrams=(1, 1))

    def buckets(text: str) -> set[int]:
        ((features, _),) = words.bags([text])
        return set(features.tolist())

    assert buckets("L’ŒUVRE — l'Été ; « Musée »") == buckets("l oeuvre l ete musee")
    assert buckets("e\u0301te\u0301") == buckets("été")
    assert not buckets("musée") & buckets("fermé")


def test_known_buckets_are_counted_under_their_own_numbers_and_no_others() -> None:
    columns = np.full(1 << 24, -1, np.int32)
    ((film, _),) = NGRAMS.bags(["film"])
    columns[film] = 3
    ((features, counts),) = NGRAMS.bags(["film ouvert film"], columns)
    expected = slow_buckets("film ouvert film", NGRAMS)
    ours = sum(expected[bucket] for bucket in film.tolist())
    assert dict(zip(features.tolist(), counts.tolist(), strict=True)) == {3: ours}


@pytest.mark.slow
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
    covered = [text[begin:end] for begin, end in zip(firsts, ends, strict=True)]
    assert covered == ["Un", "musée", "très", "vieux", "Un musée", "musée, très", "très vieux"]


@pytest.mark.slow
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
