"""The parts of an SVG drawing: a frame with its axes, and the marks that stand in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import log

from training.arrays import Float64Array
from training.report.html import Html, join, number, tag

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """A coordinate system: the size of a drawing, its margins and the ranges of both axes.

    x, y: the values at the ends of the axes; logarithmic: whether x is.
    """

    x: Range
    y: Range = (0.0, 1.0)
    width: float = 480
    height: float = 330
    left: float = 52
    right: float = 18
    top: float = 12
    bottom: float = 46
    logarithmic: bool = False

    @property
    def end(self) -> float:
        """The horizontal position at which the x axis ends."""
        return self.width - self.right

    @property
    def foot(self) -> float:
        """The vertical position at which the y axis begins."""
        return self.height - self.bottom

    def to_x(self, value: float) -> float:
        """Return the horizontal position of a value."""
        low, high, position = (log(v) if self.logarithmic else v for v in (*self.x, value))
        return self.left + (position - low) / (high - low) * (self.end - self.left)

    def to_y(self, value: float) -> float:
        """Return the vertical position of a value; one outside the range stays at its edge."""
        low, high = self.y
        share = (min(max(value, low), high) - low) / (high - low)
        return self.foot - share * (self.foot - self.top)

    def compact(self) -> "Frame":
        """Return a frame of the same ranges for one of many small charts, without axis titles."""
        return replace(self, width=220, height=150, left=32, right=10, top=8, bottom=24)


@dataclass(frozen=True, slots=True)
class Axis:
    """The title of an axis, if it has one, its ticks, and how a tick is written."""

    title: str | None
    ticks: Sequence[float]
    form: str


def axes(frame: Frame, x: Axis, y: Axis) -> Html:
    """Draw grid lines, ticks and titles."""
    parts = []
    for tick in y.ticks:
        at = frame.to_y(tick)
        parts.append(tag("line", x1=frame.left, x2=frame.end, y1=at, y2=at, class_="grid"))
        parts.append(text(frame.left - 6, at + 4, y.form.format(tick), "tick left"))
    for tick in x.ticks:
        at = frame.to_x(tick)
        parts.append(tag("line", x1=at, x2=at, y1=frame.foot, y2=frame.foot + 4, class_="grid"))
        parts.append(text(at, frame.foot + 17, x.form.format(tick), "tick"))
    if x.title:
        parts.append(text((frame.left + frame.end) / 2, frame.height - 8, x.title, "axis"))
    if y.title:
        turn = f"translate(13 {number((frame.top + frame.foot) / 2)}) rotate(-90)"
        parts.append(tag("text", y.title, transform=turn, class_="axis"))
    return join(parts)


def even_ticks(top: float) -> list[float]:
    """Return round ticks from 0 to top, about five."""
    step = next(size for size in (0.02, 0.05, 0.1, 0.2) if top / size <= 6)
    return [n * step for n in range(round(top / step + 0.49) + 1) if n * step <= top + 1e-9]


def line(frame: Frame, x: Iterable[float], y: Iterable[float], css: str) -> Html:
    """Draw a line through points."""
    return tag("polyline", points=_points(frame, x, y), class_=css)


def band(frame: Frame, x: Float64Array, low: Float64Array, high: Float64Array) -> Html:
    """Fill the area between two lines."""
    outline = f"{_points(frame, x, high)} {_points(frame, x[::-1], low[::-1])}"
    return tag("polygon", points=outline, class_="band")


def steps(frame: Frame, recall: Float64Array, precision: Float64Array, css: str) -> Html:
    """Draw a curve as steps, from the left; each holds until the next value of x."""
    path = [f"M{number(frame.to_x(0))} {number(frame.to_y(float(precision[0])))}"]
    for x, y in zip(recall, precision, strict=True):
        path.append(f"V{number(frame.to_y(y))}H{number(frame.to_x(x))}")
    return tag("path", d="".join(path), class_=css)


def upright(frame: Frame, x: float, low: float, high: float, css: str) -> Html:
    """Draw a vertical line between two values."""
    at = frame.to_x(x)
    return tag("line", x1=at, x2=at, y1=frame.to_y(low), y2=frame.to_y(high), class_=css)


def dot(frame: Frame, x: float, y: float, title: str, size: float = 4, css: str = "dot") -> Html:
    """Draw a dot; the title appears when the pointer rests on it."""
    return tag(
        "circle", tag("title", title), cx=frame.to_x(x), cy=frame.to_y(y), r=size, class_=css
    )


def text(x: float, y: float, words: str, css: str) -> Html:
    """Write words at a position of the drawing."""
    return tag("text", words, x=x, y=y, class_=css)


def slanted_text(x: float, y: float, words: str) -> Html:
    """Write words that rise to the right from a position of the drawing."""
    return tag("text", words, transform=f"translate({number(x)} {number(y)}) rotate(-45)")


def framed(frame: Frame, label: str, *parts: Html | Iterable[Html]) -> Html:
    """Put what is drawn in a frame together."""
    return svg((frame.width, frame.height), label, *parts)


def svg(
    size: tuple[float, float],
    label: str,
    *parts: Html | Iterable[Html],
    css: str = "chart",
    width: float | None = None,
) -> Html:
    """Make a drawing that fills the width available, or has its own, one unit a pixel."""
    box = f"0 0 {number(size[0])} {number(size[1])}"
    return tag("svg", *parts, viewBox=box, role="img", aria_label=label, class_=css, width=width)


def _points(frame: Frame, x: Iterable[float], y: Iterable[float]) -> str:
    pairs = zip(x, y, strict=True)
    return " ".join(f"{number(frame.to_x(a))},{number(frame.to_y(b))}" for a, b in pairs)
