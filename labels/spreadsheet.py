"""Labels one already has, in rows of a CSV, TSV, JSONL or Parquet file. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from labels.annotations import IMPORTED, Annotation
from labels.taxonomy import Taxonomy, category_id
from seeds.base.errors import InputError
from seeds.clean import clean
from seeds.document import Document
from seeds.reading.columns import Columns, find_columns

LABEL_COLUMNS = ("labels", "label", "categories", "category", "catégorie", "categorie")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of the text and the labels.

    Attributes:
        text: columns whose values, in order, make the text; () finds one by its usual names, as
            `classify seeds add` does.
        label: the column of the categories; "" finds it by its usual names.
        separator: between several categories in one cell; "" if a cell has only one.
        date: the column of the date; "" finds it by its usual names.
    """

    text: tuple[str, ...] = ()
    label: str = ""
    separator: str = ";"
    date: str = ""


@dataclass(frozen=True, slots=True)
class LabelledArticles:
    """The contents of a file of labels.

    Attributes:
        documents: the articles, by id.
        annotations: one an article.
        taxonomy: the workspace's, with the categories that were added.
        faults: one line for each row that could not be used.
        repeated: rows whose article an earlier row of the file has; the earlier row counts.
    """

    documents: dict[str, Document]
    annotations: list[Annotation]
    taxonomy: Taxonomy
    faults: list[str]
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
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    layout: Layout,
    taxonomy: Taxonomy,
    *,
    file: str,
    create: bool,
) -> LabelledArticles:
    """Return the labelled articles of a file.

    Args:
        rows: (record number from 1, values by column).
        layout: which columns.
        taxonomy: a label may be a category's id or its French or English name.
        file: the file's name, for sources, faults and the annotator.
        create: add the categories that the taxonomy lacks.

    Raises:
        InputError: a column is missing, or labels are unknown and create is False; names them all.
    """
    rows = list(rows)
    if not rows:
        raise InputError(f"{file}: no rows. Check the file.")
    columns, label_column = _find_columns(layout, rows[0][1], file)
    labels = [_split_labels(row.get(label_column), layout.separator) for _, row in rows]
    counts = Counter(label for row_labels in labels for label in row_labels)
    taxonomy, ids = _match_categories(counts, taxonomy, create, file)
    documents: dict[str, Document] = {}
    annotations: dict[str, Annotation] = {}  # by article
    row_numbers: dict[str, int] = {}  # by article
    faults, repeated = [], 0
    for (number, row), row_labels in zip(rows, labels, strict=True):
        try:
            article = _read_document(row, columns, f"{file}:{number}")
            categories = {ids[label] for label in row_labels}
            annotation = _make_annotation(article, categories, taxonomy, file)
        except InputError as error:
            faults.append(f"{file}:{number}: {error}")
            continue
        if article.id not in documents:
            documents[article.id] = article
            annotations[article.id] = annotation
            row_numbers[article.id] = number
            continue
        repeated += 1
        if annotation != annotations[article.id]:
            faults.append(
                f"{file}:{number}: repeats the article of row {row_numbers[article.id]} with "
                "other categories, which are ignored. List all its categories in one row."
            )
    return LabelledArticles(documents, list(annotations.values()), taxonomy, faults, repeated)


def _find_columns(layout: Layout, row: Mapping[str, Any], file: str) -> tuple[Columns, str]:
    """Return the columns of the articles and that of the labels, all of which the file has.

    Raises:
        InputError: one is missing; names those of the file.
    """
    names = tuple(row)
    by_usual_name = {name.strip().casefold(): name for name in reversed(names)}
    label_column = layout.label or next(
        (by_usual_name[name] for name in LABEL_COLUMNS if name in by_usual_name), ""
    )
    if label_column not in row:
        missing = (
            repr(label_column) if label_column else f"of the labels ({', '.join(LABEL_COLUMNS)})"
        )
        raise InputError(
            f"{file}: has no column {missing}; its columns are {', '.join(map(repr, names))}. "
            "Name the right one with --label-column."
        )
    try:
        return find_columns(Columns(text=layout.text, date=layout.date), names), label_column
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _split_labels(value: Any, separator: str) -> list[str]:
    """Return the category names in a cell, or in a JSON list."""
    if isinstance(value, list | tuple):
        parts = [str(part) for part in value]
    else:
        cell = "" if value is None else str(value)
        parts = cell.split(separator) if separator else [cell]
    return [unicodedata.normalize("NFC", part.strip()) for part in parts if part.strip()]


def _match_categories(
    counts: Counter[str], taxonomy: Taxonomy, create: bool, file: str
) -> tuple[Taxonomy, dict[str, str]]:
    """Return the taxonomy, extended if create is True, and the category id of each label.

    Raises:
        InputError: the taxonomy lacks some of them and create is False.
    """
    ids_by_name = {
        unicodedata.normalize("NFC", getattr(category, language)).casefold(): category.id
        for language in ("en", "fr", "id")  # an id means its own category, whatever others' names
        for category in taxonomy.categories
    }
    ids = {label: ids_by_name.get(label.casefold()) or _make_id(label, file) for label in counts}
    new_names = {ids[label]: label for label in sorted(counts) if ids[label] not in taxonomy.ids}
    if not new_names:
        return taxonomy, ids
    if not create:
        listed = ", ".join(f"{name} ({counts[name]} rows)" for name in new_names.values())
        raise InputError(
            f"{file}: not in the taxonomy: {listed}. Correct them, or add them with "
            f"--create-categories. Known: {', '.join(taxonomy.ids)}."
        )
    return taxonomy.add_categories(list(new_names.values())), ids


def _make_id(name: str, file: str) -> str:
    """Return the id that a new category of this name would get."""
    try:
        return category_id(name)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _read_document(row: Mapping[str, Any], columns: Columns, source: str) -> Document:
    """Return the article of a row, the same that `classify seeds add` makes of it."""
    parts = [_to_text(row.get(name)) for name in columns.text]
    text = "\n\n".join(part for part in parts if part.strip())
    title, date = _to_text(row.get(columns.title)), _to_text(row.get(columns.date))
    cleaned = clean(text, title=title.strip(), date=date.strip())
    return Document.of(cleaned.text, title=cleaned.title, date=cleaned.date, source=source)


def _to_text(value: Any) -> str:
    """Return a value as text; a list is a list of paragraphs."""
    if isinstance(value, list | tuple):
        return "\n\n".join(map(str, value))
    return "" if value is None else str(value)


def _make_annotation(
    article: Document, categories: set[str], taxonomy: Taxonomy, file: str
) -> Annotation:
    if taxonomy.choice == "single" and len(categories) != 1:
        raise InputError(f"{len(categories)} categories; the taxonomy is single choice")
    return Annotation(
        document_id=article.id,
        annotator=f"{IMPORTED}{file}",
        categories=tuple(name for name in taxonomy.ids if name in categories),
    )
