"""Every table of a folder is a shard: labelled into a file of its own, with a record once done.

OUTPUT/a/part-1.jsonl            the labels of INPUT/a/part-1.parquet
OUTPUT/_rejects/a/part-1.jsonl   records that could not be read, a line each: where, message
OUTPUT/_notes/a/part-1.jsonl     assumptions made in reading it, a line each
OUTPUT/_done/a/part-1.json       written last: what the labels were made from, and their hash

As in Hadoop, names that begin with "_" or "." are not data.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import IO

from classify.faults import FaultCounter, Kind, fault_line
from classify.prediction.formats import Format, write
from classify.prediction.records import label_articles
from seeds.base.errors import DISTRIBUTION, Fault, InputError
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import replacing, sha256, write_text
from seeds.reading.columns import Columns
from seeds.reading.files import TABLES, find_files
from seeds.reading.files import File as Table
from seeds.reading.raw_records import EMPTY_TABLE
from seeds.reading.sources import Article, read_articles
from training.runs.run import Run
from training.runtime import Runtime

SUFFIXES: dict[Format, str] = {
    "text": ".txt",
    "json": ".json",
    "jsonl": ".jsonl",
    "csv": ".csv",
    "parquet": ".parquet",
}
_OWN_FILES = (".lock", "_spark.log")  # of the output folder, before anything is labelled


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """What decides the labels beside article and run. encoding "": it is detected.

    Its fields are part of each done-record.
    """

    form: Format
    every: bool
    columns: Columns
    encoding: str
    max_bytes: int
    runtime: str
    classify: str

    @classmethod
    def of(
        cls,
        *,
        form: Format,
        every: bool,
        columns: Columns,
        encoding: str | None,
        max_bytes: int,
        runtime: Runtime,
    ) -> "LabelOptions":
        """Return the options of a command under this version of classify."""
        options = json.dumps(runtime.answer_settings(), sort_keys=True)
        version = metadata.version(DISTRIBUTION)
        return cls(form, every, columns, encoding or "", max_bytes, options, version)


@dataclass(frozen=True, slots=True)
class LabelJob:
    """What every shard is labelled with: the run, by the hash of its manifest, and the options."""

    run: Path
    manifest: str
    options: LabelOptions
    runtime: Runtime


@dataclass(frozen=True, slots=True)
class Shard:
    """A table of the input folder, by its name there, and the output folder."""

    source: Path
    name: str
    size: int
    target: Path

    @property
    def path(self) -> Path:
        """The table."""
        return self.source / self.name

    @property
    def stem(self) -> str:
        """The name without the suffixes of format and compression."""
        return _strip_suffixes(self.name)

    def beside(self, folder: str, suffix: str = ".jsonl") -> Path:
        """Return the path of a file about this shard in a folder that is not data."""
        return self.target / folder / f"{self.stem}{suffix}"

    @property
    def record(self) -> Path:
        """The path of the done-record."""
        return self.beside("_done", ".json")


@dataclass(frozen=True, slots=True)
class Basis:
    """What a shard's labels are made from: SHA-256 of table and manifest, and the options."""

    input_sha256: str
    manifest_sha256: str
    answers: LabelOptions


@dataclass(frozen=True, slots=True)
class DoneRecord:
    """The proof that a shard is labelled.

    Attributes:
        shard: its name in the input folder.
        basis: what the labels were made from.
        output, output_sha256: the file of the labels, below the output folder, and its hash.
        articles, rejected, noted: how many articles, faults and notes there were.
        seconds, cpu_seconds: on the clock, and of all cores together; the latter gives the cost
            of more articles.
    """

    shard: str
    basis: Basis
    output: str
    output_sha256: str
    articles: int
    rejected: int
    noted: int
    seconds: float
    cpu_seconds: float


