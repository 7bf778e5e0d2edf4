"""What is mixed up, which mistakes are worst, what to do next: compared with cases done by hand."""

from dataclasses import replace

import numpy as np

from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import taxonomy
from tests.support.report_facts import NAMES, facts
from training.decision import Rule
from training.evaluation.learning_curve import LearningCurve
from training.evaluation.measured import Measured
from training.evaluation.metrics import evaluate
from training.recipe import Recipe
from training.report.advice import next_steps
from training.report.mistakes import worst
from training.report.mix_ups import Pair, confusion, joint_errors, rank_pairs
from training.runs.cost import Cost
from training.runs.trained import Results


def test_the_most_confident_wrong_decision_comes_first() -> None:
    """Row 0 is right; row 1 misses its category at 0.05; row 2 predicts one wrongly at 0.9."""
    probabilities = np.array([[0.99, 0.1], [0.05, 0.4], [0.9, 0.8]])
    gold = np.array([[True, False], [True, False], [False, True]])
    mistakes = worst(probabilities, probabilities >= 0.5, gold, 5)
    assert [(mistake.position, mistake.category) for mistake in mistakes] == [(1, 0), (2, 0)]
    assert [round(mistake.confidence, 2) for mistake in mistakes] == [0.95, 0.9]
    assert len(worst(probabilities, probabilities >= 0.5, gold, 1)) == 1


def test_a_confusion_matrix_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import confusion_matrix

    rng = np.random.default_rng(0)
    gold, predicted = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    counts = confusion(np.eye(3, dtype=bool)[predicted], np.eye(3, dtype=bool)[gold])
    assert (counts == confusion_matrix(gold, predicted)).all()


def test_errors_in_the_same_article_are_counted_by_what_was_missed() -> None:
    gold = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]], bool)
    predicted = np.array([[0, 1, 0], [1, 0, 0], [0, 1, 1], [0, 1, 0], [0, 1, 0]], bool)
    expected = np.zeros((4, 4), int)
    expected[0, 1] = 2  # articles 0 and 4: cinema was missed, trade predicted
    expected[1, 3] = 1  # article 1: trade was missed, nothing wrong predicted
    expected[3, 1] = 1  # article 2: trade on top, nothing missed
    assert (joint_errors(predicted, gold) == expected).all()
    assert rank_pairs(expected[:3, :3], 5) == [Pair(0, 1, 2)]


def steps(
    gold: np.ndarray,
    predicted: np.ndarray,
    *,
    decided: int = 0,
    curve: LearningCurve | None = None,
    probabilities: np.ndarray | None = None,
    recipe: Recipe | None = None,
) -> dict[str, str]:
    """Return title -> reason of what to do next.

    decided: how many of the articles, from the first, are decided without review.
    """
    examples = tuple(
        Example(Document.of(f"article {n}"), tuple(np.array(NAMES)[row].tolist()))
        for n, row in enumerate(gold)
    )
    data = Dataset(examples, taxonomy())
    if probabilities is None:
        probabilities = predicted * 1.0
    sure = np.arange(len(gold)) < decided
    results = Results(
        "name",
        facts(articles=len(gold)),
        evaluate(predicted * 1.0, predicted, gold, sure, NAMES, single=False),
        Rule("multiple", NAMES, (0.5,) * 3, 0.5),
        recipe or Recipe(max_risk=0.1),
        Measured(data, probabilities, predicted, np.linspace(0.9, 0.1, len(gold))),
        data,
        Cost(1.0, 1.0, None),
        curve,
    )
    return {step.title: step.reason for step in next_steps(results)}


GOLD = np.eye(3, dtype=bool)[np.arange(300) % 3]


def curve(**final: float) -> LearningCurve:
    """Make curves that rise straight to their final value from half of it; 1.0: flat at 1."""
    rows = {
        name: tuple(
            (value,) * 3
            for value in (np.full(5, 1.0) if end == 1 else np.linspace(end / 2, end, 5))
        )
        for name, end in final.items()
    }
    positives = dict.fromkeys(rows, (10.0, 20.0, 40.0, 80.0, 100.0))
    return LearningCurve(300, (20, 40, 80, 160, 225), rows, positives)


def test_a_perfect_model_may_accept_without_review_and_needs_no_more_labels() -> None:
    todo = steps(GOLD, GOLD, decided=300, curve=curve(cinema=1.0, trade=1.0, sport=1.0))
    assert list(todo) == [
        "Do not count on more labels of the same kind",
        "Accept the sure articles without review",
    ]


def test_the_category_that_would_gain_most_is_named() -> None:
    todo = steps(GOLD, GOLD, decided=300, curve=curve(cinema=1.0, trade=0.5, sport=1.0))
    assert "Trade from 0.5" in todo["Label more Trade"]


