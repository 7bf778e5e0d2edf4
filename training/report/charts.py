"""Figures as SVG: values in, markup out; the page's style gives them their colours."""

from collections.abc import Sequence
from math import log

import numpy as np

from training.arrays import Float64Array, IntArray
from training.evaluation.curves import CoverageRisk, PrecisionRecall, Reliability, pick_evenly
from training.evaluation.learning_curve import Forecast
from training.report import drawing
from training.report.drawing import Axis, Frame
from training.report.html import Html, tag

_MAX_POINTS = 160  # of a line: more than can be seen, few enough for a small file
_CELL = 34  # side of a heat map's cell, in units of the drawing
_LETTER = 7.2  # mean width of a letter at 13 units


def bar(share: float, label: str) -> Html:
    """Draw a share in [0, 1] as a bar, for a table's cell."""
    return drawing.svg(
        (100, 8),
        label,
        tag("rect", width=100, height=8, rx=2, class_="track"),
        tag("rect", width=max(100 * share, 0.8), height=8, rx=2, class_="bar"),
        css="inline",
    )


def interval(low: float, value: float, high: float, label: str) -> Html:
    """Draw a figure in [0, 1] with its interval, on a line from 0 to 1."""
    return drawing.svg(
        (200, 16),
        label,
        tag("line", x1=6, x2=194, y1=8, y2=8, class_="grid"),
        *(tag("line", x1=x, x2=x, y1=4, y2=12, class_="grid") for x in (6, 100, 194)),
        tag("line", x1=6 + 188 * low, x2=6 + 188 * high, y1=8, y2=8, class_="span"),
        tag("circle", cx=6 + 188 * value, cy=8, r=6, class_="dot"),
        css="inline",
    )


def precision_recall(
    curve: PrecisionRecall,
    label: str,
    *,
    in_use: tuple[float, float] | None = None,
    background: PrecisionRecall | None = None,
    compact: bool = False,
) -> Html:
    """Draw precision over recall.

    in_use: (recall, precision) of the predictions, a dot. background: another curve, in grey.
    """
    titles = ("recall: labels that are found", "precision: predictions that are right")
    frame, axes = _unit_frame(titles, compact)
    marks = [] if background is None else [_steps(frame, background, "line faint")]
    marks.append(_steps(frame, curve, "line"))
    if in_use is not None:
        marks += _drop(frame, curve, *in_use)
        words = f"in use: precision {in_use[1]:.2f}, recall {in_use[0]:.2f}"
        marks.append(drawing.dot(frame, *in_use, words))
    return drawing.framed(frame, label, axes, marks)


def reliability(bins: Reliability, label: str, *, compact: bool = False) -> Html:
    """Draw observed frequencies over predicted probabilities; the diagonal is perfect."""
    frame, axes = _unit_frame(("predicted probability", "observed frequency"), compact)
    marks = [drawing.line(frame, (0, 1), (0, 1), "line faint")]
    for predicted, observed, low, high, count in zip(
        bins.predicted, bins.observed, bins.low, bins.high, bins.count.tolist(), strict=True
    ):
        marks.append(drawing.upright(frame, predicted, low, high, "span"))
        words = f"{count:,} decisions: predicted {predicted:.0%}, observed {observed:.0%}"
        size = (2.5 if compact else 3.5) + log(count, 10)
        marks.append(drawing.dot(frame, predicted, observed, words, size))
    return drawing.framed(frame, label, axes, marks)


