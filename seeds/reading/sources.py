"""Files, folders and standard input -> articles, one by one; what can't be read is a Fault."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from seeds.base.deadline import time_limit
from seeds.base.errors import Fault, InputError
from seeds.base.surrogates import replace_surrogates
from seeds.clean import clean
from seeds.dates import parse_date
from seeds.document import Document
from seeds.languages import identify_languages, load_identifier
from seeds.reading.columns import Columns, find_columns
from seeds.reading.documents.page import Page
from seeds.reading.documents.pages import read_pages
from seeds.reading.files import MAX_BYTES
from seeds.reading.raw_records import Lines, Reading, Rows, WholeFile, read_raw
from seeds.reading.tables.cells import (
    Cell,
    Record,
    is_missing,
    is_null,
    optional_text,
    required_text,
)
from seeds.reading.tables.table_file import json_record

SECONDS = 60.0  # to read an article, and to clean it; the largest page at hand takes 2
_RAW = 100_000  # bytes of a record that a Fault holds
_DATE = 60  # characters of a date that a note quotes
_USUAL = Columns()  # all found by their usual names


@dataclass(frozen=True, slots=True)
class Article:
    """An article that was read.

    Attributes:
        document: its text and what is known of it.
        own_id: the id in its record, else "".
        notes: for the user: what was assumed in reading it.
        label: the cell of the labels, if `Columns.label` asks for it.
        where: the file and the record's number, for messages about that cell.
        place: the same, with the file's path below the folder that holds everything, for notes.
    """

    document: Document
    own_id: str = ""
    notes: tuple[str, ...] = ()
    label: Cell | None = None
    where: str = ""
    place: str = ""


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
    """Read every article of some files, folders or "-" (standard input), one by one, in order.

    A bad file or record becomes a Fault, and reading goes on. The suffix names the format. A file
    of another suffix is read as text if it is named itself, and left out if only its folder is.
    A document's source is the file's path below the folder that holds everything in `paths`.

    Args:
        paths: files, folders, "-".
        columns, encoding, recursive, max_bytes, detect_language, stdin_format: see Reading.
        notify: is called with a line on the files left out of each folder.

    Raises:
        InputError: at once, if the encoding or the format is not known, or languages can't be
            recognised here.
    """
    reading = Reading(columns, encoding, recursive, max_bytes, detect_language, stdin_format)
    if detect_language:
        load_identifier()
    raw = read_raw(map(str, paths), reading, notify=notify, prompt=True)
    return (
        article
        for records in raw
        if records.part is not None
        for article in parse_articles(records.part, reading)
    )


def parse_articles(
    part: WholeFile | Lines | Rows | Fault, reading: Reading
) -> Iterator[Article | Fault]:
    """Parse the articles of some raw records; this reads no file, so it can run anywhere."""
    if isinstance(part, Fault):
        yield part
    elif isinstance(part, WholeFile):
        yield from _parse_file(part, reading)
    elif isinstance(part, Lines):
        yield from _parse_lines(part, reading)
    else:
        yield from _parse_rows(part, reading)


def _parse_file(part: WholeFile, reading: Reading) -> Iterator[Article | Fault]:
    """Parse the articles of a file that is no table: one, unless a web page holds several."""
    try:
        with time_limit(SECONDS):
            pages = read_pages(part.data, part.format, reading.encoding)
    except InputError as error:
        yield Fault(part.where, str(error))
        return
    for number, page in enumerate(pages, 1):
        place = f":{number}" if len(pages) > 1 else ""
        yield _read_article(page, f"{part.where}{place}", f"{part.source}{place}", "", reading)


def _parse_lines(part: Lines, reading: Reading) -> Iterator[Article | Fault]:
    """Parse the articles of lines of JSON; each line may have other columns."""
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
                chosen[names] = _find_columns(reading.columns, names)
            columns = chosen[names]
        article = _parse_record(record, part, columns, reading)
        yield _with_raw(article, line) if isinstance(article, Fault) else article


def _parse_rows(part: Rows, reading: Reading) -> Iterator[Article | Fault]:
    """Parse the articles of rows, which have the same columns."""
    for row in part.rows:
        article = _parse_record(row, part, part.columns, reading)
        if isinstance(article, Fault) and isinstance(row, Record):
            line = json.dumps(row.values, ensure_ascii=False, default=str)
            article = _with_raw(article, line.encode("utf-8", "replace"))
        yield article


def _find_columns(named: Columns, names: tuple[str, ...]) -> Columns | InputError:
    try:
        return find_columns(named, names, loose=True)
    except InputError as error:
        return error


def _with_raw(fault: Fault, line: bytes) -> Fault:
    """Return a Fault with the line it is about, unless that is huge."""
    raw = line.decode("utf-8", "replace") if len(line) <= _RAW else ""
    return Fault(fault.where, fault.message, raw)


def _parse_record(
    row: Record | Fault, part: Lines | Rows, columns: Columns | InputError | None, reading: Reading
) -> Article | Fault:
    """Parse the article of a record; its Fault if it is one already."""
    if isinstance(row, Fault):
        return row
    where = f"{part.where}:{row.number}"
    try:
        if isinstance(columns, InputError):
            raise columns
        assert columns is not None  # they chose what was read of the record
        _refuse_short(row, columns)
        page, own_id = _page(row, columns, reading.max_bytes)
        article = _read_article(page, where, f"{part.source}:{row.number}", own_id, reading)
    except InputError as error:
        return Fault(where, str(error))
    if columns.label and isinstance(article, Article):
        cell = Cell(columns.label, row.values[columns.label])
        return replace(article, label=cell)
    return article


def _refuse_short(record: Record, columns: Columns) -> None:
    """Refuse a row that ends before its text or its label.

    Raises:
        InputError: says how many fields it has.
    """
    if record.lack and any(
        name and name not in record.values for name in (*columns.text, columns.label)
    ):
        raise InputError(f"{record.lack}. Write a delimiter for each field, empty ones too.")


def _page(record: Record, columns: Columns, limit: int) -> tuple[Page, str]:
    """Return a record as a page, and the id that the record gives."""
    values = record.values
    if all(is_null(values[name]) for name in columns.text):
        names = " and ".join(map(repr, columns.text))
        raise InputError(f"has no text: column {names} is null. Fill it, or leave the record out.")
    missing = [values[name] for name in columns.text if is_missing(values[name])]
    parts = [
        "" if is_missing(values[name]) else required_text(values[name], name)
        for name in columns.text
    ]
    text = "\n\n".join(part for part in parts if part.strip())
    if missing and not text:
        raise InputError(
            f"is empty: the cell holds {missing[0].strip()[:_DATE]}. Add a text, or leave it out."
        )
    if len(text) > limit:
        raise InputError(
            f"has {len(text):,} characters, more than the {limit:,} one article may have. "
            "Raise the limit with --max-size."
        )
    optional = [
        optional_text(values.get(name), name, prose=name == columns.title) if name else ("", "")
        for name in (columns.title, columns.date, columns.source, columns.id)
    ]
    (title, _), (date, _), (source, _), (own_id, _) = optional
    note = "; ".join(filter(None, (record.note, *(note for _, note in optional))))
    return Page(text or "".join(parts), title, date, source, note), own_id


def _read_article(
    page: Page, where: str, source: str, own_id: str, reading: Reading
) -> Article | Fault:
    """Clean a page into an article; whatever is wrong with it is a Fault."""
    try:
        with time_limit(SECONDS):
            article = _article(page, where, source, own_id, reading)
    except InputError as error:
        return Fault(where, str(error))
    return replace(article, where=where, place=source) if isinstance(article, Article) else article


def _article(page: Page, where: str, source: str, own_id: str, reading: Reading) -> Article | Fault:
    """Clean a page into an article."""
    if not page.text.strip():
        lack = "holds nothing but white space" if page.text else "is empty"
        return Fault(where, f"{lack}. Add a text, or leave it out.")
    text, title = replace_surrogates(page.text), replace_surrogates(page.title)
    cleaned = clean(text, title=title, date=page.date)
    if not cleaned.text.strip():
        return Fault(where, "holds nothing but credits and dates. Add a text, or leave it out.")
    notes = [*filter(None, [page.note]), *cleaned.notes]
    if page.date and not parse_date(page.date):
        notes.append(f"date {page.date[:_DATE]!r} not understood, left out: write it YYYY-MM-DD")
    document = Document.of(
        cleaned.text,
        title=cleaned.title,
        date=cleaned.date,
        language=identify_languages(cleaned.text) if reading.detect_language else "",
        source=replace_surrogates(page.source) or source,
    )
    return Article(document, own_id, tuple(notes))
