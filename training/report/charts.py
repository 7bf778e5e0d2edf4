"""Figures as SVG: values in, markup out; the page's style gives them their colours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from training.arrays import Float64Array, IntArray
from training.evaluation.curves import CoverageRisk, PrecisionRecall, Reliability, pick_evenly
from training.evaluation.learning_curve import Forecast
from training.report.html import Html, join, number, tag

Range = tuple[float, float]

_MOST = 160  # points a line is drawn with: more than can be seen, few enough for a small file
_CELL = 34  # side of a heat map's cell, in its units
_LETTER = 7.2  # mean width of a letter at 13 units


@dataclass(frozen=True, slots=True)
class Frame:
    """Where values lie in a drawing: its size, its margins and the ranges of both axes.

    x, y: the values at the ends of the axes; log: whether x is logarithmic.
    """

    x: Range
    y: Range = (0.0, 1.0)
    width: float = 480
    height: float = 330
    left: float = 52
    right: float = 18
    top: float = 12
    bottom: float = 46
    log: bool = False

    def across(self, value: float) -> float:
        """The horizontal place of a value."""
        low, high, at = (log(each) if self.log else each for each in (*self.x, value))
        return self.left + (at - low) / (high - low) * (self.width - self.left - self.right)

    def down(self, value: float) -> float:
        """The vertical place of a value, kept within the frame."""
        low, high = self.y
        share = (min(max(value, low), high) - low) / (high - low)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)


def small(frame: Frame) -> Frame:
    """A frame of the same ranges for one of many small figures, without axis titles."""
    return Frame(frame.x, frame.y, 220, 150, 32, 10, 8, 24, frame.log)


def bar(share: float, label: str) -> Html:
    """A share in [0, 1] as a bar, for a table's cell."""
    return _svg(
        (100, 8),
        label,
        tag("rect", width=100, height=8, rx=2, class_="track"),
        tag("rect", width=max(100 * share, 0.8), height=8, rx=2, class_="bar"),
        css="inline",
    )


def interval(low: float, value: float, high: float, label: str) -> Html:
    """A figure in [0, 1] with its interval, on a line from 0 to 1."""
    return _svg(
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
    chosen: tuple[float, float] | None = None,
    behind: PrecisionRecall | None = None,
    little: bool = False,
) -> Html:
    """Precision over recall; chosen: (recall, precision) of what is in use."""
    frame = _shares(little, "recall: share of its articles found", "precision: share given rightly")
    marks = [] if behind is None else [_steps(frame[0], behind, "line faint")]
    marks.append(_steps(frame[0], curve, "line"))
    if chosen is not None:
        marks += _fall(frame[0], curve, *chosen)
        said = f"in use: precision {chosen[1]:.2f}, recall {chosen[0]:.2f}"
        marks.append(_dot(frame[0], *chosen, said))
    return _drawn(frame, label, marks)


def reliability(bins: Reliability, label: str, *, little: bool = False) -> Html:
    """How often came true what was said with a probability; the diagonal is perfect."""
    frame, axes = _shares(little, "probability said", "share that came true")
    marks = [_line(frame, (0, 1), (0, 1), "line faint")]
    for said, true, low, high, count in zip(
        bins.predicted, bins.observed, bins.low, bins.high, bins.count.tolist(), strict=True
    ):
        marks.append(_upright(frame, said, low, high, "span"))
        words = f"{count:,} decisions said {said:.0%}; {true:.0%} came true"
        marks.append(_dot(frame, said, true, words, (2.5 if little else 3.5) + log(count, 10)))
    return _drawn((frame, axes), label, marks)


