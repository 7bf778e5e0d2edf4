"""The sections of report.html that are curves: certainty, what thresholds trade, learning."""

import numpy as np

from training.arrays import BoolArray
from training.decision import Rule
from training.evaluation import curves
from training.evaluation.curves import PrecisionRecall
from training.evaluation.learning_curve import LearningCurve
from training.report import charts
from training.report.html import Html, tag
from training.report.layout import figure, french, section, small_figure
from training.runs.trained import Results

_MIN_SUPPORT = 50  # articles of a category below which its reliability diagram is mere chance


def certainty(results: Results) -> Html:
    """Show coverage and risk, and reliability."""
    measured, rule = results.measured, results.rule
    risk = charts.coverage(
        measured.coverage_risk,
        results.recipe.max_risk,
        rule.review_below,
        "Share of errors among accepted articles, by the share accepted",
    )
    reliability = charts.reliability(measured.reliability, "Reliability of all decisions")
    by_category = [
        _category_reliability(results, n)
        for n, score in enumerate(results.evaluation.categories.values())
        if score.support >= _MIN_SUPPORT
    ]
    return section(
        "certainty",
        tag(
            "div",
            figure(
                risk,
                "If only the surest articles are accepted, how many errors remain?",
                f"{_COVERAGE} {_describe_acceptance(rule)}",
            ),
            figure(reliability, "When it says 80%, is it right 8 times in 10?", _RELIABILITY),
            class_="pair",
        ),
        tag("div", *by_category, class_="multiples") if by_category else None,
    )


_COVERAGE = (
    "From left to right, ever less certain articles are accepted. Solid: the share of them that is "
    "not exactly right, with its 95% interval. Dashed: the share that the model itself expects."
)
_RELIABILITY = (
    "On the diagonal, probabilities can be taken at face value. Below it they are too high, above "
    "it too low. Larger dots stand for more decisions; vertical lines are 95% intervals."
)


def _category_reliability(results: Results, n: int) -> Html:
    category, measured = results.taxonomy.categories[n], results.measured
    rows = measured.known[:, n]
    bins = curves.reliability(measured.probabilities[rows, n], measured.gold[rows, n])
    chart = charts.reliability(bins, f"Reliability of {category.fr}", compact=True)
    support = int(measured.gold[:, n].sum())
    return small_figure(french(category), chart, value=f"{support:,} articles")


def _describe_acceptance(rule: Rule) -> str:
    if rule.review_below > 1:
        return "No certainty is high enough yet: every article needs review."
    return (
        "An article is accepted if all of its decisions are right with a probability of "
        f"{100 * rule.review_below:.3g}% or more."
    )


def precision_recall(results: Results) -> Html:
    """Show the curve over all categories, and one of each."""
    measured = results.measured
    known = measured.known
    overall = curves.precision_recall(measured.probabilities[known], measured.gold[known])
    if overall is None:
        return section(
            "trade-off", tag("p", "No article has a category, so there is no curve to show.")
        )
    chart = charts.precision_recall(
        overall,
        "Precision over recall, all categories",
        in_use=_recall_and_precision(measured.judged, measured.gold),
    )
    note = _TRADE_OFF.format(_DOT_SINGLE if results.rule.choice == "single" else _DOT_MULTIPLE)
    by_category = (
        _category_precision_recall(results, n, overall) for n in range(len(results.taxonomy.ids))
    )
    return section(
        "trade-off",
        figure(chart, "All categories together (micro-average)", note, "beside"),
        tag("div", *by_category, class_="multiples"),
    )


_TRADE_OFF = (
    "A lower threshold finds more (to the right) but is wrong more often (further down). The dot "
    "marks the predictions as they are: {} Below: each category with its average precision, and "
    "the curve above in grey."
)
_DOT_MULTIPLE = (
    "each category has a threshold of its own, this curve one for all, so the dot may lie off it."
)
_DOT_SINGLE = (
    "the most probable category is predicted, whatever the threshold, so the dot may lie off it."
)


