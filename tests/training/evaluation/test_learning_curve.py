"""The learning curve: known power laws are found again, real articles give a sane curve."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from labels.dataset import Dataset, Example
from tests.support.corpus import dataset
from training.evaluation.learning_curve import LearningCurve, forecast, learning_curve
from training.model import Fitting
from training.models.tfidf.model import Tfidf, TfidfSettings

SIZES = np.array([25.0, 50.0, 100.0, 200.0, 400.0])


def scores(part: Dataset, texts: Sequence[str]) -> np.ndarray:
    return Tfidf.fit(part, TfidfSettings(buckets=14), Fitting(seed=1)).scores(texts)


def measured(law: np.ndarray, noise: float, seed: int = 0) -> np.ndarray:
    """Three noisy repeats of a curve of average precision."""
    rng = np.random.default_rng(seed)
    return np.clip(law[:, None] + rng.normal(0, noise, (len(law), 3)), 0, 1)


@pytest.mark.parametrize(("scale", "exponent", "floor"), [(2.0, 0.5, 0.05), (1.0, 0.25, 0.0)])
def test_a_power_law_is_found_again(scale: float, exponent: float, floor: float) -> None:
    def law(n: float) -> float:
        return 1 - scale * n**-exponent - floor

    expected = forecast(SIZES, measured(np.array([law(n) for n in SIZES]), 1e-6), 500)
    assert expected.now == pytest.approx(law(500), abs=2e-3)
    assert expected.doubled == pytest.approx(law(1000), abs=2e-3)
    assert expected.high - expected.low < 0.01
    assert expected.verdict == "more labels help"


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """At least 50 intervals of 60 noisy curves of one law contain it; 57 are expected."""
    truth = 1 - 1.5 * SIZES**-0.4
    doubled = 1 - 1.5 * 1000**-0.4
    forecasts = [forecast(SIZES, measured(truth, 0.02, seed), 500) for seed in range(60)]
    assert sum(expected.low <= doubled <= expected.high for expected in forecasts) >= 50


def test_a_curve_that_has_stopped_rising_is_flat() -> None:
    expected = forecast(SIZES, measured(np.full(5, 0.8), 0.003), 500)
    assert expected.verdict == "flat"
    assert expected.doubled == pytest.approx(0.8, abs=0.02)


def test_noise_as_large_as_the_rise_is_too_early_to_say() -> None:
    expected = forecast(SIZES, measured(np.linspace(0.5, 0.6, 5), 0.15, 3), 500)
    assert expected.verdict == "too early to say"
    assert expected.high - expected.low > 0.1


def test_a_falling_curve_never_forecasts_a_loss() -> None:
    expected = forecast(SIZES, measured(np.linspace(0.9, 0.6, 5), 0.01), 500)
    assert expected.doubled == pytest.approx(expected.now)


def test_one_repeat_can_not_say_anything() -> None:
    expected = forecast(SIZES, np.linspace(0.5, 0.9, 5)[:, None], 500)
    assert (expected.low, expected.high, expected.verdict) == (0.0, 1.0, "too early to say")


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_a_real_curve_rises_and_its_forecast_is_a_probability(choice: str) -> None:
    curve = learning_curve(dataset(120, choice), scores, 1)
    assert curve is not None
    assert curve.articles == 120
    assert curve.sizes[-1] == pytest.approx(90, abs=2)
    assert list(curve.sizes) == sorted(set(curve.sizes))
    assert set(curve.precision) == {"cinema", "trade", "sport"}
    for name in (None, *curve.precision):
        expected = curve.forecast(name)
        assert 0 <= expected.low <= expected.doubled <= expected.high <= 1
        assert expected.now <= expected.doubled
        rising = [float(expected.law.at(n)) for n in (10, 30, 90, 240)]
        assert rising == sorted(rising)
    assert curve.mean[-1].mean() > 0.9
    assert curve.mean[-1].mean() >= curve.mean[0].mean()


def test_parts_lie_within_each_other_and_never_in_what_is_measured_on() -> None:
    """Groups of two stay together too."""
    data = dataset(120)
    twins = [replace(e.document, group=str(n // 2)) for n, e in enumerate(data.examples)]
    pairs = zip(twins, data.examples, strict=True)
    grouped = Dataset(tuple(Example(d, e.categories) for d, e in pairs), data.taxonomy)
    group = {example.document.text: example.document.group for example in grouped.examples}
    seen: list[tuple[set[str], set[str]]] = []

    def spy(part: Dataset, texts: Sequence[str]) -> np.ndarray:
        seen.append(({group[text] for text in part.texts}, {group[text] for text in texts}))
        return np.zeros((len(texts), len(part.taxonomy.ids)), np.float32)

    assert learning_curve(grouped, spy, 1, sizes=4, repeats=2) is not None
    assert len(seen) == 8
    for start in (0, 4):
        parts = [part for part, _ in seen[start : start + 4]]
        assert all(small < large for small, large in pairwise(parts))
    assert all(not part & held_out for part, held_out in seen)
    assert not seen[0][1] & seen[4][1]


def test_a_category_that_can_not_be_taught_yet_scores_as_chance_would() -> None:
    """Every size is scored at random by a model that gives all articles the same score."""
    data = dataset(120, "single")
    curve = learning_curve(
        data, lambda part, texts: np.zeros((len(texts), len(part.taxonomy.ids)), np.float32), 1
    )
    assert curve is not None
    assert curve.mean == pytest.approx(np.full((5, 3), 1 / 3), abs=0.02)


def test_too_few_articles_have_no_curve() -> None:
    assert learning_curve(dataset(3), scores, 1) is None
    assert learning_curve(dataset(18), scores, 1) is None


def test_a_category_with_one_article_is_named_and_left_out() -> None:
    data = dataset(60)
    rare = tuple(
        Example(e.document, tuple(x for x in e.categories if x != "sport" or n == 2))
        for n, e in enumerate(data.examples)
    )
    curve = learning_curve(Dataset(rare, data.taxonomy), scores, 1)
    assert curve is not None
    assert curve.unmeasured == ("sport",)
    assert set(curve.precision) == {"cinema", "trade"}


def test_a_category_with_few_articles_is_too_early_however_smooth_its_curve() -> None:
    rising = tuple((value, value, value) for value in (0.2, 0.4, 0.6, 0.7, 0.75))
    few, enough = (1.0, 2.0, 3.0, 4.0, 6.0), (10.0, 20.0, 30.0, 40.0, 60.0)
    curve = LearningCurve(
        500, (25, 50, 100, 200, 400), {"a": rising, "b": rising}, {"a": few, "b": enough}
    )
    assert curve.forecast("a").verdict == "too early to say"
    assert curve.forecast("b").verdict == "more labels help"
