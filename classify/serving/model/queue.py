"""The texts that wait for the model: plain ones go in batches, explanations step by step.

The texts of a batch that the model did not finish are suspects: each is computed once more, alone.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from classify.serving.model.loaded_run import LoadedRun

_ROUND = 4  # explanations that take turns; each one that has begun needs memory
_BATCH_CHARACTERS = 4_000_000  # beyond which a batch takes no further text
_RATE_WEIGHT = 0.2  # of the latest measurement in the running means of seconds


class BusyError(Exception):
    """There is no room in the queue. retry_after: seconds until there should be."""

    def __init__(self, retry_after: int, reason: str) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class TextError(Exception):
    """The model does not get through a text. place: of the text in its request."""

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(reason)
        self.place = place


@dataclass(eq=False, slots=True)
class Job:
    """A text that waits for its answer.

    Attributes:
        text: the article as it came.
        all_categories: give the probability of every category, not only of those worth showing.
        answer: becomes the name of the run and its answer.
        number: by which the worker knows the explanation.
        place: of the text in its request.
        started_by: the run that has begun the explanation.
        seconds: that the explanation has taken so far.
        suspect: the worker ended while it computed this text.
    """

    text: str
    all_categories: bool
    answer: "asyncio.Future[tuple[str, dict[str, Any]]]"
    number: int
    place: int
    started_by: LoadedRun | None = None
    seconds: float = 0.0
    suspect: bool = False

    def resolve(self, run: str, answer: dict[str, Any]) -> None:
        """Hand over what the worker answered."""
        if "bug" in answer:
            self.fail(RuntimeError(f"in the model's process: {answer['bug']}"))
        elif not self.answer.done():
            self.answer.set_result((run, answer))

    def fail(self, error: Exception) -> None:
        """Answer with an error."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def abandon(self) -> None:
        """Stop waiting for the answer; does nothing to a job that has one."""
        self.answer.cancel()
        if not self.answer.cancelled():
            self.answer.exception()  # asyncio logs an error that nobody has looked at


class Queue:
    """Jobs in the order in which they came; explanations queue separately."""

    def __init__(self) -> None:
        self._plain: deque[Job] = deque()
        self._explained: deque[Job] = deque()
        self._suspects: deque[Job] = deque()
        self._abandoned: list[int] = []  # explanations that have begun and nobody waits for
        self._numbers = itertools.count()
        self._text_seconds = 0.05  # running means of what a text and an explanation take
        self._explanation_seconds = 0.2

    def __len__(self) -> int:
        """Return the number of texts that wait."""
        return len(self._plain) + len(self._explained) + len(self._suspects)

    @property
    def plain(self) -> int:
        """The number of texts that wait without an explanation."""
        return len(self._plain)

    @property
    def seconds(self) -> float:
        """The time that everything in the queue should take."""
        plain = self._text_seconds * (len(self._plain) + len(self._suspects))
        return plain + self._explanation_seconds * len(self._explained)

    def add(
        self, texts: Sequence[str], *, all_categories: bool, explain: bool, first: int = 0
    ) -> list[Job]:
        """Put texts at the end of the queue, and return their jobs.

        first: place of the first text in its request.
        """
        loop = asyncio.get_running_loop()
        jobs = [
            Job(text, all_categories, loop.create_future(), next(self._numbers), place)
            for place, text in enumerate(texts, first)
        ]
        (self._explained if explain else self._plain).extend(jobs)
        return jobs

    def next_batch(self, size: int) -> list[Job]:
        """Take the next texts, at most size, and drop those whose clients have left."""
        jobs: list[Job] = []
        characters = 0
        while self._plain and len(jobs) < size and characters < _BATCH_CHARACTERS:
            job = self._plain.popleft()
            if not job.answer.done():
                jobs.append(job)
                characters += len(job.text)
        return jobs

    def next_suspect(self) -> list[Job]:
        """Take the next suspect, if there is one; drop those whose clients have left."""
        while self._suspects:
            job = self._suspects.popleft()
            if not job.answer.done():
                return [job]
        return []

    def next_explanation(self) -> list[Job]:
        """Take the next text to explain, if there is one; drop those whose clients have left."""
        while self._explained:
            job = self._explained.popleft()
            if not job.answer.done():
                return [job]
            if job.started_by:
                self._abandoned.append(job.number)
        return []

    def suspect(self, jobs: Iterable[Job]) -> None:
        """Let texts that the worker did not finish wait, each to be computed alone."""
        for job in jobs:
            job.suspect = True
            (self._explained if job.started_by else self._suspects).append(job)

    def put_back(self, job: Job) -> None:
        """Let an unfinished explanation wait for its next turn."""
        self._explained.insert(_ROUND - 1, job)

    def take_abandoned(self) -> list[int]:
        """Return the explanations that the worker should forget, once."""
        numbers, self._abandoned = self._abandoned, []
        return numbers

    def note_batch(self, texts: int, seconds: float) -> None:
        """Learn from a batch how long a text takes."""
        self._text_seconds += _RATE_WEIGHT * (seconds / texts - self._text_seconds)

    def note_explanation(self, seconds: float) -> None:
        """Learn from an explanation how long one takes."""
        self._explanation_seconds += _RATE_WEIGHT * (seconds - self._explanation_seconds)

    def fail_all(self, error: Exception) -> None:
        """Empty the queue, answering every text with an error."""
        for jobs in (self._plain, self._explained, self._suspects):
            fail(jobs, error)
            jobs.clear()

    def cancel_all(self) -> None:
        """Cancel every text."""
        for job in (*self._plain, *self._explained, *self._suspects):
            job.answer.cancel()


def fail(jobs: Iterable[Job], error: Exception) -> None:
    """Answer some texts with an error."""
    for job in jobs:
        job.fail(error)
