"""`classify seeds`: collect articles, list them, count them."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from classify.options import Commands, workspace_option
from classify.progress import progress
from classify.terminal import escape, quantity, say, size_in_bytes
from seeds.base.errors import Fault, InputError
from seeds.base.settings import workspace_path
from seeds.document import Document, read_documents, write_documents

FAULTS_SHOWN = 20  # lines; a table in a wrong format has as many faults as records
MOST_SOURCES = 15  # rows of `seeds stats`; the rest is summed up
MOST_MONTHS = 24  # rows of `seeds stats`; beyond, it counts by year, then by decade


@click.group(cls=Commands)
def seeds() -> None:
    """Collect the articles to label: add them, list them, count them."""


@seeds.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--text-columns",
    "--text-column",
    help="Columns of the text in JSONL, CSV, TSV or Parquet: a,b.  [default: text, texte, body…]",
)
@click.option("--title-column", default="", help="Column of the title.  [default: title, titre…]")
@click.option("--date-column", default="", help="Column of the date.  [default: date…]")
@click.option("--source-column", default="", help="Column of the source.  [default: source, url…]")
@click.option("--encoding", help="Of text files that are not UTF-8, such as cp1252.")
@click.option("--max-size", default="20MB", show_default=True, help="Of a single article.")
@click.option(
    "--format",
    "--stdin-format",
    "stdin_format",
    type=click.Choice(["txt", "md", "html", "jsonl", "csv", "tsv", "parquet"]),
    default="txt",
    show_default=True,
    help="What comes in when PATH is -.",
)
@workspace_option
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
    of them, or - for standard input. An article that is there already is not added again; one that
    can't be read is named, the others are added and the exit code is 1.
    """
    from labels.taxonomy import ensure_taxonomy
    from seeds.base.locks import locked
    from seeds.reading.columns import Columns, parse_column_names
    from seeds.reading.sources import read_articles

    folder = workspace_path(workspace)
    limit = size_in_bytes(max_size)
    text = parse_column_names(text_columns)
    found = read_articles(
        paths,
        columns=Columns(text, title_column, date_column, source_column),
        encoding=encoding,
        recursive=True,
        max_bytes=limit,
        detect_language=True,
        stdin_format=stdin_format,
        notify=say,
    )
    with locked(folder, "classify seeds add"):
        known = read_documents(folder)
        tally = _collect(progress(found, "Reading"), known)
        if tally.new:
            ensure_taxonomy(folder)
            duplicates = _group(folder, known, tally.new)
        else:
            duplicates = 0
    say(_summary(tally, duplicates))
    if not tally.read and not tally.faults:
        raise InputError(f"{' '.join(paths)}: no article there. Name files or folders of articles.")
    if tally.faults:
        click.get_current_context().exit(1)


@dataclass(slots=True)
class _Tally:
    """What an `add` met. new: the articles that were not there yet."""

    new: dict[str, Document]
    read: int = 0
    faults: int = 0


def _collect(found: Iterable[Any], known: dict[str, Document]) -> _Tally:
    """Sort what is read into new and known articles; say what could not be read or was assumed."""
    tally = _Tally({})
    for each in found:
        if isinstance(each, Fault):
            tally.faults += 1
            if tally.faults <= FAULTS_SHOWN:
                say(f"{escape(each.where)}: {escape(each.message)}")
            continue
        tally.read += 1
        for note in each.notes:
            say(f"{escape(each.document.source)}: {escape(note)}")
        if each.document.id not in known:
            tally.new.setdefault(each.document.id, each.document)
    if tally.faults > FAULTS_SHOWN:
        say(f"… and {tally.faults - FAULTS_SHOWN:,} more faults")
    return tally


def _group(folder: Path, known: dict[str, Document], new: dict[str, Document]) -> int:
    """Write old and new articles with their groups; how many new ones resemble an earlier one."""
    from seeds.duplicates import assign_groups

    grouped = assign_groups([*known.values(), *new.values()])
    write_documents(folder, {each.id: each for each in grouped})
    return sum(each.id in new and each.group != each.id for each in grouped)


def _summary(tally: _Tally, duplicates: int) -> str:
    parts = [
        f"{quantity(tally.read, 'article')} read: {len(tally.new):,} new, "
        f"{tally.read - len(tally.new):,} already there"
    ]
    if duplicates:
        parts.append(quantity(duplicates, "near-duplicate"))
    if tally.faults:
        parts.append(quantity(tally.faults, "fault"))
    return "; ".join(parts)


# ---------------------------------------------------------------- list


