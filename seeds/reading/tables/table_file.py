"""Tables (JSONL, CSV, TSV, Parquet) -> records, streamed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from seeds.base.errors import Fault, InputError
from seeds.base.records import parse_record
from seeds.reading.compressed import Plain
from seeds.reading.encoding import decode
from seeds.reading.files import MAX_BYTES, TABLES, File
from seeds.reading.tables.cells import Choose, Record
from seeds.reading.tables.csv_file import csv_records
from seeds.reading.tables.jsonl_blocks import read_blocks, too_long
from seeds.reading.tables.parquet_file import parquet_records


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
    opened: IO[bytes],
    file: File,
    encoding: str | None,
    choose: Choose | None = None,
    limit: int = MAX_BYTES,
) -> Iterator[Record | Fault]:
    """Read the records of an opened CSV, TSV or Parquet file; a bad one is a Fault.

    Args:
        opened: its bytes.
        file: its format and its name in messages.
        encoding: as the user names it; None detects it.
        choose: takes the table's columns and returns those to read; None reads all.
        limit: characters of a row of CSV above which it is a Fault.

    Raises:
        InputError: the table as a whole can't be read, or `choose` finds a column missing.
    """
    parquet = file.format == "parquet"
    with _rewindable(opened, anywhere=parquet) as table:
        if parquet:
            yield from parquet_records(table, choose)
        else:
            yield from csv_records(table, file, encoding, choose, limit)


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
