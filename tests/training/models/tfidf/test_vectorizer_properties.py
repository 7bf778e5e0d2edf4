"""Rows of any texts are those of a slow, dense reference, in any order."""

import math
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.base.errors import InputError
from tests.support.slow_ngrams import slow_buckets
from training.models.tfidf.ngrams import Ngrams
from training.models.tfidf.vectorizer import HashedTfidfVectorizer

TEXTS = st.lists(
    st.text(st.one_of(st.sampled_from("aéœ ’\n中Ab1"), st.characters()), max_size=30),
    min_size=1,
    max_size=6,
)


def dense(texts: list[str], min_documents: int) -> np.ndarray:
    """Return the rows as the formulas say: one number after the other."""
    counts = [slow_buckets(text, Ngrams(12, (5, 6), (1, 1))) for text in texts]
    documents = Counter(bucket for row in counts for bucket in row)
    features = sorted(bucket for bucket, n in documents.items() if n >= min_documents)
    rows = np.zeros((len(texts), len(features)))
    for n, row in enumerate(counts):
        for m, bucket in enumerate(features):
            rarity = math.log((1 + len(texts)) / (1 + documents[bucket])) + 1
            rows[n, m] = (1 + math.log(row[bucket])) * rarity if row[bucket] else 0
        rows[n] /= math.sqrt(sum(value**2 for value in rows[n])) or 1
    return rows


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.integers(1, 2), st.randoms(use_true_random=False))
def test_sparse_rows_are_the_dense_ones_whatever_the_order_of_the_texts(
    texts: list[str], min_documents: int, random: object
) -> None:
    expected = dense(texts, min_documents)
    vectorizer = HashedTfidfVectorizer(buckets=12, min_documents=min_documents)
    try:
        rows = vectorizer.fit_transform(texts).toarray()
    except InputError:
        assert expected.shape[1] == 0
        return
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    order = list(range(len(texts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = HashedTfidfVectorizer(buckets=12, min_documents=min_documents)
    other = shuffled.fit_transform([texts[n] for n in order]).toarray()
    np.testing.assert_array_equal(other, rows[order])
    np.testing.assert_array_equal(shuffled.features_, vectorizer.features_)
    np.testing.assert_array_equal(vectorizer.transform(texts).toarray(), rows)