@seeds.command("list")
@click.option(
    "--format", "form", type=click.Choice(["text", "jsonl"]), default="text", show_default=True
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.  [default: all]")
@click.option("--language", help="Only articles with this language, such as fr.")
@click.option("--month", help="Only articles of a month or year: 2020-11, 2020.")
@workspace_option
def list_(
    form: str, limit: int | None, language: str | None, month: str | None, workspace: Path | None
) -> None:
    """List the articles: id, date, language, source and title, one a line.

    An article that resembles an earlier one is marked with = and that one's id.
    """
    chosen = list(_chosen(_documents(workspace).values(), language, month))
    for document in chosen[:limit]:
        if form == "jsonl":
            click.echo(json.dumps(document.record(), ensure_ascii=False))
        else:
            click.echo(_line(document))
    if not chosen:
        say("No article matches. Leave out --language or --month to see all.")
    if limit is not None and len(chosen) > limit:
        say(f"{limit:,} of {quantity(len(chosen), 'article')} shown. Raise --limit for more.")


def _chosen(
    documents: Iterable[Document], language: str | None, month: str | None
) -> Iterator[Document]:
    for each in documents:
        spoken = not language or language in each.language.split("+")
        dated = not month or each.date == month or each.date.startswith(f"{month}-")
        if spoken and dated:
            yield each


def _line(document: Document) -> str:
    """An article on one line of a terminal."""
    title = document.title or document.text.partition("\n")[0]
    short = title if len(title) <= 90 else title[:89] + "…"
    parts = [document.id, f"{document.date:10}", f"{document.language:5}", document.source, short]
    if document.group != document.id:
        parts.append(f"= {document.group}")
    return "  ".join(map(escape, parts))


def _documents(workspace: Path | None) -> dict[str, Document]:
    folder = workspace_path(workspace)
    documents = read_documents(folder)
    if not documents:
        raise InputError(f"{folder}: no articles yet. Add some with `classify seeds add PATH…`.")
    return documents


# ---------------------------------------------------------------- stats


@seeds.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@workspace_option
def stats(form: str, workspace: Path | None) -> None:
    """Count the articles by month, language, source and size of their group.

    More than 24 months are summed up by year; JSON has every month.
    """
    documents = list(_documents(workspace).values())
    counts = {
        "month": _sorted(each.date[:7] for each in documents),
        "language": _ranked(each.language for each in documents),
        "source": _ranked(_origin(each.source) for each in documents),
        "group size": _sorted(str(size) for size in Counter(d.group for d in documents).values()),
    }
    if form == "json":
        click.echo(json.dumps({"articles": len(documents), **counts}, ensure_ascii=False, indent=2))
    else:
        _show(len(documents), counts)


def _sorted(values: Iterable[str]) -> dict[str, int]:
    counts = Counter(values)
    return {key: counts[key] for key in sorted(counts, key=lambda each: (len(each), each))}


def _ranked(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _origin(source: str) -> str:
    """What articles of one origin share: a page's host, a table's name, a file's kind."""
    if host := urlsplit(source).netloc if "://" in source else "":
        return host
    table, colon, number = source.rpartition(":")
    if colon and number.isdigit():
        return table
    suffix = Path(source).suffix
    return f"*{suffix}" if suffix and " " not in suffix else source


def _show(total: int, counts: dict[str, dict[str, int]]) -> None:
    """A table on standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=quantity(total, "article"), box=box.SIMPLE_HEAD)
    table.add_column("by")
    table.add_column("")
    table.add_column("articles", justify="right")
    period, dates = _by_period(counts["month"])
    rest = {name: values for name, values in counts.items() if name != "month"}
    counts = {period: dates, **rest, "source": _shortened(counts["source"])}
    nouns = {"group size": "groups of {}"}
    for name, values in counts.items():
        for n, (value, count) in enumerate(values.items()):
            shown = nouns.get(name, "{}").format(value or "unknown")
            table.add_row("" if n else name, escape(shown), f"{count:,}")
        table.add_section()
    console = Console(markup=False)
    with console.capture() as page:  # by itself it would hide from us that the reader left
        console.print(table)
    click.echo(page.get(), nl=False)


def _by_period(months: dict[str, int]) -> tuple[str, dict[str, int]]:
    """The shortest period that needs few rows, and how many articles each one has."""
    for name, length, ending in (("month", 7, ""), ("year", 4, "")):
        found = _summed(months, length, ending)
        if len(found) <= MOST_MONTHS:
            return name, found
    return "decade", _summed(months, 3, "0s")


def _summed(months: dict[str, int], length: int, ending: str) -> dict[str, int]:
    """The counts of the months whose names begin alike; "" stays as it is."""
    found: Counter[str] = Counter()
    for month, count in months.items():
        found[month[:length] + ending if month else ""] += count
    return found


def _shortened(values: dict[str, int]) -> dict[str, int]:
    """The largest counts, and the sum of the others."""
    first = dict(list(values.items())[:MOST_SOURCES])
    rest = list(values.values())[MOST_SOURCES:]
    return first | ({f"{len(rest):,} others": sum(rest)} if rest else {})
