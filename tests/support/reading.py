"""Files read as tests want them: articles on one side, faults on the other."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seeds.base.errors import Fault
from seeds.reading.sources import Article, read_articles


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
