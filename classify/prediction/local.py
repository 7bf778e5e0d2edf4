"""Inputs of any size, labelled on this machine: to a stream, or to a file that can be resumed."""

import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from classify.faults import FaultCounter
from classify.prediction.shards import LabelledShard, Shard, Work, cut_shards
from classify.prediction.workers import WorkerError, label_shards
from classify.terminal import quantity, say
from seeds.base.cores import available_cores
from seeds.base.errors import InputError
from seeds.reading.files import SUFFIXES, File, find_files, plain_suffix
from seeds.reading.raw_records import read_raw
from seeds.reading.tables.jsonl_blocks import COUNT
from training.models import uses_encoder
from training.runs.run import Run

if TYPE_CHECKING:
    from classify.prediction.pace import Pace
    from classify.prediction.resumable import Job, PartialOutput

_ENCODER_SHARD = 256  # articles; an encoder takes seconds for them, and sorts them by length
_EXPLAINED_SHARD = 64  # articles; an explanation has many times the size of its article


@dataclass(frozen=True, slots=True)
class Labelling:
    """The inputs, the model that labels them, and the number of processes.

    Attributes:
        paths: the inputs: files, folders, "-".
        run: the model; its folder is the one of `work`.
        work: how an input becomes bytes of an output.
        processes: how many label at once.
    """

    paths: tuple[str, ...]
    run: Run
    work: Work
    processes: int

    def shards(self, *, prompt: bool) -> Iterator[Shard]:
        """Cut the inputs into shards. prompt: never wait for more where a pipe is slow."""
        count = _ENCODER_SHARD if uses_encoder(self.run.facts.kind) else COUNT
        count = _EXPLAINED_SHARD if self.work.explain else count
        raws = read_raw(self.paths, self.work.reading, notify=say, count=count, prompt=prompt)
        return cut_shards(raws, count)

    def label(self, shards: Iterator[Shard]) -> Generator[LabelledShard, None, None]:
        """Label shards, in order."""
        work, runtime = self.work, self.work.runtime
        if self.processes > 1 and uses_encoder(self.run.facts.kind) and runtime.threads is None:
            threads = max(1, available_cores() // self.processes)
            work = replace(work, runtime=replace(runtime, threads=threads))
        return label_shards(shards, work, self.run, self.processes)

    def total(self) -> int | None:
        """Return the bytes of the inputs; None where nobody can know."""
        sizes = []
        options = {"recursive": self.work.reading.recursive, "stdin": "txt"}
        for path in self.paths:
            for file in find_files(path, notify=lambda _: None, **options):  # type: ignore[arg-type]
                if isinstance(file, File):
                    if file.path is None or not file.path.is_file():
                        return None
                    sizes.append(file.path.stat().st_size)
        return sum(sizes)


def to_stream(labelling: Labelling, output: Path | None, rejects: Path | None) -> bool:
    """Write records as they come to standard output, or to a file that can't be replaced.

    Args:
        labelling: what is labelled.
        output: a pipe or a device; None: standard output.
        rejects: where the records that can't be read go, once all is done; None: nowhere.

    Returns:
        Whether everything could be read.
    """
    from classify.prediction.formats import write_parts
    from classify.prediction.pace import show_pace

    counter = FaultCounter()
    stream = nullcontext(sys.stdout.buffer) if output is None else output.open("wb")
    rejects_file = _set_aside(rejects) if rejects else nullcontext()
    bar = output is not None or not sys.stdout.isatty()
    with (
        stream as file,
        rejects_file as aside,
        show_pace(labelling.total, bar=bar) as pace,
        closing(labelling.label(labelling.shards(prompt=True))) as labelled,
    ):
        shards = _watch(labelled, counter, pace, aside)
        parts = (shard.data for shard in shards)
        write_parts(parts, labelling.work.form, labelling.run, file)
    counter.conclude(rejects)
    return bool(counter.articles) and not counter.faults


@contextmanager
def _set_aside(rejects: Path) -> Iterator[IO[bytes]]:
    """Collect rejects, and write their file once all is done; without rejects there is no file."""
    import shutil
    import tempfile

    from seeds.base.storage import replacing

    with tempfile.TemporaryFile() as collected:
        yield collected
        if collected.tell() == 0:
            rejects.unlink(missing_ok=True)
            return
        collected.seek(0)
        with replacing(rejects) as file:
            shutil.copyfileobj(collected, file)


def to_file(labelling: Labelling, output: Path, rejects: Path, resume: bool) -> bool:
    """Write records to a file that appears once it is complete; a killed command can be resumed.

    Args:
        labelling: what is labelled.
        output: the file; until then FILE.partial beside it holds what is done.
        rejects: where the records that can't be read go.
        resume: continue what an interrupted command left.

    Returns:
        Whether everything could be read.

    Raises:
        InputError: what was left can't be resumed, or a process that labels has died.
    """
    from classify.prediction.formats import Layout, converter
    from classify.prediction.resumable import open_output, partial_path

    counter = FaultCounter()
    work, run = labelling.work, labelling.run
    layout, convert = Layout.of(work.form, run), converter(work.form, run)
    advice = f"Use --resume to continue {partial_path(output)}."
    try:
        with open_output(
            output, rejects, _describe_job(labelling), layout, resume=resume
        ) as partial:
            _append_shards(labelling, partial, counter)
            if counter.articles:  # else the answers of an earlier command stay in the file
                partial.publish(convert)
            else:
                partial.publish_rejects()
    except KeyboardInterrupt:
        if partial_path(output).exists():
            say(advice)
        raise
    except WorkerError as error:
        hint = f" {advice}" if partial_path(output).exists() else ""
        raise InputError(f"{error}{hint}") from error
    counter.conclude(rejects)
    return bool(counter.articles) and not counter.faults


def _append_shards(labelling: Labelling, partial: "PartialOutput", counter: FaultCounter) -> None:
    """Label the shards that are not done yet, and append them to the output."""
    from classify.prediction.pace import show_pace

    hashed = replace(labelling, work=replace(labelling.work, hashed=True))
    shards = labelling.shards(prompt=False)
    with (
        show_pace(labelling.total, bar=True) as pace,
        closing(hashed.label(_skip_finished(shards, partial, counter, pace))) as labelled,
    ):
        for shard in _watch(labelled, counter, pace, None):
            partial.add(shard)


def _skip_finished(
    shards: Iterator[Shard], partial: "PartialOutput", counter: FaultCounter, pace: "Pace"
) -> Iterator[Shard]:
    """Pass on the shards that are not done yet; those that are must be unchanged."""
    for finished in partial.finished:
        shard = next(shards, None)
        if shard is None or shard.digest() != finished.digest:
            position = counter.articles + counter.faults + 1
            raise InputError(
                f"{partial.path}: cannot resume: the inputs have changed, at or after article "
                f"{position:,}. Restore them, or remove {partial.path} to start over."
            )
        counter.add_counts(finished.articles, finished.faults, finished.notes)
        pace.skip(shard.read)
    if partial.finished:
        counter.mark_shown()
        say(f"Resuming after {quantity(counter.articles, 'article')}.")
    yield from shards


def _watch(
    labelled: Iterator[LabelledShard],
    counter: FaultCounter,
    pace: "Pace",
    rejects: IO[bytes] | None,
) -> Iterator[LabelledShard]:
    """Pass labelled shards on: count them, and show their faults before they are written."""
    for shard in labelled:
        for kind, line in shard.lines:
            counter.show(kind, line)
        counter.add_counts(shard.articles, shard.faults, shard.notes)
        if rejects:
            rejects.write(shard.rejects)
        yield shard
        pace.add(shard)


def _describe_job(labelling: Labelling) -> "Job":
    """Describe all that decides the answers."""
    import hashlib
    from importlib import metadata

    from classify.prediction.resumable import Job
    from seeds.base.errors import DISTRIBUTION

    work, reading = labelling.work, labelling.work.reading
    options = {
        "format": work.form,
        "all": work.every,
        "explain": work.explain,
        "text-columns": list(reading.columns.text),
        "id-column": reading.columns.id,
        "encoding": reading.encoding,
        "recursive": reading.recursive,
        "max-size": reading.max_bytes,
        "stdin-format": reading.stdin_format,
        **work.runtime.answer_settings(),
    }
    manifest = hashlib.sha256((labelling.run.path / "manifest.json").read_bytes()).hexdigest()
    return Job(metadata.version(DISTRIBUTION), manifest, options, list(labelling.paths))


def refuse_places(paths: tuple[str, ...], output: Path | None, rejects: Path | None) -> None:
    """Refuse to write answers or rejects over articles, or over each other."""
    if rejects and rejects == output:
        raise InputError(f"{rejects}: is the --output too. Choose another file for --rejects.")
    if rejects and rejects.exists() and not rejects.is_file():
        raise InputError(f"{rejects}: is not a regular file. Choose another for --rejects.")
    for place in filter(None, (output, rejects)):
        _refuse_input(paths, place)


def _refuse_input(paths: tuple[str, ...], output: Path) -> None:
    for path in map(Path, paths):
        inside = path.is_dir() and output.is_relative_to(path.resolve())
        if path.resolve() == output or (inside and plain_suffix(output) in SUFFIXES):
            raise InputError(f"{output}: is among the inputs. Write to another file.")
