"""Files, folders and standard input -> articles, one at a time; what can't be read is a Fault."""

import contextlib
import io
import itertools
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, TypeVar, get_args

from seeds import jsonl
from seeds.clean import (
    SAMPLE,
    Decoded,
    clean,
    codec_name,
    decode,
    language,
    parse_date,
    refuse_binary,
    replace_surrogates,
)
from seeds.document import Document
from seeds.errors import InputError, missing_extra

T = TypeVar("T")

MAX_BYTES = 20_000_000  # of one article; the longest page of the articles at hand has 1 MB
STDIN = "stdin"  # the source of what comes in by "-"

Format = Literal["txt", "md", "html", "jsonl", "csv", "tsv", "parquet"]
SUFFIXES: dict[str, Format] = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
TABLES = ("jsonl", "csv", "tsv", "parquet")  # formats of many articles


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table hold what; empty ones are found by their usual names."""

    text: tuple[str, ...] = ()
    title: str = ""
    date: str = ""
    source: str = ""
    id: str = ""


USUAL = {
    "text": ("text", "texte", "body", "content", "contenu", "article", "corps"),
    "title": ("title", "titre", "headline", "chapo"),
    "date": (
        "date",
        "published",
        "published_at",
        "publication_date",
        "date_publication",
        "pubdate",
    ),
    "source": ("source", "url", "link", "lien"),
    "id": ("id", "identifier", "identifiant", "guid", "uuid"),
}


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
class Fault:
    """What could not be read: the file (and record), and why with what to do about it."""

    where: str
    message: str


class Record(NamedTuple):
    """A row of a table. number: from 1; in JSONL that of its line. note: what was assumed."""

    number: int
    values: dict[str, Any]
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Options:
    columns: Columns
    encoding: str | None
    max_bytes: int
    detect_language: bool


@dataclass(frozen=True, slots=True)
class _File:
    """A file to read. path: None is standard input."""

    path: Path | None
    format: Format

    @property
    def where(self) -> str:
        return STDIN if self.path is None else str(self.path)

    @property
    def name(self) -> str:
        return STDIN if self.path is None else replace_surrogates(self.path.name)


def read(
    paths: Iterable[str | Path],
    *,
    columns: Columns = Columns(),
    encoding: str | None = None,
    recursive: bool = False,
    max_bytes: int = MAX_BYTES,
    detect_language: bool = False,
    stdin_format: str = "txt",
    tell: Callable[[str], object] = len,
) -> Iterator[Article | Fault]:
    """Every article of some files, folders or "-" (standard input), in order, as they are read.

    One bad file or record is a Fault, and the rest goes on. The suffix tells the format; a file
    of another suffix is read as text where it is named, and left out where its folder is.

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
        InputError: at once, if the encoding or the format is not known.
    """
    if encoding is not None:
        codec_name(encoding)
    if stdin_format not in get_args(Format):
        raise InputError(f"format {stdin_format!r} is not one of {', '.join(get_args(Format))}.")
    options = _Options(columns, encoding, max_bytes, detect_language)
    return (
        each
        for path in paths
        for file in _files(str(path), recursive, stdin_format, tell)
        for each in ([file] if isinstance(file, Fault) else _articles(file, options))
    )


def rows(
    path: Path, encoding: str | None = None, *, max_bytes: int = MAX_BYTES
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a .csv, .tsv, .jsonl or .parquet file, streamed: (number, column -> value).

    Numbers count from 1; in JSONL they are those of the lines. Values are strings in CSV and TSV,
    and whatever JSON or Parquet hold elsewhere.

    Raises:
        InputError: the file is of another kind or can't be read, or a record is wrong (names it).
    """
    file = _File(path, SUFFIXES.get(path.suffix.lower(), "txt"))
    if file.format not in TABLES:
        raise InputError(f"{path}: give a table: .csv, .tsv, .jsonl or .parquet.")
    for each in _guarded(file, lambda: _records(file, encoding, max_bytes)):
        if isinstance(each, Fault):
            raise InputError(f"{each.where}: {each.message}")
        yield each.number, each.values


