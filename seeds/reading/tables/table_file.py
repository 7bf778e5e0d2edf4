"""Tables (JSONL, CSV, TSV, Parquet) -> records, streamed."""

import contextlib
from collections.abc import Iterator
from typing import IO

from seeds.base.errors import Fault, InputError
from seeds.base.records import parse_record
from seeds.reading.compressed import Plain
from seeds.reading.encoding import decode
from seeds.reading.files import MAX_BYTES, File
from seeds.reading.tables.cells import Choose, Record
from seeds.reading.tables.csv_file import csv_records
from seeds.reading.tables.jsonl_blocks import too_long
from seeds.reading.tables.parquet_file import parquet_records


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
