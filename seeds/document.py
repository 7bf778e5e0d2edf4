"""Document: one article, known by its content."""

import dataclasses
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from seeds.base.records import read_records, write_records
from seeds.base.settings import parse

_DATE = re.compile(r"(\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)?")


@dataclass(frozen=True, slots=True)
class Document:
    """One article.

    Attributes:
        id: the first 16 hexadecimal digits of SHA-256 over the text, in UTF-8.
        text: the cleaned text, its title included; what annotators and models read.
        title: the title where one was found, else "".
        date: "2021", "2021-04" or "2021-04-30", else "".
        language: ISO 639-1, the main one first ("fr", "fr+zh"); "" if it was not identified.
        source: the file (and record) or address it came from.
        group: the id of the first of its near-duplicates; its own id if there are none.
    """

    id: str
    text: str
    title: str = ""
    date: str = ""
    language: str = ""
    source: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InputError("the text is empty")
        if self.id != content_id(self.text):
            raise InputError(f"id {self.id!r} is not that of the text")
        if not _DATE.fullmatch(self.date):
            raise InputError(f"date {self.date!r} is not YYYY, YYYY-MM or YYYY-MM-DD")

    @classmethod
    def of(cls, text: str, **fields: str) -> "Document":
        """Make a Document of a cleaned text, with the id that follows from it, in its own group."""
        name = content_id(text)
        return cls(id=name, text=text, **{"group": name, **fields})

    def record(self) -> dict[str, str]:
        """Return the Document as a JSON object, fields in order."""
        return dataclasses.asdict(self)


def content_id(text: str) -> str:
    """Return the first 16 hexadecimal digits of SHA-256 over a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def read_documents(workspace: Path) -> dict[str, Document]:
    """Read the workspace's articles by id, in the order they were added; {} if it has none yet."""
    return {document.id: document for document in stream_documents(workspace)}


def stream_documents(workspace: Path) -> Iterator[Document]:
    """Yield the workspace's articles one by one, in the order they were added."""
    path = workspace / "documents.jsonl"
    if path.exists():
        for number, record in read_records(path):
            yield parse(record, Document, f"{path}:{number}")


def write_documents(workspace: Path, documents: dict[str, Document]) -> None:
    """Replace the workspace's articles, atomically."""
    records: list[dict[str, Any]] = [document.record() for document in documents.values()]
    write_records(workspace / "documents.jsonl", records)
