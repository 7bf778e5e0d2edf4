"""The worst mistakes of a run: which they are, and each with its article."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labels.dataset import Example
from labels.taxonomy import Taxonomy
from training.arrays import BoolArray, Float64Array
from training.report.html import Html, tag
from training.report.sections import french, section

if TYPE_CHECKING:
    from training.evaluation.measured import Measured


_MOST = 12  # more than anybody reads at a sitting
_EXCERPT = 320  # characters of an article: what it is about, not all of it
_SPACE = re.compile(r"[ \t\r\n]+")  # not the spaces that French keeps from breaking a line


@dataclass(frozen=True, slots=True)
class Mistake:
    """An article that was decided wrongly.

    position: its row; category: the column of its worst wrong decision; confidence: the probability
    that the model gave to that decision.
    """

    position: int
    category: int
    confidence: float


def worst(
    probabilities: Float64Array, held: BoolArray, gold: BoolArray, most: int
) -> list[Mistake]:
    """The most confidently wrong articles, at most `most`; all arrays (n, k)."""
    said = np.where(held, probabilities, 1 - probabilities)
    wrong = np.where(held != gold, said, -1.0)
    confidence = wrong.max(axis=1)
    order = np.argsort(-confidence, kind="stable")[:most]
    return [
        Mistake(int(n), int(wrong[n].argmax()), float(confidence[n]))
        for n in order
        if confidence[n] >= 0
    ]


def mistakes(measured: "Measured", taxonomy: Taxonomy) -> Html:
    """The most confident wrong decisions, with their articles."""
    found = worst(measured.probabilities, measured.predicted, measured.gold, _MOST)
    note = (
        "The most confident wrong decisions first. Read them: some are mistakes of the model, some "
        "are wrong labels, and some show that a guideline is not clear."
    )
    shown = (_mistake(measured, each, taxonomy) for each in found)
    return section(
        "mistakes",
        tag("p", note, class_="note") if found else tag("p", "There was no mistake."),
        tag("div", *shown, class_="mistakes"),
    )


def _mistake(measured: "Measured", mistake: Mistake, taxonomy: Taxonomy) -> Html:
    example = measured.dataset.examples[mistake.position]
    document = example.document
    title, excerpt = _title_and_excerpt(example)
    facts = [document.date, document.source or document.id]
    name = french(taxonomy.categories[mistake.category])
    given = bool(measured.predicted[mistake.position, mistake.category])
    sure = f"{_chance(mistake.confidence)} sure that it is{'' if given else ' not'} "
    return tag(
        "article",
        tag("h3", title, lang="fr"),
        tag("p", " · ".join(filter(None, facts)), class_="muted"),
        tag("p", excerpt, lang="fr", class_="excerpt") if excerpt else None,
        tag(
            "dl",
            tag("dt", "Labelled"),
            tag("dd", *_chips([(name, "gold", "") for name in example.categories], taxonomy)),
            tag("dt", "Model"),
            tag("dd", *_chips(_said(measured, mistake.position), taxonomy)),
            (tag("dt", "It was"), tag("dd", sure, name)) if taxonomy.choice == "multiple" else None,
        ),
        class_="mistake",
    )


def _said(measured: "Measured", row: int) -> list[tuple[str, str, str]]:
    """(category, right, wrong or missed, probability) of all that was said or should have been."""
    ids = measured.dataset.taxonomy.ids
    found = []
    for n in np.argsort(-measured.probabilities[row], kind="stable").tolist():
        held, gold = bool(measured.predicted[row, n]), bool(measured.gold[row, n])
        if held or gold:
            kind = "missed" if not held else "right" if gold else "wrong"
            found.append((ids[n], kind, _chance(float(measured.probabilities[row, n]))))
    return found


def _chance(probability: float) -> str:
    """A probability in words that never say 0% or 100%: the model is never that sure."""
    if 0.01 <= probability < 0.995:
        return f"{probability:.0%}"
    return "over 99%" if probability > 0.5 else "under 1%"


_SIGNS = {"gold": "", "right": "✓ ", "wrong": "✗ ", "missed": "missed: "}


def _chips(found: list[tuple[str, str, str]], taxonomy: Taxonomy) -> list[Html]:
    if not found:
        return [tag("span", "none", class_="chip none")]
    return [
        tag(
            "span",
            _SIGNS[kind],
            french(taxonomy[name]),
            f" {chance}" if chance else None,
            class_=f"chip {kind}",
        )
        for name, kind, chance in found
    ]


def _title_and_excerpt(example: Example) -> tuple[str, str]:
    """What an article is called, and how it begins after that; on one line each."""
    text, title = (
        _SPACE.sub(" ", each).strip() for each in (example.document.text, example.document.title)
    )
    rest = text.removeprefix(title).strip() if title else text
    excerpt = rest if len(rest) <= _EXCERPT else rest[:_EXCERPT].rsplit(" ", 1)[0] + " …"
    return title or "(without a title)", excerpt
