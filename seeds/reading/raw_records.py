"""Files, folders, standard input -> raw records: cheap to read and to pass to other processes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast, get_args

from seeds.base.errors import Fault, InputError
from seeds.reading.columns import Columns, find_columns
from seeds.reading.compressed import position
from seeds.reading.encoding import codec_name
from seeds.reading.files import (
    MAX_BYTES,
    TABLES,
    File,
    Format,
    common_folder,
    find_files,
    format_size,
    plain_suffix,
)
from seeds.reading.tables.cells import Record
from seeds.reading.tables.jsonl_blocks import COUNT, SIZE, Block, read_blocks
from seeds.reading.tables.table_file import read_table_records

_USUAL = Columns()  # all found by their usual names
EMPTY_TABLE = "is empty: it has no record. Add one, or leave the file out."


@dataclass(frozen=True, slots=True)
class Reading:
    """Options of reading articles.

    Attributes:
        columns: of tables; empty ones are found by their usual names.
        encoding: of text that is not UTF-8; None detects it.
        recursive: go into folders; without it a folder is a Fault.
        max_bytes: the size of one article above which it is refused.
        detect_language: fill in Document.language (needs the extra "seeds").
        stdin_format: of "-", one of Format.

    Raises:
        InputError: the encoding or the format is not known.
    """

    columns: Columns = _USUAL
    encoding: str | None = None
    recursive: bool = False
    max_bytes: int = MAX_BYTES
    detect_language: bool = False
    stdin_format: str = "txt"

    def __post_init__(self) -> None:
        if self.encoding is not None:
            codec_name(self.encoding)
        if self.stdin_format not in get_args(Format):
            formats = ", ".join(get_args(Format))
            raise InputError(f"format {self.stdin_format!r} is not one of {formats}.")


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file that is one article, in a format of single articles."""

    where: str
    source: str
    format: Format
    data: bytes


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a JSONL file."""

    where: str
    source: str
    block: Block


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a CSV, TSV or Parquet file. columns: those to read; None if no row is sound."""

    where: str
    source: str
    columns: Columns | None
    rows: Sequence[Record | Fault]


@dataclass(frozen=True, slots=True)
class Raw:
    """Some records of one file.

    Attributes:
        part: the records; None says that more may be long in coming.
        count: how many there are at most.
        size: about how many bytes they have.
        read: bytes of the file on the disk, compressed or not, that were read for them.
    """

    part: WholeFile | Lines | Rows | Fault | None
    count: int = 0
    size: int = 0
    read: int = 0


def read_raw(
    paths: Iterable[str],
    reading: Reading,
    *,
    notify: Callable[[str], object] = lambda _: None,
    count: int = COUNT,
    prompt: bool = False,
) -> Iterator[Raw]:
    """Read every record of some files, folders or "-" (standard input), in order.

    The boundaries of the parts depend on nothing but the files, unless `prompt` is set.

    Args:
        paths: files, folders, "-".
        reading: how to read them.
        notify: is called with a line on the files left out of each folder.
        count: records of a part at most.
        prompt: pass on what there is when a pipe makes one wait.
    """
    names = list(paths)
    base = common_folder(names)
    stdin = cast(Format, reading.stdin_format)
    for name in names:
        for file in find_files(name, recursive=reading.recursive, stdin=stdin, notify=notify):
            if isinstance(file, Fault):
                yield Raw(file)
                continue
            if prompt and (file.path is None or not file.path.is_file()):
                yield Raw(None)
            if file.format in TABLES:
                records = _read_table(_Table(file, file.source(base), reading, count, prompt))
            else:
                records = _read_whole_file(file, file.source(base), reading.max_bytes)
            for raw in file.guarded(records):
                yield Raw(raw) if isinstance(raw, Fault) else raw


def _read_whole_file(file: File, source: str, limit: int) -> Iterator[Raw]:
    """Read a file that is one article."""
    with file.open() as opened:
        data = opened.read(limit + 1)
        read = _position(opened)
    if len(data) > limit:
        size = max(len(data), file.path.stat().st_size if file.path else 0)
        raise InputError(
            f"has {format_size(size)}, more than the {format_size(limit)} one article may have. "
            "Raise the limit with --max-size, or split the file."
        )
    if file.path is not None and plain_suffix(file.path) == ".json":
        raise InputError("is JSON. Save it as .jsonl, one object with a text on each line.")
    yield Raw(WholeFile(file.where, source, file.format, data), 1, len(data), read)


@dataclass(frozen=True, slots=True)
class _Table:
    """A file of many articles, and how to read it. The attributes are those of `read_raw`."""

    file: File
    source: str
    reading: Reading
    count: int
    prompt: bool


def _read_table(table: _Table) -> Iterator[Raw]:
    """Read the records of a table."""
    empty = True
    with table.file.open() as opened:
        position = 0
        read_parts = _read_lines if table.file.format == "jsonl" else _read_rows
        for part, count, size in read_parts(opened, table):
            now = _position(opened)
            yield Raw(part, count, size, max(0, now - position))
            position = max(position, now)
            empty = empty and not count
        if empty:
            raise InputError(EMPTY_TABLE)


_Parts = Iterator[tuple[Lines | Rows | None, int, int]]  # a part, how many records, bytes


def _read_lines(opened: IO[bytes], table: _Table) -> _Parts:
    """Read the records of a JSONL file."""
    limit, count, prompt = table.reading.max_bytes, table.count, table.prompt
    for block in read_blocks(opened, limit, count=count, prompt=prompt):
        if block.paused:
            yield None, 0, 0
        else:
            lines = 0 if block.blank else block.data.count(b"\n") + 1
            yield Lines(table.file.where, table.source, block), lines, len(block.data)


def _read_rows(opened: IO[bytes], table: _Table) -> _Parts:
    """Read the records of a CSV, TSV or Parquet file."""
    where, columns, reading = table.file.where, None, table.reading

    def choose(names: Sequence[str]) -> list[str]:
        nonlocal columns
        columns = find_columns(reading.columns, names)
        others = (columns.title, columns.date, columns.source, columns.id, columns.label)
        return [*dict.fromkeys(name for name in (*columns.text, *others) if name)]

    rows: list[Record | Fault] = []
    size = 0
    for row in read_table_records(opened, table.file, reading.encoding, choose, reading.max_bytes):
        rows.append(row)
        size += 0 if isinstance(row, Fault) else sum(map(_size, row.values.values()))
        if size >= SIZE or len(rows) >= table.count:
            yield Rows(where, table.source, columns, rows), len(rows), size
            rows, size = [], 0
    if rows:
        yield Rows(where, table.source, columns, rows), len(rows), size


def _size(value: Any) -> int:
    """Return about how many bytes a cell has."""
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value) if isinstance(value, str | bytes) else 8


def _position(opened: IO[bytes]) -> int:
    """Return how far a file on the disk was read; 0 for a pipe."""
    try:
        return position(opened)
    except OSError:
        return 0
