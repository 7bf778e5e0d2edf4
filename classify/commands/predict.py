"""`classify predict`."""

import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import click

from classify.options import runtime_options, tell_computing, workspace_option
from seeds.errors import InputError
from seeds.settings import workspace_path

if TYPE_CHECKING:
    from classify.batch import Answer, Shard, Work
    from classify.pace import Pace
    from classify.partial import Done, Job, Partial
    from training.model import Runtime
    from training.run import Run

_SAID = 20  # lines on standard error of each kind; more are counted
_ENCODED_AT_ONCE = 256  # articles; an encoder takes seconds for them, and sorts them by length
_EXPLAINED_AT_ONCE = 64  # an explanation has many times the size of its article
_NOT_SHOWN = {"parquet": "Parquet", "html": "HTML"}
_SAME_ANSWERS = ("batch_size", "threads")  # of a Runtime: how fast, not what


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl", "html", "csv", "parquet"]),
    default="text",
    show_default=True,
)
@click.option("--explain", "explained", is_flag=True, help="Which words counted; html always does.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a file, which is replaced once the new one is whole.",
)
@click.option("--resume", is_flag=True, help="Go on with the --output of a killed command.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where what can't be read goes.  [default: OUTPUT.rejects.jsonl]",
)
@click.option("--run", help="A run's name or folder.  [default: the current run]")
@click.option("--all", "every", is_flag=True, help="Every category's probability.")
@click.option("--recursive", "-r", is_flag=True, help="Go into folders.")
@click.option("--text-columns", help="Columns of the text in JSONL, CSV, TSV or Parquet: a,b.")
@click.option("--id-column", default="", help="Column of the id.  [default: id]")
@click.option("--encoding", help="Of text files that are not UTF-8, such as cp1252.")
@click.option("--max-size", default="20MB", show_default=True, help="Of a single article.")
@click.option(
    "--stdin-format",
    type=click.Choice(["txt", "md", "html", "jsonl", "csv", "tsv"]),
    default="txt",
    show_default=True,
    help="What comes in when PATH is -.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Apache Spark labels a folder of shards: INPUT/ OUTPUT/.",
)
@click.option("--master", help="Of Spark.  [default: what spark-submit says, else local[*]]")
@click.option(
    "--processes",
    type=click.IntRange(1),
    help="That label at once.  [default: all cores for tfidf, else 1]",
)
@runtime_options
@workspace_option
def predict(
    paths: tuple[str, ...],
    form: str,
    explained: bool,
    output: Path | None,
    resume: bool,
    rejects: Path | None,
    run: str | None,
    every: bool,
    recursive: bool,
    text_columns: str | None,
    id_column: str,
    encoding: str | None,
    max_size: str,
    stdin_format: str,
    engine: str,
    master: str | None,
    processes: int | None,
    workspace: Path | None,
    runtime: "Runtime",
) -> None:
    """Label articles with a trained model.

    PATH is an article (.txt .md .html), many of them (.jsonl .csv .tsv .parquet), any of these
    compressed (.gz .bz2 .xz .zst), a folder with --recursive, or - for standard input. An article
    that can't be read is named on standard error; the others are labelled and the exit code is 1.

    Inputs may be of any size: memory does not grow with them. An --output that a killed command
    left as FILE.partial is gone on with by the same command and --resume.

    --explain tells which words spoke for and against each category: on a terminal the articles have
    them coloured, JSON has them in "explanation", and --format html makes one page of it all.

    With --engine spark the paths are two folders, INPUT/ OUTPUT/: every table of the first is
    labelled by Apache Spark into a file of the second.
    """
    if engine == "spark":
        from classify.commands.spark import predict_folder

        predict_folder(click.get_current_context())
        return
    if master is not None:
        raise InputError("--master is of Spark. Add --engine spark, or leave it out.")
    from classify.batch import Work, cores
    from classify.predictor import Format
    from classify.terminal import Screen, size_in_bytes
    from seeds.columns import Columns
    from seeds.raw import Reading
    from training.run import find_run, load_run

    if explained and form in ("csv", "parquet"):
        raise InputError(
            f"--explain has no column in {form}. Choose --format jsonl, json, html or text."
        )
    if form in ("parquet", "html") and output is None and sys.stdout.isatty():
        raise InputError(f"{_NOT_SHOWN[form]} is not for a terminal. Give --output FILE.")
    names = tuple(each.strip() for each in (text_columns or "").split(",") if each.strip())
    columns = Columns(text=names, id=id_column)
    limit = size_in_bytes(max_size)
    reading = Reading(columns, encoding, recursive, limit, stdin_format=stdin_format)
    loaded = load_run(find_run(workspace_path(workspace) / "runs", run), runtime)
    tell_computing(loaded, runtime)
    rejects = rejects and rejects.resolve()
    several = processes or (cores() if loaded.facts.kind == "tfidf" else 1)
    work = Work(
        loaded.path.absolute(),
        runtime,
        reading,
        cast(Format, form),
        every,
        explain=explained or form == "html",
        screen=Screen.there() if explained and output is None else None,
    )
    if output is None or (output.exists() and not output.is_file()):  # a pipe, /dev/null
        if resume:
            raise InputError("--resume goes on with a file. Name it with --output.")
        _refuse_places(paths, None, rejects)
        whole = _to_stream(_Job(paths, loaded, work, several), output, rejects)
    else:
        output = output.resolve()
        rejects = rejects or output.with_name(f"{output.name}.rejects.jsonl")
        _refuse_places(paths, output, rejects)
        whole = _to_file(_Job(paths, loaded, work, several), output, rejects, resume)
    if not whole:
        click.get_current_context().exit(1)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is labelled, with what, on how many processes."""

    paths: tuple[str, ...]
    run: "Run"
    work: "Work"
    processes: int

    def pieces(self, *, prompt: bool) -> "Iterator[Shard]":
        """The inputs, a shard at a time. prompt: never wait for more where a pipe is slow."""
        from classify.batch import shards
        from classify.terminal import say
        from seeds.lines import COUNT
        from seeds.raw import read_raw

        count = COUNT if self.run.facts.kind == "tfidf" else _ENCODED_AT_ONCE
        count = _EXPLAINED_AT_ONCE if self.work.explain else count
        reading = self.work.reading
        return shards(read_raw(self.paths, reading, tell=say, count=count, prompt=prompt), count)

    def answers(self, pieces: "Iterator[Shard]") -> "Generator[Answer, None, None]":
        """The answers to some shards, in order."""
        from classify.batch import answers, cores

        work, runtime = self.work, self.work.runtime
        if self.processes > 1 and self.run.facts.kind != "tfidf" and runtime.threads is None:
            share = max(1, cores() // self.processes)
            work = replace(work, runtime=replace(runtime, threads=share))
        return answers(pieces, work, self.run, self.processes)

    def total(self) -> int | None:
        """Bytes of the inputs; None where nobody can know."""
        from seeds.files import File, find_files

        sizes = []
        options = {"recursive": self.work.reading.recursive, "stdin": "txt"}
        for path in self.paths:
            for file in find_files(path, tell=lambda _: None, **options):  # type: ignore[arg-type]
                if isinstance(file, File):
                    if file.path is None or not file.path.is_file():
                        return None
                    sizes.append(file.path.stat().st_size)
        return sum(sizes)


def _to_stream(job: _Job, output: Path | None, rejects: Path | None) -> bool:
    """Write answers as they come to standard output, or to a file that can't be replaced.

    Returns:
        Whether everything could be read.
    """
    from classify.pace import pace
    from classify.predictor import write_parts

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

    from seeds.jsonl import replacing

    with tempfile.TemporaryFile() as held:
        yield held
        if held.tell() == 0:
            rejects.unlink(missing_ok=True)
            return
        held.seek(0)
        with replacing(rejects) as file:
            shutil.copyfileobj(held, file)


def _to_file(job: _Job, output: Path, rejects: Path, resume: bool) -> bool:
    """Write answers to a file that appears when it is whole; a killed job can be gone on with.

    Returns:
        Whether everything could be read.
    """
    from classify.batch import WorkerError
    from classify.pace import pace
    from classify.partial import begun, beside
    from classify.predictor import Layout, convert
    from classify.terminal import say

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
    pieces: "Iterator[Shard]", partial: "Partial", told: "_Told", going: "Pace"
) -> "Iterator[Shard]":
    """The shards that are not done yet; those that are must be what they were."""
    from classify.terminal import quantity, say

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


def _described(job: _Job) -> "Job":
    """What decides the answers."""
    import hashlib
    from importlib import metadata

    from classify.partial import Job
    from seeds.errors import DISTRIBUTION

    reading, runtime = job.work.reading, asdict(job.work.runtime)
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
        **{name: value for name, value in runtime.items() if name not in _SAME_ANSWERS},
    }
    manifest = hashlib.sha256((job.run.path / "manifest.json").read_bytes()).hexdigest()
    return Job(metadata.version(DISTRIBUTION), manifest, options, list(job.paths))


def _refuse_places(paths: tuple[str, ...], output: Path | None, rejects: Path | None) -> None:
    """Refuse to put answers or rejects in the place of articles, or of each other."""
    if rejects and ((rejects.exists() and not rejects.is_file()) or rejects == output):
        raise InputError(f"{rejects}: is no place for rejects. Name a file of their own.")
    for place in filter(None, (output, rejects)):
        _refuse_input(paths, place)


def _refuse_input(paths: tuple[str, ...], output: Path) -> None:
    from seeds.files import SUFFIXES, plain_suffix

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
        self, found: "Iterator[Answer]", going: "Pace", rejects: IO[bytes] | None
    ) -> "Iterator[Answer]":
        """Pass answers on; what is to be said of each comes before it."""
        from classify.terminal import say

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
        from classify.terminal import quantity, say

        if self.notes > _SAID:
            say(f"{quantity(self.notes - _SAID, 'more note')} of this kind left out.")
        if self.faults > _SAID or (rejects and self.faults):
            where = f"; see {rejects}" if rejects else ""
            say(f"{quantity(self.faults, 'record')} could not be read{where}.")

    def _count(self, more: "Answer | Done") -> None:
        self.articles += more.articles
        self.faults += more.faults
        self.notes += more.notes
