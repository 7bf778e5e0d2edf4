"""The drawings of the desk report: work over time, states of articles, agreement, the saving."""

from collections.abc import Mapping, Sequence

from classify.workspace.desk.timeline import Period, Timeline
from classify.workspace.desk.words import Words
from training.report import drawing
from training.report.drawing import Axis, Frame
from training.report.html import Html, tag

_LOWEST = -0.2  # of alpha; what is worse stays at the edge
_LIMIT, _RELIABLE = 0.67, 0.8  # of alpha (Krippendorff)


def states(counts: Sequence[tuple[str, str, int]], label: str) -> Html:
    """Draw a bar whose parts are the articles of each state: (class, name, number)."""
    whole = max(1, sum(number for _, _, number in counts))
    parts, x = [], 0.0
    for css, name, number in counts:
        width = 1000 * number / whole
        if number:
            parts.append(
                tag(
                    "rect",
                    tag("title", f"{name}: {number}"),
                    x=x,
                    width=max(width - 2, 1),
                    height=22,
                    rx=3,
                    class_=css,
                )
            )
        x += width
    words = ", ".join(f"{name}: {number}" for _, name, number in counts)
    return drawing.svg((1000, 22), f"{label}: {words}", *parts, css="states")


def columns(timeline: Timeline, words: Words, names: Mapping[str, str], label: str) -> Html:
    """Draw the articles of each period as a column."""
    frame, ticks = _frame([period.total for period in timeline.periods])
    width = (frame.end - frame.left) / len(timeline.periods)
    bars = [
        tag(
            "rect",
            tag("title", _describe(period, timeline, words, names)),
            x=frame.left + width * n + min(1.0, width * 0.1),
            y=frame.to_y(period.total),
            width=min(max(width - min(2.0, width * 0.2), 0.5), 60),
            height=frame.foot - frame.to_y(period.total),
            rx=min(2.0, width / 4),
            class_="bar",
        )
        for n, period in enumerate(timeline.periods)
        if period.total
    ]
    return drawing.framed(frame, label, _grid(frame, ticks), bars, _dates(frame, timeline, words))


def cumulated(timeline: Timeline, words: Words, label: str) -> Html:
    """Draw how many articles there were after each period, with their number at the end."""
    sums, total = [0], 0
    for period in timeline.periods:
        total += period.total
        sums.append(total)
    frame, ticks = _frame([total], len(timeline.periods), right=64)
    marks = [
        drawing.line(frame, range(len(sums)), sums, "line"),
        drawing.dot(frame, len(sums) - 1, total, words.number(total)),
        drawing.text(frame.end + 9, frame.to_y(total) + 4, words.number(total), "label observed"),
    ]
    return drawing.framed(frame, label, _grid(frame, ticks), marks, _dates(frame, timeline, words))


def seconds(timeline: Timeline, words: Words, label: str) -> Html:
    """Draw the median time an article of each period; those without work are passed over."""
    known = [
        (n + 0.5, period.seconds, period)
        for n, period in enumerate(timeline.periods)
        if period.seconds is not None
    ]
    frame, ticks = _frame([value for _, value, _ in known], len(timeline.periods))
    marks = [drawing.line(frame, [x for x, _, _ in known], [y for _, y, _ in known], "line")]
    for x, value, period in known:
        when = words.day(period.start, timeline.unit)
        marks.append(drawing.dot(frame, x, value, f"{when}: {words.number(value)} s", 3.5))
    return drawing.framed(frame, label, _grid(frame, ticks), marks, _dates(frame, timeline, words))


def spark(periods: Sequence[Period], annotator: str, most: int, label: str) -> Html:
    """Draw one annotator's articles in each period; most: what a full column stands for."""
    width = 160 / len(periods)
    bars = []
    for n, period in enumerate(periods):
        if number := period.articles.get(annotator, 0):
            height = max(24 * number / most, 1)
            bars.append(
                tag(
                    "rect",
                    x=width * n,
                    y=25 - height,
                    width=min(max(width - min(1.0, width * 0.2), 0.5), 12),
                    height=height,
                    class_="bar",
                )
            )
    base = tag("line", x1=0, x2=160, y1=25.5, y2=25.5, class_="grid")
    return drawing.svg((160, 26), label, base, bars, css="spark", width=160)


