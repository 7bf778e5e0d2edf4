"""Explanations: exact sums where a model is a sum, and what is lost without a part elsewhere."""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.clean import clean
from tests.support.command import ROOT, SHARED
from tests.support.corpus import FILLER, WORDS, article, dataset
from training.arrays import Float32Array
from training.decision import Scaling
from training.explain import Explanation, explain, explain_in_steps, levels, strongest
from training.model import Fitting
from training.models.tfidf.model import Tfidf, TfidfSettings

NAMES = list(WORDS)


@cache
def linear(words: tuple[int, int] = (1, 1)) -> Tfidf:
    """Train a linear model, once for each choice of n-grams."""
    data = dataset(60)
    model = Tfidf.fit(data, TfidfSettings(word_ngrams=words), Fitting(seed=1))
    return model.rescaled(Scaling((1.7, 0.6, 1.0), (0.3, -0.2, 0.0)))


def gap(model: Tfidf, explanation: Explanation, text: str) -> float:
    """Return how far biases and contributions are from the scores."""
    assert explanation.biases is not None
    total = explanation.contributions.sum(axis=0) + explanation.biases
    return float(np.abs(total - model.scores([text])[0]).max())


class FilmModel:
    """A model that is no sum: its log-odds are 1 for a film, 2 more for a film at a festival.

    read: the texts it was asked to score.
    """

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, texts: Sequence[str]) -> Float32Array:
        self.read += texts
        pairs = [(float("film" in t), 2.0 * ("film" in t and "festival" in t)) for t in texts]
        return np.array([[a + b, -a] for a, b in pairs], np.float32).reshape(-1, 2)

    def contributions(self, text: str, starts: Sequence[int]) -> None:
        return None


def occluded(text: str) -> tuple[Explanation, FilmModel]:
    model: Any = FilmModel()
    return explain(model, text), model


def test_the_model_is_free_between_the_steps_of_a_long_explanation() -> None:
    """Each step reads a small share of the whole, and the explanation is the same."""
    text = f"un film du festival. {'La douane, un port. ' * 150}"
    model: Any = FilmModel()
    steps, lengths = explain_in_steps(model, text), []
    while True:
        model.read.clear()
        try:
            next(steps)
        except StopIteration as end:
            explanation = end.value
            break
        lengths.append(sum(map(len, model.read)))
    assert len(lengths) > 5
    assert max(lengths) < sum(lengths) / 4
    at_once, _ = occluded(text)
    assert explanation.parts == at_once.parts
    np.testing.assert_array_equal(explanation.contributions, at_once.contributions)


# ---------------------------------------------------------------- exact


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"])),
            st.sampled_from([*WORDS["cinema"], *WORDS["trade"], *FILLER, " ", "\n\n", "ﬁlm", "中"]),
        )
    ),
    st.sampled_from([(1, 1), (1, 3)]),
)
def test_a_linear_models_parts_cover_any_text_and_sum_to_its_logits(
    strings: list[str], words: tuple[int, int]
) -> None:
    text = " ".join(strings)
    model = linear(words)
    explanation = explain(model, text)
    assert explanation.method == "exact"
    assert "".join(explanation.parts) == text
    assert "" not in explanation.parts
    assert gap(model, explanation, text) <= 1e-5
    np.testing.assert_array_equal(explanation.logits, model.scores([text])[0])


@pytest.mark.slow
def test_real_articles_sum_to_their_logits() -> None:
    paths = [*(ROOT / "seeds" / "sample" / "articles").glob("*.txt")]
    paths += (SHARED / "seeds").glob("*.txt")
    texts = [clean(path.read_text("utf-8", "replace")).text for path in paths]
    assert len(texts) > 100
    model = linear()
    assert max(gap(model, explain(model, text), text) for text in texts) <= 1e-5


def test_an_article_of_20_000_words_sums_to_its_logits_in_json_too() -> None:
    rng = random.Random(3)
    text = "\n".join(article((rng.choice(NAMES),), rng, 400) for _ in range(40))
    model = linear()
    explanation = explain(model, text)
    assert len(explanation.parts) > 40_000
    assert gap(model, explanation, text) <= 1e-5
    record = explanation.record(NAMES, ["trade"])
    total = record["biases"]["trade"] + sum(record["contributions"]["trade"])
    assert abs(total - record["logits"]["trade"]) <= 1e-5


@pytest.mark.parametrize("unit", ["film festival ", "x", "film"])
def test_only_the_beginning_of_a_huge_text_is_divided_and_the_sum_still_holds(unit: str) -> None:
    text = f"douane, {unit * (1_000_000 // len(unit))}"
    model = linear()
    explanation = explain(model, text)
    assert "".join(explanation.parts) == text
    assert explanation.parts[0] == "douane"
    assert len(explanation.parts) < 60_000
    assert gap(model, explanation, text) <= 1e-5


