"""Tables (JSONL, CSV, TSV, Parquet) -> records, streamed."""

import contextlib
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from seeds.base.errors import Fault, InputError, missing_extra
from seeds.base.records import parse_record
from seeds.reading.compressed import Plain, damage
from seeds.reading.encoding import decode, stream_codec
from seeds.reading.files import MAX_BYTES, TABLES, File
from seeds.reading.jsonl_blocks import read_blocks, too_long

Choose = Callable[[Sequence[str]], Iterable[str]]  # columns of a table -> those to read
_BATCH = 1 << 20  # bytes of rows of Parquet converted to Python at once


class Record(NamedTuple):
    """A row of a table. number: from 1; in JSONL that of its line. note: what was assumed."""

    number: int
    values: dict[str, Any]
    note: str = ""


def read_rows(path: Path, encoding: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read a .csv, .tsv, .jsonl or .parquet file, streamed: (number, column -> value).

    Numbers count from 1; in JSONL they are those of the lines. Values are strings in CSV and TSV,
    and of the types of JSON or Parquet else.

    Raises:
        InputError: the file is of another kind or can't be read, or a record is bad (says which).
    """
    file = File.of(path)
    if file.format not in TABLES:
        raise InputError(f"{path}: not a table. Give a .csv, .tsv, .jsonl or .parquet file.")
    for record in file.guarded(_read_records(file, encoding)):
        if isinstance(record, Fault):
            raise InputError(f"{record.where}: {record.message}")
        yield record.number, record.values


def _read_records(file: File, encoding: str | None) -> Iterator[Record | Fault]:
    """Read the records of a table; a bad one is a Fault.

    Raises:
        InputError: the table as a whole can't be read.
    """
    with file.open() as opened:
        if file.format == "jsonl":
            for block in read_blocks(opened, MAX_BYTES):
                yield from block.faults(file.where)
                for number, line in block.numbered_lines():
                    record = json_record(number, line, file.where, encoding, MAX_BYTES)
                    if record is not None:
                        yield record
        else:
            yield from read_table_records(opened, file, encoding)


def read_table_records(
    opened: IO[bytes], file: File, encoding: str | None, choose: Choose | None = None
) -> Iterator[Record | Fault]:
    """Read the records of an opened CSV, TSV or Parquet file; a bad one is a Fault.

    Args:
        opened: its bytes.
        file: its format and its name in messages.
        encoding: as the user names it; None detects it.
        choose: takes the table's columns and returns those to read; None reads all.

    Raises:
        InputError: the table as a whole can't be read, or `choose` finds a column missing.
    """
    parquet = file.format == "parquet"
    with _rewindable(opened, anywhere=parquet) as table:
        if parquet:
            yield from _parquet_records(table, file.where, choose)
        else:
            yield from _csv_records(table, file, encoding, choose)


@contextlib.contextmanager
def _rewindable(opened: IO[bytes], *, anywhere: bool) -> Iterator[IO[bytes]]:
    """Offer the same bytes in a file that can be read twice, or in any order."""
    if opened.seekable() and not (anywhere and isinstance(opened, Plain)):
        yield opened
        return
    import shutil
    import tempfile

    with tempfile.SpooledTemporaryFile(max_size=MAX_BYTES) as copy:
        shutil.copyfileobj(opened, copy)
        copy.seek(0)
        yield copy


def json_record(
    number: int, line: bytes, where: str, encoding: str | None, limit: int
) -> Record | Fault | None:
    """Parse the record of a line of JSONL; None if it is blank.

    Args:
        number: of the line, from 1.
        line: without its end.
        where: the file's name in messages.
        encoding: as the user names it; None detects it.
        limit: bytes above which it is a Fault.
    """
    at = f"{where}:{number}"
    if len(line) > limit:
        return too_long(at, limit)
    try:
        decoded = decode(line, encoding)
        if not decoded.text.strip():
            return None
        if number == 1 and decoded.text.lstrip().startswith("["):
            raise InputError(
                "begins like a JSON array. Write one object per line, as jq -c '.[]' does."
            )
        return Record(number, parse_record(decoded.text, at), decoded.note)
    except InputError as error:
        return Fault(at, str(error).removeprefix(f"{at}: "))


def _csv_records(
    opened: IO[bytes], file: File, encoding: str | None, choose: Choose | None
) -> Iterator[Record | Fault]:
    """Read the records of a CSV or TSV file."""
    import csv

    csv.field_size_limit(2**31 - 1)  # the module's own 131,072 characters cut long articles short
    codec, note = stream_codec(opened, encoding)
    stream = io.TextIOWrapper(opened, codec, errors="strict" if encoding else "replace", newline="")
    try:
        first_line = stream.readline().lstrip("\ufeff")
        delimiter, above = "\t" if file.format == "tsv" else _delimiter(first_line), 0
        if re.fullmatch(r"sep=.\s*", first_line, re.IGNORECASE):  # Excel's own note to itself
            delimiter, first_line, above = first_line[4], stream.readline(), 1
        lines = itertools.chain([first_line], _whole_lines(stream, opened))
        yield from _parse_csv(_CsvFile(lines, delimiter, above, file.where, note), choose)
    except csv.Error as error:
        raise InputError(
            f"cannot be read further as a table: {error}. Repair or remove that record."
        ) from error
    except UnicodeError as error:
        raise InputError(f"is not {encoding}. Name the right one with --encoding.") from error
    finally:
        stream.detach()


def _whole_lines(lines: Iterable[str], opened: IO[bytes]) -> Iterator[str]:
    """Pass on the lines, without a last one that the end of damaged data cut short."""
    for line in lines:
        if line.endswith(("\n", "\r")) or not damage(opened):
            yield line


@dataclass(frozen=True, slots=True)
class _CsvFile:
    """The lines of a CSV file.

    Attributes:
        lines: the header first.
        delimiter: one character.
        above: how many lines of the file stand above the header.
        where: the file's name in messages.
        note: what was assumed in reading it.
    """

    lines: Iterable[str]
    delimiter: str
    above: int
    where: str
    note: str


def _parse_csv(file: _CsvFile, choose: Choose | None) -> Iterator[Record | Fault]:
    """Parse the records of a CSV file; those with too many fields or an open quote are Faults."""
    from seeds.reading.csv_rows import OpenQuote, parse_rows

    rows = parse_rows(file.lines, file.delimiter)
    names = next(rows, [])
    if isinstance(names, OpenQuote):
        raise InputError(f"its header: {names.message(file.above)}")
    header = [name.strip() for name in names]
    places: dict[str, int] | None = None
    for number, row in enumerate(rows, 1):
        where = f"{file.where}:{number}"
        if isinstance(row, OpenQuote):
            yield Fault(where, row.message(file.above))
            continue
        if places is None:  # not sooner: a table without records is empty, whatever its header
            places = _places(header, choose)
        if any(row[len(header) :]):
            yield Fault(
                where,
                f"has {len(row)} fields where the header has {len(header)}. "
                "Quote the field that contains the delimiter.",
            )
            continue
        values = {name: row[n] if n < len(row) else "" for name, n in places.items()}
        yield Record(number, values, file.note)


def _places(header: list[str], choose: Choose | None) -> dict[str, int]:
    """Return where a row has the columns to read: name -> index."""
    if choose is None:
        return {name: n for n, name in enumerate(header) if name}
    selected = set(choose([name for name in header if name]))
    if twice := next((name for name in selected if header.count(name) > 1), ""):
        raise InputError(f"has the column {twice!r} twice. Rename one of them.")
    return {name: n for n, name in enumerate(header) if name and name in selected}


def _delimiter(header: str) -> str:
    """Return the one of , ; tab | that stands most often in a header, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)


