"""What a run's figures say: what is mixed up, and what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.arrays import BoolArray, IntArray
from training.evaluation.curves import CoverageRisk, Reliability, wilson
from training.evaluation.learning_curve import Forecast, LearningCurve
from training.evaluation.metrics import Evaluation

if TYPE_CHECKING:
    from training.recipe import Recipe
    from training.runs.trained import Results


_UNSURE = 0.05  # half the width of a 95 % interval from which on a figure hardly guides anyone
_MISLEADING = 0.02  # gap between what was said and what came true that is worth a word
_SURELY = 2.6  # standard deviations that a gap must exceed: chance does so once in a hundred times
_WORTH = 0.03  # average precision that a category must gain to be named


@dataclass(frozen=True, slots=True)
class Pair:
    """Two categories that are mixed up: `missed` was right, `given` was said; `count` times.

    back: how often it was the other way round, which is not more often.
    """

    missed: int
    given: int
    count: int
    back: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next, and why."""

    title: str
    reason: str


def confusion(held: BoolArray, gold: BoolArray) -> IntArray:
    """How often articles of each category (row) were given each (column); single choice, (k, k)."""
    return np.asarray(gold.astype(np.int64).T @ held.astype(np.int64))


def errors_together(held: BoolArray, gold: BoolArray) -> IntArray:
    """Which category was wrongly given where another was missed, (k + 1, k + 1).

    held, gold: (n, k). Row: the missed category; the last row, articles that miss nothing. Column:
    the one given wrongly; the last column, articles that were given nothing wrong.
    """
    missed, wrong = gold & ~held, held & ~gold
    rows = np.column_stack([missed, ~missed.any(axis=1)]).astype(np.int64)
    columns = np.column_stack([wrong, ~wrong.any(axis=1)]).astype(np.int64)
    counts = rows.T @ columns
    counts[-1, -1] = 0  # the articles that are exactly right
    return np.asarray(counts)


def mixed_up(counts: IntArray, most: int) -> list[Pair]:
    """The pairs with the largest counts off the diagonal of a square, at most `most`."""
    size = len(counts)
    cells = ((n, m) for n in range(size) for m in range(n + 1, size))
    ordered = (cell if counts[cell] >= counts[cell[::-1]] else cell[::-1] for cell in cells)
    pairs = (Pair(n, m, int(counts[n, m]), int(counts[m, n])) for n, m in ordered)
    found = sorted((each for each in pairs if each.count), key=lambda each: -_total(each))
    return found[:most]


def _total(pair: Pair) -> int:
    return pair.count + pair.back


def next_steps(results: "Results", pairs: list[Pair]) -> list[Step]:
    """What would help most, in the order in which to do it; pairs: the most mixed up first."""
    names = {each.id: each.fr for each in results.taxonomy.categories}
    evaluation, recipe, measured = results.evaluation, results.recipe, results.measured
    steps = [
        _label(evaluation, names, recipe, results.curve, results.facts.articles),
        _not_found(evaluation, names),
        _tell_apart(pairs, list(names.values())),
        _accept(evaluation, measured.coverage_risk, recipe.max_risk),
        _calibrate(measured.reliability),
        _measure(evaluation),
    ]
    return [each for each in steps if each]


def _label(
    evaluation: Evaluation,
    names: dict[str, str],
    recipe: "Recipe",
    curve: LearningCurve | None,
    articles: int,
) -> Step:
    """Which categories to label more of."""
    if curve is None:
        weak = min(evaluation.categories, key=lambda name: evaluation.categories[name].f1)
        f1 = evaluation.categories[weak].f1
        why = (
            "There are too few for a learning curve."
            if recipe.wants_curve(articles)
            else "No learning curve was made, so what more of them would bring is not known."
        )
        return Step(
            "Label more articles",
            f"{why} The weakest category is {names[weak]} (F1 {f1:.2f}): start there.",
        )
    forecasts = {name: curve.forecast(name) for name in curve.precision}
    helped = [name for name, each in forecasts.items() if each.verdict == "more labels help"]
    gains = {name: forecasts[name].doubled - forecasts[name].now for name in helped}
    worth = [name for name in helped if gains[name] >= max(_WORTH, max(gains.values()) / 2)]
    worth = sorted(worth, key=lambda name: -gains[name])[:3]
    if worth:
        said = (f"{names[name]} {_gain(forecasts[name])}" for name in worth)
        return Step(
            f"Label more {_listed(names[name] for name in worth)}",
            f"Twice the articles should raise average precision: {'; '.join(said)}.",
        )
    return _label_anything(curve, names)