def coverage(curve: CoverageRisk, wanted: float, review_below: float, label: str) -> Html:
    """The share of errors among the accepted, over the share accepted.

    wanted: the risk asked for; review_below: the certainty from which articles are accepted.
    """
    top = max(0.1, 2 * wanted, float(np.ceil(curve.risk.max() * 12) / 10))
    frame = Frame((0, 1), (0, min(top, 1.0)), right=104)
    axes = _axes(
        frame,
        ("accepted without review", [0, 0.25, 0.5, 0.75, 1], "{:.0%}"),
        ("wrong among the accepted", _even(frame.y[1]), "{:.0%}"),
    )
    kept = pick_evenly(len(curve.coverage), _MOST)
    x, risk, expected = (each[kept] for each in (curve.coverage, curve.risk, curve.expected))
    marks = [
        _band(frame, x, curve.low[kept], curve.high[kept]),
        _line(frame, x, expected, "line second"),
        _line(frame, x, risk, "line"),
        _line(frame, (0, 1), (wanted, wanted), "line limit"),
        _text(frame.left + 6, frame.down(wanted) - 6, f"wanted: at most {wanted:.0%}", "limit"),
        *_ends(frame, {"found": float(risk[-1]), "expected": float(expected[-1])}),
    ]
    accepted = np.flatnonzero(curve.certainty >= review_below)
    if len(accepted):
        marks += _chosen(
            frame, float(curve.coverage[accepted[-1]]), float(curve.risk[accepted[-1]])
        )
    return _drawn((frame, axes), label, marks)


def learning(
    sizes: Sequence[int],
    measured: Float64Array,
    expected: Forecast,
    label: str,
    *,
    little: bool = False,
) -> Html:
    """Average precision over articles learned from, and where the curve leads.

    measured: (s, r), at each size in each repeat.
    """
    whole = Frame((sizes[0] * 0.92, expected.articles * 2.15), log=True)
    frame = small(whole) if little else whole
    ends = [sizes[0], expected.articles, 2 * expected.articles]
    ticks = ends[1:] if little else [*sizes[:-1], *ends[1:]]
    axes = _axes(
        frame,
        (None if little else "articles learned from", ticks, "{:,}"),
        (None if little else "average precision", [0, 0.5, 1] if little else _even(1), "{:.1f}"),
    )
    marks = [_law(frame, expected, sizes[0], expected.articles, "line")]
    marks.append(_law(frame, expected, expected.articles, 2 * expected.articles, "line dashed"))
    for size, values in zip(sizes, measured, strict=True):
        marks.append(_upright(frame, size, float(values.min()), float(values.max()), "span"))
        said = f"{size:,} articles: {values.mean():.2f}, in repeats {values.min():.2f} to"
        marks.append(_dot(frame, size, float(values.mean()), f"{said} {values.max():.2f}"))
    said = f"expected with {2 * expected.articles:,}: {expected.doubled:.2f}, 95 % interval"
    said += f" {expected.low:.2f} to {expected.high:.2f}"
    marks.append(_upright(frame, 2 * expected.articles, expected.low, expected.high, "span second"))
    marks.append(_dot(frame, 2 * expected.articles, expected.doubled, said, css="dot hollow"))
    return _drawn((frame, axes), label, marks)


def heat_map(
    counts: IntArray,
    rows: Sequence[str],
    columns: Sequence[str],
    titles: tuple[str, str],
    label: str,
    *,
    right: bool,
) -> Html:
    """Counts as a grid of cells, the darker the more.

    counts: (rows, columns). titles: what rows and columns are. right: whether the diagonal is what
    was right; then a cell is as dark as its share of its row.
    """
    left = 30 + _LETTER * max(map(len, rows))
    top = 34 + 0.72 * _LETTER * max(map(len, columns))
    size = (left + _CELL * len(columns) + 0.6 * top, top + _CELL * len(rows) + 4)
    whole = counts.sum(axis=1, keepdims=True) if right else counts.max(initial=1)
    shares = counts / np.maximum(whole, 1)
    parts = [
        _text(6, top - 10, titles[0] + " ↓", "title"),
        _text(left, 14, titles[1] + " →", "title"),
        *(_text(left - 8, top + _CELL * (n + 0.63), name, "name") for n, name in enumerate(rows)),
        *(_slanted(left + _CELL * (n + 0.6), top - 8, name) for n, name in enumerate(columns)),
    ]
    for n, row in enumerate(rows):
        for m, column in enumerate(columns):
            place = (left + _CELL * m, top + _CELL * n)
            said = f"{titles[0]}: {row}; {titles[1]}: {column}"
            correct = right and n == m
            parts.append(_cell(place, int(counts[n, m]), float(shares[n, m]), said, correct))
    return _svg(size, label, *parts, css="heat", width=size[0])