def find_shards(source: Path, target: Path, notify: Callable[[str], object]) -> list[Shard]:
    """Find the tables under a folder, largest first, so that no large one is left for the end.

    Args:
        source: the input folder.
        target: the output folder.
        notify: takes a line on files of other kinds.

    Raises:
        InputError: there is none, a folder can't be read, or two tables would share a file.
    """
    shards, articles = [], 0
    for file in find_files(str(source), recursive=True, stdin="txt", notify=notify):
        if isinstance(file, Fault):
            raise InputError(f"{file.where}: {file.message}")
        assert file.path is not None
        name = file.path.relative_to(source).as_posix()
        if any(part.startswith("_") for part in name.split("/")):
            continue
        if file.format in TABLES:
            shards.append(Shard(source, name, file.path.stat().st_size, target))
        else:
            articles += 1
    if not shards:
        raise InputError(
            f"{source}: contains no table. Spark labels .parquet, .jsonl, .csv and .tsv files; "
            "leave out --engine spark for single articles."
        )
    if articles:
        notify(f"{source}: skipped {articles:,} single articles. Spark labels only tables.")
    _refuse_collisions(shards)
    return sorted(shards, key=lambda shard: (-shard.size, shard.name))


def _refuse_collisions(shards: list[Shard]) -> None:
    names: dict[str, str] = {}
    for shard in shards:
        name = names.setdefault(shard.stem, shard.name)
        if name != shard.name:
            raise InputError(
                f"{shard.source}: the labels of {name} and {shard.name} would share a file. "
                "Rename one of them."
            )


def _strip_suffixes(name: str) -> str:
    """Return a table's name without its suffixes: "a/part-1" of "a/part-1.jsonl.gz"."""
    while Table.of(Path(name)).format in TABLES:
        name = Path(name).with_suffix("").as_posix()
    return name


def refuse_other_files(target: Path, shards: list[Shard]) -> None:
    """Refuse to write among files that are not ours, or beside labels of tables that are gone.

    Raises:
        InputError: the folder holds either.
    """
    folder = target / "_done"
    if not folder.is_dir():
        if target.is_dir() and any(path.name not in _OWN_FILES for path in target.iterdir()):
            raise InputError(f"{target}: contains other files. Choose an empty folder.")
        return
    expected = {shard.record for shard in shards}
    for record in sorted(folder.rglob("*.json")):
        if record not in expected:
            name = record.relative_to(folder).with_suffix("").as_posix()
            raise InputError(
                f"{target}: contains the labels of {name}, which is no longer in the input. "
                f"Remove them and {record}, or choose an empty folder."
            )


def read_done(shard: Shard, job: LabelJob) -> DoneRecord | None:
    """Return a shard's done-record if its table, the run, the options and the labels still match.

    None means that the shard must be labelled, as after an update of classify.
    """
    try:
        record = parse(read_object(shard.record), DoneRecord, str(shard.record))
        labels = sha256(shard.target / record.output)
        basis = Basis(sha256(shard.path), job.manifest, job.options)
        if record.basis == basis and record.output_sha256 == labels:
            return record
    except (InputError, OSError):  # missing, damaged, or another version's
        pass
    return None


def label_table(shard: Shard, job: LabelJob, run: Run) -> DoneRecord | Fault:
    """Label a shard. Every file appears complete, the done-record last; a second try is harmless.

    Returns:
        The done-record; or the fault that ended the reading, which is then all that is written.

    Raises:
        InputError: the output folder can't be written to.
    """
    began, cpu_began = time.monotonic(), time.process_time()
    output = f"{shard.stem}{SUFFIXES[job.options.form]}"
    try:
        basis, digest, counter = _label_unchanged(shard, job, run, shard.target / output)
    except OSError as error:
        return _reject(shard, f"could not be read: {error.strerror or error}. Check the file.")
    except _UnreadableError as error:
        return _reject(shard, str(error))
    record = DoneRecord(
        shard.name,
        basis,
        output,
        digest,
        counter.articles,
        counter.faults,
        counter.notes,
        round(time.monotonic() - began, 3),
        round(time.process_time() - cpu_began, 3),
    )
    for suffix in SUFFIXES.values():  # of an earlier --format: each article has one label
        if not output.endswith(suffix):
            (shard.target / f"{shard.stem}{suffix}").unlink(missing_ok=True)
    write_text(shard.record, json.dumps(asdict(record)) + "\n")
    return record


