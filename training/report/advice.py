"""What to do next, read from a run's figures."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from training.evaluation.curves import CoverageRisk, Reliability, wilson
from training.evaluation.learning_curve import Forecast, LearningCurve
from training.evaluation.metrics import Evaluation
from training.report.mix_ups import Pair, frequent_pairs
from training.runs.trained import Results

_UNSURE = 0.05  # half the width of a 95 % interval above which a figure is little guidance
_MISLEADING = 0.02  # gap between predicted and observed probability that is worth a word
_SURELY = 2.6  # standard deviations that a gap must exceed: chance does so once in a hundred times
_WORTH = 0.03  # average precision that a category must gain to be named


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next, and why."""

    title: str
    reason: str


def next_steps(results: Results) -> list[Step]:
    """Say what would help most, in the order in which to do it."""
    names = {category.id: category.fr for category in results.taxonomy.categories}
    evaluation, measured = results.evaluation, results.measured
    steps = [
        _label(results, names),
        _teach(results.rule.left_out, single=results.rule.choice == "single"),
        _distrust(evaluation, names),
        _tell_apart(frequent_pairs(results), list(names.values())),
        _accept(evaluation, measured.coverage_risk, results.recipe.max_risk),
        _calibrate(measured.reliability),
        _measure(evaluation),
    ]
    return [step for step in steps if step]


def _label(results: Results, names: dict[str, str]) -> Step:
    """Say which categories to label more of."""
    curve = results.curve
    if curve is None:
        return _label_weakest(results, names)
    forecasts = {name: curve.forecast(name) for name in curve.precision}
    gains = {
        name: forecast.doubled - forecast.now
        for name, forecast in forecasts.items()
        if forecast.verdict == "more labels help"
    }
    large = [name for name in gains if gains[name] >= max(_WORTH, max(gains.values()) / 2)]
    best = sorted(large, key=lambda name: -gains[name])[:3]
    if not best:
        return _label_anything(curve, names)
    changes = "; ".join(f"{names[name]} {_describe_gain(forecasts[name])}" for name in best)
    return Step(
        f"Label more {_enumerate(names[name] for name in best)}",
        f"Twice the articles should raise average precision: {changes}.",
    )


def _label_weakest(results: Results, names: dict[str, str]) -> Step:
    """Say what to label where there is no learning curve."""
    scores = results.evaluation.categories
    weakest = min(scores, key=lambda name: scores[name].f1)
    why = (
        "There are too few for a learning curve."
        if results.recipe.wants_curve(results.facts.articles)
        else "No learning curve was made, so it is not known how much they would help."
    )
    return Step(
        "Label more articles",
        f"{why} The weakest category is {names[weakest]} (F1 {scores[weakest].f1:.2f}): start "
        "there.",
    )


def _label_anything(curve: LearningCurve, names: dict[str, str]) -> Step:
    """Say what to label where no category is sure to gain."""
    forecast = curve.forecast()
    if forecast.verdict == "flat":
        return Step(
            "Do not count on more labels of the same kind",
            "With twice as many, average precision would hardly move: "
            f"{_describe_gain(forecast)}. Clearer guidelines or another kind of model would bring "
            "more.",
        )
    rarest = sorted(curve.positives, key=lambda name: curve.positives[name][-1])[:3]
    counts = _enumerate(f"{names[name]} ({curve.positives[name][-1]:.0f})" for name in rarest)
    should = "should" if forecast.verdict == "more labels help" else "may"
    return Step(
        "Label more articles, rare categories first",
        f"Twice the articles {should} raise average precision, in the mean over the categories "
        f"{_describe_gain(forecast)}; no single category is sure to gain yet. The rarest in "
        f"training: {counts}.",
    )


def _teach(left_out: tuple[str, ...], *, single: bool) -> Step | None:
    """Name the categories that were left out, and what that costs."""
    if not left_out:
        return None
    cost = (
        "their articles always get another category."
        if single
        else 'no article is "none": one without a predicted category may have one of these, so a '
        "person must check it."
    )
    return Step(
        f"Do not expect {_enumerate(left_out)}",
        "They were left out of training, and are never predicted. Until enough articles with and "
        f"without them are labelled, {cost}",
    )


def _distrust(evaluation: Evaluation, names: dict[str, str]) -> Step | None:
    """Name the categories of which not one article was found."""
    scores = evaluation.categories
    missed = [name for name, score in scores.items() if score.support and score.recall == 0]
    if not missed:
        return None
    title = (
        f"{len(missed)} categories"
        if len(missed) > 3
        else _enumerate(names[name] for name in missed)
    )
    counts = _enumerate(f"{names[name]} ({scores[name].support})" for name in missed)
    return Step(f"Do not rely on it for {title}", f"It missed every article labelled {counts}.")


