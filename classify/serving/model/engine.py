"""Texts that wait, batches, and the process that answers them; a promoted run takes over."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classify.serving.model.loaded_run import Loaded, RunInfo
from classify.serving.model.process import EndedError
from seeds.base.errors import InputError
from training.runtime import Runtime

_FOLLOW_SECONDS = 1.0  # between two looks at which run is current
_REVIVE_SECONDS = (0.5, 30.0)  # before a worker that answered nothing is started again: first, most
_AGAIN_SECONDS = 60.0  # before a promoted run that can't be loaded is tried again
_TURNS = 4  # explanations that go round; each that is begun takes memory
_RATE_WEIGHT = 0.2  # of the latest text in the running mean of the seconds it takes
_log = logging.getLogger("classify.serving")


class BusyError(Exception):
    """No room in the queue. retry_after: seconds until there should be."""

    def __init__(self, retry_after: int, reason: str) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers of one run, one a text, as docs and OpenAPI describe them."""

    run: str
    answers: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Batching:
    """How texts are put together.

    Attributes:
        size: texts that are computed at once, at most.
        wait: seconds that a text waits for others at most, while the model is idle.
        queue: requests that may be inside; more are told to come again.
    """

    size: int = 32
    wait: float = 0.002
    queue: int = 256


@dataclass(eq=False, slots=True)
class _Job:
    """A text that waits for its answer.

    Attributes:
        number: by which the worker knows its explanation.
        begun: the worker that has begun to explain it.
        seconds: that its explanation has taken so far.
    """

    text: str
    every: bool
    answer: "asyncio.Future[tuple[str, dict[str, Any]]]"
    number: int
    begun: Loaded | None = None
    seconds: float = 0.0