def _recall_and_precision(predicted: BoolArray, gold: BoolArray) -> tuple[float, float] | None:
    """Return recall and precision, of arrays of any shape; None without a prediction or a label.

    Without a prediction there is no precision, so there is no point of the curve.
    """
    if not predicted.any() or not gold.any():
        return None
    hits = int((predicted & gold).sum())
    return hits / int(gold.sum()), hits / int(predicted.sum())


def _category_precision_recall(results: Results, n: int, overall: PrecisionRecall) -> Html | None:
    """Show the curve of the n-th category over that of all; None without an article of it."""
    category, measured = results.taxonomy.categories[n], results.measured
    average = results.evaluation.categories[category.id].average_precision
    rows = measured.known[:, n]
    curve = curves.precision_recall(measured.probabilities[rows, n], measured.gold[rows, n])
    if curve is None or average is None:
        return None
    in_use = _recall_and_precision(measured.judged[:, n], measured.gold[:, n])
    chart = charts.precision_recall(
        curve,
        f"Precision over recall of {category.fr}",
        in_use=in_use,
        background=overall,
        compact=True,
    )
    note = "" if in_use else "never predicted"
    return small_figure(french(category), chart, value=f"{average:.2f}", note=note)


def learning(results: Results) -> Html:
    """Show the learning curve and what twice the labels would bring, or say why there is none."""
    curve, recipe, articles = results.curve, results.recipe, results.facts.articles
    if curve is not None:
        return _learning_curve(results, curve)
    reason = _TOO_FEW
    if not recipe.curve_repeats:
        reason = _SWITCHED_OFF
    elif not recipe.wants_curve(articles):
        reason = _TOO_MANY.format(articles, recipe.curve_most)
    return section("learning", tag("p", reason))


_TOO_FEW = (
    "There are too few different articles to train on ever larger parts of them. Label more, then "
    "train again."
)
_TOO_MANY = (
    "No learning curve was made: with {:,} articles, each of its points takes long. The recipe has "
    "curve_most = {}; raise it to the number of articles to get a curve."
)
_SWITCHED_OFF = (
    "No learning curve was made: the recipe has curve_repeats = 0, since each repeat takes five "
    "more trainings. Set curve_repeats = 3 in the recipe, then train again."
)


def _learning_curve(results: Results, curve: LearningCurve) -> Html:
    forecast, taxonomy = curve.forecast(), results.taxonomy
    chart = charts.learning(curve.sizes, curve.mean, forecast, "Mean average precision by articles")
    by_category = (_category_learning(results, curve, name) for name in curve.precision)
    missing = ", ".join(taxonomy[name].fr for name in curve.unmeasured)
    return section(
        "learning",
        figure(
            chart,
            f"Mean over the categories: {_describe_verdict(forecast.verdict)}",
            f"Models trained on growing parts of the {curve.articles:,} articles, each measured on "
            "articles it had not seen, other than those of the table above. Vertical lines span "
            "the repeats. The line is a power law; dashed is its forecast up to twice the "
            f"articles: {forecast.now:.2f} now, {forecast.doubled:.2f} with {2 * curve.articles:,} "
            f"(95% interval {forecast.low:.2f} to {forecast.high:.2f}).",
            "beside",
        ),
        tag("div", *by_category, class_="multiples"),
        tag("p", f"Too few articles for a curve of their own: {missing}.", class_="note")
        if missing
        else None,
    )


def _category_learning(results: Results, curve: LearningCurve, name: str) -> Html:
    category, forecast = results.taxonomy[name], curve.forecast(name)
    chart = charts.learning(
        curve.sizes,
        np.array(curve.precision[name]),
        forecast,
        f"Average precision of {category.fr} by training articles",
        compact=True,
    )
    change = f"{forecast.now:.2f} → {forecast.doubled:.2f}"
    note = f"{change} · {_describe_verdict(forecast.verdict)}"
    return small_figure(french(category), chart, note=note)


def _describe_verdict(verdict: str) -> str:
    return {"flat": "flat, little to gain"}.get(verdict, verdict)
