"""A CSV or TSV file -> records: its encoding, its delimiter, its header, its rows."""

import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from seeds.base.errors import Fault, InputError
from seeds.reading.compressed import damage
from seeds.reading.encoding import stream_codec
from seeds.reading.files import File, format_size
from seeds.reading.tables.cells import Choose, Record

_EOF = "\x1a"  # ends a file of DOS


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a CSV file.

    Attributes:
        lines: the header first.
        delimiter: one character.
        above: how many lines of the file stand above the header.
    """

    lines: Iterable[str]
    delimiter: str
    above: int


def csv_records(
    opened: IO[bytes], file: File, encoding: str | None, choose: Choose | None, limit: int
) -> Iterator[Record | Fault]:
    """Read the records of a CSV or TSV file; the arguments are those of `read_table_records`.

    Raises:
        InputError: the table as a whole can't be read further.
    """
    import csv

    csv.field_size_limit(2**31 - 1)  # the module's own 131,072 characters cut long articles short
    codec, note = stream_codec(opened, encoding)
    stream = io.TextIOWrapper(opened, codec, errors="strict" if encoding else "replace", newline="")
    try:
        lines = _find_header(_read_lines(stream, opened, limit), file, limit)
        yield from _parse(lines, file.where, note, choose, limit)
    except csv.Error as error:
        raise InputError(
            f"cannot be read further as a table: {error}. Repair or remove that record."
        ) from error
    except UnicodeError as error:
        raise InputError(f"is not {encoding}. Name the right one with --encoding.") from error
    finally:
        stream.detach()


def _read_lines(stream: io.TextIOWrapper, opened: IO[bytes], limit: int) -> Iterator[str]:
    """Read the lines, without a last one that the end of damaged data cut short."""
    from seeds.reading.tables.csv_rows import LongLine

    while line := stream.readline(limit + 1):
        if len(line) > limit:
            while line and not line.endswith(("\n", "\r")):
                line = stream.readline(1 << 18)
            yield LongLine()
        elif line.endswith(("\n", "\r")):
            yield line
        elif not damage(opened):
            yield line.rstrip(_EOF)


def _find_header(lines: Iterator[str], file: File, limit: int) -> _Lines:
    """Find the header and the delimiter."""
    from seeds.reading.tables.csv_rows import LongLine

    above, header = 0, next(lines, "")
    while header and not header.strip(" \ufeff\r\n"):
        above, header = above + 1, next(lines, "")
    header = header if isinstance(header, LongLine) else header.lstrip("\ufeff")
    delimiter = "\t" if file.format == "tsv" else _delimiter(header)
    if re.fullmatch(r"sep=.\s*", header, re.IGNORECASE):  # Excel's own note to itself
        delimiter, above, header = header[4], above + 1, next(lines, "")
    if isinstance(header, LongLine):
        raise InputError(
            f"its header is longer than {format_size(limit)}. Is it a table? Give it with one row "
            "on a line."
        )
    return _Lines(itertools.chain([header], lines), delimiter, above)


def _delimiter(header: str) -> str:
    """Return the one of , ; tab | that stands most often in a header, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)


def _parse(
    file: _Lines, where: str, note: str, choose: Choose | None, limit: int
) -> Iterator[Record | Fault]:
    """Parse the records; those with too many fields or an open quote are Faults."""
    from seeds.reading.tables.csv_rows import SkippedLines, is_blank, parse_rows

    rows = parse_rows(file.lines, file.delimiter, limit)
    names = next((row for row in rows if isinstance(row, SkippedLines) or not is_blank(row)), [])
    if isinstance(names, SkippedLines):
        raise InputError(f"its header: {names.message(file.above)}")
    header = [name.strip() for name in names]
    places: dict[str, int] | None = None
    for number, row in enumerate(rows, 1):
        at = f"{where}:{number}"
        if isinstance(row, SkippedLines):
            yield Fault(at, row.message(file.above))
            continue
        if is_blank(row):
            continue
        if places is None:  # not sooner: a table without records is empty, whatever its header
            places = _find_places(header, choose)
        if any(row[len(header) :]):
            yield Fault(
                at,
                f"has {len(row)} fields where the header has {len(header)}. "
                "Quote the field that contains the delimiter.",
            )
            continue
        values = {name: row[n] for name, n in places.items() if n < len(row)}
        fields = f"{len(row)} field{'' if len(row) == 1 else 's'}"
        lack = f"has {fields} where the header has {len(header)}" if len(row) < len(header) else ""
        yield Record(number, values, note, lack)


def _find_places(header: list[str], choose: Choose | None) -> dict[str, int]:
    """Return where a row has the columns to read: name -> index."""
    if choose is None:
        return {name: n for n, name in enumerate(header) if name}
    selected = set(choose([name for name in header if name]))
    if twice := next((name for name in selected if header.count(name) > 1), ""):
        raise InputError(f"has the column {twice!r} twice. Rename one of them.")
    return {name: n for n, name in enumerate(header) if name and name in selected}
