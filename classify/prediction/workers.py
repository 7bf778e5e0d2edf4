"""Shards labelled on several processes, in order."""

import contextlib
import itertools
import os
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from classify.prediction.shards import LabelledShard, Shard, Work, label_shard
from seeds.base.errors import InputError
from training.runs.run import Run, load_run

if TYPE_CHECKING:
    import queue
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext


_SHARDS_PER_WORKER = 2  # at a time: one that it labels, and one that waits
_SHARDS_AHEAD = 3  # a process, under way or waiting for an earlier one: this bounds the memory


class WorkerError(InputError):
    """A process that labels articles was killed."""


def label_shards(
    shards: Iterable[Shard], work: Work, run: Run, processes: int
) -> Generator[LabelledShard, None, None]:
    """Label each shard, in order.

    Other processes are started once a shard is full: a small input is done before they would be.

    Args:
        shards: any number; only a few a process are in memory.
        work: what is done with them.
        run: the run of `work`, loaded.
        processes: how many may compute at once.

    Raises:
        WorkerError: a process was killed.
    """
    stream = iter(shards)
    for shard in stream:
        if processes > 1 and shard.full:
            yield from _label_in_parallel(itertools.chain([shard], stream), work, processes)
        elif shard.parts:
            yield label_shard(shard, work, run)


def _label_in_parallel(
    shards: Iterable[Shard], work: Work, processes: int
) -> Iterator[LabelledShard]:
    """Label shards in order, a few a process being under way."""
    with _start_workers(work, processes) as workers:
        labelled: dict[int, LabelledShard] = {}
        sent = yielded = 0
        for shard in shards:
            if shard.parts:
                min(workers, key=lambda worker: worker.under_way).send(sent, shard)
                sent += 1
            # Before a pipe that makes one wait, all that is under way is awaited.
            allowed = _SHARDS_AHEAD * processes - 1 if shard.parts else 0
            while True:
                busy = all(worker.under_way == _SHARDS_PER_WORKER for worker in workers)
                wait = busy or sent - yielded > allowed
                _receive(workers, labelled, wait=wait)
                while yielded in labelled:
                    yield labelled.pop(yielded)
                    yielded += 1
                if not wait:
                    break
        while yielded < sent:
            _receive(workers, labelled, wait=True)
            while yielded in labelled:
                yield labelled.pop(yielded)
                yielded += 1


class _Worker:
    """A process that labels. Shards queue up in a thread of its own, so that it never idles."""

    def __init__(self, work: Work, context: "SpawnContext") -> None:
        self.pipe, far_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(work, far_end), daemon=True)
        self.process.start()
        far_end.close()  # so that the end of the process is the end of the pipe
        self.under_way = 0

    def send(self, number: int, shard: Shard) -> None:
        """Hand over a shard, which is labelled after those before it."""
        try:
            self.pipe.send((number, shard))
        except OSError:
            raise self._death() from None
        self.under_way += 1

    def receive(self) -> tuple[int, LabelledShard]:
        """Return the next labelled shard, with its number."""
        try:
            number, result = self.pipe.recv()
        except (EOFError, OSError):
            raise self._death() from None
        if isinstance(result, BaseException):
            raise result
        self.under_way -= 1
        return number, result

    def _death(self) -> WorkerError:
        """Return the error for a process that ended too early."""
        self.process.join()
        code = self.process.exitcode or 0
        how = f"was killed (signal {-code})" if code < 0 else f"ended early (exit code {code})"
        return WorkerError(
            f"a process that labels articles {how}, perhaps because memory ran out. "
            "Use fewer --processes or a smaller --max-size."
        )


def _receive(workers: list[_Worker], labelled: dict[int, LabelledShard], *, wait: bool) -> None:
    """Take the labelled shards there are; wait: for at least one."""
    from multiprocessing.connection import wait as await_pipes

    pipes = {worker.pipe: worker for worker in workers if worker.under_way}
    for pipe in await_pipes(list(pipes), None if wait else 0):
        number, shard = pipes[pipe].receive()  # type: ignore[index]
        labelled[number] = shard


@contextlib.contextmanager
def _start_workers(work: Work, processes: int) -> Iterator[list[_Worker]]:
    """Start processes that label; they end with this one, whatever ends it.

    They are started anew ("spawn"), not forked: the libraries that compute have threads.
    """
    import multiprocessing
    import signal

    context = multiprocessing.get_context("spawn")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # the processes are the threads; this one has loaded NumPy
    workers: list[_Worker] = []
    try:
        # Ctrl-C reaches the whole process group, and this process alone reacts to it: the others
        # inherit that it is ignored.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for _ in range(processes):
                workers.append(_Worker(work, context))
        finally:
            signal.signal(signal.SIGINT, handler)
        yield workers
    finally:
        for worker in workers:
            worker.process.kill()  # it has nothing to lose
            worker.process.join()
            worker.pipe.close()


def _serve(work: Work, pipe: "Connection") -> None:
    """Label the shards that come by a pipe; the first one loads the run."""
    import queue
    import threading
    import traceback

    shards: queue.Queue[tuple[int, Shard]] = queue.Queue()
    threading.Thread(target=_fill, args=(shards, pipe), daemon=True).start()
    run = None
    while True:
        number, shard = shards.get()
        try:
            run = run or load_run(work.run, work.runtime)
            result: LabelledShard | Exception = label_shard(shard, work, run)
        except Exception as error:
            if not isinstance(error, InputError):  # a bug: its traceback must not stay here
                error.add_note(traceback.format_exc())
            result = error
        pipe.send((number, result))


def _fill(shards: "queue.Queue[tuple[int, Shard]]", pipe: "Connection") -> None:
    """Queue the shards that come by a pipe; it ends with the parent, even by kill -9: then exit."""
    try:
        while True:
            shards.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(0)
