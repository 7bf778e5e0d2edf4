"""Inputs of any size labelled: to a stream, or to a file that a killed command goes on with."""

import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from classify.prediction.shards import Answer, Shard, Work, shards
from classify.prediction.workers import WorkerError, answers
from classify.terminal import quantity, say
from seeds.base.cores import available_cores
from seeds.base.errors import InputError
from seeds.reading.files import SUFFIXES, File, find_files, plain_suffix
from seeds.reading.jsonl_blocks import COUNT
from seeds.reading.raw_records import read_raw
from training.runs.run import Run

if TYPE_CHECKING:
    from classify.prediction.pace import Pace
    from classify.prediction.resumable import Done, Job, Partial

_SAID = 20  # lines on standard error of each kind; more are counted
_ENCODED_AT_ONCE = 256  # articles; an encoder takes seconds for them, and sorts them by length
_EXPLAINED_AT_ONCE = 64  # an explanation has many times the size of its article


@dataclass(frozen=True, slots=True)
class Labelling:
    """What is labelled, with what, on how many processes.

    Attributes:
        paths: the inputs: files, folders, "-".
        run: whose model labels; its folder is the one of `work`.
        work: how an input becomes bytes of an output.
        processes: that label at once.
    """

    paths: tuple[str, ...]
    run: Run
    work: Work
    processes: int

    def pieces(self, *, prompt: bool) -> Iterator[Shard]:
        """The inputs, a shard at a time. prompt: never wait for more where a pipe is slow."""
        count = COUNT if self.run.facts.kind == "tfidf" else _ENCODED_AT_ONCE
        count = _EXPLAINED_AT_ONCE if self.work.explain else count
        reading = self.work.reading
        return shards(read_raw(self.paths, reading, notify=say, count=count, prompt=prompt), count)

    def answers(self, pieces: Iterator[Shard]) -> Generator[Answer, None, None]:
        """The answers to some shards, in order."""
        work, runtime = self.work, self.work.runtime
        if self.processes > 1 and self.run.facts.kind != "tfidf" and runtime.threads is None:
            share = max(1, available_cores() // self.processes)
            work = replace(work, runtime=replace(runtime, threads=share))
        return answers(pieces, work, self.run, self.processes)

    def total(self) -> int | None:
        """Bytes of the inputs; None where nobody can know."""
        sizes = []
        options = {"recursive": self.work.reading.recursive, "stdin": "txt"}
        for path in self.paths:
            for file in find_files(path, notify=lambda _: None, **options):  # type: ignore[arg-type]
                if isinstance(file, File):
                    if file.path is None or not file.path.is_file():
                        return None
                    sizes.append(file.path.stat().st_size)
        return sum(sizes)


def to_stream(job: Labelling, output: Path | None, rejects: Path | None) -> bool:
    """Write answers as they come to standard output, or to a file that can't be replaced.

    Args:
        job: what is labelled.
        output: a pipe or a device; None: standard output.
        rejects: where the records that can't be read go, once all is done; None: nowhere.

    Returns:
        Whether everything could be read.
    """
    from classify.prediction.formats import write_parts
    from classify.prediction.pace import pace

    told = _Told()
    opened = nullcontext(sys.stdout.buffer) if output is None else output.open("wb")
    aside = _aside(rejects) if rejects else nullcontext()
    shown = output is not None or not sys.stdout.isatty()
    with (
        opened as file,
        aside as bad,
        pace(job.total, bar=shown) as going,
        closing(job.answers(job.pieces(prompt=True))) as found,
    ):
        heard = told.heard(found, going, bad)
        write_parts((each.data for each in heard), job.work.form, job.run, file)
    told.conclude(rejects)
    return bool(told.articles) and not told.faults


@contextmanager
def _aside(rejects: Path) -> Iterator[IO[bytes]]:
    """A file to collect rejects in, which take their place once all is done; none, no file."""
    import shutil
    import tempfile

    from seeds.base.storage import replacing

    with tempfile.TemporaryFile() as held:
        yield held
        if held.tell() == 0:
            rejects.unlink(missing_ok=True)
            return
        held.seek(0)
        with replacing(rejects) as file:
            shutil.copyfileobj(held, file)


def to_file(job: Labelling, output: Path, rejects: Path, resume: bool) -> bool:
    """Write answers to a file that appears when it is whole; a killed job can be gone on with.

    Args:
        job: what is labelled.
        output: the file; FILE.partial beside it holds what is done until then.
        rejects: where the records that can't be read go.
        resume: go on with what a killed command left.

    Returns:
        Whether everything could be read.

    Raises:
        InputError: what was left can't be gone on with, or a process that labels has died.
    """
    from classify.prediction.formats import Layout, convert
    from classify.prediction.pace import pace
    from classify.prediction.resumable import begun, beside

    told = _Told()
    form = job.work.form
    layout, converted = Layout.of(form, job.run), convert(form, job.run)
    kept = f"{beside(output)} keeps what is done: add --resume to go on."
    try:
        with begun(output, rejects, _described(job), layout, resume=resume) as partial:
            hashed = replace(job, work=replace(job.work, hashed=True))
            pieces = job.pieces(prompt=False)
            with (
                pace(job.total, bar=True) as going,
                closing(hashed.answers(_left(pieces, partial, told, going))) as found,
            ):
                for answer in told.heard(found, going, None):
                    partial.add(answer)
            if told.articles:  # else an earlier answer stays in its file
                partial.publish(converted)
            else:
                partial.publish_rejects()
    except KeyboardInterrupt:
        if beside(output).exists():
            say(kept)
        raise
    except WorkerError as error:
        raise InputError(f"{error} {kept if beside(output).exists() else ''}".strip()) from error
    told.conclude(rejects)
    return bool(told.articles) and not told.faults


def _left(
    pieces: Iterator[Shard], partial: "Partial", told: "_Told", going: "Pace"
) -> Iterator[Shard]:
    """The shards that are not done yet; those that are must be what they were."""
    for done in partial.before:
        piece = next(pieces, None)
        if piece is None or piece.digest() != done.digest:
            raise InputError(
                f"{partial.path}: can't be gone on with: the inputs have changed since, at or "
                f"after article {told.articles + told.faults + 1:,}. Give what they were, or "
                f"remove {partial.path} to start over."
            )
        told.before(done)
        going.skip(piece.read)
    if partial.before:
        say(f"Going on after {quantity(told.articles, 'article')} labelled before.")
    yield from pieces


def _described(job: Labelling) -> "Job":
    """What decides the answers."""
    import hashlib
    from importlib import metadata

    from classify.prediction.resumable import Job
    from seeds.base.errors import DISTRIBUTION

    reading = job.work.reading
    options = {
        "format": job.work.form,
        "all": job.work.every,
        "explain": job.work.explain,
        "text-columns": list(reading.columns.text),
        "id-column": reading.columns.id,
        "encoding": reading.encoding,
        "recursive": reading.recursive,
        "max-size": reading.max_bytes,
        "stdin-format": reading.stdin_format,
        **job.work.runtime.answer_settings(),
    }
    manifest = hashlib.sha256((job.run.path / "manifest.json").read_bytes()).hexdigest()
    return Job(metadata.version(DISTRIBUTION), manifest, options, list(job.paths))


def refuse_places(paths: tuple[str, ...], output: Path | None, rejects: Path | None) -> None:
    """Refuse to put answers or rejects in the place of articles, or of each other."""
    if rejects and ((rejects.exists() and not rejects.is_file()) or rejects == output):
        raise InputError(f"{rejects}: is no place for rejects. Name a file of their own.")
    for place in filter(None, (output, rejects)):
        _refuse_input(paths, place)


def _refuse_input(paths: tuple[str, ...], output: Path) -> None:
    for path in map(Path, paths):
        inside = path.is_dir() and output.is_relative_to(path.resolve())
        if path.resolve() == output or (inside and plain_suffix(output) in SUFFIXES):
            raise InputError(f"{output}: is among the inputs. Write it somewhere else.")


class _Told:
    """Says what could not be read and what was assumed, and counts."""

    def __init__(self) -> None:
        self.articles = self.faults = self.notes = 0
        self.said = {"fault": 0, "note": 0}

    def before(self, done: "Done") -> None:
        """Count what an earlier command did and said."""
        self._count(done)
        self.said = {"fault": min(_SAID, self.faults), "note": min(_SAID, self.notes)}

    def heard(
        self, found: Iterator[Answer], going: "Pace", rejects: IO[bytes] | None
    ) -> Iterator[Answer]:
        """Pass answers on; what is to be said of each comes before it."""
        for answer in found:
            for kind, line in answer.said:
                self.said[kind] += 1
                if self.said[kind] <= _SAID:
                    say(line)
            self._count(answer)
            if rejects:
                rejects.write(answer.rejects)
            yield answer
            going.add(answer)

    def conclude(self, rejects: Path | None) -> None:
        """Say how much was not said, and where it is."""
        if self.notes > _SAID:
            say(f"{quantity(self.notes - _SAID, 'more note')} of this kind left out.")
        if self.faults > _SAID or (rejects and self.faults):
            where = f"; see {rejects}" if rejects else ""
            say(f"{quantity(self.faults, 'record')} could not be read{where}.")

    def _count(self, more: "Answer | Done") -> None:
        self.articles += more.articles
        self.faults += more.faults
        self.notes += more.notes
