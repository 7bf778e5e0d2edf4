"""The TF-IDF model and its features, held against scikit-learn and sums by hand."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from seeds.base.errors import InputError
from tests.support.corpus import dataset, workspace
from tests.support.imports import loaded
from tests.support.slow_ngrams import slow_buckets
from training.decision import Scaling
from training.model import Fitting
from training.models.tfidf.model import Tfidf, TfidfSettings
from training.models.tfidf.ngrams import Ngrams
from training.models.tfidf.vectorizer import HashedTfidfVectorizer

TEXTS = [
    "Le musée du Caire rouvre, le musée attendu",
    "La douane saisit un conteneur",
    "Été, œuvres : l'art à Dakar",
]


def by_hand(texts: list[str], min_documents: int) -> tuple[list[int], np.ndarray]:
    """Return features and rows, from slow counts and scikit-learn's own weighting."""
    counts = [slow_buckets(text, Ngrams(20, (5, 6), (1, 1))) for text in texts]
    documents = Counter(bucket for row in counts for bucket in row)
    features = sorted(bucket for bucket, n in documents.items() if n >= min_documents)
    table = np.array([[row[bucket] for bucket in features] for row in counts], float)
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(csr_matrix(table))
    return features, weighted.toarray()


@pytest.mark.parametrize("min_documents", [1, 2])
def test_rows_are_what_scikit_learn_makes_of_slow_counts(min_documents: int) -> None:
    texts = [*TEXTS, TEXTS[0] + " " + TEXTS[1]]
    features, rows = by_hand(texts, min_documents)
    vectorizer = HashedTfidfVectorizer(min_documents=min_documents)
    np.testing.assert_allclose(vectorizer.fit_transform(texts).toarray(), rows, atol=1e-6)
    assert vectorizer.features_.tolist() == features
    np.testing.assert_allclose(vectorizer.transform(texts).toarray(), rows, atol=1e-6)


def test_a_text_without_a_known_ngram_is_an_empty_row() -> None:
    vectorizer = HashedTfidfVectorizer().fit(TEXTS)
    assert vectorizer.transform(["", "xyz"]).nnz == 0


def test_the_vectorizer_works_in_a_pipeline_of_scikit_learn() -> None:
    pipeline = clone(make_pipeline(HashedTfidfVectorizer(buckets=18), LogisticRegression()))
    pipeline.fit(TEXTS, [0, 1, 0])
    assert pipeline.predict(["Le musée du Caire"]).tolist() == [0]
    vectorizer = pipeline.named_steps["hashedtfidfvectorizer"]
    assert vectorizer.buckets == 18
    assert not hasattr(clone(vectorizer), "features_")
    tags = get_tags(vectorizer)
    assert tags.transformer_tags is not None
    assert (tags.input_tags.string, tags.input_tags.two_d_array) == (True, False)
    assert "buckets=18" in repr(pipeline)


def test_a_grid_search_of_scikit_learn_finds_the_best_parameters() -> None:
    """Only words of the right length tell the two classes apart, with no characters beside."""
    texts = ["un film ce soir"] * 4 + ["ce soir un film"] * 4
    pipeline = make_pipeline(HashedTfidfVectorizer(char_ngrams=(0, 0)), LogisticRegression(C=100))
    name = "hashedtfidfvectorizer__word_ngrams"
    search = GridSearchCV(pipeline, {name: [(1, 1), (2, 2)]}, cv=2, error_score="raise")
    search.fit(texts, [0] * 4 + [1] * 4)
    assert search.best_params_ == {name: (2, 2)}
    assert search.best_score_ == 1
    assert search.predict(["un film ce soir"]).tolist() == [0]


@pytest.mark.slow
def test_a_training_does_without_scikit_learn(tmp_path: Path) -> None:
    packages = loaded("train", "--workspace", workspace(tmp_path, 48))
    assert "scipy" in packages
    assert "sklearn" not in packages


def test_a_parameter_that_is_unknown_is_refused() -> None:
    vectorizer = HashedTfidfVectorizer()
    with pytest.raises(ValueError, match=r"min_df.*min_documents"):
        vectorizer.set_params(min_df=2)
    assert vectorizer.set_params(min_documents=2).get_params()["min_documents"] == 2


def test_no_ngram_in_enough_articles_is_refused() -> None:
    with pytest.raises(InputError, match="no n-gram occurs in 9 articles"):
        HashedTfidfVectorizer(min_documents=9).fit(TEXTS)


def test_scores_are_rows_times_coefficients_and_intercepts() -> None:
    corpus = dataset(40)
    model = Tfidf.fit(corpus, TfidfSettings(), Fitting(seed=1))
    vectorizer = HashedTfidfVectorizer().fit(corpus.texts)
    texts = [*corpus.texts[:5], "", "xyz", "Le musée rouvre"]
    expected = vectorizer.transform(texts) @ model.coefficients + model.intercepts
    np.testing.assert_allclose(model.scores(texts), expected, atol=1e-4)


@pytest.mark.parametrize("text", ["", "xyz", "L’été, un film d'œuvres : « cinéma » 中国 film film"])
def test_what_the_characters_say_sums_to_the_scores(text: str) -> None:
    corpus = dataset(40)
    model = Tfidf.fit(corpus, TfidfSettings(word_ngrams=(1, 2)), Fitting(seed=1))
    model = model.rescaled(Scaling((2.0,) * 3, (0.5,) * 3))
    article = text + " " + corpus.texts[0]
    parts = model.contributions(article, range(len(article))).parts
    assert parts.shape == (len(article), len(corpus.taxonomy.ids))
    expected = model.scores([article])[0] - model.intercepts
    np.testing.assert_allclose(parts.sum(axis=0), expected, atol=1e-5)


def test_the_characters_that_speak_for_a_category_are_those_of_its_words() -> None:
    corpus = dataset(60)
    model = Tfidf.fit(corpus, TfidfSettings(), Fitting(seed=1))
    text = "zzz conteneur zzz"
    parts = model.contributions(text, range(len(text))).parts
    trade = parts[:, corpus.taxonomy.ids.index("trade")]
    assert trade[4:13].sum() > 0
    assert abs(trade[:3]).sum() == 0
