"""An output that appears once it is complete, and that a killed command can resume.

FILE.partial   the answers so far
FILE.journal   what they are answers to: a line for the job, one for each process that works on it,
               one for each finished shard, with the SHA-256 of its raw records
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
from classify.prediction.shards import LabelledShard
from classify.terminal import quantity
from seeds.base.errors import InputError
from seeds.base.locks import acquire
from seeds.base.storage import open_in_place, replacing, sync

_SECONDS_BETWEEN_SYNCS = 0.5  # as much work is lost by a power cut or a kill
_UNTOUCHED = "Nothing was changed. Free some space, or choose another folder."


@dataclass(frozen=True, slots=True)
class Job:
    """All that decides the answers.

    Attributes:
        classify: this program's version.
        run: SHA-256 of the run's manifest.
        options: those that change answers, by name.
        inputs: the PATHs of the command.
    """

    classify: str
    run: str
    options: dict[str, Any]
    inputs: list[str]

    def mismatch(self, journal: dict[str, Any]) -> str:
        """Return how a journal's job differs from this one, with what to do; "" if it does not."""
        version = journal.get("classify")
        if version != self.classify:
            return (
                f"it was made by classify {version}, and this is {self.classify}. Use that version"
            )
        if journal["run"] != self.run:
            return "a different run. Use the original one"
        if journal["inputs"] != self.inputs:
            inputs = " ".join(journal["inputs"])
            return f"different inputs (they were {inputs}). Use the original ones"
        options = journal["options"]
        names = {*self.options, *options}
        changed = [name for name in sorted(names) if self.options.get(name) != options.get(name)]
        if changed:
            listed = ", ".join(f"--{name}" for name in changed)
            return f"different options ({listed}). Use the original ones"
        return ""


@dataclass(frozen=True, slots=True)
class FinishedShard:
    """A line of the journal: a shard whose answers are written.

    Attributes:
        digest: of its raw records.
        bytes, rejected: the sizes of the two files after it was written.
        articles, faults, notes: how many this shard had.
    """

    digest: str
    bytes: int
    rejected: int
    articles: int
    faults: int
    notes: int


class PartialOutput:
    """The output of a job that is under way. Made by `open_output`.

    Attributes:
        path: the file with the answers so far.
        finished: the shards that an earlier command labelled, in order.
    """

    def __init__(
        self,
        output: Path,
        rejects: Path,
        layout: Layout,
        journal: IO[bytes],
        finished: list[FinishedShard],
    ) -> None:
        self.finished = finished
        self.path = partial_path(output)
        self._output, self._layout, self._journal = output, layout, journal
        self._rejects = rejects
        sizes = (finished[-1].bytes, finished[-1].rejected) if finished else (0, 0)
        self._data = _open_at(self.path, sizes[0])
        self._rejected = _open_at(partial_path(rejects), sizes[1])
        self._unsynced: list[FinishedShard] = []
        self._resumable = bool(finished)
        self._synced = 0.0

    def add(self, shard: LabelledShard) -> None:
        """Append the answers of a shard.

        Raises:
            InputError: the disk is full; what is done stays.
        """
        with self._writing():
            if shard.data:
                empty = self._data.tell() == 0
                self._data.write(self._layout.head if empty else self._layout.between)
                self._data.write(shard.data)
            self._rejected.write(shard.rejects)
            self._data.flush()
            self._rejected.flush()
        sizes = self._data.tell(), self._rejected.tell()
        counts = shard.articles, shard.faults, shard.notes
        self._unsynced.append(FinishedShard(shard.digest, *sizes, *counts))
        if time.monotonic() - self._synced >= _SECONDS_BETWEEN_SYNCS:
            with self._writing():
                self.sync()

    def sync(self) -> None:
        """Make what is done survive: the answers first, then the lines that vouch for them."""
        os.fsync(self._data.fileno())
        os.fsync(self._rejected.fileno())
        _append(self._journal, *map(asdict, self._unsynced))
        self._resumable = self._resumable or bool(self._unsynced)
        self._unsynced, self._synced = [], time.monotonic()

    def publish(self, convert: Callable[[IO[bytes], IO[bytes]], object] | None) -> None:
        """Replace the output by the complete answers.

        Args:
            convert: writes the output from the partial file; None: the partial file becomes it.

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
        """Replace the file of rejects, and mark the job as finished."""
        with self._writing():
            self.sync()
            if self._rejected.tell():
                partial_path(self._rejects).replace(self._rejects)
            else:  # those of an earlier command would be taken for this one's
                self._rejects.unlink(missing_ok=True)
        self._resumable = False

    def close(self) -> None:
        """Keep what is done, or remove every trace where there is nothing to resume."""
        with contextlib.suppress(OSError):
            self.sync()
        for file in (self._data, self._rejected):
            with contextlib.suppress(OSError):
                file.close()
        if not self._resumable:
            for path in (self.path, partial_path(self._rejects), journal_path(self._output)):
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            resume = f"Free some space, then use --resume to continue {self.path}."
            advice = resume if self._resumable or self.finished else _UNTOUCHED
            raise _write_error(self._output, error, advice) from error


@contextlib.contextmanager
def open_output(
    output: Path, rejects: Path, job: Job, layout: Layout, *, resume: bool
) -> Iterator[PartialOutput]:
    """Begin or resume the output of a job; what is done outlives an error.

    Args:
        output: the path of the output.
        rejects: the path of the records that could not be read.
        job: what the answers depend on.
        layout: how records are written.
        resume: continue what an earlier command left.

    Raises:
        InputError: another process writes this output, an earlier command left something and
            `resume` is not set, its job was different, or the folder can't be written to.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        rejects.parent.mkdir(parents=True, exist_ok=True)
        journal = _lock_journal(output)
    except OSError as error:
        raise _write_error(output, error, _UNTOUCHED) from error
    with journal:
        finished = _read_finished(journal, output, job, resume=resume)
        try:
            if not finished:
                journal.truncate(0)
                _append(journal, asdict(job))
            _append(journal, {"process": os.getpid()})
            partial = PartialOutput(output, rejects, layout, journal, finished)
        except OSError as error:
            if not finished:
                partial_path(output).unlink(missing_ok=True)
                journal_path(output).unlink(missing_ok=True)
            raise _write_error(output, error, _UNTOUCHED) from error
        try:
            yield partial
        finally:
            partial.close()


