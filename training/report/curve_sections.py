"""The sections of report.html that are curves: certainty, what thresholds trade, learning."""

from typing import TYPE_CHECKING

import numpy as np

from labels.taxonomy import Taxonomy
from training.arrays import BoolArray
from training.decision import Rule
from training.evaluation import curves
from training.evaluation.learning_curve import LearningCurve
from training.evaluation.metrics import CategoryScore, Evaluation
from training.report import charts
from training.report.html import Html, tag
from training.report.sections import figure, french, little, section

if TYPE_CHECKING:
    from training.evaluation.measured import Measured
    from training.recipe import Recipe

_ENOUGH = 50  # articles of a category below which its reliability diagram shows mere chance


def certainty(
    measured: "Measured", evaluation: Evaluation, rule: Rule, recipe: "Recipe", taxonomy: Taxonomy
) -> Html:
    """Coverage and risk, and reliability."""
    found = measured.coverage_risk
    said = "Share of wrong articles among the accepted, by the share accepted"
    risk = charts.coverage(found, recipe.max_risk, rule.review_below, said)
    whole = charts.reliability(measured.reliability, "Reliability of all decisions")
    each = [
        _category_reliability(measured, taxonomy, n)
        for n, score in enumerate(evaluation.categories.values())
        if score.support >= _ENOUGH
    ]
    return section(
        "certainty",
        tag(
            "div",
            figure(
                risk,
                "If only the surest articles are accepted, how many errors remain?",
                f"{_COVERAGE} {_threshold(rule)}",
            ),
            figure(whole, "When it says 80%, is it right 8 times in 10?", _RELIABILITY),
            class_="pair",
        ),
        tag("div", *each, class_="multiples") if each else None,
    )


_COVERAGE = (
    "From left to right ever less sure articles are accepted. Solid: the share of them not exactly "
    "right, with its 95% interval. Dashed: what the model itself expects."
)
_RELIABILITY = (
    "On the diagonal, probabilities can be taken at their word. Below it the model is too sure, "
    "above it too modest. Larger dots hold more decisions; upright lines are 95% intervals."
)


def _category_reliability(measured: "Measured", taxonomy: Taxonomy, n: int) -> Html:
    category = taxonomy.categories[n]
    bins = curves.reliability(measured.probabilities[:, n], measured.gold[:, n])
    drawn = charts.reliability(bins, f"Reliability of {category.fr}", little=True)
    return little(french(category), f"{int(measured.gold[:, n].sum()):,} articles", drawn)


def _threshold(rule: Rule) -> str:
    if rule.review_below > 1:
        return "No certainty is enough yet: every article goes to a person."
    return (
        f"An article is accepted when all of its decisions are right with a probability of "
        f"{rule.review_below:.0%} or more."
    )


def precision_recall(measured: "Measured", evaluation: Evaluation, taxonomy: Taxonomy) -> Html:
    """The curve over all categories, and one of each."""
    held, gold = measured.predicted, measured.gold
    whole = curves.precision_recall(measured.probabilities.ravel(), gold.ravel())
    if whole is None:
        return section(
            "trade-off",
            tag("p", "No article has any category, so there is no curve."),
        )
    each = (
        _category_precision_recall(measured, taxonomy, n, score, whole)
        for n, score in enumerate(evaluation.categories.values())
    )
    return section(
        "trade-off",
        figure(
            charts.precision_recall(
                whole, "Precision over recall, all categories", chosen=_in_use(held, gold)
            ),
            "All categories together (micro-average)",
            "A lower threshold finds more (right) and is wrong more often (down). The dot is what "
            f"is in use: {_DOT_ONE if taxonomy.choice == 'single' else _DOT_ALL} Below, each "
            "category with its average precision; grey is the curve above.",
            "beside",
        ),
        tag("div", *each, class_="multiples"),
    )