def test_a_curve_that_was_switched_off_is_not_put_down_to_too_few_articles() -> None:
    reason = steps(GOLD, GOLD)["Label more articles"]
    assert "too few" in reason
    for recipe in (Recipe(curve_repeats=0), Recipe(curve_most=len(GOLD) - 1)):
        reason = steps(GOLD, GOLD, recipe=recipe)["Label more articles"]
        assert "too few" not in reason
        assert "No learning curve was made" in reason


def test_without_a_curve_the_weakest_category_is_named() -> None:
    predicted = GOLD.copy()
    predicted[:, 2] = False
    todo = steps(GOLD, predicted)
    assert "Sport (F1 0.00)" in todo["Label more articles"]
    assert "Sport (100)" in todo["Do not rely on it for Sport"]


def test_categories_that_are_mixed_up_more_than_once_are_named() -> None:
    predicted = GOLD.copy()
    predicted[[0, 3, 6]] = [False, True, False]
    reason = steps(GOLD, predicted)["Tell Cinema and Trade apart"]
    assert "Cinema was missed and Trade predicted in 3 articles" in reason
    predicted = GOLD.copy()
    predicted[0] = [False, True, False]
    assert not [title for title in steps(GOLD, predicted) if "apart" in title]


def test_two_categories_are_to_be_told_apart_whichever_way_they_are_mixed_up() -> None:
    """For 2 of cinema trade is predicted, for 3 of trade cinema, for 2 of sport trade."""
    predicted = GOLD.copy()
    predicted[[0, 3]] = [False, True, False]
    predicted[[1, 4, 7]] = [True, False, False]
    predicted[[2, 5]] = [False, True, False]
    pairs = rank_pairs(joint_errors(predicted, GOLD)[:3, :3], 3)
    assert pairs == [Pair(1, 0, 3, 2), Pair(2, 1, 2)]
    todo = {title: why for title, why in steps(GOLD, predicted).items() if "apart" in title}
    assert list(todo) == ["Tell Trade and Cinema apart"]
    reason = todo["Tell Trade and Cinema apart"]
    assert reason.startswith(
        "Trade was missed and Cinema predicted in 3 articles, and the other way round in 2. "
        "Compare the guidelines of the two"
    )
    assert reason.endswith("Less often mixed up: Sport with Trade (2 times).")


def test_it_says_when_nothing_is_accepted_and_when_too_much_that_is_wrong() -> None:
    predicted = GOLD.copy()
    predicted[:40, 0] ^= True
    reason = steps(GOLD, predicted)["Have a person check every article"]
    assert "The target is at most 10% errors among accepted articles" in reason
    assert "even the surest articles exceed that" in reason
    reason = steps(GOLD, predicted, decided=20)["Check the accepted articles"]
    assert reason.startswith("20 of 300 articles")
    assert "20 of those (100%)" in reason


def test_one_error_too_many_may_be_chance() -> None:
    """2 of 10 is above the target of 10 %, but the interval, 6 to 51 %, contains the target."""
    predicted = GOLD.copy()
    predicted[:2, 0] ^= True
    todo = steps(GOLD, predicted, decided=10)
    assert "2 of those (20%)" in todo["Keep an eye on the accepted articles"]


def test_probabilities_that_are_surely_too_high_are_called_so() -> None:
    high = np.clip(GOLD * 0.9 + 0.3, 0, 1)
    todo = steps(GOLD, GOLD, probabilities=high)
    reason = todo["Treat the probabilities as too high"]
    assert "probability is 53%, but the observed frequency is 33%" in reason
    assert not [title for title in steps(GOLD, GOLD) if "probabilities" in title]


def test_few_articles_are_said_to_measure_little() -> None:
    predicted = GOLD.copy()
    predicted[::4, 1] ^= True
    assert "With 24 articles" in steps(GOLD[:24], predicted[:24])["Measure on more articles"]


def test_rare_categories_are_to_be_labelled_first_where_no_gain_is_sure() -> None:
    noisy = dict.fromkeys(NAMES, ((0.1, 0.9, 0.5),) * 5)
    positives = {name: (1.0, 2.0, 3.0, 4.0, 5.0 + n) for n, name in enumerate(NAMES)}
    unsure = LearningCurve(300, (20, 40, 80, 160, 225), noisy, positives)
    unsure = replace(unsure, precision={n: (*v[:4], (0.9, 0.2, 0.1)) for n, v in noisy.items()})
    reason = steps(GOLD, GOLD, curve=unsure)["Label more articles, rare categories first"]
    assert "may raise" in reason
    assert "Cinema (5), Trade (6) and Sport (7)" in reason
