"""Labels one already has, in rows of a CSV, TSV, JSONL or Parquet file."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from labels.annotations import IMPORTED, Annotation
from labels.label_cells import parse_labels
from labels.matching import CategoryNames, NameCount, list_names
from labels.names import without_spaces
from labels.near_names import NearNames
from labels.new_categories import (
    Creation,
    add_categories,
    advise_separator,
    guess_separator,
    refuse_values,
)
from labels.taxonomy import Taxonomy
from seeds.base.errors import Fault, InputError
from seeds.document import Document
from seeds.reading.columns import Columns
from seeds.reading.files import MAX_BYTES, TABLES, File
from seeds.reading.sources import Article, read_articles

_KNOWN_SHOWN = 20  # categories in a message


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file of labels is to be read.

    Attributes:
        text: columns whose values, in order, make the text; () finds one by its usual names, as
            `classify seeds add` does.
        label: the column of the categories; "" finds it by its usual names.
        separator: between several categories in one cell; "" if a cell has only one.
        date: the column of the date; "" finds it by its usual names.
        encoding: of a file that is not UTF-8; None detects it.
        max_bytes: the size of one article above which it is refused.
    """

    text: tuple[str, ...] = ()
    label: str = ""
    separator: str = ";"
    date: str = ""
    encoding: str | None = None
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class LabelledArticles:
    """The contents of a file of labels.

    Attributes:
        documents: the articles, by id.
        annotations: one an article.
        taxonomy: the workspace's, with the categories that were added.
        faults: the rows that could not be used.
        notes: what was assumed in reading the others; a Fault that costs no row.
        repeated: rows whose article an earlier row of the file has; the earlier row counts.
    """

    documents: dict[str, Document]
    annotations: list[Annotation]
    taxonomy: Taxonomy
    faults: list[Fault]
    notes: list[Fault]
    repeated: int


def with_choice(
    taxonomy: Taxonomy,
    choice: Literal["multiple", "single"] | None,
    annotations: Iterable[Annotation],
) -> Taxonomy:
    """Return the taxonomy with another choice; None leaves it as it is.

    Raises:
        InputError: annotations of the workspace do not have exactly one category each.
    """
    if choice is None or choice == taxonomy.choice:
        return taxonomy
    unfit = sum(
        annotation.status == "submitted" and len(annotation.categories) != 1
        for annotation in annotations
    )
    if choice == "single" and unfit:
        raise InputError(
            f"--choice single: {unfit} annotations in the workspace do not have exactly one "
            "category. Use another --workspace for this file."
        )
    return replace(taxonomy, choice=choice)


