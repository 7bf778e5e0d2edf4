"""What is mixed up, what went most wrong, what to do next: held against cases done by hand."""

from dataclasses import replace

import numpy as np

from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import taxonomy
from tests.support.report_facts import facts
from training.decision import Rule
from training.evaluation.learning_curve import LearningCurve
from training.evaluation.measured import Measured
from training.evaluation.metrics import Evaluation, evaluate
from training.recipe import Recipe
from training.report.advice import Pair, confusion, errors_together, mixed_up, next_steps
from training.report.mistakes import worst
from training.runs.cost import Cost
from training.runs.trained import Results

NAMES = ("cinema", "trade", "sport")


def test_the_most_confident_wrong_decision_comes_first() -> None:
    """Row 0 is right; row 1 misses its category at 0.05; row 2 gives one wrongly at 0.9."""
    probabilities = np.array([[0.99, 0.1], [0.05, 0.4], [0.9, 0.8]])
    gold = np.array([[True, False], [True, False], [False, True]])
    found = worst(probabilities, probabilities >= 0.5, gold, 5)
    assert [(each.position, each.category) for each in found] == [(1, 0), (2, 0)]
    assert [round(each.confidence, 2) for each in found] == [0.95, 0.9]
    assert len(worst(probabilities, probabilities >= 0.5, gold, 1)) == 1


def test_a_confusion_matrix_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import confusion_matrix

    rng = np.random.default_rng(0)
    right, said = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    found = confusion(np.eye(3, dtype=bool)[said], np.eye(3, dtype=bool)[right])
    assert (found == confusion_matrix(right, said)).all()


def test_errors_that_stand_together_are_counted_by_what_was_missed() -> None:
    gold = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]], bool)
    held = np.array([[0, 1, 0], [1, 0, 0], [0, 1, 1], [0, 1, 0], [0, 1, 0]], bool)
    expected = np.zeros((4, 4), int)
    expected[0, 1] = 2  # articles 0 and 4: cinema was missed, trade given
    expected[1, 3] = 1  # article 1: trade was missed, nothing wrong given
    expected[3, 1] = 1  # article 2: trade on top, nothing missed
    assert (errors_together(held, gold) == expected).all()
    assert mixed_up(expected[:3, :3], 5) == [Pair(0, 1, 2)]


def evaluation(gold: np.ndarray, held: np.ndarray, certain: int) -> Evaluation:
    """Held against gold, with so many articles decided without a person."""
    sure = np.arange(len(gold)) < certain
    return evaluate(held * 1.0, held, gold, sure, NAMES, single=False)


def steps(
    gold: np.ndarray,
    held: np.ndarray,
    *,
    certain: int = 0,
    curve: LearningCurve | None = None,
    said: np.ndarray | None = None,
    recipe: Recipe | None = None,
) -> dict[str, str]:
    """Title -> reason of what to do next."""
    labelled = tuple(
        Example(Document.of(f"article {n}"), tuple(np.array(NAMES)[row].tolist()))
        for n, row in enumerate(gold)
    )
    data = Dataset(labelled, taxonomy())
    probabilities = held * 1.0 if said is None else said
    results = Results(
        "name",
        facts(articles=len(gold)),
        evaluation(gold, held, certain),
        Rule("multiple", NAMES, (0.5,) * 3, 0.5),
        recipe or Recipe(max_risk=0.1),
        Measured(data, probabilities, held, np.linspace(0.9, 0.1, len(gold))),
        data,
        Cost(1.0, 1.0, None),
        curve,
    )
    found = next_steps(results, mixed_up(errors_together(held, gold)[:3, :3], 3))
    return {each.title: each.reason for each in found}


GOLD = np.eye(3, dtype=bool)[np.arange(300) % 3]


def curve(**last: float) -> LearningCurve:
    """Curves that rise straight to their last value from half of it; 1.0: flat at 1."""
    rows = {
        name: tuple(
            (value,) * 3
            for value in (np.full(5, 1.0) if end == 1 else np.linspace(end / 2, end, 5))
        )
        for name, end in last.items()
    }
    positives = dict.fromkeys(rows, (10.0, 20.0, 40.0, 80.0, 100.0))
    return LearningCurve(300, (20, 40, 80, 160, 225), rows, positives)


def test_a_perfect_model_is_let_through_and_needs_no_more_labels() -> None:
    found = steps(GOLD, GOLD, certain=300, curve=curve(cinema=1.0, trade=1.0, sport=1.0))
    assert list(found) == [
        "Do not count on more labels of the same kind",
        "Let the sure ones through",
    ]