def coverage(curve: CoverageRisk, target: float, review_below: float, label: str) -> Html:
    """Draw the share of errors among the accepted, over the share accepted.

    target: the risk allowed (max_risk); review_below: the certainty from which articles are
    accepted.
    """
    top = max(0.1, 2 * target, float(np.ceil(curve.risk.max() * 12) / 10))
    frame = Frame((0, 1), (0, min(top, 1.0)), left=60, right=114)
    points = pick_evenly(len(curve.coverage), _MAX_POINTS)
    x, risk, expected = curve.coverage[points], curve.risk[points], curve.expected[points]
    marks = [
        drawing.band(frame, x, curve.low[points], curve.high[points]),
        drawing.line(frame, x, expected, "line second"),
        drawing.line(frame, x, risk, "line"),
        drawing.line(frame, (0, 1), (target, target), "line limit"),
        drawing.text(
            frame.left + 6, frame.to_y(target) - 6, f"target: at most {target:.0%}", "limit"
        ),
        *_label_ends(frame, {"observed": float(risk[-1]), "expected": float(expected[-1])}),
    ]
    accepted = np.flatnonzero(curve.certainty >= review_below)
    if len(accepted):
        least_sure = accepted[-1]
        accepted_share, error_share = (
            float(curve.coverage[least_sure]),
            float(curve.risk[least_sure]),
        )
        marks += _mark_threshold(frame, accepted_share, error_share)
    axes = drawing.axes(
        frame,
        Axis("share accepted without review", [0, 0.25, 0.5, 0.75, 1], "{:.0%}"),
        Axis("errors among the accepted", drawing.even_ticks(frame.y[1]), "{:.0%}"),
    )
    return drawing.framed(frame, label, axes, marks)


def learning(
    sizes: Sequence[int],
    measured: Float64Array,
    expected: Forecast,
    label: str,
    *,
    compact: bool = False,
) -> Html:
    """Draw average precision over the number of training articles, and where the curve leads.

    measured: (s, r), at each size in each repeat.
    """
    now, doubled = expected.articles, 2 * expected.articles
    frame = Frame((sizes[0] * 0.92, now * 2.15), logarithmic=True)
    x = Axis("training articles", [*sizes[:-1], now, doubled], "{:,}")
    y = Axis("average precision", drawing.even_ticks(1), "{:.1f}")
    if compact:
        frame = frame.compact()
        x, y = Axis(None, [now, doubled], "{:,}"), Axis(None, [0, 0.5, 1], "{:.1f}")
    marks = [
        _power_law(frame, expected, (sizes[0], now), "line"),
        _power_law(frame, expected, (now, doubled), "line dashed"),
    ]
    for size, values in zip(sizes, measured, strict=True):
        low, mean, high = float(values.min()), float(values.mean()), float(values.max())
        marks.append(drawing.upright(frame, size, low, high, "span"))
        words = f"{size:,} articles: {mean:.2f}, repeats from {low:.2f} to {high:.2f}"
        marks.append(drawing.dot(frame, size, mean, words))
    words = f"forecast with {doubled:,}: {expected.doubled:.2f}, 95% interval"
    words += f" {expected.low:.2f} to {expected.high:.2f}"
    marks.append(drawing.upright(frame, doubled, expected.low, expected.high, "span second"))
    marks.append(drawing.dot(frame, doubled, expected.doubled, words, css="dot hollow"))
    return drawing.framed(frame, label, drawing.axes(frame, x, y), marks)


def heat_map(
    counts: IntArray,
    rows: Sequence[str],
    columns: Sequence[str],
    titles: tuple[str, str],
    label: str,
    *,
    diagonal: bool,
) -> Html:
    """Draw counts as a grid of cells, the darker the more.

    counts: (rows, columns). titles: what rows and columns are. diagonal: whether the diagonal holds
    what was right; then a cell is as dark as its share of its row.
    """
    left = 30 + _LETTER * max(map(len, rows))
    top = 34 + 0.72 * _LETTER * max(map(len, columns))
    size = (left + _CELL * len(columns) + 0.6 * top, top + _CELL * len(rows) + 4)
    totals = counts.sum(axis=1, keepdims=True) if diagonal else counts.max(initial=1)
    shares = counts / np.maximum(totals, 1)
    parts = [
        drawing.text(6, top - 10, titles[0] + " ↓", "title"),
        drawing.text(left, 14, titles[1] + " →", "title"),
    ]
    for n, row in enumerate(rows):
        parts.append(drawing.text(left - 8, top + _CELL * (n + 0.63), row, "name"))
    for n, column in enumerate(columns):
        parts.append(drawing.slanted_text(left + _CELL * (n + 0.6), top - 8, column))
    for n, row in enumerate(rows):
        for m, column in enumerate(columns):
            corner = (left + _CELL * m, top + _CELL * n)
            words = f"{titles[0]}: {row}; {titles[1]}: {column}"
            css = "right" if diagonal and n == m else "wrong"
            parts.append(_cell(corner, int(counts[n, m]), float(shares[n, m]), words, css))
    return drawing.svg(size, label, *parts, css="heat", width=size[0])


