"""Shards: every table of a folder labelled into a file of its own, with a record once it is done.

OUTPUT/a/part-1.jsonl            the labels of INPUT/a/part-1.parquet
OUTPUT/_rejects/a/part-1.jsonl   what could not be read of it, a line each: where, message
OUTPUT/_notes/a/part-1.jsonl     what was assumed in reading it, a line each
OUTPUT/_done/a/part-1.json       written last: of what the labels were made, and their hash

Hadoop's rule holds: a name that begins with "_" or "." is no data.
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

from classify.prediction.formats import Format, write
from classify.prediction.records import records, unread
from seeds.base.errors import DISTRIBUTION, Fault, InputError
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import replacing, write_text
from seeds.reading.columns import Columns
from seeds.reading.files import TABLES, find_files
from seeds.reading.files import File as Table
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
_EMPTY = "is empty: it has no record"  # how a table without a row is said by seeds.reading.sources


@dataclass(frozen=True, slots=True)
class Answers:
    """What beside article and run decides how the labels of a shard look. encoding "": find out."""

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
    ) -> "Answers":
        """Those of a command's options and of this version."""
        options = json.dumps(runtime.answer_settings(), sort_keys=True)
        version = metadata.version(DISTRIBUTION)
        return cls(form, every, columns, encoding or "", max_bytes, options, version)


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of every shard: the same run, by the hash of its manifest, the same options."""

    run: Path
    manifest: str
    answers: Answers
    runtime: Runtime


@dataclass(frozen=True, slots=True)
class Shard:
    """A table of the input folder, by its name there, and the folder its labels go to."""

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
        """The name without the suffixes that tell format and compression."""
        return _stem(self.name)

    def beside(self, folder: str, suffix: str = ".jsonl") -> Path:
        """A file about this shard in a folder that is no data."""
        return self.target / folder / f"{self.stem}{suffix}"

    @property
    def record(self) -> Path:
        """What says that it is done."""
        return self.beside("_done", ".json")


@dataclass(frozen=True, slots=True)
class Basis:
    """Of what a shard's labels were made: SHA-256 of table and manifest, and the options."""

    input_sha256: str
    manifest_sha256: str
    answers: Answers


@dataclass(frozen=True, slots=True)
class Done:
    """A shard's done-record. output: of its labels, below the output folder; cpu_seconds: of all
    cores together, from which the cost of more articles follows.
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


def find_shards(source: Path, target: Path, tell: Callable[[str], object]) -> list[Shard]:
    """The tables under a folder, largest first, so that no large one is left for the end.

    Args:
        source: the folder to read.
        target: the folder of the labels.
        tell: gets a line on files of other kinds.

    Raises:
        InputError: there is none, a folder can't be read, or two would have one name's labels.
    """
    found, others = [], 0
    for each in find_files(str(source), recursive=True, stdin="txt", notify=tell):
        if isinstance(each, Fault):
            raise InputError(f"{each.where}: {each.message}")
        assert each.path is not None
        name = each.path.relative_to(source).as_posix()
        if any(part.startswith("_") for part in name.split("/")):
            continue
        if each.format in TABLES:
            found.append(Shard(source, name, each.path.stat().st_size, target))
        else:
            others += 1
    if not found:
        raise InputError(
            f"{source}: holds no table. Shards are .parquet, .jsonl, .csv or .tsv files; "
            "leave out --engine spark for single articles."
        )
    if others:
        tell(f"{source}: single articles left out: {others:,}. Only tables are shards.")
    _refuse_one_name(found)
    return sorted(found, key=lambda shard: (-shard.size, shard.name))


def _refuse_one_name(found: list[Shard]) -> None:
    names: dict[str, str] = {}
    for shard in found:
        other = names.setdefault(shard.stem, shard.name)
        if other != shard.name:
            raise InputError(
                f"{shard.source}: the labels of {other} and {shard.name} would have one name. "
                "Rename one of them."
            )


def _stem(name: str) -> str:
    """A table's name without its suffixes: "a/part-1" of "a/part-1.jsonl.gz"."""
    while Table.of(Path(name)).format in TABLES:
        name = Path(name).with_suffix("").as_posix()
    return name


def refuse_strangers(target: Path, shards: list[Shard]) -> None:
    """Never write among files that are not ours, nor leave labels of shards that are gone.

    Raises:
        InputError: the folder holds either.
    """
    done = target / "_done"
    if not done.is_dir():
        ours = (".lock", "_spark.log")
        if target.is_dir() and any(each.name not in ours for each in target.iterdir()):
            raise InputError(f"{target}: holds files of something else. Choose an empty folder.")
        return
    known = {shard.record for shard in shards}
    for record in sorted(done.rglob("*.json")):
        if record not in known:
            name = record.relative_to(done).with_suffix("").as_posix()
            raise InputError(
                f"{target}: holds the labels of {name}, which the input no longer has. Remove "
                f"them and {record}, or choose an empty folder."
            )


