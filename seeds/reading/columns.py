"""Which columns of a table hold the text, title, date, source and id, and the labels."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from seeds.base.errors import InputError

USUAL = {
    "text": (
        *("text", "texte", "body", "content", "contenu", "article", "corps"),
        *("full_text", "article_text", "article_body", "texte_intégral", "texte_complet"),
        *("texte_de_l_article", "contenu_de_l_article", "corps_de_l_article", "corps_du_texte"),
        *("texte_article", "contenu_article", "corps_article"),
    ),
    "title": (
        *("title", "titre", "headline", "chapo"),
        *("article_title", "titre_de_l_article", "titre_article", "intitulé"),
    ),
    "date": (
        *("date", "published", "published_at", "publication_date", "date_publication", "pubdate"),
        *("date_published", "published_date", "publish_date", "date_de_publication"),
        *("date_de_parution", "date_parution", "article_date", "date_de_l_article"),
    ),
    "source": ("source", "url", "link", "lien", "permalink", "article_url"),
    "id": ("id", "identifier", "identifiant", "guid", "uuid"),
    "label": (
        *("labels", "label", "categories", "category", "catégorie", "categorie"),
        *("étiquette", "rubrique", "thème", "thématique", "topic", "classe", "class"),
    ),
}
_OPTIONAL = ("title", "date", "source", "id")
_NAMES_SHOWN = 30  # columns of a table in a message
_LONGEST = 100  # characters of a name that are compared: a stranger's may have a million


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that hold each part of an article; empty ones are found by their usual names.

    label: that of the categories; None: of no interest.
    """

    text: tuple[str, ...] = ()
    title: str = ""
    date: str = ""
    source: str = ""
    id: str = ""
    label: str | None = field(default=None, repr=False)  # which prediction never asks for


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
    header = _Header(names)
    named = {kind: getattr(columns, kind) for kind in _OPTIONAL}
    chosen = {kind: header.find(name, kind) for kind, name in named.items()}
    text = tuple(header.find(name) for name in columns.text) or (header.find("", "text"),)
    required = columns.text if loose else (*columns.text, *named.values())
    missing = [name for name in required if name and not header.find(name)]
    if missing or not all(text):
        lack = ", ".join(map(repr, missing)) or f"of the text ({', '.join(USUAL['text'][:7])})"
        kinds = [kind for kind, name in named.items() if name in missing]
        text_found = all(text) and not set(columns.text) & set(missing)
        option = (
            f"one with --{kinds[0]}-column" if kinds and text_found else "ones with --text-columns"
        )
        raise _missing(lack, names, option)
    label = None if columns.label is None else header.find(columns.label, "label")
    if label == "":
        usual = f"of the labels ({', '.join(USUAL['label'][:6])})"
        lack = repr(columns.label) if columns.label else usual
        raise _missing(lack, names, "one with --label-column")
    return Columns(text, **chosen, label=label)


def _missing(lack: str, names: Sequence[str], option: str) -> InputError:
    """Return the error for a column that is not there."""
    shown = ", ".join(map(repr, names[:_NAMES_SHOWN]))
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return InputError(
        f"has no column {lack}; its columns are {shown}{more}. Name the right {option}."
    )


def usual_value(values: Mapping[str, str], kind: str) -> str:
    """Return the value under the first of a kind's usual names that has one, else ""."""
    return next((values[name] for name in USUAL[kind] if values.get(name)), "")


class _Header:
    """The columns of a table, found as they are written, then however people write them."""

    def __init__(self, names: Sequence[str]) -> None:
        """Index the names in each form; of those that are alike the first counts."""
        self._by_form = [{form(name): name for name in reversed(names)} for form in _FORMS]
        self._by_form[0] |= {name: name for name in names}

    def find(self, name: str, kind: str = "") -> str:
        """Return the column of a name, or of a kind's usual names if that is ""; "" if none is."""
        for form, columns in zip(_FORMS, self._by_form, strict=True):
            for candidate in (name,) if name else USUAL[kind]:
                key = form(candidate)
                if column := columns.get(candidate) or (key and columns.get(key)):
                    return column
        return ""


def _any_case(name: str) -> str:
    return name.strip().casefold()


def _letters(name: str) -> str:
    """Keep small letters and digits: "Date de publication", "date-de-publication" are alike.

    A name that begins with a sign, as that of a system's own field does, stays as it is.
    """
    return name if name[:1] in _SIGNS else "".join(_words(name))


def _singular(name: str) -> str:
    """Keep what `_letters` keeps, without the endings of plurals."""
    return name if name[:1] in _SIGNS else "".join(word.rstrip("sx") for word in _words(name))


def _words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", name[:_LONGEST].casefold().replace("œ", "oe"))
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return re.findall(r"[^\W_]+", plain)


_SIGNS = "_$@#"
_FORMS: tuple[Callable[[str], str], ...] = (_any_case, _letters, _singular)
