"""The pace of annotators and what it promises, worked out by hand."""

import datetime as dt

import pytest

from classify.workspace.progress.pace import Pace, Work, measure_pace
from labels.annotations import Annotation

NOW = dt.datetime(2026, 5, 10, 12, tzinfo=dt.UTC)


def answers(person: str, days: dict[int, int], seconds: float = 30.0) -> list[Annotation]:
    """Return so many answers of a person on days of May, each of another article."""
    return [
        Annotation(
            f"{person}-{day}-{n}",
            person,
            (),
            seconds=seconds,
            created=f"2026-05-{day:02}T09:00:00Z",
        )
        for day, count in days.items()
        for n in range(count)
    ]


def test_the_median_of_the_seconds_and_the_mean_of_the_days_worked() -> None:
    """A page left open for an hour moves no median, and a free Sunday no mean."""
    given = answers("lea", {4: 10, 5: 14, 8: 12}, 31.0)
    given.append(Annotation("x", "lea", (), seconds=3600.0, created="2026-05-08T10:00:00Z"))
    given.append(Annotation("y", "lea", (), "skipped", seconds=2.0))
    (pace,) = measure_pace(given, Work(37, 1, {}), NOW)
    assert pace == Pace("lea", 37, 31.0, pytest.approx(37 / 3), "2026-05-08", pytest.approx(3.0))


def test_what_is_left_is_shared_by_pace() -> None:
    """Twelve and four a day do 48 answers in three days."""
    given = [*answers("lea", {8: 12}), *answers("max", {9: 4})]
    assert [pace.days_left for pace in measure_pace(given, Work(48, 1, {}), NOW)] == [3.0, 3.0]
    assert [pace.days_left for pace in measure_pace(given, Work(0, 1, {}), NOW)] == [0.0, 0.0]


def test_who_has_answered_all_that_waits_leaves_it_to_the_other() -> None:
    """With two answers wanted, Léa's eight articles wait for Max alone."""
    given = [*answers("lea", {9: 8}), *answers("max", {9: 4})]
    waiting = {answer.document_id: 1 for answer in given if answer.annotator == "lea"}
    lea, max_ = measure_pace(given, Work(0, 2, waiting), NOW)
    assert (lea.days_left, max_.days_left) == (0.0, 2.0)


def test_nothing_is_promised_for_who_is_away_or_without_dates() -> None:
    """Paul last worked in April; the other's answers have neither dates nor seconds."""
    paul = Annotation("a", "paul", (), seconds=20.0, created="2026-04-20T09:00:00Z")
    zoe = Annotation("b", "zoe", ())
    file = Annotation("c", "import:labels.csv", ())
    paces = measure_pace([paul, zoe, file], Work(5, 1, {}), NOW)
    assert paces == [
        Pace("paul", 1, 20.0, 1.0, "2026-04-20", None),
        Pace("zoe", 1, None, None, "", None),
    ]
