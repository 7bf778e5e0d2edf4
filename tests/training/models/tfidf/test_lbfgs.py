"""Learning from few and from many articles, held against scikit-learn's logistic regression."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array
from sklearn.linear_model import LogisticRegression

from labels.dataset import Dataset, Example
from labels.taxonomy import Category, Taxonomy
from seeds.document import Document
from training.models.tfidf.lbfgs import descend

IDS = [f"c{n:02}" for n in range(10)]
# As from few articles, and as from many but up to the optimum.
AS_OF = pytest.mark.parametrize(
    "options",
    [{}, {"few": 0, "passes": 1000, "threads": 1}, {"few": 0, "passes": 1000, "threads": 3}],
    ids=["few", "many", "many, in three threads"],
)


def articles(choice: Literal["single", "multiple"], gold: np.ndarray) -> Dataset:
    categories = tuple(Category(id=name, fr=name, en=name) for name in IDS)
    examples = [
        Example(Document.of(f"article {n}"), tuple(np.array(IDS)[row].tolist()))
        for n, row in enumerate(gold)
    ]
    return Dataset(tuple(examples), Taxonomy("1", choice, categories))


def table(n: int) -> csr_matrix:
    rng = np.random.default_rng(3)
    return csr_matrix(random_array((n, 60), density=0.2, rng=rng, dtype=np.float32))


@AS_OF
def test_each_category_is_learned_as_scikit_learn_learns_it(options: dict[str, Any]) -> None:
    features, rng = table(400), np.random.default_rng(5)
    gold = (features @ rng.normal(size=(60, 10)) + rng.normal(size=(400, 10))) > 0.5
    coefficients, intercepts = descend(features, articles("multiple", gold), 2.0, **options)
    for n in range(10):
        peer = LogisticRegression(C=2.0, tol=1e-8, max_iter=5000).fit(features, gold[:, n])
        np.testing.assert_allclose(coefficients[:, n], peer.coef_[0], atol=5e-3)
        np.testing.assert_allclose(intercepts[n], peer.intercept_[0], atol=5e-3)


@AS_OF
def test_a_category_learns_from_the_articles_of_which_it_is_known_and_from_no_others(
    options: dict[str, Any],
) -> None:
    features, rng = table(400), np.random.default_rng(5)
    gold = (features @ rng.normal(size=(60, 10)) + rng.normal(size=(400, 10))) > 0.5
    known = rng.random((400, 10)) < 0.7
    data = articles("multiple", gold & known)
    examples = [
        replace(example, unknown=tuple(np.array(IDS)[~row].tolist()))
        for example, row in zip(data.examples, known, strict=True)
    ]
    coefficients, intercepts = descend(features, replace(data, examples=examples), 2.0, **options)
    for n in range(10):
        rows = np.flatnonzero(known[:, n])
        peer = LogisticRegression(C=2.0, tol=1e-8, max_iter=5000)
        peer.fit(features[rows], gold[rows, n])
        np.testing.assert_allclose(coefficients[:, n], peer.coef_[0], atol=5e-3)
        np.testing.assert_allclose(intercepts[n], peer.intercept_[0], atol=5e-3)


@AS_OF
def test_a_single_choice_is_learned_as_scikit_learn_learns_it(options: dict[str, Any]) -> None:
    features, rng = table(400), np.random.default_rng(5)
    best = (features @ rng.normal(size=(60, 10)) + rng.normal(size=(400, 10))).argmax(axis=1)
    gold = best[:, None] == np.arange(10)
    coefficients, intercepts = descend(features, articles("single", gold), 2.0, **options)
    peer = LogisticRegression(C=2.0, tol=1e-8, max_iter=5000).fit(features, best)
    scores = features @ coefficients + intercepts
    expected = peer.decision_function(features)
    np.testing.assert_allclose(
        scores - scores.mean(axis=1, keepdims=True),
        expected - expected.mean(axis=1, keepdims=True),
        atol=1e-2,
    )


@AS_OF
def test_an_article_without_a_known_feature_does_no_harm(options: dict[str, Any]) -> None:
    features = csr_matrix(np.vstack([table(40).toarray(), np.zeros((3, 60))]), dtype=np.float32)
    gold = np.arange(43)[:, None] % 10 == np.arange(10)
    coefficients, intercepts = descend(features, articles("multiple", gold), 300.0, **options)
    assert np.isfinite(coefficients).all()
    assert np.isfinite(intercepts).all()
