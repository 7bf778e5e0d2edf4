"""The records of a table: JSONL, CSV, TSV or Parquet, streamed."""

import contextlib
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from seeds.base.errors import Fault, InputError, missing_extra
from seeds.base.records import parse_record
from seeds.reading.compressed import Plain, damage
from seeds.reading.encoding import decode, stream_codec
from seeds.reading.files import MAX_BYTES, TABLES, File
from seeds.reading.jsonl_blocks import read_blocks, too_long

Choose = Callable[[Sequence[str]], Iterable[str]]  # of the columns of a table, those to read
_AT_ONCE = 1 << 20  # bytes of rows of Parquet made Python's at once


class Record(NamedTuple):
    """A row of a table. number: from 1; in JSONL that of its line. note: what was assumed."""

    number: int
    values: dict[str, Any]
    note: str = ""


def read_rows(path: Path, encoding: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a .csv, .tsv, .jsonl or .parquet file, streamed: (number, column -> value).

    Numbers count from 1; in JSONL they are those of the lines. Values are strings in CSV and TSV,
    and whatever JSON or Parquet hold elsewhere.

    Raises:
        InputError: the file is of another kind or can't be read, or a record is wrong (names it).
    """
    file = File.of(path)
    if file.format not in TABLES:
        raise InputError(f"{path}: give a table: .csv, .tsv, .jsonl or .parquet.")
    for each in file.guarded(_read_records(file, encoding)):
        if isinstance(each, Fault):
            raise InputError(f"{each.where}: {each.message}")
        yield each.number, each.values


def _read_records(
    file: File, encoding: str | None, limit: int = MAX_BYTES
) -> Iterator[Record | Fault]:
    """The records of a table; a bad one is a Fault.

    Args:
        file: in one of the formats TABLES.
        encoding: what the user says it is in; None finds out.
        limit: bytes of a line of JSON above which it is a Fault.

    Raises:
        InputError: the table as a whole can't be read.
    """
    with file.opened() as opened:
        if file.format == "jsonl":
            for block in read_blocks(opened, limit):
                yield from block.faults(file.where)
                for number, line in block.numbered_lines():
                    found = json_record(number, line, file.where, encoding, limit)
                    if found is not None:
                        yield found
        else:
            yield from read_table_records(opened, file, encoding)


def read_table_records(
    opened: IO[bytes], file: File, encoding: str | None, choose: Choose | None = None
) -> Iterator[Record | Fault]:
    """The records of an opened CSV, TSV or Parquet file; a bad one is a Fault.

    Args:
        opened: its bytes.
        file: its format, and what to call it.
        encoding: what the user says it is in; None finds out.
        choose: takes the columns there are, gives those to read; None reads all.

    Raises:
        InputError: the table as a whole can't be read, or `choose` finds a column missing.
    """
    parquet = file.format == "parquet"
    with _rewindable(opened, anywhere=parquet) as whole:
        if parquet:
            yield from _parquet_records(whole, file.where, choose)
        else:
            yield from _csv_records(whole, file, encoding, choose)


@contextlib.contextmanager
def _rewindable(opened: IO[bytes], *, anywhere: bool) -> Iterator[IO[bytes]]:
    """The same bytes in a file that can be read twice, or in any order."""
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
    """The record of a line of JSONL; None where it is blank.

    Args:
        number: of the line, from 1.
        line: without its end.
        where: what to call the file.
        encoding: what the user says it is in; None finds out.
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
            raise InputError("begins like a JSON array. Write one object a line: jq -c '.[]'.")
        return Record(number, parse_record(decoded.text, at), decoded.note)
    except InputError as error:
        return Fault(at, str(error).removeprefix(f"{at}: "))


def _csv_records(
    opened: IO[bytes], file: File, encoding: str | None, choose: Choose | None
) -> Iterator[Record | Fault]:
    import csv

    from seeds.reading.csv_rows import OpenQuote, parse_rows

    csv.field_size_limit(2**31 - 1)  # the module's own 131,072 characters cut long articles short
    codec, note = stream_codec(opened, encoding)
    stream = io.TextIOWrapper(opened, codec, errors="strict" if encoding else "replace", newline="")
    try:
        first = stream.readline().lstrip("\ufeff")
        delimiter, above = "\t" if file.format == "tsv" else _delimiter(first), 0
        if re.fullmatch(r"sep=.\s*", first, re.IGNORECASE):  # Excel's own note to itself
            delimiter, first, above = first[4], stream.readline(), 1
        found = parse_rows(itertools.chain([first], _whole(stream, opened)), delimiter)
        names = next(found, [])
        if isinstance(names, OpenQuote):
            raise InputError(f"its header: {names.message(above)}")
        header = [name.strip() for name in names]
        kept: set[str] | None = None
        for number, values in enumerate(found, 1):
            if isinstance(values, OpenQuote):
                yield Fault(f"{file.where}:{number}", values.message(above))
                continue
            if kept is None:  # a table without a record is said to be empty, whatever its header
                kept = set(choose([n for n in header if n]) if choose else header)
                if choose and (twice := next((n for n in kept if header.count(n) > 1), "")):
                    raise InputError(f"has the column {twice!r} twice. Rename one of them.")
            yield _csv_record(number, header, values, file.where, note, kept)
    except csv.Error as error:
        raise InputError(f"is not a table that can be read further: {error}.") from error
    except UnicodeError as error:
        raise InputError(f"is not {encoding}. Name the right one with --encoding.") from error
    finally:
        stream.detach()


def _whole(lines: Iterable[str], opened: IO[bytes]) -> Iterator[str]:
    """The lines, without a last one that the end of damaged data cut short."""
    for line in lines:
        if line.endswith(("\n", "\r")) or not damage(opened):
            yield line


def _csv_record(
    number: int, header: list[str], values: list[str], where: str, note: str, kept: set[str]
) -> Record | Fault:
    if any(values[len(header) :]):
        return Fault(
            f"{where}:{number}",
            f"has {len(values)} fields where the header has {len(header)}. "
            "Quote the field that contains the delimiter.",
        )
    full = itertools.chain(values, itertools.repeat(""))
    read = {n: v for n, v in zip(header, full, strict=False) if n and n in kept}
    return Record(number, read, note)


def _delimiter(header: str) -> str:
    """The one of , ; tab | that a header has most of, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)


def _parquet_records(
    opened: IO[bytes], where: str, choose: Choose | None
) -> Iterator[Record | Fault]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise missing_extra("seeds", "reading Parquet") from error
    number = 0
    try:
        # Without a buffer each column of a row group, which may be all of the file, is held.
        # Read ahead, it is held too, by a thread that may let go of the file when Python has ended.
        table = parquet.ParquetFile(opened, buffer_size=1 << 20, pre_buffer=False)
        kept = None
        if choose and table.metadata.num_rows:
            kept = list(choose(table.schema_arrow.names))
        for batch in table.iter_batches(_rows_at_once(table), columns=kept, use_threads=False):
            for values in _row_values(batch):
                number += 1
                yield _parquet_record(number, values, where)
    except pa.ArrowException as error:
        reason = str(error).rstrip(".")
        raise InputError(f"is not Parquet that can be read: {reason}. Write it again.") from error


def _rows_at_once(table: Any) -> int:
    """Rows of about _AT_ONCE bytes together."""
    groups = (table.metadata.row_group(n) for n in range(table.metadata.num_row_groups))
    widest = max((each.total_byte_size / max(each.num_rows, 1) for each in groups), default=1)
    return max(1, min(1024, int(_AT_ONCE / max(widest, 1))))


def _row_values(batch: Any) -> Iterator[dict[str, Any] | None]:
    """The rows of a batch; None for one whose strings are no UTF-8, which Parquet does not see."""
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
        at = f"{where}:{number}"
        return Fault(at, "holds a string that is not UTF-8, as Parquet's must be. Write it again.")
    return Record(number, values)