def read_labelled(
    file: Path,
    layout: Layout,
    taxonomy: Taxonomy,
    *,
    creation: Creation | None = None,
    remedy: str,
) -> LabelledArticles:
    """Read a file of labelled articles: the articles as `classify seeds add` reads them.

    Args:
        file: a table.
        layout: how to read it.
        taxonomy: a label may be a category's id or its French or English name.
        creation: which categories may be added; None: none.
        remedy: what else than correcting them one can do about names that are no category.

    Raises:
        InputError: nothing in the file can be used, or names are no category or may be several.
    """
    names = CategoryNames(taxonomy)
    rows = _Rows([], [], [])
    for article in _read_articles(file, layout):
        if isinstance(article, Fault):
            rows.faults.append(article)
            continue
        rows.notes.extend(Fault(article.where, note) for note in article.notes)
        try:
            labels = parse_labels(article.label, layout.separator, names.is_known)
        except InputError as error:
            rows.faults.append(Fault(article.where, str(error)))
        else:
            rows.labelled.append((article, labels))
    if not rows.labelled:
        raise _nothing_usable(file, rows.faults)
    try:
        taxonomy, ids, notes = _match(rows, names, taxonomy, layout, creation, remedy)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    rows.notes.extend(Fault(file.name, note) for note in notes)
    return _annotate(rows, ids, taxonomy, file.name)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a file: articles with the names of their categories; faults and notes."""

    labelled: list[tuple[Article, tuple[str, ...]]]
    faults: list[Fault]
    notes: list[Fault]


def _read_articles(file: Path, layout: Layout) -> Iterator[Article | Fault]:
    """Read the articles of a table, each with the cell of its labels.

    Raises:
        InputError: the file is no table, or the encoding is not known.
    """
    if File.of(file).format not in TABLES:
        raise InputError(f"{file}: not a table. Give a .csv, .tsv, .jsonl or .parquet file.")
    columns = Columns(text=layout.text, date=layout.date, label=layout.label)
    articles = read_articles(
        [file], columns=columns, encoding=layout.encoding, max_bytes=layout.max_bytes
    )
    folder = f"{file.parent}/"  # of one file, its name is enough to say where
    for article in articles:
        yield replace(article, where=article.where.removeprefix(folder))


def _nothing_usable(file: Path, faults: list[Fault]) -> InputError:
    """Return the error for a file without a usable row."""
    if not faults:
        return InputError(f"{file}: no rows. Check the file.")
    first = faults[0]
    if len(faults) == 1 and first.where == file.name:
        return InputError(f"{file}: {first.message}")
    return InputError(f"{file}: no usable row: {first.where}: {first.message}")


def _match(
    rows: _Rows,
    names: CategoryNames,
    taxonomy: Taxonomy,
    layout: Layout,
    creation: Creation | None,
    remedy: str,
) -> tuple[Taxonomy, dict[str, str], list[str]]:
    """Return the taxonomy, extended if that is allowed, the category id of each name, and notes.

    Raises:
        InputError: names are no category, or may be several.
    """
    counts = _count_names(rows)
    found = {name: names.find(name) for name in counts}
    ids = {name: category for name, category in found.items() if category is not None}
    unknown = [count for name, count in counts.items() if name not in ids]
    keys = {without_spaces(name) for name in counts}
    creation = creation or Creation()
    unused = [
        f"--new-category {name!r}: no row has it"
        for name in creation.names
        if without_spaces(name) not in keys
    ]
    if not unknown:
        return taxonomy, ids, unused

    def is_part(text: str) -> bool:
        """Tell whether a part of a cell is a name in the file or of the taxonomy."""
        return without_spaces(text) in keys or names.is_known(text)

    insisted = {without_spaces(name) for name in creation.names}
    refused = [name for name in unknown if without_spaces(name.name) not in insisted]
    if refused and not creation.every:
        raise _unknown_names(refused, taxonomy, layout.separator, is_part, remedy)
    refuse_values(refused, len(rows.labelled), numbers=bool(layout.label))
    used = {*creation.used, *ids.values()}
    taxonomy, added, notes = add_categories(
        unknown,
        taxonomy,
        replace(creation, used=used),
        rows=len(rows.labelled),
        separator=layout.separator,
        is_part=is_part,
    )
    return taxonomy, ids | added, [*notes, *unused]


def _count_names(rows: _Rows) -> dict[str, NameCount]:
    """Count the rows of each name, as it stands in the file."""
    counts: dict[str, NameCount] = {}
    for article, labels in rows.labelled:
        for name in labels:
            count = counts.setdefault(name, NameCount(name, _row_number(article.where)))
            count.count += 1
    return counts


def _row_number(where: str) -> str:
    return where.rpartition(":")[2]


def _unknown_names(
    names: list[NameCount],
    taxonomy: Taxonomy,
    separator: str,
    is_part: Callable[[str], bool],
    remedy: str,
) -> InputError:
    """Return the error for names that the taxonomy lacks.

    is_part: tells whether a part of a cell is a name by itself.
    """
    known = NearNames(name for c in taxonomy.categories for name in (c.fr, c.en, c.id))
    near = {name.name: known.find(name.name) for name in names}
    listed = list_names(names, {name: resembled for name, resembled in near.items() if resembled})
    marks = (guess_separator(name.name, is_part) for name in names) if separator else ()
    mark = next(filter(None, marks), "")
    question = f" {advise_separator(mark, separator)}" if mark else ""
    few = len(taxonomy.ids) <= _KNOWN_SHOWN
    known_ids = f"Known: {taxonomy.list_ids()}." if few else "See taxonomy.toml for the known ones."
    return InputError(
        f"not in the taxonomy: {listed}.{question} Correct them, or {remedy}. {known_ids}"
    )


def _annotate(
    rows: _Rows, ids: Mapping[str, str], taxonomy: Taxonomy, file: str
) -> LabelledArticles:
    """Return an annotation for each article; of rows with the same one, the first counts."""
    documents: dict[str, Document] = {}
    annotations: dict[str, Annotation] = {}  # by article
    row_numbers: dict[str, str] = {}  # by article
    faults, repeated = list(rows.faults), 0
    for article, labels in rows.labelled:
        document = article.document
        categories = taxonomy.sort({ids[name] for name in labels})
        if taxonomy.choice == "single" and len(categories) != 1:
            message = f"{len(categories)} categories; the taxonomy is single choice"
            faults.append(Fault(article.where, f"{message}. Give it exactly one."))
        elif document.id not in documents:
            documents[document.id] = document
            annotations[document.id] = Annotation(document.id, f"{IMPORTED}{file}", categories)
            row_numbers[document.id] = _row_number(article.where)
        else:
            repeated += 1
            if categories != annotations[document.id].categories:
                faults.append(
                    Fault(
                        article.where,
                        f"repeats the article of row {row_numbers[document.id]} with other "
                        "categories, which are ignored. List all its categories in one row.",
                    )
                )
    faults.sort(key=lambda fault: int(row) if (row := _row_number(fault.where)).isdigit() else 0)
    return LabelledArticles(
        documents, list(annotations.values()), taxonomy, faults, _join_alike(rows.notes), repeated
    )


def _join_alike(notes: Iterable[Fault]) -> list[Fault]:
    """Return each note once, on the first row that has it, with the number of the others."""
    by_message: dict[str, list[Fault]] = {}
    for note in notes:
        by_message.setdefault(note.message, []).append(note)
    return [
        Fault(first.where, f"{message} (so in {len(others):,} more)" if others else message)
        for message, (first, *others) in by_message.items()
    ]
