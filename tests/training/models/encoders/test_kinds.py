"""One contract for every kind of model."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labels.dataset import Dataset
from seeds.base.errors import InputError
from tests.support.corpus import article, dataset, taxonomy
from tests.support.tiny import tiny_settings
from training.decision import Scaling
from training.explain import explain
from training.model import Fitting, Model
from training.models import KINDS, model_class
from training.models.embedding import EmbeddingSettings
from training.runtime import Runtime


@pytest.fixture(scope="module", params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def settings(kind: str, request: pytest.FixtureRequest) -> Any:
    """Return the kind's own settings, with a tiny encoder if it has one."""
    if kind == "camembert":
        return tiny_settings(base_model=str(request.getfixturevalue("tiny_base")))
    if kind == "embedding":
        base = str(request.getfixturevalue("tiny_base"))
        return EmbeddingSettings(base_model=base, prefix="", window=32)
    return model_class(kind).settings()


@pytest.fixture(scope="module")
def model(kind: str, settings: Any) -> Model:
    """Fit on 90 articles of any number of categories."""
    return model_class(kind).fit(dataset(90), settings, Fitting())


@pytest.fixture(scope="module")
def single(kind: str, settings: Any) -> Model:
    """Fit on 90 articles of one category each."""
    return model_class(kind).fit(dataset(90, "single"), settings, Fitting())


@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_a_saved_model_loads_with_the_same_scores(
    kind: str, model: Model, single: Model, choice: str, tmp_path: Path
) -> None:
    data, model = dataset(60, choice), single if choice == "single" else model
    model.save(tmp_path)
    texts = [*data.texts[:5], "un texte jamais vu", ""]
    scores = model.scores(texts)
    assert scores.shape == (7, 3)
    assert scores.dtype == np.float32
    again = model_class(kind).load(tmp_path, Runtime(dtype="exact")).scores(texts)
    np.testing.assert_allclose(again, scores, rtol=0, atol=0 if kind == "tfidf" else 1e-5)


@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_it_tells_articles_it_never_saw_apart(
    kind: str, model: Model, single: Model, choice: str
) -> None:
    model, rng = single if choice == "single" else model, random.Random(99)
    for n, name in enumerate(dataset(60).taxonomy.ids):
        scores = model.scores([article((name,), rng) for _ in range(20)])
        assert (scores.argmax(axis=1) == n).mean() >= (0.8 if kind == "camembert" else 1)


def test_two_categories_of_single_choice_are_learned(kind: str, settings: Any) -> None:
    names, rng = ("cinema", "trade"), random.Random(99)
    articles = [e for e in dataset(90, "single").examples if e.categories[0] in names]
    data = Dataset(tuple(articles), taxonomy("single", names))
    model = model_class(kind).fit(data, settings, Fitting())
    for n, name in enumerate(names):
        scores = model.scores([article((name,), rng) for _ in range(20)])
        assert (scores.argmax(axis=1) == n).mean() >= (0.8 if kind == "camembert" else 1)


def test_scores_do_not_depend_on_what_else_is_in_the_batch(model: Model) -> None:
    data = dataset(60)
    together = model.scores(data.texts)
    alone = np.concatenate([model.scores([text]) for text in data.texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_no_text_gives_no_scores(model: Model) -> None:
    assert model.scores([]).shape == (0, 3)


def test_contributions_sum_to_the_scores_or_come_from_leaving_parts_out(
    kind: str, model: Model
) -> None:
    text = "Le film sort au festival ; la douane attend."
    scores, explanation = model.scores([text])[0], explain(model, text)
    assert "".join(explanation.parts) == text
    np.testing.assert_allclose(explanation.logits, scores, atol=1e-4)
    if kind == "tfidf":
        assert explanation.biases is not None
        assert explanation.method == "exact"
        np.testing.assert_allclose(
            explanation.contributions.sum(axis=0) + explanation.biases, scores, atol=1e-5
        )
    else:
        assert explanation.method == "occlusion"
        without = model.scores(["Le sort au festival ; la douane attend."])[0]
        lost = explanation.contributions[explanation.parts.index("film")]
        np.testing.assert_allclose(lost, scores - without, atol=1e-4)


def test_a_rescaled_model_scores_on_the_new_lines(model: Model) -> None:
    data = dataset(60)
    rescaled = model.rescaled(Scaling((2.0, 0.5, 1.0), (0.0, -1.0, 3.0)))
    scores = model.scores(data.texts[:5])
    expected = np.stack([2 * scores[:, 0], scores[:, 1] / 2 - 1, scores[:, 2] + 3], axis=1)
    np.testing.assert_allclose(rescaled.scores(data.texts[:5]), expected, atol=1e-4)


@pytest.mark.parametrize("dtype", ["auto", "float32", "bfloat16", "float16", "int8"])
def test_the_precision_asked_of_a_loaded_model_is_honoured_or_refused(
    kind: str, model: Model, dtype: str, tmp_path: Path
) -> None:
    data = dataset(60)
    model.save(tmp_path)
    if kind == "tfidf" and dtype not in ("auto", "float32"):
        with pytest.raises(InputError, match=f"computes in float32. Leave out --dtype {dtype}"):
            model_class(kind).load(tmp_path, Runtime(dtype=dtype))
        return
    loaded = model_class(kind).load(tmp_path, Runtime(dtype=dtype))
    expected, scores = model.scores(data.texts), loaded.scores(data.texts)
    assert np.abs(scores - expected).max() < 0.1 * np.abs(expected).max()
    if kind != "tfidf" and dtype != "auto":
        assert loaded.computing.startswith(f"in {dtype} ")