def alpha(low: float | None, value: float, high: float | None, label: str) -> Html:
    """Draw alpha with its interval on a line from 0 to 1, with the limits that are usual."""

    def place(figure: float) -> float:
        """Return where a figure stands."""
        return 8 + 184 * (max(figure, _LOWEST) - _LOWEST) / (1 - _LOWEST)

    parts = [tag("line", x1=8, x2=192, y1=9, y2=9, class_="grid")]
    for tick, css in ((0, "grid"), (_LIMIT, "limit-tick"), (_RELIABLE, "limit-tick"), (1, "grid")):
        parts.append(tag("line", x1=place(tick), x2=place(tick), y1=3, y2=15, class_=css))
    if low is not None and high is not None:
        parts.append(tag("line", x1=place(low), x2=place(high), y1=9, y2=9, class_="span"))
    css = "dot low" if value < _LIMIT else "dot"
    parts.append(tag("circle", cx=place(value), cy=9, r=5, class_=css))
    return drawing.svg((200, 18), label, *parts, css="alpha", width=200)


def saving(
    labels: int, random: tuple[float, float, float], rows: Sequence[tuple[str, str]], label: str
) -> Html:
    """Draw the labels used, and below them what a random order needs: (low, value, high).

    rows: what each of the two bars is, and its value in words.
    """
    frame = Frame((0, max(labels, random[2])), (0, 2), width=480, left=92, right=56)
    low, value, high = map(frame.to_x, random)
    zero, used = frame.to_x(0), frame.to_x(labels)
    parts = [
        tag("rect", x=zero, y=14, width=used - zero, height=24, rx=3, class_="bar"),
        tag("rect", x=zero, y=52, width=value - zero, height=24, rx=3, class_="pale"),
        tag("line", x1=low, x2=high, y1=64, y2=64, class_="whisker"),
    ]
    for (name, words), y, end in zip(rows, (31, 69), (used, max(high, value)), strict=True):
        parts.append(drawing.text(zero - 10, y, name, "name"))
        parts.append(drawing.text(end + 9, y, words, "label"))
    return drawing.svg((480, 92), label, *parts, css="chart")


def _frame(values: Sequence[float], width: int = 1, right: float = 18) -> tuple[Frame, list[float]]:
    """Return a frame from 0 to above the largest value, and its ticks; width: of the x axis."""
    highest = max([*values, 1])
    step = next(
        base * 10**power
        for power in range(12)
        for base in (1, 2, 5)
        if highest / (base * 10**power) <= 5
    )
    ticks = [step * n for n in range(int(-(-highest // step)) + 1)]
    return Frame((0, width), (0, ticks[-1]), height=240, right=right, bottom=34), ticks


def _grid(frame: Frame, ticks: list[float]) -> Html:
    return drawing.axes(frame, Axis(None, [], ""), Axis(None, ticks, "{:.0f}"))


def _dates(frame: Frame, timeline: Timeline, words: Words) -> list[Html]:
    """Write the first and the last date below the x axis, or the only one."""
    periods = timeline.periods
    first = drawing.text(
        frame.left, frame.foot + 20, words.day(periods[0].start, timeline.unit), "date first"
    )
    if len(periods) == 1:
        return [first]
    last = drawing.text(
        frame.end, frame.foot + 20, words.day(periods[-1].start, timeline.unit), "date last"
    )
    return [first, last]


def _describe(period: Period, timeline: Timeline, words: Words, names: Mapping[str, str]) -> str:
    """Say how many articles each annotator did in a period."""
    people = (f"{names[name]} {number}" for name, number in period.articles.items())
    when = words.day(period.start, timeline.unit)
    return f"{when}: {words.number(period.total)} ({', '.join(people)})"
