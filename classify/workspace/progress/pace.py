"""How fast annotators work, and when what is left will be done. Pure."""

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labels.annotations import Annotation, moment

_RECENT = dt.timedelta(days=14)  # a forecast counts on nobody who has been away for longer
_DAYS = 10  # of work, the latest ones, from which the articles a day are counted


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an annotator works.

    Attributes:
        annotator: an e-mail address.
        articles: submitted, in all.
        seconds: spent on an article, the median; None if Label Studio recorded none.
        per_day: articles on a day of work, the mean of the latest such days; None without dates.
        last_day: of work, "2026-05-03"; "" if unknown.
        days_left: days of work until nothing is left for this annotator, if the team goes on at
            its present pace; None if nothing can be said.
    """

    annotator: str
    articles: int
    seconds: float | None
    per_day: float | None
    last_day: str
    days_left: float | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to annotate.

    Attributes:
        untouched: articles in Label Studio that nobody has answered.
        overlap: answers that each of these needs, the mean.
        waiting: article -> answers that it lacks, for those that have some.
    """

    untouched: int
    overlap: float
    waiting: Mapping[str, int]

    @property
    def answers(self) -> float:
        """How many answers are wanted."""
        return self.untouched * self.overlap + sum(self.waiting.values())


def measure_pace(annotations: Iterable[Annotation], work: Work, now: dt.datetime) -> list[Pace]:
    """Return the pace of each annotator, by name; imported labels and those set by hand are none's.

    Args:
        annotations: all there are.
        work: what is left.
        now: an aware time; who has not worked for two weeks has no forecast.
    """
    answers: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        if not annotation.is_local and annotation.status != "draft":
            answers[annotation.annotator].append(annotation)
    paces = [_measure(name, answers[name]) for name in sorted(answers)]
    recent = (now - _RECENT).date().isoformat()
    active = [pace for pace in paces if pace.per_day and pace.last_day >= recent]
    unseen = {
        pace.annotator: work.untouched
        + len(work.waiting.keys() - {a.document_id for a in answers[pace.annotator]})
        for pace in active
    }
    days = _share_out(work.answers, {p.annotator: p.per_day or 0 for p in active}, unseen)
    return [
        Pace(p.annotator, p.articles, p.seconds, p.per_day, p.last_day, days.get(p.annotator))
        for p in paces
    ]


def day_of(answer: Annotation) -> dt.date | None:
    """Return the day on which an answer was given; None if unknown."""
    time = moment(answer.created or answer.updated)
    return time.date() if time else None


def _measure(annotator: str, answers: Sequence[Annotation]) -> Pace:
    """Return the pace of an annotator, without a forecast."""
    submitted = [answer for answer in answers if answer.status == "submitted"]
    seconds = [answer.seconds for answer in submitted if answer.seconds > 0]
    by_day: dict[str, int] = defaultdict(int)
    for answer in submitted:
        if day := day_of(answer):
            by_day[day.isoformat()] += 1
    latest = sorted(by_day)[-_DAYS:]
    return Pace(
        annotator,
        len(submitted),
        statistics.median(seconds) if seconds else None,
        sum(by_day[day] for day in latest) / len(latest) if latest else None,
        latest[-1] if latest else "",
    )


def _share_out(
    answers: float, per_day: Mapping[str, float], unseen: Mapping[str, int]
) -> dict[str, float]:
    """Return the days each annotator will work, if all go on until every answer is given.

    Nobody answers an article twice: who has seen all that is open is done, and the others do the
    rest.
    """
    days: dict[str, float] = {}
    left, speed = answers, sum(per_day.values())
    for name in sorted(per_day, key=lambda name: unseen[name] / per_day[name]):
        days[name] = min(unseen[name] / per_day[name], left / speed)
        left -= days[name] * per_day[name]
        speed -= per_day[name]
    return days
