"""Which categories a run mixes up: the counts, the pairs, and the section of report.html."""

from dataclasses import dataclass

import numpy as np

from training.arrays import BoolArray, IntArray
from training.report import charts
from training.report.html import Html, tag
from training.report.layout import scrolling, section
from training.runs.trained import Results


@dataclass(frozen=True, slots=True)
class Pair:
    """Two categories that are mixed up: `missed` is the gold label, `predicted` was predicted.

    count: how often; reverse: how often the other way round, which is not more often.
    """

    missed: int
    predicted: int
    count: int
    reverse: int = 0

    @property
    def total(self) -> int:
        """The number of articles, both ways."""
        return self.count + self.reverse


def confusion(predicted: BoolArray, gold: BoolArray) -> IntArray:
    """Count articles by gold label (row) and predicted category (column); single choice, (k, k)."""
    return np.asarray(gold.astype(np.int64).T @ predicted.astype(np.int64))


def joint_errors(predicted: BoolArray, gold: BoolArray) -> IntArray:
    """Count missed categories by those wrongly predicted in the same article, (k + 1, k + 1).

    predicted, gold: (n, k). Row: the missed category; the last row, articles that miss nothing.
    Column: the category wrongly predicted; the last column, articles without a wrong one.
    """
    missed, wrong = gold & ~predicted, predicted & ~gold
    rows = np.column_stack([missed, ~missed.any(axis=1)]).astype(np.int64)
    columns = np.column_stack([wrong, ~wrong.any(axis=1)]).astype(np.int64)
    counts = rows.T @ columns
    counts[-1, -1] = 0  # the articles that are exactly right
    return np.asarray(counts)


def frequent_pairs(results: Results, most: int = 3) -> list[Pair]:
    """Return the pairs of categories that a run mixes up most often."""
    measured, k = results.measured, len(results.taxonomy.ids)
    count = confusion if results.rule.choice == "single" else joint_errors
    return rank_pairs(count(measured.judged, measured.gold)[:k, :k], most)


def rank_pairs(counts: IntArray, most: int) -> list[Pair]:
    """Return the pairs with the largest counts off the diagonal of a square, at most `most`."""
    size = len(counts)
    cells = ((n, m) for n in range(size) for m in range(n + 1, size))
    ordered = (cell if counts[cell] >= counts[cell[::-1]] else cell[::-1] for cell in cells)
    pairs = (Pair(n, m, int(counts[n, m]), int(counts[m, n])) for n, m in ordered)
    return sorted((pair for pair in pairs if pair.count), key=lambda pair: -pair.total)[:most]


def mix_ups(results: Results) -> Html:
    """Show the confusion matrix; for multiple choice, which errors occur together."""
    if results.measured.right.all():
        return section("mixed-up", tag("p", "Nothing: there were no errors."))
    show = _confusion_matrix if results.rule.choice == "single" else _error_matrix
    return section("mixed-up", *show(results))


def _confusion_matrix(results: Results) -> tuple[Html, Html]:
    """Return a note on the confusion matrix, and the matrix."""
    counts = confusion(results.measured.judged, results.measured.gold)
    names = [category.fr for category in results.taxonomy.categories]
    note = (
        "Each row holds the articles labelled with a category, each column those predicted to have "
        "it: the diagonal is right. The darker a cell, the larger its share of the row."
    )
    label = "Confusion matrix: the category labelled by the category predicted"
    titles = ("labelled", "predicted")
    matrix = charts.heat_map(counts, names, names, titles, label, diagonal=True)
    return tag("p", note, class_="note"), scrolling(matrix, label)


def _error_matrix(results: Results) -> tuple[Html, Html]:
    """Return a note on missed categories by those wrongly predicted instead, and the matrix."""
    counts = joint_errors(results.measured.judged, results.measured.gold)
    rows, columns = (np.flatnonzero(counts.sum(axis=axis)) for axis in (1, 0))
    names = [category.fr for category in results.taxonomy.categories]
    note = (
        "The articles that are not exactly right. Each row is a category that was missed, each "
        "column one that was wrongly predicted in the same article. “Nothing wrong”: the category "
        "was missed, and none predicted in its place. “Nothing missed”: it was predicted on top of "
        "the right ones. Categories without such an error are left out."
    )
    label = "Errors: the category missed by the category wrongly predicted in the same article"
    matrix = charts.heat_map(
        counts[np.ix_(rows, columns)],
        [[*names, "nothing missed"][n] for n in rows],
        [[*names, "nothing wrong"][n] for n in columns],
        ("missed", "wrongly predicted"),
        label,
        diagonal=False,
    )
    return tag("p", note, class_="note"), scrolling(matrix, label)