# ---------------------------------------------------------------- folders


def _files(
    path: str, recursive: bool, stdin_format: str, tell: Callable[[str], object]
) -> Iterator[_File | Fault]:
    """The files a path stands for."""
    if path == "-":
        yield _File(None, next(each for each in get_args(Format) if each == stdin_format))
    elif not Path(path).is_dir():
        yield _File(Path(path), SUFFIXES.get(Path(path).suffix.lower(), "txt"))
    elif not recursive:
        yield Fault(path, "is a folder. Add --recursive to read what is in it.")
    else:
        yield from _folder(Path(path), tell)


def _folder(folder: Path, tell: Callable[[str], object]) -> Iterator[_File | Fault]:
    """The articles and tables under a folder, sorted; other kinds are counted."""
    others: Counter[str] = Counter()
    empty = True
    for each in _walk(folder, set()):
        if isinstance(each, Fault):
            empty = False
            yield each
        elif each.suffix.lower() in SUFFIXES:
            empty = False
            yield _File(each, SUFFIXES[each.suffix.lower()])
        else:
            others[each.suffix.lower() or "no suffix"] += 1
    kinds = ", ".join(f"{suffix}: {count}" for suffix, count in others.most_common(5))
    count = f"{others.total():,} file{'' if others.total() == 1 else 's'}"
    left_out = f"{count} of other kinds left out ({kinds})" if others else ""
    if empty:
        yield Fault(
            str(folder),
            f"holds no article{'; ' + left_out if left_out else ''}. "
            f"Read are {' '.join(SUFFIXES)}; name other files one by one.",
        )
    elif left_out:
        tell(f"{folder}: {left_out}")


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path | Fault]:
    """The visible files under a folder, sorted; each folder once, however many links lead there."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            visible = sorted(each.name for each in entries if not each.name.startswith("."))
    except OSError as error:
        yield Fault(str(folder), _reason(error))
        return
    for path in (folder / name for name in visible):
        if path.is_dir():
            yield from _walk(path, seen)
        elif path.is_file():
            yield path
        elif path.is_symlink():
            yield Fault(str(path), "is a link that leads nowhere. Remove it or mend it.")


def _reason(error: OSError) -> str:
    """What to say of a file that can't be opened or read."""
    if isinstance(error, FileNotFoundError):
        return "does not exist. Check the path."
    if isinstance(error, PermissionError):
        return "may not be read (permission denied). Ask for the right to read it, or copy it."
    return f"could not be read: {error.strerror or error}. Check the file."


# ---------------------------------------------------------------- files


def _articles(file: _File, options: _Options) -> Iterator[Article | Fault]:
    """The articles of one file."""
    if file.format in TABLES:
        yield from _guarded(file, lambda: _table(file, options))
    else:
        yield from _guarded(file, lambda: iter([_single(file, options)]))


def _guarded(file: _File, make: Callable[[], Iterator[T]]) -> Iterator[T | Fault]:
    """What a reader yields; an error that ends it becomes the last Fault."""
    try:
        yield from make()
    except InputError as error:
        yield Fault(file.where, str(error))
    except OSError as error:
        yield Fault(file.where, _reason(error))


@contextlib.contextmanager
def _opened(file: _File) -> Iterator[IO[bytes]]:
    """The file's bytes; standard input stays open."""
    if file.path is None:
        yield sys.stdin.buffer
    else:
        with file.path.open("rb") as opened:
            yield opened


def _single(file: _File, options: _Options) -> Article | Fault:
    """A file that is one article."""
    limit = options.max_bytes
    if file.path is not None and (size := file.path.stat().st_size) > limit:
        raise _too_large(size, limit)
    with _opened(file) as opened:
        data = opened.read(limit + 1)
    if len(data) > limit:
        raise _too_large(len(data), limit)
    if file.path is not None and file.path.suffix.lower() == ".json":
        raise InputError("is JSON. Save it as .jsonl, one object with a text on each line.")
    page = _PAGES[file.format](data, options.encoding)
    return _article(page, file.where, file.name, "", options)


