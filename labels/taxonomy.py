"""The categories: read from taxonomy.toml, checked in full, the source of everything derived."""

import difflib
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from seeds.base.errors import InputError, missing_extra
from seeds.base.settings import default_config, read_settings
from seeds.base.storage import write_text
from seeds.base.surrogates import replace_surrogates

if TYPE_CHECKING:
    from tomlkit.items import InlineTable, Table

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_IPTC = re.compile(r"(medtop:\d{8})?")
# Keys that Label Studio leaves free (it has "u") and a keyboard has without modifiers, in the order
# given out.
HOTKEYS = "1234567890qwertyiopasdfghjklzxcvbnm"


@dataclass(frozen=True, slots=True)
class Guideline:
    """What belongs in a category and what does not, in both languages of the annotators."""

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
    """

    id: str
    fr: str
    en: str
    iptc: str = ""
    guideline: Guideline = Guideline()
    hotkey: str = ""

    def __post_init__(self) -> None:
        if faults := self.faults_in(asdict(self)):
            raise InputError("; ".join(faults))

    @staticmethod
    def faults_in(values: Mapping[str, Any]) -> list[str]:
        """What is wrong with the fields that are there."""
        faults = []
        known = {"id": "any", "fr": "any", "en": "any", "iptc": "", "hotkey": "", **values}
        if not _ID.fullmatch(known["id"]):
            faults.append(f"id {known['id']!r} must be lower-case letters, digits, single hyphens")
        if not known["fr"].strip() or not known["en"].strip():
            faults.append("names fr and en must not be empty")
        if not _IPTC.fullmatch(known["iptc"]):
            faults.append(f"iptc {known['iptc']!r} must look like medtop:20000005")
        if (key := known["hotkey"]) and (len(key) != 1 or key not in HOTKEYS):
            faults.append(f"hotkey {key!r} must be one lower-case letter or digit")
        return faults


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The categories in their fixed order, which is the class order of every model."""

    version: str
    choice: Literal["multiple", "single"]
    categories: tuple[Category, ...]

    def __post_init__(self) -> None:
        if faults := self.faults_in(asdict(self)):
            raise InputError("; ".join(faults))

    @staticmethod
    def faults_in(values: Mapping[str, Any]) -> list[str]:
        """What is wrong with the categories together; each may lack some of its fields."""
        if "categories" not in values:
            return []
        tables = [each for each in values["categories"] if isinstance(each, Mapping)]
        faults = [] if values["categories"] else ["there is no category"]
        for field in ("id", "hotkey", "fr", "en"):
            found = [each.get(field) for each in tables]
            counts = Counter(each for each in found if isinstance(each, str) and each)
            faults += [f"{field} {name!r} stands twice" for name, n in counts.items() if n > 1]
        return faults

    @property
    def ids(self) -> tuple[str, ...]:
        """The category ids in class order."""
        return tuple(category.id for category in self.categories)

    @property
    def fingerprint(self) -> str:
        """8 hexadecimal digits that change when the choice, an id or the order does."""
        text = json.dumps([self.choice, self.ids])
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def __getitem__(self, category: str) -> Category:
        """The category of an id.

        Raises:
            InputError: there is none; names the nearest id.
        """
        for each in self.categories:
            if each.id == category:
                return each
        raise InputError(self.unknown(category))

    def unknown(self, category: str) -> str:
        """What to say of a name that is no category of this taxonomy."""
        near = difflib.get_close_matches(category, self.ids, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(self.ids)}."
        return f"category {category!r} is not in the taxonomy. {hint}"

    def record(self) -> dict[str, Any]:
        """The taxonomy as a JSON object; `seeds.base.settings.parse` reads it back."""
        return asdict(self)

    def adding(self, names: list[str]) -> "Taxonomy":
        """This taxonomy with a new category for each name, a free hotkey where one is left."""
        taken = {category.hotkey for category in self.categories}
        hotkeys = iter([key for key in HOTKEYS if key not in taken])
        names = [replace_surrogates(name) for name in names]  # TOML has no place for them
        added = (
            Category(id=category_id(name), fr=name, en=name, hotkey=next(hotkeys, ""))
            for name in names
        )
        return replace(self, categories=(*self.categories, *added))


def category_id(name: str) -> str:
    """The id of a category name: "science/technology" -> "science-technology".

    Raises:
        InputError: nothing of the name is left.
    """
    spelled = name.casefold().replace("œ", "oe").replace("æ", "ae")  # NFKD leaves ligatures whole
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not made:
        raise InputError(f"category {name!r} has no letter or digit to make an id of. Rename it.")
    return made


def read_taxonomy(workspace: Path) -> Taxonomy:
    """The workspace's taxonomy.toml, else the default one."""
    own = workspace / "taxonomy.toml"
    return read_settings(own if own.is_file() else default_config("taxonomy.toml"), Taxonomy)


def ensure_taxonomy(workspace: Path) -> Taxonomy:
    """The workspace's taxonomy.toml, copied from the default one if it is not there yet."""
    own = workspace / "taxonomy.toml"
    if not own.is_file():
        write_text(own, default_config("taxonomy.toml").read_text(encoding="utf-8"))
    return read_taxonomy(workspace)


def extend_taxonomy(workspace: Path, taxonomy: Taxonomy) -> None:
    """Give taxonomy.toml another choice, or the categories that a taxonomy has more at its end.

    The rest of the file stays as a person wrote it, comments and order included.

    Raises:
        InputError: tomlkit is not installed.
    """
    try:
        import tomlkit
        from tomlkit.items import Array
    except ImportError as error:
        raise missing_extra("seeds", "Changing taxonomy.toml") from error
    path = workspace / "taxonomy.toml"
    text = path.read_text(encoding="utf-8-sig")
    document = tomlkit.parse(text.rstrip("\n") + "\n")  # a table can't follow an unended line
    if document["choice"] != taxonomy.choice:
        document["choice"] = taxonomy.choice
    entries: Any = document["categories"]
    inline = isinstance(entries, Array)  # categories = [{…}]
    for category in taxonomy.categories[len(entries) :]:
        entries.append(_inline_table(asdict(category)) if inline else _table(category))
    write_text(path, tomlkit.dumps(document))


def _table(category: Category) -> "Table":
    """A [[categories]] table after a blank line; its empty fields are for a person to fill in."""
    import tomlkit

    table = tomlkit.table()
    table.trivia.indent = "\n"
    for name in ("id", "fr", "en", "iptc", "hotkey"):
        table.append(name, getattr(category, name))
    for language, guideline in asdict(category.guideline).items():
        table.append(tomlkit.key(["guideline", language]), guideline)
    return table


def _inline_table(fields: Mapping[str, Any]) -> "InlineTable":
    import tomlkit

    table = tomlkit.inline_table()
    for name, value in fields.items():
        table.append(name, _inline_table(value) if isinstance(value, Mapping) else value)
    return table