def test_the_words_of_a_category_speak_for_it_and_others_against() -> None:
    explanation = explain(linear(), "Le festival projette un film ; la douane, non.")
    assert explanation.parts[:6] == ("Le", " ", "festival", " ", "projette", " ")
    cinema, trade = (
        explanation.contributions[:, NAMES.index(name)] for name in ("cinema", "trade")
    )
    assert explanation.parts[int(cinema.argmax())] in ("festival", "film")
    assert explanation.parts[int(trade.argmax())] == "douane"
    assert cinema[explanation.parts.index("douane")] < 0


def test_a_record_has_only_the_categories_asked_for() -> None:
    record = explain(linear(), "un film").record(NAMES, ["sport", "cinema"])
    assert list(record) == ["method", "parts", "logits", "biases", "contributions"]
    assert record["parts"] == ["un", " ", "film"]
    for key in ("logits", "biases", "contributions"):
        assert list(record[key]) == ["sport", "cinema"]
    assert len(record["contributions"]["sport"]) == 3


# ---------------------------------------------------------------- occlusion


def test_a_part_counts_for_what_the_logit_loses_without_it() -> None:
    explanation, model = occluded("Un film, au festival.")
    assert explanation.method == "occlusion"
    assert explanation.biases is None
    assert explanation.parts == ("Un", " ", "film", ", ", "au", " ", "festival", ".")
    assert explanation.contributions[:, 0].tolist() == [0, 0, 3, 0, 0, 0, 2, 0]
    assert explanation.contributions[:, 1].tolist() == [0, 0, -1, 0, 0, 0, 0, 0]
    assert model.read == [
        "Un film, au festival.",
        "film, au festival.",
        "Un au festival.",
        "Un film, festival.",
        "Un film, au",
    ]


def test_words_with_hyphens_and_apostrophes_are_left_out_whole() -> None:
    explanation, _ = occluded("L'après-midi d’un film")
    assert explanation.parts == ("L'après-midi", " ", "d’un", " ", "film")


@settings(deadline=None, max_examples=200)
@given(st.text(), st.integers(1, 40))
def test_left_out_parts_cover_any_text(text: str, times: int) -> None:
    explanation, model = occluded(text * times)
    assert "".join(explanation.parts) == text * times
    assert len(model.read) <= 100
    assert explanation.record(["a", "b"], ["a"])["biases"] is None


def test_a_long_article_is_left_out_clause_by_clause_and_no_reading_is_endless() -> None:
    clause = "le port de la ville attend une cargaison,"
    sentences = " ".join(f"{clause} et la phrase {n} finit ici." for n in range(60))
    explanation, model = occluded(sentences)
    parts = [part for part in explanation.parts if part.strip()]
    assert 30 <= len(parts) <= 100
    assert len(model.read) == len(parts) + 1
    assert sum(part.endswith((",", ".")) for part in parts) == len(parts)
    huge, model = occluded(f"{sentences} " * 200)
    assert sum(map(len, model.read)) < 2_500_000
    assert "".join(huge.parts) == f"{sentences} " * 200


def test_chinese_is_cut_after_its_own_punctuation() -> None:
    explanation, _ = occluded("电影节在上海开幕，" * 80)
    parts = [part for part in explanation.parts if part.strip()]
    assert 30 <= len(parts) <= 80
    assert all(part.endswith("，") for part in parts)


def test_an_empty_text_has_no_parts() -> None:
    explanation, _ = occluded("")
    assert explanation.parts == ()
    assert explanation.contributions.shape == (0, 2)


# ---------------------------------------------------------------- marks and lists


def test_levels_are_relative_to_the_strongest_part() -> None:
    assert levels([2.0, -1.3, 0.7, -0.3, 0.2, 0.0]) == [3, -3, 2, -1, 0, 0]
    assert levels([0.001, -0.002]) == [0, 0]
    assert levels([]) == []


def test_the_strongest_words_are_ranked_by_the_sum_of_their_occurrences() -> None:
    parts = ["Film", " ", "douane", " ", "film", " ", "port", " ", "le"]
    lists = strongest(parts, [0.5, 9, -0.2, 0, 0.25, 0, -0.3, 0, 0.01], 5)
    assert lists == ([("Film", 0.75)], [("port", -0.3), ("douane", -0.2)])
    assert strongest(parts, [0.5, 9, -0.2, 0, 0.25, 0, -0.3, 0, 0.01], 1)[1] == [("port", -0.3)]
