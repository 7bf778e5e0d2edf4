"""Comparing two runs: every statistic against one worked out in another way."""

import itertools
import random

import numpy as np
import pytest

from labels.dataset import Example
from seeds.base.errors import InputError
from seeds.document import Document
from training.arrays import BoolArray
from training.evaluation.comparison import (
    Comparison,
    Difference,
    Predictions,
    compare,
    find_disagreements,
    mcnemar,
)

NAMES = ("cinema", "trade", "sport")


def predict(count: int, right: float, seed: int, gold: BoolArray | None = None) -> BoolArray:
    """Return random categories, or gold ones with this share of the decisions right."""
    rng = np.random.default_rng(seed)
    if gold is None:
        return rng.random((count, len(NAMES))) < (0.5, 0.3, 0.2)
    return np.asarray(gold ^ (rng.random(gold.shape) >= right))


def sample(count: int, a: float, b: float, seed: int = 0) -> tuple[BoolArray, BoolArray, BoolArray]:
    gold = predict(count, 0, seed)
    return predict(count, a, seed + 1, gold), predict(count, b, seed + 2, gold), gold


def figures(comparison: Comparison) -> dict[str, Difference]:
    return {
        "micro": comparison.micro_f1,
        "macro": comparison.macro_f1,
        "weighted": comparison.weighted_f1,
        "exact": comparison.exact,
    }


def measured(predicted: BoolArray, gold: BoolArray, how: str) -> float:
    """Compute a figure with scikit-learn."""
    from sklearn.metrics import accuracy_score, f1_score

    if how == "exact":
        return float(accuracy_score(gold, predicted))
    return float(f1_score(gold, predicted, average=how, zero_division=0))


def test_figures_are_those_of_scikit_learn() -> None:
    a, b, gold = sample(80, 0.8, 0.85)
    comparison = compare(a, b, gold, NAMES)
    for how, figure in figures(comparison).items():
        of_a, of_b = measured(a, gold, how), measured(b, gold, how)
        assert (figure.a, figure.b) == pytest.approx((of_a, of_b))
        assert figure.value == pytest.approx(of_b - of_a)
    for n, name in enumerate(NAMES):
        of_a, of_b = (measured(run[:, n], gold[:, n], "binary") for run in (a, b))
        assert comparison.categories[name].a == pytest.approx(of_a)
        assert comparison.categories[name].b == pytest.approx(of_b)
    right = [(run == gold).all(axis=1) for run in (a, b)]
    assert comparison.both == (right[0] & right[1]).sum()
    assert comparison.only_a == (right[0] & ~right[1]).sum()
    assert comparison.only_b == (~right[0] & right[1]).sum()
    assert comparison.differ == sum(list(x) != list(y) for x, y in zip(a, b, strict=True))


def test_mcnemar_gives_the_published_value() -> None:
    """The example of R's exact2x2: 2 and 9 discordant pairs, p = 0.06543."""
    assert mcnemar(2, 9) == pytest.approx(0.06543, abs=5e-6)
    assert mcnemar(9, 2) == mcnemar(2, 9)
    assert mcnemar(0, 0) == mcnemar(4, 4) == 1


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 1), (0, 6), (3, 8), (86, 150), (1200, 1000)])
def test_mcnemar_is_the_binomial_test(only_a: int, only_b: int) -> None:
    from scipy.stats import binomtest

    assert mcnemar(only_a, only_b) == pytest.approx(binomtest(only_a, only_a + only_b).pvalue)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 10, 20])
def test_p_values_are_those_of_all_ways_to_swap_the_predictions(seed: int) -> None:
    a, b, gold = sample(7, 0.6, 0.9, seed)
    comparison = compare(a, b, gold, NAMES)
    for how, figure in figures(comparison).items():
        observed = abs(measured(b, gold, how) - measured(a, gold, how))
        larger = []
        for swap in itertools.product([False, True], repeat=7):
            mask = np.array(swap)[:, None]
            swapped_a, swapped_b = np.where(mask, b, a), np.where(mask, a, b)
            gap = abs(measured(swapped_b, gold, how) - measured(swapped_a, gold, how))
            larger.append(gap >= observed - 1e-9)
        assert figure.p_value == pytest.approx(np.mean(larger)), how


def test_p_values_of_many_articles_come_near_to_those_of_all_swaps() -> None:
    """Being exactly right: the swaps are coin tosses, so McNemar's p-value is the exact one."""
    for seed in (0, 3, 6):
        a, b, gold = sample(200, 0.8, 0.85, seed)
        comparison = compare(a, b, gold, NAMES)
        assert comparison.exact.p_value == pytest.approx(comparison.mcnemar, abs=0.02)