def _cell(place: tuple[float, float], count: int, share: float, said: str, correct: bool) -> Html:
    x, y = place
    fill = tag(
        "rect",
        x=x + 1,
        y=y + 1,
        width=_CELL - 2,
        height=_CELL - 2,
        rx=3,
        class_="empty" if not count else "right" if correct else "wrong",
        fill_opacity=0.12 + 0.88 * share if count else None,
    )
    if not count:
        return fill
    css = "count on" if share > 0.5 else "count"
    value = _text(x + _CELL / 2, y + _CELL * 0.63, f"{count:,}", css)
    return tag("g", tag("title", f"{said}: {count:,}"), fill, value)


def _shares(little: bool, across: str, up: str) -> tuple[Frame, Html]:
    """A frame from 0 to 1 both ways, with its axes."""
    frame = small(Frame((0, 1))) if little else Frame((0, 1))
    ticks = [0, 0.5, 1] if little else _even(1)
    titles = (None, None) if little else (across, up)
    return frame, _axes(frame, (titles[0], ticks, "{:.1f}"), (titles[1], ticks, "{:.1f}"))


Axis = tuple[str | None, Sequence[float], str]  # title, ticks, how a tick is written


def _axes(frame: Frame, across: Axis, up: Axis) -> Html:
    """Grid lines, ticks and titles."""
    end, foot = frame.width - frame.right, frame.height - frame.bottom
    parts = []
    for value in up[1]:
        y = frame.down(value)
        parts.append(tag("line", x1=frame.left, x2=end, y1=y, y2=y, class_="grid"))
        parts.append(_text(frame.left - 6, y + 4, up[2].format(value), "tick left"))
    for value in across[1]:
        x = frame.across(value)
        parts.append(tag("line", x1=x, x2=x, y1=foot, y2=foot + 4, class_="grid"))
        parts.append(_text(x, foot + 17, across[2].format(value), "tick"))
    if across[0]:
        middle = (frame.left + end) / 2
        parts.append(_text(middle, frame.height - 8, across[0], "axis"))
    if up[0]:
        turn = f"translate(13 {number((frame.top + foot) / 2)}) rotate(-90)"
        parts.append(tag("text", up[0], transform=turn, class_="axis"))
    return join(parts)


def _even(top: float) -> list[float]:
    """Round ticks from 0 to top, about five."""
    step = next(each for each in (0.02, 0.05, 0.1, 0.2) if top / each <= 6)
    return [n * step for n in range(round(top / step + 0.49) + 1) if n * step <= top + 1e-9]


def _steps(frame: Frame, curve: PrecisionRecall, css: str) -> Html:
    """The steps whose area is the average precision."""
    rises = np.flatnonzero(np.diff(curve.recall, prepend=0) > 0)  # else it only falls, and returns
    kept = rises[pick_evenly(len(rises), _MOST)]
    path = [f"M{number(frame.across(0))} {number(frame.down(float(curve.precision[kept[0]])))}"]
    for recall, precision in zip(curve.recall[kept], curve.precision[kept], strict=True):
        path.append(f"V{number(frame.down(precision))}H{number(frame.across(recall))}")
    return tag("path", d="".join(path), class_=css)


