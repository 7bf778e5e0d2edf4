"""Files, folders and standard input -> articles, one at a time; what can't be read is a Fault."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seeds.base.errors import Fault, InputError
from seeds.base.surrogates import replace_surrogates
from seeds.clean import clean
from seeds.dates import parse_date
from seeds.document import Document
from seeds.languages import identify_languages, load_identifier
from seeds.reading.columns import Columns, find_columns
from seeds.reading.files import MAX_BYTES
from seeds.reading.pages import Page, read_page
from seeds.reading.raw_records import Lines, Reading, Rows, WholeFile, read_raw
from seeds.reading.tables import Record, json_record

_RAW = 100_000  # bytes of a record that is told as it stands
_USUAL = Columns()  # all found by their usual names


@dataclass(frozen=True, slots=True)
class Article:
    """An article that was read.

    Attributes:
        document: its text and what is known of it.
        own_id: the id its record gives it, else "".
        notes: what was assumed in reading it, for the user.
    """

    document: Document
    own_id: str = ""
    notes: tuple[str, ...] = ()


def read_articles(
    paths: Iterable[str | Path],
    *,
    columns: Columns = _USUAL,
    encoding: str | None = None,
    recursive: bool = False,
    max_bytes: int = MAX_BYTES,
    detect_language: bool = False,
    stdin_format: str = "txt",
    notify: Callable[[str], object] = lambda _: None,
) -> Iterator[Article | Fault]:
    """Every article of some files, folders or "-" (standard input), in order, as they are read.

    One bad file or record is a Fault, and the rest goes on. The suffix tells the format; a file
    of another suffix is read as text where it is named, and left out where its folder is. A
    document's source is the file's path below the folder that holds everything in `paths`.

    Args:
        paths: files, folders, "-".
        columns, encoding, recursive, max_bytes, detect_language, stdin_format: see Reading.
        notify: gets a line on what was left out of each folder.

    Raises:
        InputError: at once, if the encoding or the format is not known, or languages can't be
            recognised here.
    """
    reading = Reading(columns, encoding, recursive, max_bytes, detect_language, stdin_format)
    if detect_language:
        load_identifier()
    raw = read_raw(map(str, paths), reading, notify=notify, prompt=True)
    return (
        each for one in raw if one.part is not None for each in parse_articles(one.part, reading)
    )


def parse_articles(
    part: WholeFile | Lines | Rows | Fault, reading: Reading
) -> Iterator[Article | Fault]:
    """The articles of some raw records; it reads no file, so it can run anywhere."""
    if isinstance(part, Fault):
        yield part
    elif isinstance(part, WholeFile):
        yield _of_whole(part, reading)
    elif isinstance(part, Lines):
        yield from _of_lines(part, reading)
    else:
        yield from _of_rows(part, reading)


def _of_whole(part: WholeFile, reading: Reading) -> Article | Fault:
    """A file that is one article."""
    try:
        page = read_page(part.data, part.format, reading.encoding)
        return _article(page, part.where, part.source, "", reading)
    except InputError as error:
        return Fault(part.where, str(error))


def _of_lines(part: Lines, reading: Reading) -> Iterator[Article | Fault]:
    """The articles of lines of JSON; each may have columns of its own."""
    yield from part.block.faults(part.where)
    chosen: dict[tuple[str, ...], Columns | InputError] = {}
    for number, line in part.block.numbered_lines():
        record = json_record(number, line, part.where, reading.encoding, reading.max_bytes)
        if record is None:
            continue
        columns: Columns | InputError | None = None
        if isinstance(record, Record):
            names = tuple(record.values)
            if names not in chosen:
                chosen[names] = _columns(reading.columns, names)
            columns = chosen[names]
        found = _of_record(record, part, columns, reading)
        yield _with_raw(found, line) if isinstance(found, Fault) else found


def _of_rows(part: Rows, reading: Reading) -> Iterator[Article | Fault]:
    """The articles of rows, which have the same columns."""
    for row in part.rows:
        found = _of_record(row, part, part.columns, reading)
        if isinstance(found, Fault) and isinstance(row, Record):
            line = json.dumps(row.values, ensure_ascii=False, default=str)
            found = _with_raw(found, line.encode("utf-8", "replace"))
        yield found


def _columns(wanted: Columns, names: tuple[str, ...]) -> Columns | InputError:
    try:
        return find_columns(wanted, names, loose=True)
    except InputError as error:
        return error


def _with_raw(fault: Fault, line: bytes) -> Fault:
    """A Fault that holds the line it is about, unless that is huge."""
    raw = line.decode("utf-8", "replace") if len(line) <= _RAW else ""
    return Fault(fault.where, fault.message, raw)


def _of_record(
    row: Record | Fault, part: Lines | Rows, columns: Columns | InputError | None, reading: Reading
) -> Article | Fault:
    """The article of a record."""
    if isinstance(row, Fault):
        return row
    where = f"{part.where}:{row.number}"
    try:
        if isinstance(columns, InputError):
            raise columns
        assert columns is not None  # a record was read by them
        page, own_id = _page(row, columns, reading.max_bytes)
        return _article(page, where, f"{part.source}:{row.number}", own_id, reading)
    except InputError as error:
        return Fault(where, str(error))


def _page(record: Record, columns: Columns, limit: int) -> tuple[Page, str]:
    """(the raw article of a record, the record's own id)."""
    parts = []
    for name in columns.text:
        if record.values[name] is None:
            raise InputError(f"has no text: column {name!r} is null. Fill it or leave it out.")
        parts.append(_string(record.values[name], name))
    text = "\n\n".join(part for part in parts if part.strip())
    if len(text) > limit:
        raise InputError(
            f"has {len(text):,} characters, more than the {limit:,} one article may have. "
            "Raise the limit with --max-size."
        )
    title, date, source, own_id = (
        _string(record.values.get(name), name).strip() if name else ""
        for name in (columns.title, columns.date, columns.source, columns.id)
    )
    return Page(text or "".join(parts), title, date, source, record.note), own_id


def _string(value: Any, name: str) -> str:
    """A value as text; a list of strings is a list of paragraphs."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n\n".join(value)
    if isinstance(value, bytes):
        return _text_of_bytes(value, name)
    if isinstance(value, dict | list):
        raise InputError(f"column {name!r} holds a {type(value).__name__}, not text. Name another.")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _text_of_bytes(value: bytes, name: str) -> str:
    """The text of a binary column of Parquet, which is how some programs write strings."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(
            f"column {name!r} holds bytes that are not UTF-8 text. Name another."
        ) from None


def _article(page: Page, where: str, source: str, own_id: str, reading: Reading) -> Article | Fault:
    """An article from its raw parts."""
    if not page.text.strip():
        what = "holds nothing but white space" if page.text else "is empty"
        return Fault(where, f"{what}. Give it a text or leave it out.")
    cleaned = clean(page.text, title=page.title, date=page.date)
    if not cleaned.text.strip():
        return Fault(where, "holds nothing but credits and dates. Give it a text or leave it out.")
    notes = [page.note] if page.note else []
    if page.date and not parse_date(page.date):
        notes.append(f"date {page.date!r} not understood, left out: write it YYYY-MM-DD")
    document = Document.of(
        cleaned.text,
        title=cleaned.title,
        date=cleaned.date,
        language=identify_languages(cleaned.text) if reading.detect_language else "",
        source=replace_surrogates(page.source) or source,
    )
    return Article(document, own_id, tuple(notes))
