"""The categories: read from taxonomy.toml, checked in full, the source of everything derived."""

import difflib
import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from seeds import jsonl
from seeds.errors import InputError
from seeds.settings import default_config, read_settings

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
        faults = []
        if not _ID.fullmatch(self.id):
            faults.append(f"id {self.id!r} must be lower-case letters, digits and single hyphens")
        if not self.fr.strip() or not self.en.strip():
            faults.append("names fr and en must not be empty")
        if not _IPTC.fullmatch(self.iptc):
            faults.append(f"iptc {self.iptc!r} must look like medtop:20000005")
        if self.hotkey and (len(self.hotkey) != 1 or self.hotkey not in HOTKEYS):
            faults.append(f"hotkey {self.hotkey!r} must be one lower-case letter or digit")
        if faults:
            raise InputError("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The categories in their fixed order, which is the class order of every model."""

    version: str
    choice: Literal["multiple", "single"]
    categories: tuple[Category, ...]

    def __post_init__(self) -> None:
        faults = []
        if not self.categories:
            faults.append("there is no category")
        for field in ("id", "hotkey", "fr", "en"):
            seen: set[str] = set()
            for category in self.categories:
                value = getattr(category, field)
                if value and value in seen:
                    faults.append(f"{field} {value!r} stands twice")
                seen.add(value)
        if faults:
            raise InputError("; ".join(faults))

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
        """The taxonomy as a JSON object; `seeds.settings.parse` reads it back."""
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
        jsonl.write_text(own, default_config("taxonomy.toml").read_text(encoding="utf-8"))
    return read_taxonomy(workspace)


def write_taxonomy(workspace: Path, taxonomy: Taxonomy) -> None:
    """Write taxonomy.toml anew, atomically."""
    lines = [f"version = {_quoted(taxonomy.version)}", f"choice = {_quoted(taxonomy.choice)}", ""]
    for category in taxonomy.categories:
        lines.append("[[categories]]")
        for key in ("id", "fr", "en", "iptc", "hotkey"):
            lines.append(f"{key} = {_quoted(getattr(category, key))}")
        for language in ("fr", "en"):
            text = getattr(category.guideline, language)
            lines.append(f"guideline.{language} = {_quoted(text)}")
        lines.append("")
    jsonl.write_text(workspace / "taxonomy.toml", "\n".join(lines))


def _quoted(text: str) -> str:
    """A TOML basic string: a JSON string, but for DEL, and no surrogates."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
