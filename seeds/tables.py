"""The records of a table: JSONL, CSV, TSV or Parquet, streamed."""

import contextlib
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from seeds import jsonl
from seeds.encoding import decode, refuse_binary, stream_codec
from seeds.errors import Fault, InputError, missing_extra
from seeds.files import MAX_BYTES, TABLES, File, in_words


class Record(NamedTuple):
    """A row of a table. number: from 1; in JSONL that of its line. note: what was assumed."""

    number: int
    values: dict[str, Any]
    note: str = ""


def rows(path: Path, encoding: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a .csv, .tsv, .jsonl or .parquet file, streamed: (number, column -> value).

    Numbers count from 1; in JSONL they are those of the lines. Values are strings in CSV and TSV,
    and whatever JSON or Parquet hold elsewhere.

    Raises:
        InputError: the file is of another kind or can't be read, or a record is wrong (names it).
    """
    file = File.of(path)
    if file.format not in TABLES:
        raise InputError(f"{path}: give a table: .csv, .tsv, .jsonl or .parquet.")
    for each in file.guarded(records(file, encoding)):
        if isinstance(each, Fault):
            raise InputError(f"{each.where}: {each.message}")
        yield each.number, each.values


def records(file: File, encoding: str | None, limit: int = MAX_BYTES) -> Iterator[Record | Fault]:
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
            yield from _json_records(opened, file.where, encoding, limit)
            return
        with _rewindable(opened) as whole:
            if file.format == "parquet":
                yield from _parquet_records(whole)
            else:
                yield from _csv_records(whole, file, encoding)


@contextlib.contextmanager
def _rewindable(opened: IO[bytes]) -> Iterator[IO[bytes]]:
    """The same bytes in a file that can be read twice."""
    if opened.seekable():
        yield opened
        return
    import shutil
    import tempfile

    with tempfile.SpooledTemporaryFile(max_size=MAX_BYTES) as copy:
        shutil.copyfileobj(opened, copy)
        copy.seek(0)
        yield copy


def _json_records(
    opened: IO[bytes], where: str, encoding: str | None, limit: int
) -> Iterator[Record | Fault]:
    for number, line in _json_lines(opened, limit):
        at = f"{where}:{number}"
        if len(line) > limit:
            yield Fault(at, f"is longer than {in_words(limit)}. Raise it with --max-size.")
            continue
        if number == 1:
            refuse_binary(line)
        try:
            decoded = decode(line, encoding)
            if not decoded.text.strip():
                continue
            if number == 1 and decoded.text.lstrip().startswith("["):
                raise InputError("begins like a JSON array. Write one object a line: jq -c '.[]'.")
            yield Record(number, jsonl.parse_record(decoded.text, at), decoded.note)
        except InputError as error:
            yield Fault(at, str(error).removeprefix(f"{at}: "))


def _json_lines(opened: IO[bytes], limit: int) -> Iterator[tuple[int, bytes]]:
    """The lines, numbered from 1; of one that is too long only its beginning."""
    first = opened.readline(limit + 1)
    if first.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):  # UTF-16 or 32
        text = decode(first + opened.read()).text
        yield from enumerate((line.encode() for line in text.split("\n")), 1)
        return
    for number in itertools.count(1):
        line = first if number == 1 else opened.readline(limit + 1)
        if not line:
            return
        rest = line
        while len(rest) > limit and not rest.endswith(b"\n"):
            rest = opened.readline(limit + 1)
        yield number, line


def _csv_records(opened: IO[bytes], file: File, encoding: str | None) -> Iterator[Record | Fault]:
    import csv

    from seeds.quotes import OpenQuote, read_rows

    csv.field_size_limit(2**31 - 1)  # the module's own 131,072 characters cut long articles short
    codec, note = stream_codec(opened, encoding)
    stream = io.TextIOWrapper(opened, codec, errors="strict" if encoding else "replace", newline="")
    try:
        first = stream.readline().lstrip("\ufeff")
        delimiter, above = "\t" if file.format == "tsv" else _delimiter(first), 0
        if re.fullmatch(r"sep=.\s*", first, re.IGNORECASE):  # Excel's own note to itself
            delimiter, first, above = first[4], stream.readline(), 1
        found = read_rows(itertools.chain([first], stream), delimiter)
        names = next(found, [])
        if isinstance(names, OpenQuote):
            raise InputError(f"its header: {names.message(above)}")
        header = [name.strip() for name in names]
        for number, values in enumerate(found, 1):
            if isinstance(values, OpenQuote):
                yield Fault(f"{file.where}:{number}", values.message(above))
            else:
                yield _csv_record(number, header, values, file.where, note)
    except csv.Error as error:
        raise InputError(f"is not a table that can be read further: {error}.") from error
    except UnicodeError as error:
        raise InputError(f"is not {encoding}. Name the right one with --encoding.") from error
    finally:
        stream.detach()


def _csv_record(
    number: int, header: list[str], values: list[str], where: str, note: str
) -> Record | Fault:
    if any(values[len(header) :]):
        return Fault(
            f"{where}:{number}",
            f"has {len(values)} fields where the header has {len(header)}. "
            "Quote the field that contains the delimiter.",
        )
    full = itertools.chain(values, itertools.repeat(""))
    return Record(number, {n: v for n, v in zip(header, full, strict=False) if n}, note)


def _delimiter(header: str) -> str:
    """The one of , ; tab | that a header has most of, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)


def _parquet_records(opened: IO[bytes]) -> Iterator[Record | Fault]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise missing_extra("seeds", "reading Parquet") from error
    number = 0
    try:
        for batch in parquet.ParquetFile(opened).iter_batches(batch_size=256):
            for values in batch.to_pylist():
                number += 1
                yield Record(number, values)
    except pa.ArrowException as error:
        raise InputError(f"is not Parquet that can be read: {error}. Write it again.") from error
