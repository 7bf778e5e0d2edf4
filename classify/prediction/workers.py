"""Shards labelled on several processes, their answers in order."""

import contextlib
import itertools
import os
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from classify.prediction.shards import ARTICLES_AT_ONCE, Answer, Shard, Work, answer
from seeds.base.errors import InputError
from training.runs.run import Run, load_run

if TYPE_CHECKING:
    import queue
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext


_AHEAD = 3  # shards a process that are not given yet, done or under way: memory is bounded


class WorkerError(InputError):
    """A process that labels articles was killed."""


def answers(
    pieces: Iterable[Shard], work: Work, run: Run, processes: int
) -> Generator[Answer, None, None]:
    """The answer to each shard, in order.

    Other processes are started once a shard is full: a small input is done before they would be.

    Args:
        pieces: the shards; only a few a process are held.
        work: what is done with them.
        run: the run of `work`, loaded.
        processes: how many may compute at once.

    Raises:
        WorkerError: a process was killed.
    """
    stream = iter(pieces)
    for piece in stream:
        if processes > 1 and piece.full:
            yield from _in_parallel(itertools.chain([piece], stream), work, processes)
        elif piece.parts:
            yield answer(piece, work, run)


# ---------------------------------------------------------------- other processes


def _in_parallel(pieces: Iterable[Shard], work: Work, processes: int) -> Iterator[Answer]:
    """The answers in order, a few shards a process being under way."""
    with _pool(work, processes) as workers:
        ready: dict[int, Answer] = {}
        sent = given = 0
        for piece in pieces:
            if piece.parts:
                min(workers, key=lambda each: each.under_way).send(sent, piece)
                sent += 1
            # Before a pipe that makes one wait, all that is under way is awaited.
            most = _AHEAD * processes - 1 if piece.parts else 0
            while True:
                busy = sent - given > most or all(w.under_way == ARTICLES_AT_ONCE for w in workers)
                _receive(workers, ready, wait=busy)
                while given in ready:
                    yield ready.pop(given)
                    given += 1
                if not busy:
                    break
        while given < sent:
            _receive(workers, ready, wait=True)
            while given in ready:
                yield ready.pop(given)
                given += 1


class _Worker:
    """A process that answers. Shards wait for it in a thread of its own, so that it never does."""

    def __init__(self, work: Work, context: "SpawnContext") -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(work, theirs), daemon=True)
        self.process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        self.under_way = 0

    def send(self, number: int, shard: Shard) -> None:
        """Hand over a shard, which is answered after those before it."""
        try:
            self.pipe.send((number, shard))
        except OSError:
            raise self.ended() from None
        self.under_way += 1

    def receive(self) -> tuple[int, Answer]:
        """The next answer, with the number of its shard."""
        try:
            number, found = self.pipe.recv()
        except (EOFError, OSError):
            raise self.ended() from None
        if isinstance(found, BaseException):
            raise found
        self.under_way -= 1
        return number, found

    def ended(self) -> WorkerError:
        """What to say when the process ended before its time."""
        self.process.join()
        code = self.process.exitcode or 0
        how = f"was killed (signal {-code})" if code < 0 else "ended before its time"
        return WorkerError(
            f"a process that labels articles {how}, as systems do when memory runs out. "
            "Give fewer --processes or a smaller --max-size."
        )


def _receive(workers: list[_Worker], ready: dict[int, Answer], *, wait: bool) -> None:
    """Take the answers there are; wait: for one, if there is none."""
    from multiprocessing.connection import wait as await_pipes

    busy = {each.pipe: each for each in workers if each.under_way}
    for pipe in await_pipes(list(busy), None if wait else 0):
        number, answer = busy[pipe].receive()  # type: ignore[index]
        ready[number] = answer


@contextlib.contextmanager
def _pool(work: Work, processes: int) -> Iterator[list[_Worker]]:
    """Processes that answer; they end with this one, whatever ends it.

    They are started anew ("spawn"), not forked: the libraries that compute have threads.
    """
    import multiprocessing
    import signal

    context = multiprocessing.get_context("spawn")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # the processes are the threads; this one has loaded NumPy
    workers: list[_Worker] = []
    try:
        # Ctrl-C reaches the whole group. This process alone answers it: the others inherit that
        # they are deaf to it.
        heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for _ in range(processes):
                workers.append(_Worker(work, context))
        finally:
            signal.signal(signal.SIGINT, heard)
        yield workers
    finally:
        for each in workers:
            each.process.kill()  # it has nothing to lose
            each.process.join()
            each.pipe.close()


def _serve(work: Work, pipe: "Connection") -> None:
    """Answer the shards that come by a pipe; the first one loads the run."""
    import queue
    import threading
    import traceback

    waiting: queue.Queue[tuple[int, Shard]] = queue.Queue()
    threading.Thread(target=_take, args=(pipe, waiting), daemon=True).start()
    run = None
    while True:
        number, shard = waiting.get()
        try:
            run = run or load_run(work.run, work.runtime)
            found: Answer | Exception = answer(shard, work, run)
        except Exception as error:
            if not isinstance(error, InputError):  # a bug: its traceback must not stay here
                error.add_note(traceback.format_exc())
            found = error
        pipe.send((number, found))


def _take(pipe: "Connection", waiting: "queue.Queue[tuple[int, Shard]]") -> None:
    """Take shards off a pipe; its end is that of the parent, even by kill -9, and of this."""
    try:
        while True:
            waiting.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(0)
