"""Articles of a workspace: added once each, grouped with near-duplicates, selected, counted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from classify.faults import FaultCounter
from seeds.base.errors import Fault
from seeds.base.locks import locked
from seeds.document import Document, read_documents, write_documents
from seeds.reading.sources import Article


@dataclass(slots=True)
class Addition:
    """The result of adding articles.

    Attributes:
        new: articles that were not in the workspace yet, by id.
        duplicates: number of new articles that resemble an earlier one.
    """

    new: dict[str, Document]
    duplicates: int = 0


def add_articles(
    workspace: Path, articles: Iterable[Article | Fault], counter: FaultCounter
) -> Addition:
    """Read articles and add the new ones to the workspace.

    Args:
        workspace: the folder, made if missing.
        articles: articles, and faults of those that can't be read.
        counter: counts and shows the faults, and the assumptions made in reading.

    Raises:
        InputError: the workspace is in use or can't be written.
    """
    from labels.taxonomy import ensure_taxonomy

    with locked(workspace, "classify seeds add"):
        stored = read_documents(workspace)
        addition = Addition({})
        for article in articles:
            if isinstance(article, Fault):
                counter.add_fault(article)
                continue
            counter.articles += 1
            for note in article.notes:
                counter.add_note(article.document.source, note)
            if article.document.id not in stored:
                addition.new.setdefault(article.document.id, article.document)
        if addition.new:
            ensure_taxonomy(workspace)
            addition.duplicates = _store_grouped(workspace, stored, addition.new)
    return addition


def _store_grouped(workspace: Path, stored: dict[str, Document], new: dict[str, Document]) -> int:
    """Write all articles with their groups; return how many new ones resemble an earlier one."""
    from seeds.duplicates import assign_groups

    grouped = assign_groups([*stored.values(), *new.values()])
    write_documents(workspace, {document.id: document for document in grouped})
    return sum(document.id in new and document.group != document.id for document in grouped)


def select_articles(
    documents: Iterable[Document], language: str | None, month: str | None
) -> Iterator[Document]:
    """Select the articles in a language, of a month or year; None: all."""
    for document in documents:
        in_language = not language or language in document.language.split("+")
        dated = not month or document.date == month or document.date.startswith(f"{month}-")
        if in_language and dated:
            yield document


def count_articles(documents: Iterable[Document]) -> dict[str, dict[str, int]]:
    """Count articles by month, language and source, and groups of near-duplicates by size."""
    documents = list(documents)
    group_sizes = Counter(document.group for document in documents).values()
    return {
        "month": _count_sorted(document.date[:7] for document in documents),
        "language": _count_ranked(document.language for document in documents),
        "source": _count_ranked(_origin(document.source) for document in documents),
        "group size": _count_sorted(map(str, group_sizes)),
    }


def _count_sorted(values: Iterable[str]) -> dict[str, int]:
    """Count values; the shortest first, then in alphabetical order."""
    counts = Counter(values)
    return {value: counts[value] for value in sorted(counts, key=lambda text: (len(text), text))}


def _count_ranked(values: Iterable[str]) -> dict[str, int]:
    """Count values; the most frequent first."""
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _origin(source: str) -> str:
    """Return the part of a source that articles share: a page's host, a table, a file's kind."""
    if host := urlsplit(source).netloc if "://" in source else "":
        return host
    table, colon, number = source.rpartition(":")
    if colon and number.isdigit():
        return table
    suffix = Path(source).suffix
    return f"*{suffix}" if suffix and " " not in suffix else source
