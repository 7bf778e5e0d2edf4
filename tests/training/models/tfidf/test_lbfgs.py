"""Learning from few and from many articles, held against scikit-learn's logistic regression."""

from typing import Literal

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array
from sklearn.linear_model import LogisticRegression

from labels.dataset import Dataset, Example
from labels.taxonomy import Category, Taxonomy
from seeds.document import Document
from training.models.tfidf import lbfgs

IDS = [f"c{n:02}" for n in range(10)]


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


@pytest.fixture(params=["few", "many", "many, on three cores"])
def _as_of(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn as from few articles, or from many but up to the end."""
    if request.param != "few":
        monkeypatch.setattr(lbfgs, "_FEW", 0)
        monkeypatch.setattr(lbfgs, "_PASSES", 1000)
    monkeypatch.setattr(lbfgs, "available_cores", lambda: 3 if "three" in request.param else 1)


@pytest.mark.usefixtures("_as_of")
def test_each_category_is_learned_as_scikit_learn_learns_it() -> None:
    features, rng = table(400), np.random.default_rng(5)
    gold = (features @ rng.normal(size=(60, 10)) + rng.normal(size=(400, 10))) > 0.5
    coefficients, intercepts = lbfgs.descend(features, articles("multiple", gold), 2.0)
    for n in range(10):
        peer = LogisticRegression(C=2.0, tol=1e-8, max_iter=5000).fit(features, gold[:, n])
        np.testing.assert_allclose(coefficients[:, n], peer.coef_[0], atol=5e-3)
        np.testing.assert_allclose(intercepts[n], peer.intercept_[0], atol=5e-3)


@pytest.mark.usefixtures("_as_of")
def test_a_single_choice_is_learned_as_scikit_learn_learns_it() -> None:
    features, rng = table(400), np.random.default_rng(5)
    best = (features @ rng.normal(size=(60, 10)) + rng.normal(size=(400, 10))).argmax(axis=1)
    gold = best[:, None] == np.arange(10)
    coefficients, intercepts = lbfgs.descend(features, articles("single", gold), 2.0)
    peer = LogisticRegression(C=2.0, tol=1e-8, max_iter=5000).fit(features, best)
    ours = features @ coefficients + intercepts
    theirs = peer.decision_function(features)
    np.testing.assert_allclose(
        ours - ours.mean(axis=1, keepdims=True),
        theirs - theirs.mean(axis=1, keepdims=True),
        atol=1e-2,
    )


@pytest.mark.usefixtures("_as_of")
def test_an_article_without_a_known_feature_does_no_harm() -> None:
    features = csr_matrix(np.vstack([table(40).toarray(), np.zeros((3, 60))]), dtype=np.float32)
    gold = np.arange(43)[:, None] % 10 == np.arange(10)
    coefficients, intercepts = lbfgs.descend(features, articles("multiple", gold), 300.0)
    assert np.isfinite(coefficients).all()
    assert np.isfinite(intercepts).all()