def is_done(shard: Shard, order: Order) -> Done | None:
    """A shard's done-record, if its table, the run, the options and the labels are the same."""
    try:
        record = read_object(shard.record)
        done = parse(record, Done, str(shard.record))
        if done.basis == _basis(shard, order) and sha256(shard.target / done.output) == (
            done.output_sha256
        ):
            return done
    except (InputError, OSError):  # missing or damaged: it is not done
        pass
    return None


def label(shard: Shard, order: Order, run: Run) -> Done | Fault:
    """Label a shard; every file appears whole, the done-record last, a second attempt is harmless.

    Returns:
        The done-record, or what ended the reading of the table; then nothing but that is written.

    Raises:
        InputError: the output folder can't be written to.
    """
    began, busy = time.monotonic(), time.process_time()
    output = f"{shard.stem}{SUFFIXES[order.answers.form]}"
    try:
        before, basis = shard.path.stat(), _basis(shard, order)
        digest, counts = _write(shard, order, run, shard.target / output)
        if _changed(before, shard.path.stat()):
            raise _UnreadableError("changed while it was read. Run this again when it is whole.")
    except OSError as error:
        return _reject(shard, f"could not be read: {error.strerror or error}. Check the file.")
    except _UnreadableError as error:
        return _reject(shard, str(error))
    times = (round(time.monotonic() - began, 3), round(time.process_time() - busy, 3))
    done = Done(shard.name, basis, output, digest, *counts, *times)
    for suffix in SUFFIXES.values():  # of another --format before: each article stands once
        if not output.endswith(suffix):
            (shard.target / f"{shard.stem}{suffix}").unlink(missing_ok=True)
    write_text(shard.record, json.dumps(asdict(done)) + "\n")
    return done


class _UnreadableError(Exception):
    """What ended the reading of a table."""


def _reject(shard: Shard, message: str) -> Fault:
    """A whole shard among the rejects."""
    fault = Fault(str(shard.path), message)
    write_text(shard.beside("_rejects"), _line(fault))
    return fault


def _write(shard: Shard, order: Order, run: Run, output: Path) -> tuple[str, tuple[int, int, int]]:
    """(SHA-256 of the labels written, (articles, rejected, noted))."""
    answers = order.answers
    found = read_articles(
        [shard.path],
        columns=answers.columns,
        encoding=answers.encoding or None,
        max_bytes=answers.max_bytes,
    )
    with _aside(shard.beside("_rejects")) as reject, _aside(shard.beside("_notes")) as note:
        reader = _Reader(shard, found, reject, note)
        with replacing(output) as file:
            write(records(reader.articles(), run, every=answers.every), answers.form, run, file)
            digest = _digest(file)
    return digest, (reader.read, reader.rejected, reader.noted)


class _Reader:
    """Passes articles on; what could not be read, or was assumed, goes aside and is counted."""

    def __init__(
        self,
        shard: Shard,
        found: Iterator[Article | Fault],
        reject: Callable[[Fault], object],
        note: Callable[[Fault], object],
    ) -> None:
        self.shard, self.found, self.reject, self.note = shard, found, reject, note
        self.read = self.rejected = self.noted = 0

    def articles(self) -> Iterator[Article]:
        """The readable articles.

        Raises:
            _UnreadableError: the table as a whole can't be read further.
        """
        for each in self.found:
            if isinstance(each, Fault):
                if each.where != str(self.shard.path):
                    self.rejected += 1
                    self.reject(each)
                elif not each.message.startswith(_EMPTY):  # an empty part file is no fault
                    raise _UnreadableError(each.message)
                continue
            self.read += 1
            for message in filter(None, (*each.notes, unread(each.document.text))):
                self.noted += 1
                self.note(Fault(self._source(each.document.source), message))
            document = replace(each.document, source=self._source(each.document.source))
            yield replace(each, document=document)

    def _source(self, source: str) -> str:
        """A source as reading the whole input folder would give it; a record's own is kept."""
        if not source.startswith(f"{self.shard.path.name}:"):
            return source
        return f"{self.shard.source.name}/{self.shard.name}{source[len(self.shard.path.name) :]}"


@contextlib.contextmanager
def _aside(path: Path) -> Iterator[Callable[[Fault], object]]:
    """Takes what goes into a file beside the labels; there is none if nothing did."""
    written = 0
    with replacing(path) as file:

        def add(fault: Fault) -> None:
            nonlocal written
            written += file.write(_line(fault).encode("utf-8", "replace"))

        yield add
    if not written:
        path.unlink(missing_ok=True)


def _line(fault: Fault) -> str:
    told = {key: value for key, value in asdict(fault).items() if value}
    return json.dumps(told, ensure_ascii=False) + "\n"


def _basis(shard: Shard, order: Order) -> Basis:
    return Basis(sha256(shard.path), order.manifest, order.answers)


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size)


def sha256(path: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _digest(file: IO[bytes]) -> str:
    """The hash of a file that is being written, as it will be once it has its name."""
    file.flush()
    with open(os.dup(file.fileno()), "rb") as again:  # noqa: PTH123 — a descriptor, not a path
        again.seek(0)
        return hashlib.file_digest(again, "sha256").hexdigest()
