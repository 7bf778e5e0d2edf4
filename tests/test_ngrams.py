"""Hashed n-grams, held against a slow counting of the n-grams themselves."""

import itertools
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.errors import InputError
from training.models.ngrams import Ngrams

NGRAMS = Ngrams(buckets=24, char_ngrams=(2, 4), word_ngrams=(1, 2))


def slow_ngrams(text: str) -> Counter[object]:
    """What is counted, spelled out one n-gram at a time."""
    folded = unicodedata.normalize("NFKD", text.lower())
    folded = "".join(each for each in folded if not unicodedata.combining(each))
    words = "".join(each if each.isalnum() else " " for each in folded).split(" ")
    words = [word for word in words if word]
    found: Counter[object] = Counter()
    for word in words:
        padded = f" {word} "
        for length in (2, 3, 4):
            found.update(padded[n : n + length] for n in range(len(padded) - length + 1))
    found.update(("word", word) for word in words)
    found.update(("pair", *pair) for pair in itertools.pairwise(words))
    return found


@given(st.lists(st.text(max_size=60), max_size=6))
@settings(max_examples=200, deadline=None)
def test_each_ngram_is_counted_as_often_as_it_stands_in_the_text(texts: list[str]) -> None:
    """With 2^24 buckets collisions are rare: the multiset of counts is that of the n-grams."""
    counted = NGRAMS.count(texts)
    for n, text in enumerate(texts):
        counts = counted.counts[counted.starts[n] : counted.starts[n + 1]]
        expected = slow_ngrams(text)
        assert counts.sum() == sum(expected.values())
        assert len(counts) >= len(expected) - 2  # at most a collision or two in a short text


def test_equal_ngrams_share_a_bucket_in_any_text_and_different_ones_do_not() -> None:
    words = Ngrams(buckets=24, char_ngrams=(0, 0), word_ngrams=(1, 1))
    counted = words.count(["musée ouvert musée", "Musee", "fermé"])
    assert counted.starts.tolist() == [0, 2, 3, 4]
    first, second, third = (
        set(counted.buckets[counted.starts[n] : counted.starts[n + 1]].tolist()) for n in range(3)
    )
    assert second < first
    assert not third & first
    assert sorted(counted.counts[:2].tolist()) == [1.0, 2.0]


def test_a_batch_gives_what_each_text_gives_alone() -> None:
    texts = ["Le film d'été à Dakar.", "", "  ", "œuvre № 3", "中国 et la France", "a"] * 3
    together = NGRAMS.count(texts)
    for n, text in enumerate(texts):
        alone = NGRAMS.count([text])
        part = slice(together.starts[n], together.starts[n + 1])
        np.testing.assert_array_equal(together.buckets[part], alone.buckets)
        np.testing.assert_array_equal(together.counts[part], alone.counts)


@pytest.mark.parametrize(
    ("buckets", "chars", "words"),
    [(40, (2, 5), (1, 2)), (20, (5, 2), (1, 2)), (20, (2, 5), (1, 9)), (20, (0, 0), (0, 0))],
)
def test_ngrams_out_of_range_are_refused(
    buckets: int, chars: tuple[int, int], words: tuple[int, int]
) -> None:
    with pytest.raises(InputError):
        Ngrams(buckets, chars, words)