def _fall(frame: Frame, curve: PrecisionRecall, recall: float, precision: float) -> list[Html]:
    """The part of the curve that the steps leave out, down to a point; [] if it lies off the curve.

    After each article found precision falls until the next one; the steps show where it returns to.
    """
    here = np.isclose(curve.recall, recall)
    if not (here & np.isclose(curve.precision, precision)).any():
        return []
    start = curve.recall[here].min()
    before = curve.precision[curve.recall == start].max()
    return [_upright(frame, recall, precision, float(before), "line")]


def _line(frame: Frame, x: Iterable[float], y: Iterable[float], css: str) -> Html:
    return tag("polyline", points=_points(frame, x, y), class_=css)


def _band(frame: Frame, x: Float64Array, low: Float64Array, high: Float64Array) -> Html:
    outline = f"{_points(frame, x, high)} {_points(frame, x[::-1], low[::-1])}"
    return tag("polygon", points=outline, class_="band")


def _points(frame: Frame, x: Iterable[float], y: Iterable[float]) -> str:
    pairs = zip(x, y, strict=True)
    return " ".join(f"{number(frame.across(a))},{number(frame.down(b))}" for a, b in pairs)


def _law(frame: Frame, expected: Forecast, start: float, end: float, css: str) -> Html:
    x = np.geomspace(start, end, 24).tolist()
    return _line(frame, x, [float(expected.law.at(each)) for each in x], css)


def _upright(frame: Frame, x: float, low: float, high: float, css: str) -> Html:
    at = frame.across(x)
    return tag("line", x1=at, x2=at, y1=frame.down(low), y2=frame.down(high), class_=css)


def _dot(frame: Frame, x: float, y: float, said: str, size: float = 4, css: str = "dot") -> Html:
    mark = tag("title", said)
    return tag("circle", mark, cx=frame.across(x), cy=frame.down(y), r=size, class_=css)


def _chosen(frame: Frame, share: float, risk: float) -> list[Html]:
    """The review threshold in use, with what it accepts."""
    said = (f"in use: {share:.0%} accepted", f"{risk:.0%} of them wrong")
    x = frame.across(share)
    css = "label end" if share > 0.5 else "label"
    place = x - 9 if share > 0.5 else x + 9
    return [
        tag("line", x1=x, x2=x, y1=frame.top, y2=frame.height - frame.bottom, class_="line mark"),
        *(_text(place, frame.top + 12 + 17 * n, line, css) for n, line in enumerate(said)),
        _dot(frame, share, risk, ", ".join(said), 6, "dot mark"),
    ]


def _ends(frame: Frame, values: dict[str, float]) -> list[Html]:
    """The names of two lines at their right ends, kept apart."""
    high, low = sorted(values, key=lambda name: -values[name])
    y = [frame.down(values[name]) + 4 for name in (high, low)]
    closer = max(0.0, 17 - (y[1] - y[0])) / 2
    return [
        _text(frame.width - frame.right + 6, at, f"{name} {values[name]:.0%}", f"label {name}")
        for name, at in zip((high, low), (y[0] - closer, y[1] + closer), strict=True)
    ]


def _slanted(x: float, y: float, text: str) -> Html:
    return tag("text", text, transform=f"translate({number(x)} {number(y)}) rotate(-45)")


def _text(x: float, y: float, text: str, css: str) -> Html:
    return tag("text", text, x=x, y=y, class_=css)


def _drawn(frame: tuple[Frame, Html], label: str, marks: Iterable[Html]) -> Html:
    return _svg((frame[0].width, frame[0].height), label, frame[1], marks)


def _svg(
    size: tuple[float, float],
    label: str,
    *parts: Html | Iterable[Html],
    css: str = "chart",
    width: float | None = None,
) -> Html:
    """A drawing that fills the width it is given, or has its own, one unit a pixel."""
    box = f"0 0 {number(size[0])} {number(size[1])}"
    return tag("svg", *parts, viewBox=box, role="img", aria_label=label, class_=css, width=width)
