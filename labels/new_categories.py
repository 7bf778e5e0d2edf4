"""Names that the taxonomy lacks: added to it, or refused where they look like a slip."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from labels.matching import CategoryNames, NameCount, list_names
from labels.names import comparison_key, tidy_name, without_spaces
from labels.near_names import NearNames
from labels.taxonomy import MOST_CATEGORIES, Taxonomy, category_id
from seeds.base.errors import InputError

# What may stand between names in a cell. Of those in _WEAK, each part must be a name by itself.
_STRONG = ("|", ";", "\n", "\t", ",")
_WEAK = ("/", " - ", " – ", "+", "#", "&", " et ", " and ")
# What hardly ever is the name of a category; a whole number may be its code.
_NO_NAME = re.compile(
    r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ][\d:.,+Z -]{1,30})?|true|false|vrai|faux)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?\d{1,20}[.,]\d{1,20}\s?%?|-\d{1,20}|\d{4,20}")
_SELDOM = 5  # rows; a name of fewer, or of less than 1 in _SHARE, may be a slip of the hand
_SHARE = 20


@dataclass(frozen=True, slots=True)
class Creation:
    """Which categories a file of labels may add to the taxonomy.

    Attributes:
        every: those of all names; one that nearly is a known name is asked about.
        names: those of these names, whatever they resemble.
        used: the ids of the categories that articles have already.
    """

    every: bool = False
    names: Collection[str] = ()
    used: Collection[str] = ()


def add_categories(
    unknown: Sequence[NameCount],
    taxonomy: Taxonomy,
    creation: Creation,
    *,
    rows: int,
    separator: str,
    is_part: Callable[[str], bool],
) -> tuple[Taxonomy, dict[str, str], list[str]]:
    """Return the taxonomy with a category for each name, the id of each, and notes for the user.

    Args:
        unknown: the names that the taxonomy lacks.
        taxonomy: of the workspace.
        creation: which of them may be added.
        rows: of the file.
        separator: between names in a cell; "": cells are not parted.
        is_part: tells whether a part of a cell is a name by itself.

    Raises:
        InputError: some are nearly known names, look like several names, or get the same id.
    """
    groups = _group_alike(unknown)
    if (count := len(groups) + len(taxonomy.ids)) > MOST_CATEGORIES:
        raise InputError(
            f"{count:,} categories in all, and {MOST_CATEGORIES:,} are the most. Name the column "
            "of the categories with --label-column."
        )
    insisted = {without_spaces(name) for name in creation.names}
    if separator and (joined := _find_joined(groups, insisted, separator, is_part)):
        raise joined
    notes = _refuse_near(groups, insisted, taxonomy, creation.used, rows)
    names = sorted(group[0].name for group in groups.values())
    _refuse_nameless(groups)
    _refuse_clashes(names, taxonomy)
    added = taxonomy.add_categories([tidy_name(name) for name in names])
    places = {without_spaces(name): place for place, name in enumerate(names, len(taxonomy.ids))}
    ids = {name.name: added.ids[places[without_spaces(name.name)]] for name in unknown}
    return added, ids, notes


def refuse_values(unknown: Iterable[NameCount], rows: int, *, numbers: bool) -> None:
    """Refuse dates, true and false where names of categories should be, in half of the rows.

    numbers: allow them, too.

    Raises:
        InputError: names the first.
    """
    values = [
        name
        for name in unknown
        if _NO_NAME.fullmatch(name.name) or (not numbers and _NUMBER.fullmatch(name.name))
    ]
    if 2 * sum(name.count for name in values) >= rows and values:
        kind = "a number" if _NUMBER.fullmatch(values[0].name) else "a date, or true or false"
        kind = "a date" if values[0].name[0].isdigit() and kind != "a number" else kind
        raise InputError(
            f"{values[0]} looks like {kind}, not the name of a category. Name the right column "
            "with --label-column."
        )


def guess_separator(name: str, is_part: Callable[[str], bool]) -> str:
    """Return what stands between several names that were taken for one, else ""."""
    for mark in (*_STRONG, *_WEAK):
        parts = [part.strip() for part in name.split(mark)] if mark in name else []
        filled = [part for part in parts if part]
        enough = any if mark in _STRONG else all
        if len(filled) > 1 and enough(map(is_part, filled)):
            return mark
    return ""


def advise_separator(mark: str, separator: str) -> str:
    """Return the question whether it is this separator, unless that is given already."""
    if mark == separator:  # a list holds the names
        return "Write each as an element of the list."
    shown = {"\n": "$'\\n'", "\t": "$'\\t'"}.get(mark, f"'{mark}'")
    return f"Did you mean --separator {shown}?"


def _group_alike(names: Iterable[NameCount]) -> dict[str, list[NameCount]]:
    """Group names that a person takes for the same; the most frequent group and spelling first."""
    groups: dict[str, list[NameCount]] = defaultdict(list)
    for name in names:
        groups[without_spaces(name.name)].append(name)
    ranked = sorted(groups.items(), key=lambda group: (-sum(n.count for n in group[1]), group[0]))
    return {key: sorted(group, key=lambda name: -name.count) for key, group in ranked}


def _find_joined(
    groups: dict[str, list[NameCount]],
    insisted: set[str],
    separator: str,
    is_part: Callable[[str], bool],
) -> InputError | None:
    """Return the error for the first name that looks like several, or None."""
    for key, (name, *_) in groups.items():
        if key in insisted:
            continue
        bare = next((mark for mark in "|;" if mark in name.name.strip(mark)), "")
        if mark := guess_separator(name.name, is_part) or bare:
            advice = advise_separator(mark, separator)
            return InputError(
                f"{name} looks like several categories. {advice} If it is one, "
                f"add --new-category '{name.name}'."
            )
    return None


def _refuse_near(
    groups: dict[str, list[NameCount]],
    insisted: set[str],
    taxonomy: Taxonomy,
    used: Collection[str],
    rows: int,
) -> list[str]:
    """Refuse names that nearly are known ones; return notes on those that are added beside them.

    A name of many rows, beside a known one that no article has, is no slip of the hand.

    Raises:
        InputError: names them all.
    """
    known = CategoryNames(taxonomy)
    names = NearNames(name for c in taxonomy.categories for name in (c.fr, c.en, c.id))
    near: dict[str, str] = {}
    notes = []
    for key, (name, *others) in groups.items():
        resembled = "" if key in insisted else names.find(name.name)
        if not resembled:
            names.add(name.name, letter_by_letter=False)
            continue
        count = name.count + sum(other.count for other in others)
        category = known.keys.get(comparison_key(resembled), "")
        seldom = count < _SELDOM or count * _SHARE < rows
        if seldom or not category or category in used:
            near[name.name] = resembled
        else:
            notes.append(f"{name} is added beside {resembled!r}, which no article has")
    if near:
        listed = list_names((g[0] for g in groups.values() if g[0].name in near), near)
        raise InputError(
            f"nearly known: {listed}. Correct them, or add them all the same: "
            f"--new-category '{next(iter(near))}'."
        )
    return notes


def _refuse_nameless(groups: dict[str, list[NameCount]]) -> None:
    """Refuse a name that no id can be made of.

    Raises:
        InputError: names it and its row.
    """
    for name, *_ in groups.values():
        try:
            category_id(name.name)
        except InputError as error:
            raise InputError(f"row {name.row}: {error}") from error


def _refuse_clashes(names: Sequence[str], taxonomy: Taxonomy) -> None:
    """Refuse names that would get the id of another category.

    Raises:
        InputError: names two that clash.
    """
    owners = {category.id: category.fr for category in taxonomy.categories}
    for name in names:
        if (owner := owners.setdefault(category_id(name), name)) != name:
            raise InputError(
                f"{name!r} and {owner!r} would both be the category {category_id(name)!r}. "
                "Rename one of them."
            )
