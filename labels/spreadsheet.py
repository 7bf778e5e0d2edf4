"""Labels one already has, in rows of a CSV, TSV, JSONL or Parquet file. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from labels.dataset import Annotation
from labels.taxonomy import Taxonomy, category_id
from seeds.clean import clean
from seeds.document import Document
from seeds.errors import InputError

TEXT_COLUMNS = ("text", "texte", "body", "content", "article")
LABEL_COLUMNS = ("labels", "label", "categories", "category", "catégorie", "categorie")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the text and the labels stand.

    Attributes:
        text: columns whose values, in order, make the text; () finds one by its usual names.
        label: the column of the categories; "" finds it by its usual names.
        separator: what stands between several categories in one cell.
        date: the column of the date, or "".
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
    layout = _found(layout, kept[0][1], file)
    names = [_names(row.get(layout.label), layout.separator) for _, row in kept]
    taxonomy, ids = _categories(
        Counter(each for row in names for each in row), taxonomy, create, file
    )
    documents: dict[str, Document] = {}
    annotations, faults, repeated = [], [], 0
    for (number, row), labels in zip(kept, names, strict=True):
        try:
            article = _document(row, layout, f"{file}:{number}")
            annotation = _annotation(article, {ids[each] for each in labels}, taxonomy, file)
        except InputError as error:
            faults.append(f"{file}:{number}: {error}")
            continue
        if article.id in documents:
            repeated += 1
            continue
        documents[article.id] = article
        annotations.append(annotation)
    return Labelled(documents, annotations, taxonomy, faults, repeated)


def _found(layout: Layout, row: Mapping[str, Any], file: str) -> Layout:
    """The layout with every column named, and every name a column of the file."""
    lower = {name.lower(): name for name in row}
    text = layout.text or tuple(lower[name] for name in TEXT_COLUMNS if name in lower)[:1]
    label = layout.label or next((lower[name] for name in LABEL_COLUMNS if name in lower), "")
    missing = [name for name in (*text, label, layout.date) if name and name not in row]
    if not text:
        missing.append("--text-columns")
    if not label:
        missing.append("--label-column")
    if missing:
        raise InputError(
            f"{file}: no column {', '.join(missing)}. Columns there: {', '.join(row)}. "
            "Name yours with --text-columns and --label-column."
        )
    return replace(layout, text=text, label=label)


def _names(value: Any, separator: str) -> list[str]:
    """The category names of a cell, or of a JSON list."""
    parts = value if isinstance(value, list | tuple) else str(value or "").split(separator)
    return [str(each).strip() for each in parts if str(each).strip()]


def _categories(
    found: Counter[str], taxonomy: Taxonomy, create: bool, file: str
) -> tuple[Taxonomy, dict[str, str]]:
    """The taxonomy, with new categories if that is wanted, and the id of each name found."""
    known = {
        name.casefold(): category.id
        for category in taxonomy.categories
        for name in (category.en, category.fr, category.id)
    }
    ids = {name: known.get(name.casefold(), category_id(name)) for name in found}
    new = {ids[name]: name for name in sorted(found) if ids[name] not in taxonomy.ids}
    if new and not create:
        listed = ", ".join(f"{name} ({found[name]} rows)" for name in new.values())
        raise InputError(
            f"{file}: not in the taxonomy: {listed}. Correct them, or add them with "
            f"--create-categories. Known: {', '.join(taxonomy.ids)}."
        )
    return taxonomy.adding(list(new.values())) if new else taxonomy, ids


def _document(row: Mapping[str, Any], layout: Layout, source: str) -> Document:
    parts = [str(row.get(name) or "").strip() for name in layout.text]
    date = str(row.get(layout.date) or "") if layout.date else ""
    title = parts[0] if len(parts) > 1 else ""
    cleaned = clean("\n\n".join(filter(None, parts)), title=title, date=date)
    return Document.of(cleaned.text, title=cleaned.title, date=cleaned.date, source=source)


def _annotation(article: Document, chosen: set[str], taxonomy: Taxonomy, file: str) -> Annotation:
    if taxonomy.choice == "single" and len(chosen) != 1:
        raise InputError(f"{len(chosen)} categories; the taxonomy is single choice")
    return Annotation(
        document_id=article.id,
        annotator=f"import:{file}",
        categories=tuple(name for name in taxonomy.ids if name in chosen),
    )
