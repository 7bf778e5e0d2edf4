"""Files, folders, standard input -> raw records: cheap to read, and to hand to another process."""

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
from seeds.reading.jsonl_blocks import COUNT, SIZE, Block, read_blocks
from seeds.reading.tables import Record, read_table_records

_USUAL = Columns()  # all found by their usual names
EMPTY_TABLE = "is empty: it has no record. Give it one or leave it out."


@dataclass(frozen=True, slots=True)
class Reading:
    """How articles are read.

    Attributes:
        columns: of tables; what is empty is found by its usual names.
        encoding: of text that is not UTF-8; None finds out.
        recursive: go into folders; without it a folder is a Fault.
        max_bytes: the size of one article above which it is refused.
        detect_language: fill in Document.language (needs the extra "seeds").
        stdin_format: what "-" is, one of Format.

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
            known = ", ".join(get_args(Format))
            raise InputError(f"format {self.stdin_format!r} is not one of {known}.")


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file that is one article, in one of the formats that are no tables."""

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
    """Rows of a CSV, TSV or Parquet file. columns: those to read; None where no row is good."""

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
        read: bytes of the file as it lies on the disk that were read for them.
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
    """Every record of some files, folders or "-" (standard input), in order.

    Where the parts are cut depends on nothing but the files, unless `prompt` is set.

    Args:
        paths: files, folders, "-".
        reading: how they are read.
        notify: gets a line on what was left out of each folder.
        count: records of a part at most.
        prompt: hand on what there is where a pipe makes one wait.
    """
    named = list(paths)
    base = common_folder(named)
    stdin = cast(Format, reading.stdin_format)
    for path in named:
        for file in find_files(path, recursive=reading.recursive, stdin=stdin, notify=notify):
            if isinstance(file, Fault):
                yield Raw(file)
                continue
            if prompt and (file.path is None or not file.path.is_file()):
                yield Raw(None)
            source = file.source(base)
            if file.format in TABLES:
                found = _read_table(file, source, reading, count, prompt)
            else:
                found = _read_whole_file(file, source, reading.max_bytes)
            for raw in file.guarded(found):
                yield Raw(raw) if isinstance(raw, Fault) else raw


def _read_whole_file(file: File, source: str, limit: int) -> Iterator[Raw]:
    """A file that is one article."""
    with file.opened() as opened:
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


def _read_table(
    file: File, source: str, reading: Reading, count: int, prompt: bool
) -> Iterator[Raw]:
    """The records of a table."""
    empty = True
    with file.opened() as opened:
        before = 0
        if file.format == "jsonl":
            found = _lines(opened, file, source, reading.max_bytes, count, prompt)
        else:
            found = _rows(opened, file, source, reading, count)
        for part, number, size in found:
            now = _position(opened)
            yield Raw(part, number, size, max(0, now - before))
            before = max(before, now)
            empty = empty and not number
        if empty:
            raise InputError(EMPTY_TABLE)


_Found = Iterator[tuple[Lines | Rows | None, int, int]]  # a part, how many records, bytes


def _lines(
    opened: IO[bytes], file: File, source: str, limit: int, count: int, prompt: bool
) -> _Found:
    for block in read_blocks(opened, limit, count=count, prompt=prompt):
        if block.paused:
            yield None, 0, 0
        else:
            number = 0 if block.blank else block.data.count(b"\n") + 1
            yield Lines(file.where, source, block), number, len(block.data)


def _rows(opened: IO[bytes], file: File, source: str, reading: Reading, count: int) -> _Found:
    columns: Columns | None = None

    def choose(names: Sequence[str]) -> list[str]:
        nonlocal columns
        columns = find_columns(reading.columns, names)
        others = (columns.title, columns.date, columns.source, columns.id)
        return [*dict.fromkeys(name for name in (*columns.text, *others) if name)]

    held: list[Record | Fault] = []
    size = 0
    for row in read_table_records(opened, file, reading.encoding, choose):
        held.append(row)
        size += 0 if isinstance(row, Fault) else sum(map(_size, row.values.values()))
        if size >= SIZE or len(held) >= count:
            yield Rows(file.where, source, columns, held), len(held), size
            held, size = [], 0
    if held:
        yield Rows(file.where, source, columns, held), len(held), size


def _size(value: Any) -> int:
    """About the bytes of a cell."""
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value) if isinstance(value, str | bytes) else 8


def _position(opened: IO[bytes]) -> int:
    """How far a file on the disk was read; 0 for a pipe."""
    try:
        return position(opened)
    except OSError:
        return 0