_DOT_ALL = "each category has its own threshold and this curve one for all, so it may lie off it."
_DOT_ONE = "the most probable category is given, whatever the threshold, so it may lie off a curve."


def _in_use(held: BoolArray, gold: BoolArray) -> tuple[float, float] | None:
    """Recall and precision of what was given, any shape; None if nothing was, or should have been.

    Nothing given has no precision, so it is no point of a curve.
    """
    if not held.any() or not gold.any():
        return None
    hits = int((held & gold).sum())
    return hits / int(gold.sum()), hits / int(held.sum())


def _category_precision_recall(
    measured: "Measured",
    taxonomy: Taxonomy,
    n: int,
    score: CategoryScore,
    whole: curves.PrecisionRecall,
) -> Html | None:
    """The curve of a category over that of all; None without an article of it."""
    own = curves.precision_recall(measured.probabilities[:, n], measured.gold[:, n])
    if own is None or score.average_precision is None:
        return None
    category = taxonomy.categories[n]
    title = f"Precision over recall of {category.fr}"
    here = _in_use(measured.predicted[:, n], measured.gold[:, n])
    drawn = charts.precision_recall(own, title, chosen=here, behind=whole, little=True)
    note = "" if here else "given to no article"
    return little(french(category), f"{score.average_precision:.2f}", drawn, note)


def learning(
    curve: LearningCurve | None, taxonomy: Taxonomy, recipe: "Recipe", articles: int
) -> Html:
    """The learning curve, and what twice the labels would bring; else why there is none."""
    if curve is None and not recipe.curve_repeats:
        return section("learning", tag("p", _NOT_WANTED))
    if curve is None and not recipe.wants_curve(articles):
        return section("learning", tag("p", _TOO_MANY.format(articles, recipe.curve_most)))
    if curve is None:
        return section("learning", tag("p", _TOO_FEW))
    whole = curve.forecast()
    drawn = charts.learning(curve.sizes, curve.mean, whole, "Mean average precision by articles")
    each = (_category_curve(curve, name, taxonomy) for name in curve.precision)
    missing = ", ".join(taxonomy[name].fr for name in curve.unmeasured)
    return section(
        "learning",
        figure(
            drawn,
            f"Mean over categories: {_verdict(whole.verdict)}",
            f"Models learned from growing parts of the {curve.articles:,} articles. Each was "
            "measured on articles it did not see, others than in the table above; upright lines "
            "span the repeats. The line is a power law; dashed, what it expects up to twice the "
            f"articles, with a 95% interval: {whole.now:.2f} now, {whole.doubled:.2f} "
            f"[{whole.low:.2f}, {whole.high:.2f}] with {2 * curve.articles:,}.",
            "beside",
        ),
        tag("div", *each, class_="multiples"),
        tag("p", f"Too few articles for a curve of their own: {missing}.", class_="note")
        if missing
        else None,
    )


_TOO_FEW = (
    "There are too few different articles to learn from ever larger parts of them. Label more, "
    "then train again."
)
_TOO_MANY = (
    "No learning curve was made: with {:,} articles each point of it takes long. The recipe's "
    "curve_most = {} says up to how many it is made."
)
_NOT_WANTED = (
    "No learning curve was made: the recipe has curve_repeats = 0, since each repeat takes five "
    "more trainings. Set curve_repeats = 3 in the recipe, then train again."
)


def _category_curve(curve: LearningCurve, name: str, taxonomy: Taxonomy) -> Html:
    expected = curve.forecast(name)
    values = np.array(curve.precision[name])
    title = f"Average precision of {taxonomy[name].fr} by articles learned from"
    drawn = charts.learning(curve.sizes, values, expected, title, little=True)
    change = f"{expected.now:.2f} → {expected.doubled:.2f}"
    return little(french(taxonomy[name]), change, drawn, _verdict(expected.verdict))


def _verdict(verdict: str) -> str:
    return {"flat": "flat: more labels hardly help"}.get(verdict, verdict)