def _cell(corner: tuple[float, float], count: int, share: float, words: str, css: str) -> Html:
    """Draw a cell of a heat map; css: the class of one that is not empty."""
    x, y = corner
    square = tag(
        "rect",
        x=x + 1,
        y=y + 1,
        width=_CELL - 2,
        height=_CELL - 2,
        rx=3,
        class_=css if count else "empty",
        fill_opacity=0.12 + 0.88 * share if count else None,
    )
    if not count:
        return square
    ink = "count on" if share > 0.5 else "count"
    value = drawing.text(x + _CELL / 2, y + _CELL * 0.63, f"{count:,}", ink)
    return tag("g", tag("title", f"{words}: {count:,}"), square, value)


def _unit_frame(titles: tuple[str, str], compact: bool) -> tuple[Frame, Html]:
    """Return a frame from 0 to 1 both ways, with its axes."""
    frame = Frame((0, 1))
    if compact:
        frame = frame.compact()
        axis = Axis(None, [0, 0.5, 1], "{:.1f}")
        return frame, drawing.axes(frame, axis, axis)
    x, y = (Axis(title, drawing.even_ticks(1), "{:.1f}") for title in titles)
    return frame, drawing.axes(frame, x, y)


def _steps(frame: Frame, curve: PrecisionRecall, css: str) -> Html:
    """Draw the steps whose area is the average precision."""
    rises = np.flatnonzero(np.diff(curve.recall, prepend=0) > 0)  # else it only falls, and returns
    points = rises[pick_evenly(len(rises), _MAX_POINTS)]
    return drawing.steps(frame, curve.recall[points], curve.precision[points], css)


def _drop(frame: Frame, curve: PrecisionRecall, recall: float, precision: float) -> list[Html]:
    """Draw the part of the curve that the steps leave out, down to a point; [] if it lies off it.

    After each article found precision falls until the next one; the steps show where it returns to.
    """
    same_recall = np.isclose(curve.recall, recall)
    if not (same_recall & np.isclose(curve.precision, precision)).any():
        return []
    start = curve.recall[same_recall].min()
    highest = curve.precision[curve.recall == start].max()
    return [drawing.upright(frame, recall, precision, float(highest), "line")]


def _power_law(frame: Frame, expected: Forecast, ends: tuple[float, float], css: str) -> Html:
    x = np.geomspace(*ends, 24).tolist()
    return drawing.line(frame, x, [float(expected.law.at(size)) for size in x], css)


def _mark_threshold(frame: Frame, share: float, risk: float) -> list[Html]:
    """Mark the review threshold in use, with what it accepts."""
    words = (f"in use: {share:.0%} accepted", f"{risk:.0%} of them wrong")
    css = "label end" if share > 0.5 else "label"
    x = frame.to_x(share) + (-9 if share > 0.5 else 9)
    return [
        drawing.upright(frame, share, *frame.y, "line mark"),
        *(drawing.text(x, frame.top + 12 + 17 * n, row, css) for n, row in enumerate(words)),
        drawing.dot(frame, share, risk, ", ".join(words), 6, "dot mark"),
    ]


def _label_ends(frame: Frame, values: dict[str, float]) -> list[Html]:
    """Name two lines at their right ends, apart from each other and above the x axis."""
    upper, lower = sorted(values, key=lambda name: -values[name])
    y = [frame.to_y(values[name]) + 4 for name in (upper, lower)]
    shift = max(0.0, 17 - (y[1] - y[0])) / 2
    lowest = min(y[1] + shift, frame.foot)
    highest = min(y[0] - shift, lowest - 17)
    return [
        drawing.text(frame.end + 9, at, f"{name} {values[name]:.0%}", f"label {name}")
        for name, at in ((upper, highest), (lower, lowest))
    ]
