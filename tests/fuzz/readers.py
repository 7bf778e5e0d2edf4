"""Articles from any bytes: each reader gives articles or faults, and nothing else."""

import bz2
import gzip
import io
import lzma
import os
import re
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from seeds.base.errors import Fault, InputError
from seeds.clean import clean
from seeds.datelines import read_dateline
from seeds.dates import parse_date
from seeds.reading.encoding import decode
from seeds.reading.sources import Article, read_articles
from tests.fuzz.choices import Choices, blow_up, to_text

_DATE = re.compile(r"(\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)?")
_ENCODINGS = (None, None, "utf-8", "cp1252", "utf-16", "utf-7", "mac-roman", "idna", "hz")


def check_error(error: Exception) -> None:
    """Demand of an error that it says something; the command line puts it on one line."""
    assert str(error).strip(), "an error says nothing"


def check_records(data: bytes, form: str, encoding: str | None = None) -> None:
    """Read some bytes as a file of this format; each article must be one that can be written."""
    stdin, sys.stdin = sys.stdin, SimpleNamespace(buffer=io.BytesIO(data))
    try:
        records = list(read_articles(["-"], stdin_format=form, encoding=encoding))
    finally:
        sys.stdin = stdin
    for record in records:
        _check_record(record)


def _check_record(record: Article | Fault) -> None:
    if isinstance(record, Fault):
        check_error(InputError(record.message))
        return
    document = record.document
    assert document.text.strip()
    assert "\0" not in document.text + document.title
    assert _DATE.fullmatch(document.date), document.date
    document.text.encode()
    document.source.encode()


def check_text(data: bytes) -> None:
    """Read plain text."""
    check_records(blow_up(data), "txt")


def check_html(data: bytes) -> None:
    """Read a web page."""
    check_records(blow_up(data), "html")


def check_markdown(data: bytes) -> None:
    """Read Markdown."""
    check_records(blow_up(data), "md")


def check_csv(data: bytes) -> None:
    """Read a table of CSV or TSV; the first byte says which, and its encoding."""
    choices = Choices(data)
    form, encoding = choices.pick(("csv", "tsv")), choices.pick(_ENCODINGS)
    check_records(blow_up(choices.rest()), form, encoding)


def check_jsonl(data: bytes) -> None:
    """Read lines of JSON."""
    check_records(blow_up(data), "jsonl")


def check_encoding(data: bytes) -> None:
    """Decode bytes, in an encoding that was named or is to be found."""
    choices = Choices(data)
    encoding = choices.pick(_ENCODINGS)
    try:
        text = decode(blow_up(choices.rest()), encoding).text
    except InputError as error:
        check_error(error)
        return
    assert "\0" not in text
    text.encode()


def check_clean(data: bytes) -> None:
    """Clean a text with a title and a date."""
    title, date, raw = _texts(blow_up(data), 3)
    try:
        once = clean(raw, title=title, date=date)
    except InputError as error:
        check_error(error)
        return
    assert _DATE.fullmatch(once.date), once.date
    assert once.title in once.text
    assert "\0" not in once.text
    once.text.encode()


def check_dates(data: bytes) -> None:
    """Read dates: what comes out is one, and is read as itself."""
    (line,) = _texts(blow_up(data), 1)
    dateline = read_dateline(line)
    for date in (parse_date(line), dateline.date if dateline else ""):
        assert _DATE.fullmatch(date), date
        assert parse_date(date) == date


def _texts(data: bytes, count: int) -> list[str]:
    """Split bytes into texts, the longest last."""
    pieces = data.split(b"\n", count - 1)
    return [to_text(piece) for piece in [b""] * (count - len(pieces)) + pieces]


# ---------------------------------------------------------------- files that are bytes throughout


def scratch_folder() -> Path:
    """Return a folder for the files of this process; whoever started it removes that."""
    return Path(os.environ["FUZZ_SCRATCH"])


@cache
def _tables() -> list[bytes]:
    """Return small Parquet files with columns of every type."""
    import datetime as dt

    import pyarrow as pa
    from pyarrow import parquet

    columns: dict[str, Any] = {
        "text": ["Le film sort en salle.", "Le match est nul.", None],
        "title": ["Cinéma", "", "Sport"],
        "date": [dt.date(2021, 3, 4), None, dt.date(2022, 1, 1)],
        "source": [b"\xffa", b"b", None],
        "labels": [["a", "b"], [], None],
        "more": [{"a": 1}, None, {"a": 2}],
    }
    files = []
    for options in ({}, {"compression": "none", "use_dictionary": False}, {"compression": "zstd"}):
        sink = io.BytesIO()
        parquet.write_table(pa.table(columns), sink, **options)
        files.append(sink.getvalue())
    return files


def check_parquet(data: bytes) -> None:
    """Read a Parquet file some of whose bytes were changed."""
    choices = Choices(data)
    content = bytearray(choices.pick(_tables()))
    while choices:
        # What describes the file stands at its end.
        at = choices.below(len(content)) if choices.below(3) == 0 else -1 - choices.below(256)
        content[max(at, -len(content))] = choices.below(256)
    check_records(bytes(content), "parquet")


_PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": bytes}


def check_compressed(data: bytes) -> None:
    """Read a compressed file, as it is or with one byte changed."""
    choices = Choices(data)
    suffix = choices.pick(tuple(_PACK))
    damage, at = choices.below(4), choices.below(256)
    content = bytearray(_PACK[suffix](choices.rest()))
    if damage == 0 and content:
        content[at % len(content)] ^= 1 + at % 255
    elif damage == 1:
        del content[at:]
    path = scratch_folder() / f"a.jsonl{suffix}"
    path.write_bytes(content)
    for record in read_articles([path]):
        _check_record(record)