@pytest.mark.slow
def test_intervals_are_as_wide_as_an_independent_bootstrap_says() -> None:
    a, b, gold = sample(120, 0.8, 0.85)
    comparison = compare(a, b, gold, NAMES)
    rng = random.Random(5)
    drawn = []
    for _ in range(300):
        rows = rng.choices(range(120), k=120)
        gap = measured(b[rows], gold[rows], "macro") - measured(a[rows], gold[rows], "macro")
        drawn.append(gap)
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert comparison.macro_f1.low == pytest.approx(low, abs=0.03)
    assert comparison.macro_f1.high == pytest.approx(high, abs=0.03)
    gaps = (b == gold).all(axis=1).astype(float) - (a == gold).all(axis=1)
    half = 1.96 * gaps.std() / np.sqrt(120)  # the central limit theorem
    assert comparison.exact.low == pytest.approx(gaps.mean() - half, abs=0.02)
    assert comparison.exact.high == pytest.approx(gaps.mean() + half, abs=0.02)


def test_pairing_counts_two_good_runs_with_the_same_faults_are_told_apart() -> None:
    """30 of 200 are wrong in both and 12 in A alone: unpaired intervals would overlap by far."""
    gold = predict(200, 0, 1)
    b = gold.copy()
    b[:30] = ~gold[:30]
    a = b.copy()
    a[30:42] = ~gold[30:42]
    comparison = compare(a, b, gold, NAMES)
    assert comparison.verdict == "B is better"
    assert (comparison.only_a, comparison.only_b) == (0, 12)
    assert compare(b, a, gold, NAMES).verdict == "A is better"


def test_equal_predictions_differ_in_nothing() -> None:
    a, _, gold = sample(50, 0.8, 0.8)
    comparison = compare(a, a, gold, NAMES)
    assert comparison.verdict == "no difference can be shown"
    assert comparison.differ == 0
    assert comparison.mcnemar == 1
    for figure in (*figures(comparison).values(), *comparison.categories.values()):
        assert str(figure) == "+0.000 [+0.000, +0.000]"
        assert figure.p_value == 1


@pytest.mark.slow
def test_runs_that_are_equally_good_are_seldom_told_apart() -> None:
    """At most 5 % of the time; 60 trials with 8 or more would have a chance of 1 in 100."""
    verdicts = [compare(*sample(40, 0.8, 0.8, 3 * n), NAMES).verdict for n in range(60)]
    assert 60 - verdicts.count("no difference can be shown") < 8


def test_the_same_seed_gives_the_same_comparison() -> None:
    a, b, gold = sample(60, 0.8, 0.9)
    assert compare(a, b, gold, NAMES, 4) == compare(a, b, gold, NAMES, 4)
    assert compare(a, b, gold, NAMES, 4) != compare(a, b, gold, NAMES, 5)


def test_no_article_is_refused() -> None:
    none = np.zeros((0, 3), np.bool_)
    with pytest.raises(InputError, match="no article"):
        compare(none, none, none, NAMES)


def test_a_disagreement_says_what_each_run_predicts_most_probable_first() -> None:
    texts = ("Un film sur le port. " * 20, "Le match", "La douane")
    examples = [
        Example(Document.of(texts[0]), ("cinema", "trade")),
        Example(Document.of(texts[1]), ("sport",)),
        Example(Document.of(texts[2], title="Douane"), ("trade", "law")),
    ]
    p = np.array([[0.5, 0.9, 0.1], [0.0, 0.0, 1.0], [0.2, 0.4, 0.3]])
    certain = np.ones(3, np.bool_)
    a = Predictions(p, p >= 0.5, certain)
    b = Predictions(p, np.array([[0, 1, 0], [0, 0, 1], [0, 1, 0]], np.bool_), certain)
    longer, second = find_disagreements(examples, NAMES, a, b)
    assert (longer.id, longer.gold) == (examples[0].document.id, ("cinema", "trade"))
    assert longer.title.startswith("Un film sur le port.")
    assert longer.title.endswith("…")
    assert len(longer.title) < len(texts[0]) / 2
    assert list(longer.a.items()) == [("trade", 0.9), ("cinema", 0.5)]
    assert longer.b == {"trade": 0.9}
    assert (second.title, second.gold) == ("Douane", ("trade",))
    assert (second.a, second.b) == ({}, {"trade": 0.4})
