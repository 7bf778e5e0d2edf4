"""Pairs of article and category that are not known: they alone are left out, everywhere."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score

from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import dataset, taxonomy
from training.calibration import RuleTargets, fit_rule
from training.decision import Rule
from training.evaluation.comparison import compare
from training.evaluation.learning_curve import learning_curve
from training.evaluation.measured import Measured
from training.evaluation.metrics import evaluate
from training.model import Fitting
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.train import train

NAMES = ("cinema", "trade", "sport")


def drawn(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of 90 articles, their labels, and which of those are known."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(-0.5, 2.0, (90, 3)).astype(np.float32)
    known = rng.random((90, 3)) < 0.8
    known[0] = False  # an article of which nothing is known
    return scores, (rng.random((90, 3)) < 1 / (1 + np.exp(-scores))) & known, known


def hidden(data: Dataset, pairs: dict[int, tuple[str, ...]]) -> Dataset:
    """Make some categories of some examples unknown."""
    examples = tuple(
        replace(
            example,
            categories=tuple(name for name in example.categories if name not in pairs.get(n, ())),
            unknown=pairs.get(n, ()),
        )
        for n, example in enumerate(data.examples)
    )
    return replace(data, examples=examples)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_figures_are_those_of_scikit_learn_on_the_known_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = rng.random((80, 3)) < 0.75
    known[~known.any(axis=1)] = True
    gold = (rng.random((80, 3)) < 0.4) & known
    probabilities = np.clip(gold * 0.4 + rng.random((80, 3)) * 0.6, 0, 1)
    predicted = probabilities >= 0.5
    certain = np.ones(80, np.bool_)
    evaluation = evaluate(probabilities, predicted, gold, certain, NAMES, single=False, known=known)
    for n, name in enumerate(NAMES):
        rows = known[:, n]
        score = evaluation.categories[name]
        assert score.f1 == pytest.approx(f1_score(gold[rows, n], predicted[rows, n]))
        expected = average_precision_score(gold[rows, n], probabilities[rows, n])
        assert score.average_precision == pytest.approx(expected)
    assert evaluation.micro_f1.value == pytest.approx(f1_score(gold[known], predicted[known]))
    right = [all(predicted[n, k] == gold[n, k] for k in range(3) if known[n, k]) for n in range(80)]
    assert evaluation.exact.value == pytest.approx(np.mean(right))
    by_article = [
        brier_score_loss(gold[n, known[n]], probabilities[n, known[n]]) for n in range(80)
    ]
    assert evaluation.brier.value == pytest.approx(np.mean(by_article))
    assert evaluation.unknown == {name: int((~known[:, n]).sum()) for n, name in enumerate(NAMES)}


def test_an_evaluation_without_unknown_pairs_is_recorded_as_ever() -> None:
    gold = np.eye(3, dtype=bool)
    record = evaluate(gold * 1.0, gold, gold, gold.any(axis=1), NAMES, single=False).record()
    assert "unknown" not in record


@pytest.mark.parametrize("precision", [None, 0.7])
def test_neither_scaling_nor_thresholds_follow_the_score_of_an_unknown_pair(
    precision: float | None,
) -> None:
    scores, gold, known = drawn()
    targets, folds = RuleTargets("multiple", 0.3, precision), np.arange(90) % 3
    scaling, rule = fit_rule(scores, gold, folds, NAMES, targets, known)
    other = np.where(known, scores, -scores).astype(np.float32)
    other_scaling, other_rule = fit_rule(other, gold, folds, NAMES, targets, known)
    assert (scaling, rule.thresholds) == (other_scaling, other_rule.thresholds)
    all_known, _ = fit_rule(scores, gold, folds, NAMES, targets)
    assert all_known != scaling, "as if the pairs were known not to be"


def test_an_article_of_which_nothing_is_known_earns_no_trust() -> None:
    """Ten that are right would allow a risk of 0.1; with five of them unknown, nothing does."""
    scores = np.where(np.arange(20)[:, None] % 2 == [[0, 1]], 6, -6).astype(np.float32)
    gold, targets = scores > 0, RuleTargets("multiple", 0.1)
    _, rule = fit_rule(scores, gold, np.arange(20) % 2, ("a", "b"), targets)
    assert rule.review_below <= 1
    known = np.repeat(np.arange(20) >= 12, 2).reshape(20, 2)
    _, rule = fit_rule(scores, gold & known, np.arange(20) % 2, ("a", "b"), targets, known)
    assert rule.review_below > 1


def test_runs_are_compared_on_known_pairs_alone() -> None:
    _, gold, known = drawn()
    rng = np.random.default_rng(4)
    a, b = gold ^ (rng.random(gold.shape) < 0.2), gold ^ (rng.random(gold.shape) < 0.1)
    comparison = compare(a, b, gold, NAMES, known=known)
    same = compare(
        a & known, b ^ (~known & (rng.random(gold.shape) < 0.5)), gold, NAMES, known=known
    )
    assert replace(same, differ=comparison.differ) == comparison
    expected = f1_score(gold[known], b[known]) - f1_score(gold[known], a[known])
    assert comparison.micro_f1.value == pytest.approx(expected)


def test_a_prediction_is_neither_right_nor_wrong_where_nobody_knows() -> None:
    examples = (
        Example(Document.of("Un"), ("cinema",), ("trade",)),
        Example(Document.of("Deux"), ("cinema",), ("trade",)),
        Example(Document.of("Trois"), (), NAMES),
    )
    predicted = np.array([[1, 1, 0], [1, 0, 1], [1, 0, 0]], np.bool_)
    measured = Measured(Dataset(examples, taxonomy()), predicted * 0.9, predicted, np.ones(3))
    assert measured.right.tolist() == [True, False, True]
    assert measured.judged.tolist() == [[True, False, False], [True, False, True], [False] * 3]
    assert len(measured.measurable.dataset.examples) == 2
    rule = Rule("multiple", NAMES, (0.5,) * 3, 0.0)
    assert measured.measurable.evaluate(rule, 0).unknown == {"trade": 2}
    assert measured.measurable.reliability.count.sum() == 4


def test_a_learning_curve_ranks_known_pairs_alone() -> None:
    """The scores know every label but rank the unknown pairs first, all of them."""
    data = dataset(120)
    shown = {n: ("sport",) for n, e in enumerate(data.examples) if "sport" not in e.categories}
    data = hidden(data, {n: names for n, names in shown.items() if n % 2})
    gold = {e.document.text: e for e in data.examples}

    def score(part: Dataset, texts: list[str]) -> np.ndarray:
        rows = [
            [2.0 if name in gold[text].unknown else name in gold[text].categories for name in NAMES]
            for text in texts
        ]
        columns = [NAMES.index(name) for name in part.taxonomy.ids]
        return np.array(rows, np.float32)[:, columns]

    curve = learning_curve(data, score, 1, sizes=2)
    assert curve is not None
    assert curve.precision["sport"][-1] == (1.0,) * 3


def test_a_category_needs_articles_that_are_known_to_lack_it() -> None:
    """Else nothing would tell it from the others: every article has it, or may have it."""
    data = dataset(60)
    asked = {n: ("sport",) for n, e in enumerate(data.examples) if "sport" not in e.categories}
    recipe = Recipe(test=0, folds=2, curve_repeats=0)
    trained = train(hidden(data, asked), "tfidf", recipe, TfidfSettings(buckets=12))
    assert trained.rule.categories == ("cinema", "trade")
    assert "category sport is left out: nearly every article has it" in trained.facts.left_out


def test_training_loses_the_unknown_pairs_and_nothing_else() -> None:
    """The texts of the articles teach the other categories, and the run says what it left out."""
    data = dataset(60)
    pairs = dict.fromkeys(range(0, 60, 3), ("cinema",))
    recipe = Recipe(test=0.3, folds=2, curve_repeats=0)
    settings = TfidfSettings(buckets=12)
    lines: list[str] = []
    trained = train(hidden(data, pairs), "tfidf", recipe, settings, Fitting(log=lines.append))
    note = "unknown pairs: 20 of 180 pairs of article and category are disputed"
    assert any(line.startswith(note) for line in lines)
    assert note in trained.files["README.md"]
    assert note in trained.files["report.html"]
    assert trained.facts.articles + trained.facts.test_articles == 60
    assert set(trained.evaluation.unknown) == {"cinema"}
    support = {name: score.support for name, score in trained.evaluation.categories.items()}
    tested = set(trained.split.test if trained.split else ())
    shown = [e for e in hidden(data, pairs).examples if e.document.id in tested]
    assert support == {name: sum(name in e.categories for e in shown) for name in NAMES}
