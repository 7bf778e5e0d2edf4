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
    """Which columns of a table hold what; empty ones are found by their usual names."""

    text: tuple[str, ...] = ()
    title: str = ""
    date: str = ""
    source: str = ""
    id: str = ""


def parse_column_names(text: str | None) -> tuple[str, ...]:
    """The columns that someone names as "a,b"."""
    return tuple(each.strip() for each in (text or "").split(",") if each.strip())


def find_columns(columns: Columns, names: Sequence[str], *, loose: bool = False) -> Columns:
    """The columns to read from a table with these names; the text is always found.

    Args:
        columns: what the user named; what is empty is found by its usual names.
        names: of the table.
        loose: a named title, date, source or id may be missing (from a JSON object).

    Raises:
        InputError: a column is missing; lists those there.
    """
    there = {each.strip().casefold(): each for each in reversed(names)} | {n: n for n in names}

    def known(name: str) -> str:
        return there.get(name) or there.get(name.casefold(), "")

    named = {kind: getattr(columns, kind) for kind in ("title", "date", "source", "id")}
    found = {
        kind: known(name) if name else usual_value(there, kind) for kind, name in named.items()
    }
    text = tuple(map(known, columns.text)) or (usual_value(there, "text"),)
    wanted = columns.text if loose else (*columns.text, *named.values())
    missing = [name for name in wanted if name and not known(name)]
    if missing or not all(text):
        lack = ", ".join(map(repr, missing)) or f"of the text ({', '.join(USUAL['text'])})"
        lost = [kind for kind, name in named.items() if name in missing]
        other = lost and all(text) and not set(columns.text) & set(missing)
        option = f"one with --{lost[0]}-column" if other else "ones with --text-columns"
        raise InputError(
            f"has no column {lack}; its columns are {', '.join(map(repr, names))}. "
            f"Name the right {option}."
        )
    return Columns(text, **found)


def usual_value(values: Mapping[str, str], kind: str) -> str:
    """The value under the first of a kind's usual names that has one, else ""."""
    return next((values[name] for name in USUAL[kind] if values.get(name)), "")
