"""The words of the desk report, and its numbers, dates and lists, in one language."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labels.taxonomy import Category
from training.report.html import Child, Html, tag

_NARROW = "\u202f"  # the space of French between thousands


@dataclass(frozen=True, slots=True)
class Words:
    """The text of the page; commands stand between backticks, and {names} are filled in.

    Attributes:
        code: of the language, as in HTML's `lang`.
        months: their short names.
        steps: command -> why it is the next step.
        undefined: the reasons of a figure that is not defined, in English -> in this language.
        words: all else.
    """

    code: str
    months: tuple[str, ...]
    steps: Mapping[str, str]
    undefined: Mapping[str, str]
    words: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.words[key]

    def say(self, key: str, **values: Child) -> list[Child]:
        """Return a sentence as markup: commands as code, values where their names stand."""
        return self.mark_up(self.words[key], **values)

    def mark_up(self, text: str, **values: Child) -> list[Child]:
        """Return a text of ours as markup, as `say` does."""
        parts: list[Child] = []
        for n, piece in enumerate(text.split("`")):
            if n % 2:
                parts.append(tag("code", piece, lang="en"))
                continue
            for m, word in enumerate(re.split(r"\{(\w+)\}", piece)):
                parts.append(values[word] if m % 2 else word)
        return parts

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number: 1 234,5 in French, 1,234.5 in English."""
        text = f"{value:,.{digits}f}"
        if text.strip("-0.,") == "":
            text = text.removeprefix("-")
        if self.code == "en":
            return text
        return text.replace(",", _NARROW).replace(".", ",")

    def about(self, labels: float) -> str:
        """Write a number of labels as precisely as it is known: to ten from a hundred on."""
        return self.number(round(labels, -1 if labels >= 100 else 0))

    def share(self, value: float) -> str:
        """Write a share in [0, 1] as a percentage."""
        return f"{value:.0%}" if self.code == "en" else f"{100 * value:.0f}\u00a0%"

    def count(self, number: int, noun: str) -> str:
        """Write a number with a noun, of which both languages form the plural with an s."""
        is_one = number < 2 if self.code == "fr" else number == 1
        return f"{self.number(number)}\u00a0{self[noun]}{'' if is_one else 's'}"

    def day(self, date: dt.date, unit: str = "day") -> str:
        """Write a day, or the month or year that begins with it."""
        if unit == "year":
            return str(date.year)
        month = f"{self.months[date.month - 1]} {date.year}"
        return month if unit == "month" else f"{date.day} {month}"

    def iso_day(self, text: str) -> str:
        """Write a day that is given as "2026-05-03", or a dash for ""."""
        return self.day(dt.date.fromisoformat(text)) if text else "–"

    def name(self, category: Category) -> str:
        """Return the name of a category."""
        return category.fr if self.code == "fr" else category.en

    def reason(self, text: str) -> str:
        """Return why a figure is not defined."""
        return self.undefined.get(text, text)


def bind(text: str) -> str:
    """Keep French marks with their word."""
    return re.sub(r"« ?", "«\u00a0", re.sub(r" ([:;?!»%])", "\u00a0\\1", text))


def shorten_names(annotators: Iterable[str]) -> dict[str, str]:
    """Return how each annotator is called: by what stands before the @, unless two share that."""
    names = {address: address.partition("@")[0] or address for address in annotators}
    counts = Counter(names.values())
    return {address: name if counts[name] == 1 else address for address, name in names.items()}


def person(annotator: str, names: Mapping[str, str]) -> Html:
    """Write an annotator's short name, with the address in its tooltip."""
    return tag("span", names.get(annotator, annotator), title=annotator, translate="no")
