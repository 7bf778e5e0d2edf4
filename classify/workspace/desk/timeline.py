"""How many articles were annotated when, and how long one took. Pure."""

import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from classify.workspace.progress.pace import day_of
from labels.annotations import Annotation

Unit = Literal["day", "week", "month", "year"]
_MOST = 62  # columns of a chart; more would be too thin to point at
_LENGTHS: tuple[tuple[Unit, int], ...] = (("day", 1), ("week", 7), ("month", 28))


@dataclass(frozen=True, slots=True)
class Period:
    """What was annotated in a day, or a longer time.

    Attributes:
        start: its first day.
        articles: annotator -> articles submitted.
        seconds: spent on an article, the median; None if none were recorded.
    """

    start: dt.date
    articles: Mapping[str, int]
    seconds: float | None = None

    @property
    def total(self) -> int:
        """Articles of all annotators."""
        return sum(self.articles.values())


@dataclass(frozen=True, slots=True)
class Timeline:
    """The work of all annotators.

    Attributes:
        unit: how long each period is.
        periods: from the first answer to the last, idle ones as well; () without a date.
        undated: answers of which nobody knows when they were given.
    """

    unit: Unit
    periods: tuple[Period, ...]
    undated: int


def draw_timeline(annotations: Iterable[Annotation]) -> Timeline:
    """Count the submitted answers of people by day, or by week, month or year if there are many.

    Labels from a file and those set by hand are nobody's work.
    """
    answers = [a for a in annotations if a.status == "submitted" and not a.is_local]
    dated = [(day, answer) for answer in answers if (day := day_of(answer))]
    if not dated:
        return Timeline("day", (), len(answers))
    first, last = (pick(day for day, _ in dated) for pick in (min, max))
    span = (last - first).days
    unit: Unit = next((name for name, days in _LENGTHS if span < days * _MOST), "year")
    by_start: dict[dt.date, list[Annotation]] = defaultdict(list)
    for day, answer in dated:
        by_start[_start(day, unit)].append(answer)
    starts = [_start(first, unit)]
    while starts[-1] < _start(last, unit):
        starts.append(_following(starts[-1], unit))
    periods = tuple(_sum_up(start, by_start[start]) for start in starts)
    return Timeline(unit, periods, len(answers) - len(dated))


def _sum_up(start: dt.date, answers: list[Annotation]) -> Period:
    seconds = [answer.seconds for answer in answers if answer.seconds > 0]
    counts = Counter(answer.annotator for answer in answers)
    return Period(
        start, dict(sorted(counts.items())), statistics.median(seconds) if seconds else None
    )


def _start(day: dt.date, unit: Unit) -> dt.date:
    """Return the first day of the period that a day is in."""
    if unit == "week":
        return day - dt.timedelta(days=min(day.weekday(), day.toordinal() - 1))
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _following(start: dt.date, unit: Unit) -> dt.date:
    """Return the first day of the next period."""
    if unit == "year":
        return start.replace(year=start.year + 1)
    if unit == "month":
        return (start + dt.timedelta(days=31)).replace(day=1)
    return start + dt.timedelta(days=7 if unit == "week" else 1)