class Engine:
    """Answers texts with the current run.

    Everything runs in one event loop; the model computes in a process of its own, so that health,
    refusals and new requests never wait for it.
    """

    def __init__(
        self,
        find: Callable[[], Path],
        runtime: Runtime,
        batching: Batching,
        observe: Callable[[int, float], None] = lambda _texts, _seconds: None,
        observe_explained: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """find: the folder of the run that should answer now. observe: hears of each batch.

        observe_explained: hears of each explanation.
        """
        self.batching = batching
        self.inside = 0  # requests
        self._find, self._runtime = find, runtime
        self._observe, self._observe_explained = observe, observe_explained
        self._waiting: deque[_Job] = deque()
        self._explaining: deque[_Job] = deque()  # those to be explained wait apart
        self._forgotten: list[int] = []  # explanations that are begun and nobody waits for
        self._numbers = itertools.count()
        self._wake = asyncio.Event()
        self._computing = asyncio.Lock()
        self._worker: Loaded | None = None
        self._run: RunInfo | None = None
        self._last: Path | None = None  # the folder of the run that has answered last
        self._starts = 0  # of workers since one has answered
        self._seconds = 0.05  # a text takes, as far as known
        self._explained = 0.2  # seconds that an explanation takes
        self._promoted: list[Callable[[RunInfo], Awaitable[None]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    @property
    def run(self) -> RunInfo:
        """The run that answers now."""
        assert self._run, "start() was awaited"
        return self._run

    @property
    def path(self) -> Path:
        """The folder of the run that answers now."""
        return self._worker.path if self._worker else self._find()

    @property
    def ready(self) -> bool:
        """Whether a text would be computed right away or after those before it."""
        return self._alive and not self._closing

    @property
    def _alive(self) -> bool:
        """Whether the worker's process is there."""
        return self._worker is not None and self._worker.child.alive

    @property
    def state(self) -> str:
        """What it does while it is not ready, in words."""
        return "is ending" if self._closing else "is loading the model again"

    @property
    def waiting(self) -> int:
        """Texts in the queue."""
        return len(self._waiting) + len(self._explaining)

    def on_promoted(self, callback: Callable[[RunInfo], Awaitable[None]]) -> None:
        """Call this after another run has taken over."""
        self._promoted.append(callback)

    async def start(self) -> None:
        """Load the run.

        Raises:
            InputError: there is none, or it can't be loaded; says why.
        """
        self._take(await Loaded.started(self._find(), self._runtime))
        self._tasks = [asyncio.create_task(each) for each in (self._compute(), self._follow())]

    def drain(self) -> None:
        """Be not ready any more; what comes is still answered."""
        self._closing = True

    async def close(self) -> None:
        """End the worker; what waits fails."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for job in (*self._waiting, *self._explaining):
            job.answer.cancel()
        if self._worker:
            await self._worker.child.close()

    async def answers(
        self, texts: Sequence[str], *, every: bool = False, explain: bool = False
    ) -> Answered:
        """The answer to each text, all of one run; cancelling drops what is not computed yet.

        Args:
            texts: articles as they came; they are cleaned here.
            every: all probabilities, not only those worth showing.
            explain: say which words counted.

        Raises:
            BusyError: there is no room, or the worker ended.
        """
        async with self._place():
            while True:
                found: list[tuple[str, dict[str, Any]]] = []
                for start in range(0, len(texts), self.batching.size):
                    part = texts[start : start + self.batching.size]
                    found += await self._together(part, every=every, explain=explain)
                if len({run for run, _ in found}) <= 1:  # else another run took over meanwhile
                    name = found[0][0] if found else self.run.name
                    return Answered(name, [answer for _, answer in found])

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """A request's place among those that are inside."""
        if self.full:
            raise BusyError(self.retry_after, "the queue is full")
        if self._worker is None:
            raise BusyError(2, "the model is being loaded again")
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    @property
    def full(self) -> bool:
        """Whether another request would be refused."""
        return self.inside >= self.batching.queue

    @property
    def retry_after(self) -> int:
        """Seconds until what waits now should be done, 1 to 60."""
        seconds = self._seconds * len(self._waiting) + self._explained * len(self._explaining)
        return max(1, min(60, round(seconds)))

    async def _together(
        self, texts: Sequence[str], *, every: bool, explain: bool
    ) -> list[tuple[str, dict[str, Any]]]:
        """Answers to a few texts, each with the run's name."""
        loop = asyncio.get_running_loop()
        jobs = [_Job(each, every, loop.create_future(), next(self._numbers)) for each in texts]
        (self._explaining if explain else self._waiting).extend(jobs)
        self._wake.set()
        try:
            return [await job.answer for job in jobs]
        finally:
            for job in jobs:
                job.answer.cancel()  # nothing to those that are done
                if job.answer.done() and not job.answer.cancelled():
                    job.answer.exception()  # heard, of those after the first

    # ---------------------------------------------------------------- the worker's side

    async def _compute(self) -> None:
        """Answer what waits, for ever: a batch, a step of an explanation, a batch, …"""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self.batching.wait and len(self._waiting) < self.batching.size:
                await asyncio.sleep(self.batching.wait)
            while self.waiting or not self._alive:
                async with self._computing:
                    for compute, take in ((self._answer, self._batch), (self._step, self._next)):
                        if not self._alive:
                            await self._revive()
                        if jobs := take():
                            await self._guarded(compute, jobs)

    async def _guarded(
        self, compute: Callable[[Loaded, list[_Job]], Awaitable[None]], jobs: list[_Job]
    ) -> None:
        """Compute something; whatever happens is told to those who wait for it."""
        try:
            assert self._worker, "it was revived"
            await compute(self._worker, jobs)
            self._starts = 0
        except EndedError:  # of one of these texts, perhaps: it is not tried again
            _fail(jobs, BusyError(2, "the model's process ended"))
        except asyncio.CancelledError:
            for job in jobs:
                job.answer.cancel()
            raise
        except Exception as error:  # a bug of ours must not stop all that follows
            _log.exception("a batch of %d texts", len(jobs))
            _fail(jobs, error)

    def _batch(self) -> list[_Job]:
        """The next texts; those whose clients left are dropped here."""
        jobs: list[_Job] = []
        while self._waiting and len(jobs) < self.batching.size:
            job = self._waiting.popleft()
            if not job.answer.done():
                jobs.append(job)
        return jobs

    def _next(self) -> list[_Job]:
        """The next text to be explained, if there is one; those whose clients left are dropped."""
        while self._explaining:
            job = self._explaining.popleft()
            if not job.answer.done():
                return [job]
            if job.begun:
                self._forgotten.append(job.number)
        return []

    async def _answer(self, worker: Loaded, jobs: list[_Job]) -> None:
        began = time.monotonic()
        found = await worker.child.ask([{"text": j.text, "every": j.every} for j in jobs])
        seconds = time.monotonic() - began
        self._seconds += _RATE_WEIGHT * (seconds / len(jobs) - self._seconds)
        self._observe(len(jobs), seconds)
        for job, answer in zip(jobs, found, strict=True):
            _give(job, worker, answer)

    async def _step(self, worker: Loaded, jobs: list[_Job]) -> None:
        """Take an explanation a step further; if it is not whole then, the next one comes first."""
        (job,) = jobs
        asked = {"explain": job.number, "forget": self._forgotten}
        if job.begun is not worker:
            asked |= {"text": job.text, "every": job.every}
        job.begun, self._forgotten = worker, []
        began = time.monotonic()
        answer = await worker.child.ask(asked)
        job.seconds += time.monotonic() - began
        if "more" in answer:
            self._explaining.insert(_TURNS - 1, job)
            return
        self._explained += _RATE_WEIGHT * (job.seconds - self._explained)
        self._observe_explained(job.seconds)
        _give(job, worker, answer)

    async def _revive(self) -> None:
        """Start the worker again, waiting longer each time it answers nothing before it ends."""
        if self._worker:
            _log.error("the model's process ended (%s); starting it again", self._worker.child.how)
            await self._worker.child.close()
            self._worker = None
        pause, most = _REVIVE_SECONDS
        while True:
            if self._starts:
                await asyncio.sleep(min(most, pause * 2 ** min(self._starts - 1, 10)))
            self._starts += 1
            if worker := await self._loaded():
                self._take(worker)
                return
            for jobs in (self._waiting, self._explaining):
                _fail(jobs, BusyError(5, "the model can't be loaded"))
                jobs.clear()

    async def _loaded(self) -> Loaded | None:
        """A worker with the run that should answer, or with the one that did; None: neither can."""
        tried: Path | None = None
        finds: tuple[Callable[[], Path | None], ...] = (self._find, lambda: self._last)
        for find in finds:
            try:
                path = find()
                if path is not None and path != tried:
                    tried = path
                    return await Loaded.started(path, self._runtime)
            except (InputError, OSError) as error:  # the latter where no process can be started
                _log.error("%s", error)
        return None

    def _take(self, worker: Loaded) -> None:
        """Answer with this worker from now on."""
        self._worker, self._run, self._last = worker, worker.run, worker.path

    async def _follow(self) -> None:
        """Take over what is promoted, without a pause; what can't be loaded changes nothing."""
        failed, again = None, 0.0
        told, shown = "", self.run.name
        while True:
            await asyncio.sleep(_FOLLOW_SECONDS)
            if not self._alive:
                self._wake.set()  # no text needs to come for it to be started again
            if self.run.name != shown:
                shown = self.run.name
                await self._tell(self.run)
            wanted: Path | None = None
            try:
                wanted = self._find()
                if self._worker is None or wanted == self._worker.path:
                    told = ""
                    continue
                if wanted == failed and time.monotonic() < again:
                    continue
                worker = await Loaded.started(wanted, self._runtime)
            except (InputError, OSError) as error:
                failed, again = wanted, time.monotonic() + _AGAIN_SECONDS
                if str(error) != told:
                    _log.error("%s; %s goes on answering", error, self.run.name)
                told = str(error)
                continue
            async with self._computing:  # between two batches
                before = self._worker
                self._take(worker)
            _log.info("%s answers from now on", worker.run.name)
            if before:
                await before.child.close()

    async def _tell(self, run: RunInfo) -> None:
        """Tell who wants to know that another run has taken over."""
        for callback in self._promoted:
            try:
                await callback(run)
            except Exception:
                _log.exception("after the promotion of %s", run.name)


def _give(job: _Job, worker: Loaded, answer: dict[str, Any]) -> None:
    """Answer a text with what the worker found."""
    if "bug" in answer:
        _fail([job], RuntimeError(f"in the model's process: {answer['bug']}"))
    elif not job.answer.done():
        job.answer.set_result((worker.run.name, answer))


def _fail(jobs: Iterable[_Job], error: Exception) -> None:
    """Answer some texts with an error."""
    for job in jobs:
        if not job.answer.done():
            job.answer.set_exception(error)
