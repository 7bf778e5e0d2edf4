"""`classify seeds`: collect articles, list them, count them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.faults import FaultCounter
from classify.options import (
    Commands,
    add_options,
    file_encoding_option,
    max_size_option,
    text_format_option,
    workspace_option,
)
from classify.progress import track_items
from classify.terminal import escape, quantity, say, size_in_bytes
from seeds.base.errors import InputError
from seeds.base.settings import workspace_path
from seeds.document import Document, stream_documents

if TYPE_CHECKING:
    from classify.workspace.articles import Addition

_SOURCES_SHOWN = 15  # rows of `seeds stats`; the others are added up
_MONTHS_SHOWN = 24  # rows of `seeds stats`; if there are more, it counts years, then decades


@click.group(cls=Commands)
def seeds() -> None:
    """Collect the articles to label: add, list, stats."""


_add_options = add_options(
    click.argument("paths", nargs=-1, required=True, metavar="PATH…"),
    click.option(
        "--text-columns",
        "--text-column",
        help="Columns of the text in tables, in order: a,b.  [default: text, texte, body…]",
    ),
    click.option(
        "--title-column", default="", help="Column of the title.  [default: title, titre…]"
    ),
    click.option("--date-column", default="", help="Column of the date.  [default: date…]"),
    click.option(
        "--source-column", default="", help="Column of the source.  [default: source, url…]"
    ),
    file_encoding_option,
    max_size_option,
    click.option(
        "--format",
        "--stdin-format",
        "stdin_format",
        type=click.Choice(["txt", "md", "html", "jsonl", "csv", "tsv", "parquet"]),
        default="txt",
        show_default=True,
        help="Format of standard input, if PATH is -.",
    ),
    workspace_option,
)


@seeds.command()
@_add_options
def add(
    paths: tuple[str, ...],
    text_columns: str | None,
    title_column: str,
    date_column: str,
    source_column: str,
    encoding: str | None,
    max_size: str,
    stdin_format: str,
    workspace: Path | None,
) -> None:
    """Add articles to the workspace.

    PATH is an article (.txt .md .html), a table of articles (.jsonl .csv .tsv .parquet), a folder
    of them, or - for standard input. Articles already in the workspace are not added again. An
    article that can't be read is reported; the others are added and the exit code is 1.
    """
    from classify.workspace.articles import add_articles
    from seeds.reading.columns import Columns, parse_column_names
    from seeds.reading.sources import read_articles

    articles = read_articles(
        paths,
        columns=Columns(parse_column_names(text_columns), title_column, date_column, source_column),
        encoding=encoding,
        recursive=True,
        max_bytes=size_in_bytes(max_size),
        detect_language=True,
        stdin_format=stdin_format,
        notify=say,
    )
    counter = FaultCounter()
    addition = add_articles(workspace_path(workspace), track_items(articles, "Reading"), counter)
    counter.conclude()
    say(_summary(addition, counter))
    if not counter.articles and not counter.faults:
        raise InputError(
            f"{' '.join(paths)}: no articles found. Name files or folders of articles."
        )
    if counter.faults:
        click.get_current_context().exit(1)


def _summary(addition: "Addition", counter: FaultCounter) -> str:
    """Say how many articles were read, new and alike."""
    new = addition.new
    parts = [
        f"{quantity(counter.articles, 'article')} read: {new:,} new, "
        f"{counter.articles - new:,} already there"
    ]
    if addition.duplicates:
        parts.append(quantity(addition.duplicates, "near-duplicate"))
    if counter.faults:
        parts.append(quantity(counter.faults, "fault"))
    return "; ".join(parts)


# ---------------------------------------------------------------- list


@seeds.command("list")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="Maximum number of articles.  [default: all]"
)
@click.option("--language", help="Only articles in this language, such as fr.")
@click.option("--month", help="Only articles of this month or year: 2020-11, 2020.")
@workspace_option
def list_(
    form: str, limit: int | None, language: str | None, month: str | None, workspace: Path | None
) -> None:
    """List the articles, one a line.

    A line has id, date, language, source and title. An article that resembles an earlier one is
    marked with = and the id of that one.
    """
    from classify.workspace.articles import select_articles

    selected = 0
    for document in select_articles(_stream_articles(workspace), language, month):
        selected += 1
        if limit is not None and selected > limit:
            continue  # the others are only counted
        if form == "jsonl":
            click.echo(json.dumps(document.record(), ensure_ascii=False))
        else:
            click.echo(_article_line(document))
    if not selected:
        say("No article matches. Leave out --language or --month to see all.")
    if limit is not None and selected > limit:
        say(f"{limit:,} of {quantity(selected, 'article')} shown. Raise --limit for more.")


def _article_line(document: Document) -> str:
    """Return an article as one line of a terminal."""
    title = document.title or document.text.partition("\n")[0]
    short = title if len(title) <= 90 else title[:89] + "…"
    parts = [document.id, f"{document.date:10}", f"{document.language:5}", document.source, short]
    if document.group != document.id:
        parts.append(f"= {document.group}")
    return "  ".join(map(escape, parts))


def _stream_articles(workspace: Path | None) -> Iterator[Document]:
    """Yield the articles of a workspace.

    Raises:
        InputError: there are none.
    """
    folder, documents = workspace_path(workspace), 0
    for document in stream_documents(folder):
        documents += 1
        yield document
    if not documents:
        raise InputError(f"{folder}: no articles yet. Add some with `classify seeds add PATH…`.")


# ---------------------------------------------------------------- stats


@seeds.command()
@text_format_option
@workspace_option
def stats(form: str, workspace: Path | None) -> None:
    """Count the articles by month, language, source and group size.

    More than 24 months are added up by year; JSON has every month.
    """
    from classify.workspace.articles import count_articles

    counts = count_articles(_stream_articles(workspace))
    total = sum(counts["language"].values())
    if form == "json":
        click.echo(json.dumps({"articles": total, **counts}, ensure_ascii=False, indent=2))
    else:
        _print_counts(total, counts)


def _print_counts(total: int, counts: dict[str, dict[str, int]]) -> None:
    """Print a table on standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=quantity(total, "article"), box=box.SIMPLE_HEAD)
    table.add_column("by")
    table.add_column("")
    table.add_column("articles", justify="right")
    for heading, value, count in _count_rows(counts):
        if heading and table.rows:
            table.add_section()
        table.add_row(heading, escape(value), f"{count:,}")
    console = Console(markup=False)
    with console.capture() as page:  # rich would hide from click that the reader left
        console.print(table)
    click.echo(page.get(), nl=False)