def _parquet_records(
    opened: IO[bytes], where: str, choose: Choose | None
) -> Iterator[Record | Fault]:
    """Read the records of a Parquet file."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise missing_extra("seeds", "reading Parquet") from error
    number = 0
    try:
        # Without a buffer, each column of a row group, which may be the whole file, is in memory.
        # So it is if read ahead, and by a thread that may outlive Python's hold on the file.
        table = parquet.ParquetFile(opened, buffer_size=1 << 20, pre_buffer=False)
        columns = None
        if choose and table.metadata.num_rows:
            columns = list(choose(table.schema_arrow.names))
        for batch in table.iter_batches(_rows_at_once(table), columns=columns, use_threads=False):
            for values in _row_values(batch):
                number += 1
                yield _parquet_record(number, values, where)
    except pa.ArrowException as error:
        reason = str(error).rstrip(".")
        raise InputError(f"cannot be read as Parquet: {reason}. Write the file again.") from error


def _rows_at_once(table: Any) -> int:
    """Return how many rows have about _BATCH bytes together."""
    groups = (table.metadata.row_group(n) for n in range(table.metadata.num_row_groups))
    widest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
    return max(1, min(1024, int(_BATCH / max(widest, 1))))


def _row_values(batch: Any) -> Iterator[dict[str, Any] | None]:
    """Convert the rows of a batch; None for one with strings that are no UTF-8 after all."""
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        for n in range(len(batch)):
            try:
                (values,) = batch.slice(n, 1).to_pylist()
            except UnicodeDecodeError:
                values = None
            yield values


def _parquet_record(number: int, values: dict[str, Any] | None, where: str) -> Record | Fault:
    if values is None:
        return Fault(
            f"{where}:{number}",
            "holds a string that is not UTF-8, as Parquet requires. Write the file again.",
        )
    return Record(number, values)
