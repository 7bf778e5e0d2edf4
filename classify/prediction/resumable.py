"""An output that appears when it is whole, and that a killed command can go on with.

FILE.partial   the answers so far
FILE.journal   what they are answers to: a line for the job, one for each process that works on it,
               one for each shard that is done, with the SHA-256 of its raw records
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from classify.prediction.formats import Layout
from classify.prediction.shards import Answer
from classify.terminal import quantity
from seeds.base.errors import InputError
from seeds.base.locks import acquire
from seeds.base.storage import replacing, sync

_SECONDS_BETWEEN_SYNCS = 0.5  # of what is done; a power cut costs so much work, a kill as much


@dataclass(frozen=True, slots=True)
class Job:
    """What decides the answers.

    Attributes:
        classify: this program's version.
        run: SHA-256 of the run's manifest.
        options: those that change answers, by name.
        inputs: what was given as PATH.
    """

    classify: str
    run: str
    options: dict[str, Any]
    inputs: list[str]

    def difference(self, other: "Job") -> str:
        """What of another job is not as in this one; "" if nothing."""
        if self.run != other.run:
            return "the run is another"
        if self.inputs != other.inputs:
            return f"the inputs were {' '.join(other.inputs)}"
        if self.options != other.options:
            changed = [n for n, value in self.options.items() if other.options.get(n) != value]
            return "options are others: " + ", ".join(f"--{name}" for name in sorted(changed))
        if self.classify != other.classify:
            return f"it was begun by classify {other.classify}; this is {self.classify}"
        return ""


@dataclass(frozen=True, slots=True)
class Done:
    """A shard that is done: what it was, and what there is once it is written.

    Attributes:
        digest: of its raw records.
        bytes, rejected: how long the two files then are.
        articles, faults, notes: how many, of this shard.
    """

    digest: str
    bytes: int
    rejected: int
    articles: int
    faults: int
    notes: int


class Partial:
    """The output of a job that is under way. Made by `begun`.

    Attributes:
        path: where the answers stand so far.
        before: the shards that an earlier command did, in order.
    """

    def __init__(
        self, output: Path, rejects: Path, layout: Layout, journal: IO[bytes], before: list[Done]
    ) -> None:
        self.before = before
        self.path = beside(output)
        self._output, self._layout, self._journal = output, layout, journal
        self._rejects = rejects
        last = before[-1] if before else None
        self._data = _opened_at(beside(output), last.bytes if last else 0)
        self._rejected = _opened_at(beside(rejects), last.rejected if last else 0)
        self._waiting: list[Done] = []
        self._any = bool(before)
        self._synced = 0.0

    def add(self, answer: Answer) -> None:
        """Append an answer.

        Raises:
            InputError: the disk is full; what is done stays.
        """
        with self._writing():
            if answer.data:
                empty = self._data.tell() == 0
                self._data.write(self._layout.head if empty else self._layout.between)
                self._data.write(answer.data)
            self._rejected.write(answer.rejects)
            self._data.flush()
            self._rejected.flush()
        sizes = self._data.tell(), self._rejected.tell()
        done = Done(answer.digest, *sizes, answer.articles, answer.faults, answer.notes)
        self._waiting.append(done)
        if time.monotonic() - self._synced >= _SECONDS_BETWEEN_SYNCS:
            with self._writing():
                self.sync()

    def sync(self) -> None:
        """Make what is done survive: first the answers, then the lines that say they are there."""
        os.fsync(self._data.fileno())
        os.fsync(self._rejected.fileno())
        _append(self._journal, *map(asdict, self._waiting))
        self._any = self._any or bool(self._waiting)
        self._waiting, self._synced = [], time.monotonic()

    def publish(self, convert: Callable[[IO[bytes], IO[bytes]], object] | None) -> None:
        """The output is whole: it takes its place.

        Args:
            convert: writes the final file from what was appended; None: it is that file.

        Raises:
            InputError: the disk is full; what is done stays.
        """
        with self._writing():
            self.sync()
            if convert is None:
                empty = self._data.tell() == 0
                self._data.write(self._layout.nothing if empty else self._layout.tail)
                self._data.flush()
                os.fsync(self._data.fileno())
                self.path.replace(self._output)
                sync(self._output.parent)
            else:
                with self.path.open("rb") as lines, replacing(self._output) as file:
                    convert(lines, file)
        self.publish_rejects()

    def publish_rejects(self) -> None:
        """What could not be read takes its place, and the traces of the job go."""
        with self._writing():
            self.sync()
            if self._rejected.tell():
                beside(self._rejects).replace(self._rejects)
            else:  # an earlier command's would be taken for this one's
                self._rejects.unlink(missing_ok=True)
        self._any = False

    def close(self) -> None:
        """Keep what is done, or remove all traces where there is nothing to keep."""
        with contextlib.suppress(OSError):
            self.sync()
        for file in (self._data, self._rejected):
            with contextlib.suppress(OSError):
                file.close()
        if not self._any:
            for path in (self.path, beside(self._rejects), journal_of(self._output)):
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            kept = (
                f"{self.path} keeps what is done: free some space, then add --resume."
                if self._any or self.before
                else "What was there before is untouched; free some space or choose another folder."
            )
            raise InputError(
                f"{self._output}: could not be written: {error.strerror or error}. {kept}"
            ) from error


@contextlib.contextmanager
def begun(
    output: Path, rejects: Path, job: Job, layout: Layout, *, resume: bool
) -> Iterator[Partial]:
    """The output of a job, begun or gone on with; what is done outlives an error.

    Args:
        output: where it will stand.
        rejects: where what could not be read will stand.
        job: what the answers depend on.
        layout: how records are written.
        resume: go on with what an earlier command left.

    Raises:
        InputError: another process writes this output, an earlier command left something and
            `resume` is not set, it was another job, or the folder can't be written to.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        rejects.parent.mkdir(parents=True, exist_ok=True)
        journal = _locked(output)
    except OSError as error:
        raise InputError(
            f"{output}: could not be written: {error.strerror or error}. "
            "What was there before is untouched; free some space or choose another folder."
        ) from error
    with journal:
        before = _before(journal, output, job, resume=resume)
        try:
            if not before:
                journal.truncate(0)
                _append(journal, asdict(job))
            _append(journal, {"process": os.getpid()})
            partial = Partial(output, rejects, layout, journal, before)
        except OSError as error:
            if not before:
                beside(output).unlink(missing_ok=True)
                journal_of(output).unlink(missing_ok=True)
            raise InputError(
                f"{output}: could not be written: {error.strerror or error}. "
                "What was there before is untouched; free some space or choose another folder."
            ) from error
        try:
            yield partial
        finally:
            partial.close()


