"""The worst mistakes of a run: which they are, and each with its article."""

import re
from dataclasses import dataclass

import numpy as np

from labels.dataset import Example
from labels.taxonomy import Category
from training.arrays import BoolArray, Float64Array
from training.evaluation.measured import Measured
from training.report.html import Html, tag
from training.report.layout import french, section
from training.runs.trained import Results

_MAX_SHOWN = 12  # more than anybody reads at a sitting
_EXCERPT = 320  # characters of an article: what it is about, not all of it
_SPACE = re.compile(r"[ \t\r\n]+")  # not the spaces that French keeps from breaking a line
_SIGNS = {"gold": "", "right": "✓ ", "wrong": "✗ ", "missed": "missed: ", "unknown": "not known: "}


@dataclass(frozen=True, slots=True)
class Mistake:
    """An article with a wrong decision.

    position: its row; category: the column of its worst wrong decision; confidence: the probability
    that the model gave to that decision.
    """

    position: int
    category: int
    confidence: float


def worst(
    probabilities: Float64Array, predicted: BoolArray, gold: BoolArray, most: int
) -> list[Mistake]:
    """Return the most confidently wrong articles, at most `most`; all arrays (n, k)."""
    confidences = np.where(predicted, probabilities, 1 - probabilities)
    wrong = np.where(predicted != gold, confidences, -1.0)
    highest = wrong.max(axis=1)
    order = np.argsort(-highest, kind="stable")[:most]
    return [
        Mistake(int(n), int(wrong[n].argmax()), float(highest[n])) for n in order if highest[n] >= 0
    ]


def mistakes(results: Results) -> Html:
    """Show the most confident wrong decisions, with their articles."""
    measured = results.measured
    shown = worst(measured.probabilities, measured.judged, measured.gold, _MAX_SHOWN)
    if not shown:
        return section("mistakes", tag("p", "There were no mistakes."))
    note = (
        "The most confident wrong decisions come first. Read them: some are the model's mistakes, "
        "some are wrong labels, and some show that a guideline is unclear."
    )
    return section(
        "mistakes",
        tag("p", note, class_="note"),
        tag("div", *(_mistake(measured, mistake) for mistake in shown), class_="mistakes"),
    )


def _mistake(measured: Measured, mistake: Mistake) -> Html:
    example = measured.dataset.examples[mistake.position]
    document, taxonomy = example.document, measured.dataset.taxonomy
    title, excerpt = _title_and_excerpt(example)
    origin = filter(None, (document.date, document.source or document.id))
    labels = [_chip(taxonomy[name], "gold") for name in example.categories]
    labels += [_chip(taxonomy[name], "unknown") for name in example.unknown]
    return tag(
        "article",
        tag("h3", title, lang="fr"),
        tag("p", " · ".join(origin), class_="muted"),
        tag("p", excerpt, lang="fr", class_="excerpt") if excerpt else None,
        tag(
            "dl",
            tag("dt", "Labelled"),
            tag("dd", *(labels or [_NO_CHIP])),
            tag("dt", "Predicted"),
            tag("dd", *(_prediction_chips(measured, mistake.position) or [_NO_CHIP])),
            _describe_error(measured, mistake) if taxonomy.choice == "multiple" else None,
        ),
        class_="mistake",
    )


def _describe_error(measured: Measured, mistake: Mistake) -> tuple[Html, Html]:
    """Say in words of what the model was wrongly sure."""
    category = measured.dataset.taxonomy.categories[mistake.category]
    predicted = bool(measured.predicted[mistake.position, mistake.category])
    sure = f"{_percent(mistake.confidence)} sure that it is{'' if predicted else ' not'} "
    return tag("dt", "Error"), tag("dd", sure, french(category))


def _prediction_chips(measured: Measured, row: int) -> list[Html]:
    """Show the categories predicted and missed, the most probable first, with probabilities."""
    chips = []
    for n in np.argsort(-measured.probabilities[row], kind="stable").tolist():
        predicted, gold = bool(measured.judged[row, n]), bool(measured.gold[row, n])
        if predicted or gold:
            kind = "missed" if not predicted else "right" if gold else "wrong"
            category = measured.dataset.taxonomy.categories[n]
            chips.append(_chip(category, kind, _percent(float(measured.probabilities[row, n]))))
    return chips


def _percent(probability: float) -> str:
    """Write a probability, but never as 0% or 100%: the model is never that sure."""
    if 0.01 <= probability < 0.995:
        return f"{probability:.0%}"
    return "over 99%" if probability > 0.5 else "under 1%"


def _chip(category: Category, kind: str, percent: str = "") -> Html:
    """Show a category; kind: gold, right, wrong, missed or unknown."""
    suffix = f" {percent}" if percent else None
    return tag("span", _SIGNS[kind], french(category), suffix, class_=f"chip {kind}")


_NO_CHIP = tag("span", "none", class_="chip none")


def _title_and_excerpt(example: Example) -> tuple[str, str]:
    """Return an article's title and how it goes on after that, on one line each."""
    document = example.document
    text, title = (_SPACE.sub(" ", part).strip() for part in (document.text, document.title))
    rest = text.removeprefix(title).strip() if title else text
    excerpt = rest if len(rest) <= _EXCERPT else rest[:_EXCERPT].rsplit(" ", 1)[0] + " …"
    return title or "(untitled)", excerpt
