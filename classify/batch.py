"""Raw records -> answers: shard by shard, in order, on as many processes as wished."""

import contextlib
import hashlib
import itertools
import json
import os
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from classify.predictor import Format, Layout, records, unread
from classify.terminal import Screen, escape
from seeds.base.errors import Fault, InputError
from seeds.reading.jsonl_blocks import SIZE
from seeds.reading.raw_records import Lines, Raw, Reading, Rows, Whole
from seeds.reading.sources import Article, articles
from training.runs.run import Run, load_run
from training.runtime import Runtime

if TYPE_CHECKING:
    import queue
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext

_EACH = 2  # shards with a process at a time: one that it computes, one that waits
_AHEAD = 3  # shards a process that are not given yet, done or under way: memory is bounded
SAID = 20  # lines on standard error of each kind; more are counted
_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # a container's share of the cores


class WorkerError(InputError):
    """A process that labels articles was killed."""


@dataclass(frozen=True, slots=True)
class Work:
    """All that a process needs to make answers of raw records.

    Attributes:
        run: its folder.
        runtime: where and how it computes.
        reading: how articles are read.
        form, every: how answers are written.
        hashed: whether each shard's raw records are hashed.
        explain: whether the words that counted are told.
        screen: where text will stand; None: in a file or a pipe.
    """

    run: Path
    runtime: Runtime
    reading: Reading
    form: Format
    every: bool
    hashed: bool = False
    explain: bool = False
    screen: Screen | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """Raw records that one process labels at once.

    Attributes:
        parts: of one file or several; () says that more may be long in coming.
        size: about how many bytes they have.
        read: bytes of the inputs, as they lie on the disk, that were read for them.
        full: whether it was cut because it was large enough.
    """

    parts: tuple[Whole | Lines | Rows | Fault, ...]
    size: int = 0
    read: int = 0
    full: bool = False

    def digest(self) -> str:
        """SHA-256 of the raw records and of what they are called."""
        found = hashlib.sha256()
        for part in self.parts:
            if isinstance(part, Lines):
                found.update(f"{part.source!r}{part.block.first} {part.block.too_long} ".encode())
                found.update(part.block.data)
            elif isinstance(part, Whole):
                found.update(f"{part.source!r}{part.format} {len(part.data)} ".encode())
                found.update(part.data)
            elif isinstance(part, Rows):
                found.update(f"{part.source!r}{part.columns}".encode())
                for row in part.rows:
                    found.update(repr(row).encode("utf-8", "surrogatepass"))
            else:
                found.update(repr(part).encode("utf-8", "surrogatepass"))
        return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a shard.

    Attributes:
        data: the records, as the format's Layout sets them.
        articles: how many there are.
        said: lines for standard error, in order, SAID of a kind at most.
        faults, notes: how many there were of each kind.
        rejects: a line of JSON for each fault.
        size, read: of the shard.
        digest: of the shard; "" where it was not asked for.
    """

    data: bytes
    articles: int
    said: tuple[tuple[Literal["fault", "note"], str], ...]
    faults: int
    notes: int
    rejects: bytes
    size: int
    read: int
    digest: str


def shards(raws: Iterable[Raw], count: int) -> Iterator[Shard]:
    """Raw records in shards of so many, or of so many bytes, as SIZE says; cut by them alone."""
    held: list[Raw] = []
    records = size = 0
    for raw in raws:
        if held and (raw.part is None or size + raw.size > SIZE or records + raw.count > count):
            yield _shard(held, full=raw.part is not None)
            held, records, size = [], 0, 0
        if raw.part is None:
            yield Shard(())
        else:
            held.append(raw)
            records, size = records + raw.count, size + raw.size
    if held:
        yield _shard(held)


def cores() -> int:
    """How many cores this process may use, a container's share included."""
    try:
        there = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        there = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = _CPU_MAX.read_text().split()
        there = min(there, max(1, round(int(quota) / int(period))))
    return there


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


def answer(shard: Shard, work: Work, run: Run) -> Answer:
    """Read, clean, label and format the articles of a shard."""
    heard = _Heard()
    read = (each for part in shard.parts for each in articles(part, work.reading))
    layout = Layout.of(work.form, run, work.screen)
    found = records(heard.passed(read), run, every=work.every, explain=work.explain)
    data = layout.between.join(map(layout.record, found))
    return Answer(
        data,
        heard.articles,
        tuple(heard.said),
        heard.faults,
        heard.notes,
        b"".join(heard.rejects),
        shard.size,
        shard.read,
        shard.digest() if work.hashed else "",
    )


class _Heard:
    """Passes articles on, keeps what is to be said of them and of what could not be read."""

    def __init__(self) -> None:
        self.articles = self.faults = self.notes = 0
        self.said: list[tuple[Literal["fault", "note"], str]] = []
        self.rejects: list[bytes] = []

    def passed(self, found: Iterable[Article | Fault]) -> Iterator[Article]:
        """The readable articles."""
        for each in found:
            if isinstance(each, Fault):
                self._fault(each)
                continue
            self.articles += 1
            for note in filter(None, (*each.notes, unread(each.document.text))):
                self.notes += 1
                if self.notes <= SAID:
                    self.said.append(("note", f"{escape(each.document.source)}: {note}"))
            yield each

    def _fault(self, fault: Fault) -> None:
        self.faults += 1
        if self.faults <= SAID:
            self.said.append(("fault", f"{fault.where}: {fault.message}"))
        record = {"where": fault.where, "message": fault.message}
        if fault.raw:
            record["raw"] = fault.raw
        line = json.dumps(record, ensure_ascii=False) + "\n"
        self.rejects.append(line.encode("utf-8", "replace"))


def _shard(raws: list[Raw], *, full: bool = False) -> Shard:
    parts = tuple(raw.part for raw in raws if raw.part is not None)
    size, read = sum(raw.size for raw in raws), sum(raw.read for raw in raws)
    return Shard(parts, size, read, full)


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
                busy = sent - given > most or all(w.under_way == _EACH for w in workers)
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
