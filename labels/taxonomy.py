"""The categories: read from taxonomy.toml and checked in full; all else derives from them."""

import datetime as dt
import difflib
import functools
import hashlib
import json
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from seeds.base.errors import InputError, missing_extra
from seeds.base.settings import default_config, read_settings
from seeds.base.storage import write_text
from seeds.base.surrogates import replace_surrogates

if TYPE_CHECKING:
    from tomlkit.items import InlineTable

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_IPTC = re.compile(r"(medtop:\d{8})?")
# Keys that Label Studio leaves free (it uses "u") and that need no modifier, in the order in which
# new categories get them.
HOTKEYS = "1234567890qwertyiopasdfghjklzxcvbnm"
MOST_CATEGORIES = 10_000  # a column with more distinct values is not that of the categories
_IDS_SHOWN = 50  # in a message


@dataclass(frozen=True, slots=True)
class Guideline:
    """The rule for what belongs in a category, in both languages of the annotators."""

    fr: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One category.

    Attributes:
        id: lower-case letters, digits and hyphens; never reused for something else.
        fr, en: its names.
        iptc: the IPTC Media Topic, "medtop:20000005", or "".
        guideline: a sentence with a counter-example, shown to annotators.
        hotkey: one key, unique in the taxonomy, or "".
        added: when it joined the taxonomy, ISO 8601; annotations older than that did not answer
            for it. "" means that it was there from the beginning.
        group: the heading under which the labelling page shows it, or "".
        split_from: the id of a category that is no more, of which this one was a part: annotations
            older than `added` said no to this one, too, if they said no to that.
    """

    id: str
    fr: str
    en: str
    iptc: str = ""
    guideline: Guideline = Guideline()
    hotkey: str = ""
    added: str = ""
    group: str = ""
    split_from: str = ""

    def __post_init__(self) -> None:
        if faults := self.faults_in(asdict(self)):
            raise InputError("; ".join(faults))

    def record(self) -> dict[str, Any]:
        """Return the category as a JSON object, what only later ones have if they do."""
        late = ("added", "group", "split_from")
        return {name: value for name, value in asdict(self).items() if value or name not in late}

    @staticmethod
    def faults_in(values: Mapping[str, Any]) -> list[str]:
        """Describe what is wrong with a category; values may lack some of its fields."""
        faults = []
        empty = dict.fromkeys(("iptc", "hotkey", "added"), "")
        fields = {"id": "any", "fr": "any", "en": "any", **empty, **values}
        if not _ID.fullmatch(fields["id"]):
            faults.append(f"id {fields['id']!r} must be lower-case letters, digits, single hyphens")
        if not fields["fr"].strip() or not fields["en"].strip():
            faults.append("names fr and en must not be empty")
        if not _IPTC.fullmatch(fields["iptc"]):
            faults.append(f"iptc {fields['iptc']!r} must look like medtop:20000005")
        if (key := fields["hotkey"]) and (len(key) != 1 or key not in HOTKEYS):
            faults.append(f"hotkey {key!r} must be one lower-case letter or digit")
        if (time := fields["added"]) and not _is_time(time):
            faults.append(f'added {time!r} must be a time, such as 2026-11-28T09:30:00Z, or ""')
        return faults


@dataclass(frozen=True)  # no slots, which cached_property needs the place of
class Taxonomy:
    """The categories in their fixed order, which is the class order of every model.

    Attributes:
        retired: ids of categories that there were; old votes for them do not count.
    """

    version: str
    choice: Literal["multiple", "single"]
    categories: tuple[Category, ...]
    retired: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if faults := self.faults_in(asdict(self)):
            raise InputError("; ".join(faults))

    @staticmethod
    def faults_in(values: Mapping[str, Any]) -> list[str]:
        """Describe what is wrong with the categories together; each may lack some fields."""
        if "categories" not in values:
            return []
        tables = [table for table in values["categories"] if isinstance(table, Mapping)]
        faults = [] if values["categories"] else ["there is no category"]
        if len(tables) > MOST_CATEGORIES:
            faults.append(f"{len(tables):,} categories, and {MOST_CATEGORIES:,} are the most")
        for field in ("id", "hotkey", "fr", "en"):
            entries = [table.get(field) for table in tables]
            counts = Counter(entry for entry in entries if isinstance(entry, str) and entry)
            faults += [f"{field} {entry!r} occurs twice" for entry, n in counts.items() if n > 1]
        ids = [table.get("id") for table in tables]
        reused = [name for name in values.get("retired", ()) if name in ids]
        faults += [
            f"id {name!r} was retired, and is never reused: choose another" for name in reused
        ]
        return faults

    @functools.cached_property
    def ids(self) -> tuple[str, ...]:
        """The category ids in class order."""
        return tuple(category.id for category in self.categories)

    @functools.cached_property
    def places(self) -> dict[str, int]:
        """The place of each category id in class order, from 0."""
        return {name: place for place, name in enumerate(self.ids)}

    def sort(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return category ids in class order; all must be of this taxonomy."""
        return tuple(sorted(ids, key=self.places.__getitem__))

    @property
    def fingerprint(self) -> str:
        """8 hexadecimal digits that change when the choice, an id or the order does."""
        text = json.dumps([self.choice, self.ids])
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def __getitem__(self, category: str) -> Category:
        """Return the category of an id.

        Raises:
            InputError: there is none; names the nearest id.
        """
        if category not in self.places:
            raise InputError(self.describe_unknown(category))
        return self.categories[self.places[category]]

    def describe_unknown(self, category: str) -> str:
        """Return the message for a name that is no category of this taxonomy."""
        nearest = difflib.get_close_matches(category, self.ids, n=1)
        hint = f"Did you mean {nearest[0]!r}?" if nearest else f"Known: {self.list_ids()}."
        return f"category {category!r} is not in the taxonomy. {hint}"

    def list_ids(self) -> str:
        """Return the category ids for a message; of very many the first."""
        more = f" and {len(self.ids) - _IDS_SHOWN:,} more" if len(self.ids) > _IDS_SHOWN else ""
        return ", ".join(self.ids[:_IDS_SHOWN]) + more

    def record(self) -> dict[str, Any]:
        """Return the taxonomy as a JSON object, which `seeds.base.settings.parse` reads back."""
        record = asdict(self) | {"categories": [entry.record() for entry in self.categories]}
        return {name: value for name, value in record.items() if value or name != "retired"}

    def add_categories(self, names: list[str]) -> "Taxonomy":
        """Return this taxonomy with a category added for each name, and a hotkey if one is free."""
        taken = {category.hotkey for category in self.categories}
        hotkeys = iter([key for key in HOTKEYS if key not in taken])
        names = [replace_surrogates(name) for name in names]  # TOML can't hold them
        added = (
            Category(id=category_id(name), fr=name, en=name, hotkey=next(hotkeys, ""))
            for name in names
        )
        return replace(self, categories=(*self.categories, *added))


