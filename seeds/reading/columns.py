"""Which columns of a table hold the text, title, date, source and id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seeds.base.errors import InputError

USUAL = {
    "text": ("text", "texte", "body", "content", "contenu", "article", "corps"),
    "title": ("title", "titre", "headline", "chapo"),
    "date": (
        "date",
        "published",
        "published_at",
        "publication_date",
        "date_publication",
        "pubdate",
    ),
    "source": ("source", "url", "link", "lien"),
    "id": ("id", "identifier", "identifiant", "guid", "uuid"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that hold each part of an article; empty ones are found by their usual names."""

    text: tuple[str, ...] = ()
    title: str = ""
    date: str = ""
    source: str = ""
    id: str = ""


def parse_column_names(text: str | None) -> tuple[str, ...]:
    """Split column names that a user gave as "a,b"."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def find_columns(columns: Columns, names: Sequence[str], *, loose: bool = False) -> Columns:
    """Return the columns to read from a table; that of the text is never missing.

    Args:
        columns: those the user named; empty ones are found by their usual names.
        names: all columns of the table.
        loose: a named title, date, source or id may be missing (from a JSON object).

    Raises:
        InputError: a column is missing; lists those of the table.
    """
    spelling = {name.strip().casefold(): name for name in reversed(names)} | {n: n for n in names}

    def find(name: str) -> str:
        return spelling.get(name) or spelling.get(name.casefold(), "")

    named = {kind: getattr(columns, kind) for kind in ("title", "date", "source", "id")}
    chosen = {
        kind: find(name) if name else usual_value(spelling, kind) for kind, name in named.items()
    }
    text = tuple(map(find, columns.text)) or (usual_value(spelling, "text"),)
    required = columns.text if loose else (*columns.text, *named.values())
    missing = [name for name in required if name and not find(name)]
    if missing or not all(text):
        lack = ", ".join(map(repr, missing)) or f"of the text ({', '.join(USUAL['text'])})"
        kinds = [kind for kind, name in named.items() if name in missing]
        text_found = all(text) and not set(columns.text) & set(missing)
        option = (
            f"one with --{kinds[0]}-column" if kinds and text_found else "ones with --text-columns"
        )
        raise InputError(
            f"has no column {lack}; its columns are {', '.join(map(repr, names))}. "
            f"Name the right {option}."
        )
    return Columns(text, **chosen)


def usual_value(values: Mapping[str, str], kind: str) -> str:
    """Return the value under the first of a kind's usual names that has one, else ""."""
    return next((values[name] for name in USUAL[kind] if values.get(name)), "")