def test_the_category_that_would_gain_most_is_named() -> None:
    found = steps(GOLD, GOLD, certain=300, curve=curve(cinema=1.0, trade=0.5, sport=1.0))
    assert "Trade from 0.5" in found["Label more Trade"]


def test_a_curve_that_was_not_wanted_is_not_put_down_to_too_few_articles() -> None:
    found = steps(GOLD, GOLD)["Label more articles"]
    assert "too few" in found
    for recipe in (Recipe(curve_repeats=0), Recipe(curve_most=len(GOLD) - 1)):
        found = steps(GOLD, GOLD, recipe=recipe)["Label more articles"]
        assert "too few" not in found
        assert "No learning curve was made" in found


def test_without_a_curve_the_weakest_category_is_named() -> None:
    held = GOLD.copy()
    held[:, 2] = False
    found = steps(GOLD, held)
    assert "Sport (F1 0.00)" in found["Label more articles"]
    assert "Sport (100)" in found["Do not rely on it for Sport"]


def test_categories_that_are_mixed_up_more_than_once_are_named() -> None:
    held = GOLD.copy()
    held[[0, 3, 6]] = [False, True, False]
    assert (
        "missed and Trade given in 3 articles" in steps(GOLD, held)["Tell Cinema and Trade apart"]
    )
    held = GOLD.copy()
    held[0] = [False, True, False]
    assert not [title for title in steps(GOLD, held) if "apart" in title]


def test_two_categories_are_to_be_told_apart_whichever_way_they_are_mixed_up() -> None:
    """2 of cinema are given trade, 3 of trade cinema, 2 of sport trade."""
    held = GOLD.copy()
    held[[0, 3]] = [False, True, False]
    held[[1, 4, 7]] = [True, False, False]
    held[[2, 5]] = [False, True, False]
    assert mixed_up(errors_together(held, GOLD)[:3, :3], 3) == [Pair(1, 0, 3, 2), Pair(2, 1, 2)]
    found = {title: why for title, why in steps(GOLD, held).items() if "apart" in title}
    assert list(found) == ["Tell Trade and Cinema apart"]
    why = found["Tell Trade and Cinema apart"]
    assert why.startswith(
        "Trade was missed and Cinema given in 3 articles, and the other way round in 2. "
        "Compare the guidelines of the two"
    )
    assert why.endswith("Less often mixed up: Sport with Trade (2 times).")


def test_nothing_accepted_and_too_many_errors_among_the_accepted_are_said() -> None:
    held = GOLD.copy()
    held[:40, 0] ^= True
    assert "surest articles are wrong" in steps(GOLD, held)["Have a person check every article"]
    said = steps(GOLD, held, certain=20)["Check what is let through"]
    assert said.startswith("20 of 300 articles")
    assert "20 of those (100%)" in said


def test_one_error_too_many_may_be_chance() -> None:
    """2 of 10 is above the wanted 10 %, but its interval, from 6 to 51 %, holds that."""
    held = GOLD.copy()
    held[:2, 0] ^= True
    found = steps(GOLD, held, certain=10)
    assert "2 of those (20%)" in found["Keep an eye on what is let through"]


def test_probabilities_that_are_surely_too_high_are_said_to_be_so() -> None:
    high = np.clip(GOLD * 0.9 + 0.3, 0, 1)
    found = steps(GOLD, GOLD, said=high)
    assert "33% came true" in found["Take the probabilities for too high"]
    assert not [title for title in steps(GOLD, GOLD) if "probabilities" in title]


def test_few_articles_are_said_to_measure_little() -> None:
    held = GOLD.copy()
    held[::4, 1] ^= True
    assert "With 24 articles" in steps(GOLD[:24], held[:24])["Measure on more articles"]


def test_twice_as_many_positives_are_wanted_first_where_nothing_is_sure() -> None:
    noisy = dict.fromkeys(NAMES, ((0.1, 0.9, 0.5),) * 5)
    positives = {name: (1.0, 2.0, 3.0, 4.0, 5.0 + n) for n, name in enumerate(NAMES)}
    unsure = LearningCurve(300, (20, 40, 80, 160, 225), noisy, positives)
    unsure = replace(unsure, precision={n: (*v[:4], (0.9, 0.2, 0.1)) for n, v in noisy.items()})
    reason = steps(GOLD, GOLD, curve=unsure)["Label more articles, the rare categories first"]
    assert "may raise" in reason
    assert "Cinema (5), Trade (6) and Sport (7)" in reason
