"""Answers texts: waiting texts are batched, and explanations run in small steps between batches.

The model runs in its own process, so that health checks, refusals and new requests never wait for
it. Everything here runs in one event loop.

A worker that does not answer in time is ended. The texts that it was computing are computed once
more by the next one, each alone: only the one that is to blame gets an error.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classify.serving.model.deadline import finish_within
from classify.serving.model.loaded_run import LoadedRun, RunInfo
from classify.serving.model.process import ProcessEndedError
from classify.serving.model.queue import BusyError, Job, Queue, TextError, fail
from classify.serving.model.supervisor import RETRY_SECONDS, Load, Supervisor

_log = logging.getLogger("classify.serving")


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one run, a record per text, as the API documents them.

    An explanation is a string that is JSON already: it may have megabytes.
    """

    run: str
    records: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Batching:
    """How texts are put together.

    Attributes:
        size: maximum number of texts in a batch.
        wait: seconds that a text waits for others, at most, while the model is idle.
        queue: maximum number of accepted requests; further ones are asked to come again.
        seconds: that a batch, or a step of an explanation, may take.
    """

    size: int = 32
    wait: float = 0.002
    queue: int = 256
    seconds: float = 30.0


class Engine:
    """Answers texts with the current run."""

    def __init__(
        self,
        find_run: Callable[[], Path],
        load: Load,
        batching: Batching,
        *,
        on_batch: Callable[[int, float], None] = lambda _texts, _seconds: None,
        on_explanation: Callable[[float], None] = lambda _seconds: None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Set up; `start` loads the run.

        Args:
            find_run: returns the folder of the run that should answer now.
            load: starts a worker with the run of a folder.
            batching: how texts are put together.
            on_batch: called with the texts and seconds of each batch.
            on_explanation: called with the seconds of each explanation.
            retry_seconds: before a promoted run that could not be loaded is tried again.
        """
        self.batching = batching
        self.active_requests = 0
        self._on_batch, self._on_explanation = on_batch, on_explanation
        self._queue = Queue()
        self._wake = asyncio.Event()
        self._supervisor = Supervisor(
            find_run, load, on_death=self._wake.set, retry_seconds=retry_seconds
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._began = math.inf  # the present batch or step, on the clock of time.monotonic()

    @property
    def run(self) -> RunInfo:
        """The run that answers now."""
        return self._supervisor.run

    @property
    def path(self) -> Path:
        """The folder of the run that answers now."""
        return self._supervisor.path

    @property
    def ready(self) -> bool:
        """True while texts are computed as soon as their turn comes."""
        return self._supervisor.alive and not self._closing and not self._slow

    @property
    def state(self) -> str:
        """The activity of an engine that is not ready, in words."""
        if self._closing:
            return "is shutting down"
        return "waits for a text that takes long" if self._slow else self._supervisor.state

    @property
    def _slow(self) -> bool:
        """True once the present batch has used half of its time: it may well be stuck."""
        return time.monotonic() - self._began > self.batching.seconds / 2

    @property
    def waiting_texts(self) -> int:
        """The number of texts in the queue."""
        return len(self._queue)

    @property
    def full(self) -> bool:
        """True while another request would be refused."""
        return self.active_requests >= self.batching.queue

    @property
    def retry_after(self) -> int:
        """Seconds until what waits now should be done, 1 to 60."""
        return max(1, min(60, round(self._queue.seconds)))

    def on_promoted(self, callback: Callable[[RunInfo], Awaitable[None]]) -> None:
        """Call this whenever another run has taken over."""
        self._supervisor.on_promoted(callback)

    async def start(self) -> None:
        """Load the run.

        Raises:
            InputError: there is none, or it can't be loaded; says why.
        """
        await self._supervisor.start()
        loops = (self._compute(), self._supervisor.follow())
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    def drain(self) -> None:
        """Stop being ready; texts that still come are answered."""
        self._closing = True

    async def close(self) -> None:
        """End the worker; texts that still wait are cancelled."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._queue.cancel_all()
        await self._supervisor.close()

    async def answer(
        self, texts: Sequence[str], *, all_categories: bool = False, explain: bool = False
    ) -> Answers:
        """Return the answer to each text, all from one run; cancelling drops what is not computed.

        Args:
            texts: articles as they came; they are cleaned by the worker.
            all_categories: give every probability, not only those worth showing.
            explain: say which words counted.

        Raises:
            BusyError: there is no room, or no worker.
            TextError: the model does not get through one of the texts.
        """
        size = self.batching.size
        async with self._admit():
            while True:
                pairs: list[tuple[str, dict[str, Any]]] = []
                for start in range(0, len(texts), size):
                    chunk = texts[start : start + size]
                    pairs += await self._enqueue(
                        chunk, all_categories=all_categories, explain=explain, first=start
                    )
                if len({run for run, _ in pairs}) <= 1:  # else another run took over meanwhile
                    name = pairs[0][0] if pairs else self.run.name
                    return Answers(name, [record for _, record in pairs])

    @contextlib.asynccontextmanager
    async def _admit(self) -> AsyncIterator[None]:
        """Count a request among the active ones, or refuse it.

        Raises:
            BusyError: there is no room, or no worker.
        """
        if self.full:
            raise BusyError(self.retry_after, "the queue is full")
        if self._supervisor.failed:
            raise BusyError(5, "the model can't be loaded")
        self.active_requests += 1
        try:
            yield
        finally:
            self.active_requests -= 1

    async def _enqueue(
        self, texts: Sequence[str], *, all_categories: bool, explain: bool, first: int
    ) -> list[tuple[str, dict[str, Any]]]:
        """Put texts in the queue and return their answers, each with the name of the run."""
        jobs = self._queue.add(texts, all_categories=all_categories, explain=explain, first=first)
        self._wake.set()
        try:
            return await asyncio.gather(*(job.answer for job in jobs))
        finally:
            for job in jobs:
                job.abandon()

    # ---------------------------------------------------------------- the worker's side

    async def _compute(self) -> None:
        """Answer what waits, for ever: a batch, a step of an explanation, a batch, …"""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self.batching.wait and self._queue.plain < self.batching.size:
                await asyncio.sleep(self.batching.wait)
            while self._queue or not self._supervisor.alive:
                async with self._supervisor.computing:
                    await self._ensure_worker()
                    if jobs := self._queue.next_batch(self.batching.size):
                        await self._guard(self._compute_batch, jobs)
                    await self._ensure_worker()
                    if jobs := self._queue.next_explanation():
                        await self._guard(self._compute_step, jobs)
                    await self._ensure_worker()
                    if jobs := self._queue.next_suspect():
                        await self._guard(self._compute_batch, jobs)

    async def _ensure_worker(self) -> None:
        """Start the worker again if it has died; while that fails, waiting texts do, too."""
        while not self._supervisor.alive and not await self._supervisor.restart():
            self._queue.fail_all(BusyError(5, "the model can't be loaded"))

    async def _guard(
        self, compute: Callable[[LoadedRun, list[Job]], Awaitable[None]], jobs: list[Job]
    ) -> None:
        """Compute some jobs; whatever goes wrong becomes their answer, or they are tried again."""
        loaded = self._supervisor.loaded
        assert loaded, "it was restarted"
        self._began = time.monotonic()
        try:
            await finish_within(compute(loaded, jobs), self.batching.seconds)
            self._supervisor.starts = 0
        except TimeoutError:
            limit = f"{self.batching.seconds:g} s"
            await loaded.worker.close(f"it was ended, having computed for {limit}")
            reason = f"was not computed within {limit}. Send less of it."
            self._suspect(jobs, reason, sure=len(jobs) == 1)
        except ProcessEndedError:  # perhaps because of one of these texts
            reason = "ended the model's process twice. Send less of it."
            self._suspect(jobs, reason, sure=jobs[0].suspect)
        except asyncio.CancelledError:
            for job in jobs:
                job.answer.cancel()
            raise
        except Exception as error:  # a bug must not stop everything that follows
            _log.exception("a batch of %d texts failed", len(jobs))
            fail(jobs, error)
        finally:
            self._began = math.inf

    def _suspect(self, jobs: list[Job], reason: str, *, sure: bool) -> None:
        """Compute some jobs once more, each alone; or blame the one that there is for sure."""
        if sure:
            fail(jobs, TextError(jobs[0].place, reason))
        else:
            self._queue.suspect(jobs)

    async def _compute_batch(self, loaded: LoadedRun, jobs: list[Job]) -> None:
        """Answer a batch."""
        start = time.monotonic()
        answers = await loaded.worker.ask(
            [{"text": job.text, "all_categories": job.all_categories} for job in jobs]
        )
        seconds = time.monotonic() - start
        self._queue.note_batch(len(jobs), seconds)
        self._on_batch(len(jobs), seconds)
        for job, answer in zip(jobs, answers, strict=True):
            job.resolve(loaded.info.name, answer)

    async def _compute_step(self, loaded: LoadedRun, jobs: list[Job]) -> None:
        """Take an explanation one step further; unless that was the last step, it waits again."""
        (job,) = jobs
        message = {"explain": job.number, "forget": self._queue.take_abandoned()}
        if job.started_by is not loaded:
            message |= {"text": job.text, "all_categories": job.all_categories}
        job.started_by = loaded
        start = time.monotonic()
        answer = await loaded.worker.ask(message)
        job.seconds += time.monotonic() - start
        if "more" in answer:
            self._queue.put_back(job)
            return
        self._queue.note_explanation(job.seconds)
        self._on_explanation(job.seconds)
        job.resolve(loaded.info.name, answer)