def category_id(name: str) -> str:
    """Return the id for a category name: "science/technology" -> "science-technology".

    Raises:
        InputError: the name has no letter or digit that an id can have.
    """
    text = name.casefold().replace("œ", "oe").replace("æ", "ae")  # NFKD keeps these ligatures
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
    if not slug:
        raise InputError(f"category {name!r} has no letter or digit to make an id of. Rename it.")
    return slug


def _is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def read_taxonomy(workspace: Path) -> Taxonomy:
    """Return the taxonomy of the workspace's taxonomy.toml, else the default one."""
    path = workspace / "taxonomy.toml"
    return read_settings(path if path.is_file() else default_config("taxonomy.toml"), Taxonomy)


def ensure_taxonomy(workspace: Path) -> Taxonomy:
    """Return the workspace's taxonomy, after copying the default file if the workspace has none."""
    path = workspace / "taxonomy.toml"
    if not path.is_file():
        write_text(path, default_config("taxonomy.toml").read_text(encoding="utf-8"))
    return read_taxonomy(workspace)


def extend_taxonomy(workspace: Path, taxonomy: Taxonomy) -> None:
    """Write a taxonomy's choice and its additional last categories into taxonomy.toml.

    The rest of the file stays as a person wrote it, comments and order included.

    Raises:
        InputError: tomlkit is needed and not installed.
    """
    path = workspace / "taxonomy.toml"
    # The last line must end, or the next table would follow on it.
    text = path.read_text(encoding="utf-8-sig").rstrip("\n") + "\n"
    old = tomllib.loads(text)
    if old["choice"] != taxonomy.choice:
        text = edit_toml(text, lambda document: document.update(choice=taxonomy.choice))
    added = taxonomy.categories[len(old["categories"]) :]
    extended = text + "".join(map(toml_table, added))
    try:
        tomllib.loads(extended)
    except tomllib.TOMLDecodeError:  # categories = [{…}], to which no table can be added
        inline = [inline_table(category.record()) for category in added]
        extended = edit_toml(text, lambda document: document["categories"].extend(inline))
    write_text(path, extended)


def edit_toml(text: str, change: Callable[[Any], object]) -> str:
    """Return TOML with a change that leaves all else as it is written.

    Raises:
        InputError: tomlkit is not installed.
    """
    try:
        import tomlkit
    except ImportError as error:
        raise missing_extra("seeds", "Changing taxonomy.toml") from error
    document = tomlkit.parse(text)
    change(document)
    return tomlkit.dumps(document)


def toml_table(category: Category) -> str:
    """Return a [[categories]] table after a blank line; a person is to fill in its empty fields."""
    fields = {name: getattr(category, name) for name in ("id", "fr", "en", "iptc", "hotkey")}
    late = {name: getattr(category, name) for name in ("added", "split_from", "group")}
    fields |= {name: text for name, text in late.items() if text}
    fields |= {f"guideline.{name}": text for name, text in asdict(category.guideline).items()}
    lines = [f"{name} = {_quote(text)}\n" for name, text in fields.items()]
    return "".join(("\n[[categories]]\n", *lines))


def _quote(text: str) -> str:
    """Write a string of TOML, in which all that JSON escapes is escaped alike."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def inline_table(fields: Mapping[str, Any]) -> "InlineTable":
    """Return fields as an inline table of TOML, with the tables in them."""
    import tomlkit

    table = tomlkit.inline_table()
    for name, value in fields.items():
        table.append(name, inline_table(value) if isinstance(value, Mapping) else value)
    return table
