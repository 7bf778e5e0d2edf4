"""Articles of a workspace: added once each, grouped with near-duplicates, selected, counted."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from classify.faults import FaultCounter
from seeds.base.errors import Fault
from seeds.base.locks import locked
from seeds.document import Document
from seeds.reading.sources import Article


@dataclass(frozen=True, slots=True)
class Addition:
    """The result of adding articles.

    Attributes:
        new: number of articles that were not in the workspace yet.
        duplicates: number of new articles that resemble an earlier one.
    """

    new: int = 0
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
    from seeds.archive import Archive

    with locked(workspace, "classify seeds add"), contextlib.ExitStack() as files:
        archive = Archive(workspace, files)
        for article in articles:
            if isinstance(article, Fault):
                counter.add_fault(article)
                continue
            counter.articles += 1
            for note in article.notes:
                counter.add_note(article.place, note)
            if article.document.id not in archive:
                archive.add(article.document)
        if not archive.added:
            return Addition()
        ensure_taxonomy(workspace)
        return Addition(archive.added, archive.save())


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
    months, languages, sources, groups = (Counter[str]() for _ in range(4))
    for document in documents:
        months[document.date[:7]] += 1
        languages[document.language] += 1
        sources[_origin(document.source)] += 1
        groups[document.group] += 1
    return {
        "month": _sort(months),
        "language": _rank(languages),
        "source": _rank(sources),
        "group size": _sort(Counter(map(str, groups.values()))),
    }


def _sort(counts: Counter[str]) -> dict[str, int]:
    """Sort counts: the shortest value first, then in alphabetical order."""
    return {value: counts[value] for value in sorted(counts, key=lambda text: (len(text), text))}


def _rank(counts: Counter[str]) -> dict[str, int]:
    """Sort counts: the most frequent value first."""
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _origin(source: str) -> str:
    """Return the part of a source that articles share: a page's host, a table, a file's kind."""
    if host := urlsplit(source).netloc if "://" in source else "":
        return host
    table, colon, number = source.rpartition(":")
    if colon and number.isdigit():
        return table
    suffix = Path(source).suffix
    return f"*{suffix}" if suffix and " " not in suffix else source