def _label_anything(curve: LearningCurve, names: dict[str, str]) -> Step:
    """What to label where no category surely gains."""
    whole = curve.forecast()
    if whole.verdict == "flat":
        return Step(
            "Do not count on more labels of the same kind",
            f"With twice as many average precision would hardly move: {_gain(whole)}. Clearer "
            "guidelines or another kind of model will bring more.",
        )
    fewest = sorted(curve.positives, key=lambda name: curve.positives[name][-1])[:3]
    few = _listed(f"{names[each]} ({curve.positives[each][-1]:.0f})" for each in fewest)
    sure = whole.verdict == "more labels help"
    return Step(
        "Label more articles, the rare categories first",
        f"Twice the articles {'should' if sure else 'may'} raise average precision, on the mean of "
        f"the categories {_gain(whole)}; for no single category can that be said surely yet. "
        f"Fewest to learn from: {few}.",
    )


def _not_found(evaluation: Evaluation, names: dict[str, str]) -> Step | None:
    """The categories of which not one article was found."""
    scores = evaluation.categories
    none = [name for name, each in scores.items() if each.support and each.recall == 0]
    if not none:
        return None
    said = _listed(f"{names[name]} ({scores[name].support})" for name in none)
    which = f"{len(none)} categories" if len(none) > 3 else _listed(names[name] for name in none)
    return Step(
        f"Do not rely on it for {which}",
        f"It found none of the articles that have the category: {said}.",
    )


def _tell_apart(pairs: list[Pair], names: list[str]) -> Step | None:
    """The two categories that the model mixes up most, then others; once may be chance."""
    pairs = [each for each in pairs if _total(each) > 1]
    if not pairs:
        return None
    first, *rest = pairs
    one, other = names[first.missed], names[first.given]
    back = f", and the other way round in {first.back:,}" if first.back else ""
    also = "; ".join(
        f"{names[each.missed]} with {names[each.given]} ({_total(each):,} times)" for each in rest
    )
    return Step(
        f"Tell {one} and {other} apart",
        f"{one} was missed and {other} given in {first.count:,} articles{back}. Compare the "
        "guidelines of the two, and read these articles among the worst mistakes: a confident "
        f"mistake is often a wrong label.{f' Less often mixed up: {also}.' if rest else ''}",
    )


def _accept(evaluation: Evaluation, covered: CoverageRisk, wanted: float) -> Step:
    """Whether anything is decided without a person, and how well."""
    decided = evaluation.decisions["accepted"] + evaluation.decisions["none"]
    if not decided:
        most = covered.largest_within(wanted)
        hope = (
            "even the surest articles are wrong more often than that."
            if most is None
            else f"the surest {covered.coverage[most]:.0%} of these articles would have kept to "
            "it, but too few show that it holds for others."
        )
        return Step(
            "Have a person check every article",
            f"Nothing is accepted without review yet. Wanted are at most {wanted:.0%} wrong among "
            f"the accepted; {hope}",
        )
    wrong = round(decided * (1 - (evaluation.accepted_exact or 0.0)))
    said = (
        f"{decided:,} of {evaluation.articles:,} articles were decided without review, and "
        f"{wrong:,} of those ({wrong / decided:.0%}) are not exactly right; wanted: at most "
        f"{wanted:.0%}."
    )
    if wrong <= wanted * decided:
        return Step("Let the sure ones through", said)
    least = wilson(np.array([wrong]), np.array([decided]))[0][0]
    if least <= wanted:
        return Step(
            "Keep an eye on what is let through", f"{said} So small an excess may be chance."
        )
    advice = "Lower max_risk in the recipe, or label more articles."
    return Step("Check what is let through", f"{said} {advice}")


def _calibrate(bins: Reliability) -> Step | None:
    """Whether the model is surely too sure, or too modest.

    If the probabilities were right, what comes true would differ from them by chance alone, with
    the variance p (1 - p) a decision.
    """
    total = bins.count.sum()
    said, true = (
        float((bins.count * each).sum() / total) for each in (bins.predicted, bins.observed)
    )
    chance = float(np.sqrt((bins.count * bins.predicted * (1 - bins.predicted)).sum()) / total)
    if abs(true - said) <= max(_MISLEADING, _SURELY * chance):
        return None
    return Step(
        f"Take the probabilities for too {'high' if said > true else 'low'}",
        f"On the mean of all decisions it said {said:.0%}, and {true:.0%} came true.",
    )


def _measure(evaluation: Evaluation) -> Step | None:
    figure = evaluation.macro_f1
    half = (figure.high - figure.low) / 2
    if half <= _UNSURE:
        return None
    return Step(
        "Measure on more articles",
        f"With {evaluation.articles:,} articles macro-F1 is known to about ±{half:.2f}. Four times "
        "as many would halve that; until then, small differences between runs mean nothing.",
    )


def _gain(expected: Forecast) -> str:
    least, most = expected.gain
    return (
        f"from {expected.now:.2f} to about {expected.doubled:.2f} "
        f"(95% interval of the gain {least:.2f} to {most:.2f})"
    )


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