def _tell_apart(pairs: list[Pair], names: list[str]) -> Step | None:
    """Name the two categories that the model mixes up most, then others; once may be chance."""
    pairs = [pair for pair in pairs if pair.total > 1]
    if not pairs:
        return None
    worst, *others = pairs
    missed, predicted = names[worst.missed], names[worst.predicted]
    reverse = f", and the other way round in {worst.reverse:,}" if worst.reverse else ""
    rest = "; ".join(
        f"{names[pair.missed]} with {names[pair.predicted]} ({pair.total:,} times)"
        for pair in others
    )
    return Step(
        f"Tell {missed} and {predicted} apart",
        f"{missed} was missed and {predicted} predicted in {worst.count:,} articles{reverse}. "
        "Compare the guidelines of the two, and look for these articles among the worst mistakes: "
        "a confident mistake is often a wrong label."
        f"{f' Less often mixed up: {rest}.' if rest else ''}",
    )


def _accept(evaluation: Evaluation, coverage: CoverageRisk, max_risk: float) -> Step:
    """Say whether articles can be accepted without review, and how well that goes."""
    decided = evaluation.decisions["accepted"] + evaluation.decisions["none"]
    if not decided:
        return _review_all(coverage, max_risk)
    wrong = round(decided * (1 - (evaluation.accepted_exact or 0.0)))
    reason = (
        f"{decided:,} of {evaluation.articles:,} articles were decided without review, and "
        f"{wrong:,} of those ({wrong / decided:.0%}) are not exactly right. The target is at most "
        f"{max_risk:.0%}."
    )
    if wrong <= max_risk * decided:
        return Step("Accept the sure articles without review", reason)
    lowest_share = wilson(np.array([wrong]), np.array([decided]))[0][0]
    if lowest_share <= max_risk:
        return Step(
            "Keep an eye on the accepted articles", f"{reason} So small an excess may be chance."
        )
    return Step(
        "Check the accepted articles",
        f"{reason} Lower max_risk in the recipe, or label more articles.",
    )


def _review_all(coverage: CoverageRisk, max_risk: float) -> Step:
    """Say why nothing is accepted, and how far off that is."""
    position = coverage.largest_within(max_risk)
    prospect = (
        "even the surest articles exceed that."
        if position is None
        else f"the surest {coverage.coverage[position]:.0%} of these articles would meet it, but "
        "they are too few to show that others would."
    )
    return Step(
        "Have a person check every article",
        f"Nothing is accepted without review yet. The target is at most {max_risk:.0%} errors "
        f"among accepted articles; {prospect}",
    )


def _calibrate(bins: Reliability) -> Step | None:
    """Warn if the probabilities are surely too high, or too low.

    If they were right, the observed frequencies would differ from them by chance alone, with the
    variance p (1 - p) a decision.
    """
    total = bins.count.sum()
    predicted, observed = (
        float((bins.count * shares).sum() / total) for shares in (bins.predicted, bins.observed)
    )
    chance = float(np.sqrt((bins.count * bins.predicted * (1 - bins.predicted)).sum()) / total)
    if abs(observed - predicted) <= max(_MISLEADING, _SURELY * chance):
        return None
    return Step(
        f"Treat the probabilities as too {'high' if predicted > observed else 'low'}",
        f"Over all decisions, the mean predicted probability is {predicted:.0%}, but the observed "
        f"frequency is {observed:.0%}.",
    )


def _measure(evaluation: Evaluation) -> Step | None:
    """Ask for more test articles where the figures are uncertain."""
    figure = evaluation.macro_f1
    half = (figure.high - figure.low) / 2
    if half <= _UNSURE:
        return None
    return Step(
        "Measure on more articles",
        f"With {evaluation.articles:,} articles, macro-F1 is known to about ±{half:.2f}. Four "
        "times as many would halve that; until then, small differences between runs mean nothing.",
    )


def _describe_gain(forecast: Forecast) -> str:
    low, high = forecast.gain
    return (
        f"from {forecast.now:.2f} to about {forecast.doubled:.2f} "
        f"(gain {low:.2f} to {high:.2f}, 95% interval)"
    )


def _enumerate(names: Iterable[str]) -> str:
    *leading, final = names
    return f"{', '.join(leading)} and {final}" if leading else final
