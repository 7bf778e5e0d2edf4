"""The categories: read from taxonomy.toml, checked in full, the source of everything derived."""

import difflib
import hashlib
import json
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from seeds.base.errors import InputError
from seeds.base.settings import default_config, parse, read_settings
from seeds.base.storage import write_text

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CHOICE = re.compile(r"""(?m)^(\s*choice\s*=\s*)(?:"\w+"|'\w+')""")
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
        free = [key for key in HOTKEYS if key not in {each.hotkey for each in self.categories}]
        new = [
            Category(
                id=category_id(name), fr=name, en=name, hotkey=free[n] if n < len(free) else ""
            )
            for n, name in enumerate(names)
        ]
        return replace(self, categories=(*self.categories, *new))


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


def write_taxonomy(workspace: Path, taxonomy: Taxonomy) -> None:
    """Write taxonomy.toml anew, atomically."""
    head = f"version = {_quoted(taxonomy.version)}\nchoice = {_quoted(taxonomy.choice)}\n"
    write_text(workspace / "taxonomy.toml", head + "".join(map(_table, taxonomy.categories)))


def extend_taxonomy(workspace: Path, taxonomy: Taxonomy) -> bool:
    """Bring taxonomy.toml up to a taxonomy that has another choice or more categories at its end.

    What a person wrote in the file stays as it is, if that can be done; False if not, and the file
    was written anew.
    """
    path = workspace / "taxonomy.toml"
    text = path.read_text(encoding="utf-8-sig")
    new = taxonomy.categories[len(read_taxonomy(workspace).categories) :]
    text = _CHOICE.sub(f'\\1"{taxonomy.choice}"', text, count=1).rstrip("\n") + "\n"
    text += "".join(map(_table, new))
    try:
        kept = parse(tomllib.loads(text), Taxonomy, str(path)) == taxonomy
    except (ValueError, InputError):  # such as categories = [{…}], which nothing can follow
        kept = False
    if kept:
        write_text(path, text)
    else:
        write_taxonomy(workspace, taxonomy)
    return kept


def _table(category: Category) -> str:
    """A category as TOML, after a blank line."""
    values = {key: getattr(category, key) for key in ("id", "fr", "en", "iptc", "hotkey")}
    values |= {
        f"guideline.{language}": text for language, text in asdict(category.guideline).items()
    }
    lines = [f"{key} = {_quoted(value)}" for key, value in values.items()]
    return "\n".join(["", "[[categories]]", *lines, ""])


def _quoted(text: str) -> str:
    """A TOML basic string: a JSON string, but for DEL, and no surrogates."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