def beside(path: Path) -> Path:
    """Where a file stands as long as it is not whole."""
    return path.with_name(f"{path.name}.partial")


def journal_of(output: Path) -> Path:
    """The journal of an output."""
    return output.with_name(f"{output.name}.journal")


def _locked(output: Path) -> IO[bytes]:
    """The journal of an output, held by this process alone.

    Raises:
        InputError: another one holds it; names it.
    """
    path = journal_of(output)
    while True:
        journal = path.open("a+b", buffering=0)  # a failed write is not tried again
        if not acquire(journal):
            lines, _ = _lines(journal)
            numbers = [each["process"] for each in lines if "process" in each]
            journal.close()
            holder = f"process {numbers[-1]}" if numbers else "another process"
            raise InputError(
                f"{output}: is being written by {holder}. Wait until it ends, or name another file."
            )
        if os.fstat(journal.fileno()).st_nlink:
            return journal
        journal.close()  # the holder had finished, and removed the journal with its lock


def _before(journal: IO[bytes], output: Path, job: Job, *, resume: bool) -> list[Done]:
    """The shards that are done; what a kill left of the journal's last line is cut off."""
    there = beside(output)
    lines, whole = _lines(journal)
    if not there.exists():
        return []  # it was finished, or its user gave it up
    if not lines:
        if there.stat().st_size:
            raise InputError(f"{there}: is in the way, and no job's that is known. Remove it.")
        return []
    done = [Done(**each) for each in lines[1:] if "digest" in each]
    if not done:
        return []
    articles = sum(each.articles for each in done)
    advice = f"remove {there} to start over"
    if not resume:
        raise InputError(
            f"{there}: holds {quantity(articles, 'article')} that a command which was cut short "
            f"had labelled. Add --resume to go on, or {advice}."
        )
    if why := job.difference(Job(**lines[0])):
        raise InputError(f"{there}: can't be gone on with: {why}. Give the same, or {advice}.")
    if there.stat().st_size < done[-1].bytes:
        raise InputError(f"{there}: is shorter than its journal says. It is damaged; {advice}.")
    journal.truncate(whole)
    return done


def _lines(journal: IO[bytes]) -> tuple[list[dict[str, Any]], int]:
    """The journal's records, without what a kill left of a last one; and their bytes."""
    journal.seek(0)
    found: list[dict[str, Any]] = []
    whole = 0
    for line in journal.read().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        try:
            found.append(json.loads(line))
        except ValueError:
            break
        whole += len(line)
    return found, whole


def _append(journal: IO[bytes], *records: dict[str, Any]) -> None:
    journal.write(b"".join(json.dumps(each).encode() + b"\n" for each in records))
    os.fsync(journal.fileno())


def _opened_at(path: Path, size: int) -> IO[bytes]:
    """A file to append to, cut to a size."""
    file = path.open("ab")
    file.truncate(size)
    file.seek(0, os.SEEK_END)
    return file