def _label_unchanged(
    shard: Shard, job: LabelJob, run: Run, output: Path
) -> tuple[Basis, str, FaultCounter]:
    """Write the labels of a table that nobody writes to meanwhile; return also their SHA-256."""
    status = shard.path.stat()
    basis = Basis(sha256(shard.path), job.manifest, job.options)
    digest, counter = _write_labels(shard, job.options, run, output)
    if _changed(status, shard.path.stat()):
        raise _UnreadableError("changed while it was read. Run this again when it is complete.")
    return basis, digest, counter


class _UnreadableError(Exception):
    """Why the reading of a table ended."""


def _reject(shard: Shard, message: str) -> Fault:
    """Write a whole shard among the rejects."""
    fault = Fault(str(shard.path), message)
    write_text(shard.beside("_rejects"), fault_line(fault).decode())
    return fault


def _write_labels(
    shard: Shard, options: LabelOptions, run: Run, output: Path
) -> tuple[str, FaultCounter]:
    """Write the labels of a table, its faults and its notes; return (SHA-256 of labels, counts)."""
    with (
        _set_aside(shard.beside("_rejects")) as reject,
        _set_aside(shard.beside("_notes")) as note,
    ):
        writers: dict[Kind, Callable[[Fault], object]] = {"fault": reject, "note": note}
        counter = FaultCounter(_discard, lambda kind, fault: writers[kind](fault))
        records = label_articles(_read_table(shard, options), run, counter, every=options.every)
        with replacing(output) as file:
            write(records, options.form, run, file)
            digest = _digest(file)
    return digest, counter


def _discard(_kind: Kind, _line: str) -> None:
    """Show nothing: the driver says how many faults there were."""


def _read_table(shard: Shard, options: LabelOptions) -> Iterator[Article | Fault]:
    """Read the articles of a table, under the sources they have when the whole folder is read.

    Raises:
        _UnreadableError: the table as a whole can't be read further.
    """
    articles = read_articles(
        [shard.path],
        columns=options.columns,
        encoding=options.encoding or None,
        max_bytes=options.max_bytes,
    )
    for article in articles:
        if not isinstance(article, Fault):
            source = _source_in_folder(shard, article.document.source)
            yield replace(article, document=replace(article.document, source=source))
        elif article.where != str(shard.path):
            yield article
        elif article.message != EMPTY_TABLE:  # Spark writes part files without a row
            raise _UnreadableError(article.message)


def _source_in_folder(shard: Shard, source: str) -> str:
    """Return a source as reading the whole input folder gives it; a record's own is kept."""
    table = shard.path.name
    if not source.startswith(f"{table}:"):
        return source
    return f"{shard.source.name}/{shard.name}{source.removeprefix(table)}"


@contextlib.contextmanager
def _set_aside(path: Path) -> Iterator[Callable[[Fault], object]]:
    """Return a writer of faults to a file beside the labels; without any there is no file."""
    size = 0
    with replacing(path) as file:

        def add(fault: Fault) -> None:
            """Write a line."""
            nonlocal size
            size += file.write(fault_line(fault))

        yield add
    if not size:
        path.unlink(missing_ok=True)


def _changed(status: os.stat_result, now: os.stat_result) -> bool:
    return (status.st_mtime_ns, status.st_size) != (now.st_mtime_ns, now.st_size)


def _digest(file: IO[bytes]) -> str:
    """Return the SHA-256 of a file that is still being written, as it will be once renamed."""
    file.flush()
    with open(os.dup(file.fileno()), "rb") as copy:  # noqa: PTH123 — a descriptor, not a path
        copy.seek(0)
        return hashlib.file_digest(copy, "sha256").hexdigest()