def _too_large(size: int, limit: int) -> InputError:
    return InputError(
        f"has {size / 1e6:,.1f} MB, more than the {limit / 1e6:,.1f} MB of one article. "
        "Raise the limit with --max-size, or split the file."
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """What a file or record says of its article, as it stands there."""

    text: str
    title: str = ""
    date: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()


def _article(
    page: _Page, where: str, source: str, own_id: str, options: _Options
) -> Article | Fault:
    """An article from its raw parts."""
    if not page.text.strip():
        what = "holds nothing but white space" if page.text else "is empty"
        return Fault(where, f"{what}. Give it a text or leave it out.")
    cleaned = clean(page.text, title=page.title, date=page.date)
    if not cleaned.text.strip():
        return Fault(where, "holds nothing but credits and dates. Give it a text or leave it out.")
    notes = page.notes
    if page.date and not parse_date(page.date):
        notes = (*notes, f"date {page.date!r} not understood, left out: write it YYYY-MM-DD")
    document = Document.of(
        cleaned.text,
        title=cleaned.title,
        date=cleaned.date,
        language=language(cleaned.text) if options.detect_language else "",
        source=replace_surrogates(page.source) or source,
    )
    return Article(document, own_id, notes)


def _notes(*notes: str) -> tuple[str, ...]:
    return tuple(filter(None, notes))


def _text_page(data: bytes, encoding: str | None) -> _Page:
    decoded = decode(data, encoding)
    return _Page(decoded.text, notes=_notes(decoded.note))


# ---------------------------------------------------------------- HTML

_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_AROUND = ["//nav", "//footer", "//header[not(ancestor::article or ancestor::main)]"]
_TOO_LITTLE = 250  # characters; below, trafilatura itself doubts that it found the article


def _html_page(data: bytes, encoding: str | None) -> _Page:
    """The main text of a web page, with the title and date its metadata give."""
    try:
        import trafilatura
    except ImportError as error:
        raise missing_extra("seeds", "reading HTML") from error
    decoded = _decode_html(data, encoding)
    page = _DECLARATION.sub("", decoded.text)
    if not page.strip():
        return _Page(page)
    found = _extract(page, with_metadata=True)
    text = (found and found.text) or ""
    if len(text) < _TOO_LITTLE:
        more = _extract(page, favor_recall=True)
        text = max(text, (more and more.text) or "", key=len)
    text = text or trafilatura.html2txt(page)
    if not text:
        raise InputError("holds no text that reads like an article. Save the text itself as .txt.")
    title, date = (found.title or "", found.date or "") if found else ("", "")
    return _Page(text.replace("\n", "\n\n"), title, date, notes=_notes(decoded.note))


def _extract(page: str, **how: Any) -> Any:
    """What trafilatura takes for the article; None if it finds none."""
    from trafilatura import bare_extraction

    return bare_extraction(page, include_comments=False, prune_xpath=_AROUND, **how)


def _decode_html(data: bytes, encoding: str | None) -> Decoded:
    """Decoded as told, as UTF-8, as the page itself declares, or by guess, in that order."""
    declared = _CHARSET.search(data[:2048])
    if encoding is None and declared:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            name = declared[1].decode()
            latin = name.lower() in ("iso-8859-1", "latin1", "us-ascii")
            with contextlib.suppress(InputError):  # wrong or unknown: guess
                return decode(data, "cp1252" if latin else name)
    return decode(data, encoding)


# ---------------------------------------------------------------- Markdown

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_LINE = re.compile(r"(\w+)[ \t]*:[ \t]*(.+)")
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


def _markdown_page(data: bytes, encoding: str | None) -> _Page:
    """The text of Markdown, its marks removed; title and date of a front matter."""
    decoded = decode(data, encoding)
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    front: dict[str, str] = {}
    if found := _FRONT.match(text):
        text = text[found.end() :]
        for key, value in _FRONT_LINE.findall(found[1]):
            front[key.lower()] = value.strip().strip("\"'")
    title, body = _markdown_text(text)
    known = {name: _usual(front, name) for name in ("title", "date", "source")}
    return _Page(
        body, known["title"] or title, known["date"], known["source"], _notes(decoded.note)
    )


def _usual(values: dict[str, str], kind: str) -> str:
    """The value under the first of a kind's usual names that is there."""
    return next((values[name] for name in USUAL[kind] if values.get(name)), "")


def _markdown_text(text: str) -> tuple[str, str]:
    """(the first heading if the text begins with it, the blocks as plain paragraphs)."""
    from markdown_it import MarkdownIt

    blocks: list[str] = []
    title = ""
    opened = ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "inline":
            block = "".join(_inline(child) for child in token.children or ())
            if opened == "heading_open" and not any(blocks):
                title = block
            blocks.append(block)
        elif token.type in ("fence", "code_block"):
            blocks.append(token.content)
        elif token.type == "html_block":
            blocks.append(_TAG.sub(" ", token.content))
        opened = token.type
    return title, "\n\n".join(blocks)


def _inline(token: Any) -> str:
    """The plain text of an inline token; an image leaves nothing."""
    if token.type in ("text", "code_inline"):
        return str(token.content)
    if token.type == "hardbreak" or token.content.lower().startswith("<br"):
        return "\n"
    return " " if token.type == "softbreak" else ""


_PAGES: dict[str, Callable[[bytes, str | None], _Page]] = {
    "txt": _text_page,
    "html": _html_page,
    "md": _markdown_page,
}


# ---------------------------------------------------------------- tables


def _table(file: _File, options: _Options) -> Iterator[Article | Fault]:
    """The articles of a table, a record each."""
    chosen: dict[tuple[str, ...], Columns] = {}
    count = 0
    for record in _records(file, options.encoding, options.max_bytes):
        count += 1
        if isinstance(record, Fault):
            yield record
            continue
        where = f"{file.where}:{record.number}"
        names = tuple(record.values)
        try:
            if names not in chosen:
                chosen[names] = find_columns(options.columns, names, loose=file.format == "jsonl")
            page, own_id = _record_page(record, chosen[names], options.max_bytes)
            yield _article(page, where, f"{file.name}:{record.number}", own_id, options)
        except InputError as error:
            if file.format != "jsonl" and names not in chosen:
                raise  # the header is wrong: say it once
            yield Fault(where, str(error))
    if not count:
        raise InputError("is empty: it has no record. Give it one or leave it out.")


def find_columns(columns: Columns, names: Sequence[str], *, loose: bool = False) -> Columns:
    """The columns to read from a table with these names; the text is always found.

    Args:
        columns: what the user named; what is empty is found by its usual names.
        names: of the table.
        loose: a named title, date, source or id may be missing (from a JSON object).

    Raises:
        InputError: a column is missing; lists those there.
    """
    there = {each.strip().casefold(): each for each in reversed(names)} | {n: n for n in names}
    found: dict[str, Any] = {}
    missing = []
    for kind in (field.name for field in fields(Columns)):
        value = getattr(columns, kind)
        wanted = [value] if isinstance(value, str) else list(value)
        wanted = [each for each in wanted if each]
        known = [there.get(each, there.get(each.casefold(), "")) for each in wanted]
        if not loose or kind == "text":
            missing += [each for each, name in zip(wanted, known, strict=True) if not name]
        if not wanted:
            known = [there[each] for each in USUAL[kind] if each in there][:1]
        found[kind] = tuple(known) if kind == "text" else next(iter(known), "")
    if missing or not found["text"]:
        lack = (
            ", ".join(map(repr, missing))
            if missing
            else f"of the text ({', '.join(USUAL['text'])})"
        )
        raise InputError(
            f"has no column {lack}; its columns are {', '.join(map(repr, names))}. "
            "Name the right ones with --text-columns."
        )
    return Columns(**found)


def _record_page(record: Record, columns: Columns, limit: int) -> tuple[_Page, str]:
    """(the raw article of a record, the record's own id)."""
    parts = []
    for name in columns.text:
        if record.values[name] is None:
            raise InputError(f"has no text: column {name!r} is null. Fill it or leave it out.")
        parts.append(_string(record.values[name], name))
    text = "\n\n".join(part for part in parts if part.strip())
    if len(text) > limit:
        raise InputError(
            f"has {len(text) / 1e6:,.1f} million characters, more than one article may "
            f"({limit / 1e6:,.1f}); a quote may have been left open. Raise it with --max-size."
        )
    title, date, source, own_id = (
        _string(record.values.get(name), name).strip() if name else ""
        for name in (columns.title, columns.date, columns.source, columns.id)
    )
    return _Page(text or "".join(parts), title, date, source, _notes(record.note)), own_id


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


def _records(file: _File, encoding: str | None, limit: int) -> Iterator[Record | Fault]:
    """The records of a table; a bad one is a Fault, a bad table an InputError."""
    with _opened(file) as opened:
        if file.format == "jsonl":
            yield from _json_records(opened, file.where, encoding, limit)
            return
        with contextlib.ExitStack() as stack:
            whole = stack.enter_context(_rewindable(opened))
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
            yield Fault(at, f"is longer than {limit / 1e6:,.1f} MB. Raise it with --max-size.")
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


def _csv_records(opened: IO[bytes], file: _File, encoding: str | None) -> Iterator[Record | Fault]:
    import csv

    csv.field_size_limit(2**31 - 1)  # the module's own 131,072 characters cut long articles short
    codec, note = _table_encoding(opened, encoding)
    stream = io.TextIOWrapper(opened, codec, errors="strict" if encoding else "replace", newline="")
    try:
        first = stream.readline().lstrip("\ufeff")
        delimiter = "\t" if file.format == "tsv" else _delimiter(first)
        if re.fullmatch(r"sep=.\s*", first, re.IGNORECASE):  # Excel's own note to itself
            delimiter, first = first[4], stream.readline()
        reader = csv.reader(itertools.chain([first], stream), delimiter=delimiter)
        header = [name.strip() for name in next(reader, [])]
        for number, values in enumerate((row for row in reader if row), 1):
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


def _table_encoding(opened: IO[bytes], encoding: str | None) -> tuple[str, str]:
    """(codec, note) of a text table, which is left at its beginning.

    A table is UTF-8 if all of it is; else the place that is not tells what it is.
    """
    head = opened.read(SAMPLE)
    opened.seek(0)
    refuse_binary(head)
    if encoding is not None:
        codec = codec_name(encoding)
        return ("utf-8-sig" if codec == "utf-8" else codec), ""
    decoded = decode(_whole_lines(head, start=True, end=len(head) < SAMPLE))
    if decoded.encoding != "utf-8" or decoded.note:
        return decoded.encoding, decoded.note
    bad = _not_utf8(opened)
    if bad is None:
        return "utf-8-sig", ""
    begin = max(0, bad - SAMPLE // 2)
    opened.seek(begin)
    around = opened.read(SAMPLE)
    opened.seek(0)
    decoded = decode(_whole_lines(around, start=begin == 0, end=len(around) < SAMPLE))
    return decoded.encoding, decoded.note


def _whole_lines(data: bytes, *, start: bool, end: bool) -> bytes:
    """The lines of a piece that are whole, given whether it has the file's start and end."""
    first = 0 if start else data.find(b"\n") + 1
    last = len(data) if end else data.rfind(b"\n") + 1 or len(data)
    return data[first:last] or data


def _not_utf8(opened: IO[bytes]) -> int | None:
    """Where a file stops being UTF-8, give or take a few bytes; None if it is to the end."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    try:
        while chunk := opened.read(1 << 20):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return position + error.start
            position += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return position
    finally:
        opened.seek(0)
    return None


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