def _count_rows(counts: dict[str, dict[str, int]]) -> Iterator[tuple[str, str, int]]:
    """Yield heading, value and count; the heading is "" after the first row of a section."""
    period, dates = _summarize_months(counts["month"])
    sections = {
        period: dates,
        "language": counts["language"],
        "source": _shorten(counts["source"]),
        "group size": {f"groups of {size}": n for size, n in counts["group size"].items()},
    }
    for heading, values in sections.items():
        for n, (value, count) in enumerate(values.items()):
            yield "" if n else heading, value or "unknown", count


def _summarize_months(months: dict[str, int]) -> tuple[str, dict[str, int]]:
    """Return the shortest period that needs few rows, and the count of each period."""
    for period, length in (("month", 7), ("year", 4)):
        counts = _count_by_prefix(months, length, "")
        if len(counts) <= _MONTHS_SHOWN:
            return period, counts
    return "decade", _count_by_prefix(months, 3, "0s")


def _count_by_prefix(months: dict[str, int], length: int, ending: str) -> dict[str, int]:
    """Add up the months that begin alike; articles without a date stay apart, under ""."""
    counts: Counter[str] = Counter()
    for month, count in months.items():
        counts[month[:length] + ending if month else ""] += count
    return counts


def _shorten(counts: dict[str, int]) -> dict[str, int]:
    """Return the largest counts, and the sum of the others."""
    largest = dict(list(counts.items())[:_SOURCES_SHOWN])
    others = list(counts.values())[_SOURCES_SHOWN:]
    return largest | ({f"{len(others):,} others": sum(others)} if others else {})
