"""Labels one already has, in rows of a CSV, TSV, JSONL or Parquet file. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from labels.annotations import Annotation
from labels.taxonomy import Taxonomy, category_id
from seeds.base.errors import InputError
from seeds.clean import clean
from seeds.document import Document
from seeds.reading.columns import Columns, find_columns

LABEL_COLUMNS = ("labels", "label", "categories", "category", "catégorie", "categorie")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the text and the labels stand.

    Attributes:
        text: columns whose values, in order, make the text; () finds one by its usual names, as
            `classify seeds add` does.
        label: the column of the categories; "" finds it by its usual names.
        separator: what stands between several categories in one cell; "" for nothing.
        date: the column of the date; "" finds it by its usual names.
    """

    text: tuple[str, ...] = ()
    label: str = ""
    separator: str = ";"
    date: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a file of labels holds.

    Attributes:
        documents: the articles, by id.
        annotations: one an article.
        taxonomy: the one given, with the categories that were added.
        faults: one line for each row that could not be used.
        repeated: rows whose article stood in the file before; the first counts.
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
    """The taxonomy with another choice.

    Raises:
        InputError: labels there already do not have exactly one category each.
    """
    if choice is None or choice == taxonomy.choice:
        return taxonomy
    several = sum(each.status == "submitted" and len(each.categories) != 1 for each in annotations)
    if choice == "single" and several:
        raise InputError(
            f"--choice single: {several} annotations in the workspace do not have exactly one "
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
) -> Labelled:
    """The labelled articles of a file.

    Args:
        rows: (record number from 1, values by column).
        layout: which columns.
        taxonomy: a label may be a category's id or its French or English name.
        file: the file's name, for sources, faults and the annotator.
        create: add the categories that the taxonomy lacks.

    Raises:
        InputError: a column is missing, or labels are unknown and create is False; names them all.
    """
    kept = list(rows)
    if not kept:
        raise InputError(f"{file}: no rows. Check the file.")
    columns, label = _found(layout, kept[0][1], file)
    names = [_names(row.get(label), layout.separator) for _, row in kept]
    taxonomy, ids = _categories(
        Counter(each for row in names for each in row), taxonomy, create, file
    )
    documents: dict[str, Document] = {}
    places: dict[str, int] = {}
    annotations, faults, repeated = [], [], 0
    for (number, row), labels in zip(kept, names, strict=True):
        try:
            article = _document(row, columns, f"{file}:{number}")
            annotation = _annotation(article, {ids[each] for each in labels}, taxonomy, file)
        except InputError as error:
            faults.append(f"{file}:{number}: {error}")
            continue
        if article.id in documents:
            if annotation not in annotations:
                faults.append(
                    f"{file}:{number}: an article seen before (in {places[article.id]}) with other "
                    "categories, which stay. Give it all its categories in one row."
                )
            repeated += 1
            continue
        documents[article.id], places[article.id] = article, number
        annotations.append(annotation)
    return Labelled(documents, annotations, taxonomy, faults, repeated)


def _found(layout: Layout, row: Mapping[str, Any], file: str) -> tuple[Columns, str]:
    """The columns of the articles, and that of the labels; each one is a column of the file."""
    names = tuple(row)
    usual = {name.strip().casefold(): name for name in reversed(names)}
    label = layout.label or next((usual[name] for name in LABEL_COLUMNS if name in usual), "")
    if label not in row:
        lack = repr(label) if label else f"of the labels ({', '.join(LABEL_COLUMNS)})"
        raise InputError(
            f"{file}: has no column {lack}; its columns are {', '.join(map(repr, names))}. "
            "Name the right one with --label-column."
        )
    try:
        return find_columns(Columns(text=layout.text, date=layout.date), names), label
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _names(value: Any, separator: str) -> list[str]:
    """The category names of a cell, or of a JSON list."""
    if isinstance(value, list | tuple):
        parts = [str(each) for each in value]
    else:
        cell = "" if value is None else str(value)
        parts = cell.split(separator) if separator else [cell]
    return [unicodedata.normalize("NFC", each.strip()) for each in parts if each.strip()]


def _categories(
    found: Counter[str], taxonomy: Taxonomy, create: bool, file: str
) -> tuple[Taxonomy, dict[str, str]]:
    """The taxonomy, with new categories if that is wanted, and the id of each name found."""
    known = {
        name.casefold(): category.id
        for language in ("en", "fr", "id")  # an id means its own category, whatever others' names
        for category in taxonomy.categories
        for name in (unicodedata.normalize("NFC", getattr(category, language)),)
    }
    ids = {name: known.get(name.casefold()) or _made(name, file) for name in found}
    new = {ids[name]: name for name in sorted(found) if ids[name] not in taxonomy.ids}
    if new and not create:
        listed = ", ".join(f"{name} ({found[name]} rows)" for name in new.values())
        raise InputError(
            f"{file}: not in the taxonomy: {listed}. Correct them, or add them with "
            f"--create-categories. Known: {', '.join(taxonomy.ids)}."
        )
    return taxonomy.adding(list(new.values())) if new else taxonomy, ids


def _made(name: str, file: str) -> str:
    """The id a new category of this name would get."""
    try:
        return category_id(name)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _document(row: Mapping[str, Any], columns: Columns, source: str) -> Document:
    """The article of a row: the same one that `classify seeds add` makes of it."""
    parts = [_text(row.get(name)) for name in columns.text]
    text = "\n\n".join(part for part in parts if part.strip())
    title, date = _text(row.get(columns.title)), _text(row.get(columns.date))
    cleaned = clean(text, title=title.strip(), date=date.strip())
    return Document.of(cleaned.text, title=cleaned.title, date=cleaned.date, source=source)


def _text(value: Any) -> str:
    """A value as text; a list is a list of paragraphs."""
    if isinstance(value, list | tuple):
        return "\n\n".join(map(str, value))
    return "" if value is None else str(value)


def _annotation(article: Document, chosen: set[str], taxonomy: Taxonomy, file: str) -> Annotation:
    if taxonomy.choice == "single" and len(chosen) != 1:
        raise InputError(f"{len(chosen)} categories; the taxonomy is single choice")
    return Annotation(
        document_id=article.id,
        annotator=f"import:{file}",
        categories=tuple(name for name in taxonomy.ids if name in chosen),
    )