def partial_path(path: Path) -> Path:
    """Return the path of a file as long as it is not complete."""
    return path.with_name(f"{path.name}.partial")


def journal_path(output: Path) -> Path:
    """Return the path of an output's journal."""
    return output.with_name(f"{output.name}.journal")


def _write_error(output: Path, error: OSError, advice: str) -> InputError:
    return InputError(f"{output}: could not be written: {error.strerror or error}. {advice}")


def _lock_journal(output: Path) -> IO[bytes]:
    """Open the journal of an output for this process alone.

    Raises:
        InputError: another process holds it; names that process.
    """
    path = journal_path(output)
    while True:
        journal = open_in_place(path)
        if not acquire(journal):
            lines, _ = _read_lines(journal)
            processes = [line["process"] for line in lines if "process" in line]
            journal.close()
            holder = f"process {processes[-1]}" if processes else "another process"
            raise InputError(
                f"{output}: is being written by {holder}. Wait until it ends, or choose another "
                "file."
            )
        if os.fstat(journal.fileno()).st_nlink:
            return journal
        journal.close()  # its holder had finished, and removed the journal with the lock


def _read_finished(
    journal: IO[bytes], output: Path, job: Job, *, resume: bool
) -> list[FinishedShard]:
    """Return the finished shards; cut off what a kill left of the journal's last line."""
    partial = partial_path(output)
    lines, size = _read_lines(journal)
    if not partial.exists():
        return []  # the job was finished, or its user gave it up
    if not lines:
        if partial.stat().st_size:
            raise InputError(
                f"{partial}: exists but has no journal, so it cannot be resumed. Remove it."
            )
        return []
    shards = [line for line in lines[1:] if "digest" in line]
    if not shards:
        return []
    _check_resumable(partial, job, lines[0], shards, resume=resume)
    journal.truncate(size)
    return [FinishedShard(**shard) for shard in shards]


def _check_resumable(
    partial: Path,
    job: Job,
    recorded_job: dict[str, Any],
    shards: list[dict[str, Any]],
    *,
    resume: bool,
) -> None:
    """Refuse to resume another job's output, or a damaged one, or any without `resume`."""
    restart = f"remove {partial} to start over"
    if not resume:
        articles = quantity(sum(shard["articles"] for shard in shards), "article")
        raise InputError(
            f"{partial}: holds {articles} that an interrupted command labelled. Use --resume to "
            f"continue, or {restart}."
        )
    if mismatch := job.mismatch(recorded_job):
        raise InputError(f"{partial}: cannot resume: {mismatch}, or {restart}.")
    if partial.stat().st_size < shards[-1]["bytes"]:
        raise InputError(
            f"{partial}: cannot resume: it is shorter than its journal says, so it is damaged: "
            f"{restart}."
        )


def _read_lines(journal: IO[bytes]) -> tuple[list[dict[str, Any]], int]:
    """Return the journal's records up to one that a kill cut short, and their bytes."""
    journal.seek(0)
    records: list[dict[str, Any]] = []
    size = 0
    for line in journal.read().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        try:
            records.append(json.loads(line))
        except ValueError:
            break
        size += len(line)
    return records, size


def _append(journal: IO[bytes], *records: dict[str, Any]) -> None:
    journal.write(b"".join(json.dumps(record).encode() + b"\n" for record in records))
    os.fsync(journal.fileno())


def _open_at(path: Path, size: int) -> IO[bytes]:
    """Open a file to append to, cut to a size."""
    file = open_in_place(path, buffering=-1)
    file.truncate(size)
    file.seek(0, os.SEEK_END)
    return file
