"""Files, folders and standard input -> articles, one at a time; what can't be read is a Fault."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from seeds.clean import clean
from seeds.columns import Columns, find_columns
from seeds.dates import parse_date
from seeds.document import Document
from seeds.encoding import codec_name, replace_surrogates
from seeds.errors import Fault, InputError
from seeds.files import MAX_BYTES, TABLES, File, Format, base_of, find_files, in_words
from seeds.languages import identifier, language
from seeds.pages import Page, read_page
from seeds.tables import Record, records

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


@dataclass(frozen=True, slots=True)
class _Options:
    columns: Columns
    encoding: str | None
    max_bytes: int
    detect_language: bool
    base: str  # of the sources


def read(
    paths: Iterable[str | Path],
    *,
    columns: Columns = _USUAL,
    encoding: str | None = None,
    recursive: bool = False,
    max_bytes: int = MAX_BYTES,
    detect_language: bool = False,
    stdin_format: str = "txt",
    tell: Callable[[str], object] = lambda _: None,
) -> Iterator[Article | Fault]:
    """Every article of some files, folders or "-" (standard input), in order, as they are read.

    One bad file or record is a Fault, and the rest goes on. The suffix tells the format; a file
    of another suffix is read as text where it is named, and left out where its folder is. A
    document's source is the file's path below the folder that holds everything in `paths`.

    Args:
        paths: files, folders, "-".
        columns: of tables; what is empty is found by its usual names.
        encoding: of text that is not UTF-8; None finds out.
        recursive: go into folders; without it a folder is a Fault.
        max_bytes: the size of one article above which it is refused.
        detect_language: fill in Document.language (needs the extra "seeds").
        stdin_format: what "-" is, one of Format.
        tell: gets a line on what was left out of each folder.

    Raises:
        InputError: at once, if the encoding or the format is not known, or languages can't be
            recognised here.
    """
    if encoding is not None:
        codec_name(encoding)
    if stdin_format not in get_args(Format):
        raise InputError(f"format {stdin_format!r} is not one of {', '.join(get_args(Format))}.")
    if detect_language:
        identifier()
    stdin, named = cast(Format, stdin_format), [str(path) for path in paths]
    options = _Options(columns, encoding, max_bytes, detect_language, base_of(named))
    return (
        each
        for path in named
        for file in find_files(path, recursive=recursive, stdin=stdin, tell=tell)
        for each in ([file] if isinstance(file, Fault) else _articles(file, options))
    )


def _articles(file: File, options: _Options) -> Iterator[Article | Fault]:
    """The articles of one file."""
    found = _table(file, options) if file.format in TABLES else _single(file, options)
    return file.guarded(found)


def _single(file: File, options: _Options) -> Iterator[Article | Fault]:
    """A file that is one article."""
    with file.opened() as opened:
        data = opened.read(options.max_bytes + 1)
    if len(data) > options.max_bytes:
        size = max(len(data), file.path.stat().st_size if file.path else 0)
        raise InputError(
            f"has {in_words(size)}, more than the {in_words(options.max_bytes)} one article may "
            "have. Raise the limit with --max-size, or split the file."
        )
    if file.path is not None and file.path.suffix.lower() == ".json":
        raise InputError("is JSON. Save it as .jsonl, one object with a text on each line.")
    page = read_page(data, file.format, options.encoding)
    yield _article(page, file.where, file.source(options.base), "", options)


def _table(file: File, options: _Options) -> Iterator[Article | Fault]:
    """The articles of a table, a record each."""
    chosen: dict[tuple[str, ...], Columns] = {}
    source, count = file.source(options.base), 0
    for record in records(file, options.encoding, options.max_bytes):
        count += 1
        if isinstance(record, Fault):
            yield record
            continue
        where = f"{file.where}:{record.number}"
        names = tuple(record.values)
        try:
            if names not in chosen:
                chosen[names] = find_columns(options.columns, names, loose=file.format == "jsonl")
            page, own_id = _page(record, chosen[names], options.max_bytes)
            yield _article(page, where, f"{source}:{record.number}", own_id, options)
        except InputError as error:
            if file.format != "jsonl" and names not in chosen:
                raise  # the header is wrong: say it once
            yield Fault(where, str(error))
    if not count:
        raise InputError("is empty: it has no record. Give it one or leave it out.")


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
    if isinstance(value, dict | list | bytes):
        raise InputError(f"column {name!r} holds a {type(value).__name__}, not text. Name another.")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _article(
    page: Page, where: str, source: str, own_id: str, options: _Options
) -> Article | Fault:
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
        language=language(cleaned.text) if options.detect_language else "",
        source=replace_surrogates(page.source) or source,
    )
    return Article(document, own_id, tuple(notes))
