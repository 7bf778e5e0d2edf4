"""The work by day, week, month and year, counted by hand."""

import datetime as dt
from dataclasses import replace

import pytest

from classify.workspace.desk.timeline import Period, draw_timeline
from labels.annotations import Annotation
from tests.support.desk import LEA, MAX, team


def answer(created: str) -> Annotation:
    return Annotation("a", LEA, (), created=created)


def test_articles_of_each_day_with_the_idle_one_between() -> None:
    """Léa skipped one, which is no work done; of 6 May the median is one of Max's 13."""
    timeline = draw_timeline(team())
    assert timeline.unit == "day"
    assert timeline.periods == (
        Period(dt.date(2026, 5, 4), {LEA: 8}, 20.0),
        Period(dt.date(2026, 5, 5), {}, None),
        Period(dt.date(2026, 5, 6), {LEA: 4, MAX: 13}, 40.0),
    )
    assert [period.total for period in timeline.periods] == [8, 0, 17]


@pytest.mark.parametrize(
    ("last", "unit", "starts", "number"),
    [
        ("2026-03-03", "day", "2026-01-01", 62),  # 31 + 28 + 3
        ("2026-03-04", "week", "2025-12-29", 10),  # Monday before; until Monday, 2 March
        ("2027-12-31", "month", "2026-01-01", 24),
        ("2039-12-31", "year", "2026-01-01", 14),
    ],
)
def test_long_work_is_counted_by_longer_periods(
    last: str, unit: str, starts: str, number: int
) -> None:
    timeline = draw_timeline([answer("2026-01-01T08:00:00Z"), answer(f"{last}T08:00:00Z")])
    assert timeline.unit == unit
    assert timeline.periods[0].start.isoformat() == starts
    assert len(timeline.periods) == number
    assert sum(period.total for period in timeline.periods) == 2


def test_dates_at_the_ends_of_the_calendar_do_no_harm() -> None:
    timeline = draw_timeline([answer("0001-01-01T00:00:00Z"), answer("9999-12-31T00:00:00Z")])
    assert (timeline.unit, len(timeline.periods)) == ("year", 9999)


def test_labels_from_a_file_and_answers_without_a_date_are_on_no_day() -> None:
    file = replace(answer("2026-05-04T08:00:00Z"), annotator="import:labels.csv")
    by_hand = replace(answer("2026-05-04T08:00:00Z"), origin="settled")
    timeline = draw_timeline([file, by_hand, answer(""), answer("yesterday")])
    assert (timeline.periods, timeline.undated) == ((), 2)
