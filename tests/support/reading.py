"""Files read as tests want them: articles on one side, faults on the other."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from seeds.base.errors import Fault, InputError
from seeds.reading.files import MAX_BYTES, TABLES, File
from seeds.reading.sources import Article, read_articles
from seeds.reading.tables.cells import Record
from seeds.reading.tables.jsonl_blocks import read_blocks
from seeds.reading.tables.table_file import json_record, read_table_records


def split(paths: Iterable[Any], **options: Any) -> tuple[list[Article], list[Fault]]:
    """Return the articles and the faults of some files."""
    read = list(read_articles([str(path) for path in paths], **options))
    articles = [record for record in read if isinstance(record, Article)]
    return articles, [record for record in read if isinstance(record, Fault)]


def texts(paths: Iterable[Any], **options: Any) -> list[str]:
    """Return the texts of files without a fault."""
    articles, faults = split(paths, **options)
    assert not faults
    return [article.document.text for article in articles]


def write(path: Path, content: str | bytes) -> Path:
    """Write a file; return its path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


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
