"""Dates as people, programs and newspapers write them."""

import datetime as dt
import re
import unicodedata

_MONTHS = {  # by their first letters, without accents, in French and English
    "jan": 1,
    "fev": 2,
    "feb": 2,
    "mar": 3,
    "avr": 4,
    "apr": 4,
    "mai": 5,
    "may": 5,
    "juin": 6,
    "jun": 6,
    "juil": 7,
    "jul": 7,
    "aou": 8,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
_DAY_NAME = (
    r"(?:(?:lun|mar|mercre|jeu|vendre|same)di|dimanche"
    r"|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+"
)
_MONTH = (
    r"(?:janv(?:ier)?|f[ée]vr?(?:ier)?|mars?|avr(?:il)?|mai|juin|juil(?:let)?|ao[ûu]t|sept?(?:embre)?"
    r"|oct(?:obre)?|nov(?:embre)?|d[ée]c(?:embre)?"
    r"|jan(?:uary)?|feb(?:ruary)?|march|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|(?:septem|octo|novem|decem)ber)\.?"
)
_DATE = (
    r"(?:(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})(?:[-/.](?P<d1>\d{1,2}))?(?!\d)"
    r"|(?P<d2>\d{1,2})[-/.](?P<m2>\d{1,2})[-/.](?P<y2>\d{4})(?!\d)"
    rf"|(?:{_DAY_NAME})?(?:(?P<d3>\d{{1,2}})(?:er)?\s+)?(?P<m3>{_MONTH})\s+(?P<y3>\d{{4}})(?!\d)"
    rf"|(?:{_DAY_NAME})?(?P<m4>{_MONTH})\s+(?P<d4>\d{{1,2}}),\s*(?P<y4>\d{{4}})(?!\d))"
)
_TIME = (
    r"(?:T\d{2}:\d{2}[\d:.,+Z-]*"
    r"|,?\s*(?:à|at|-|–)?\s*\d{1,2}\s*[hH:]\s*(?:\d{2})?(?::\d{2})?(?:[.]\d+)?"
    r"(?:\s*\(?(?:GMT|UTC|CET|CEST|heure de \w+)(?:[+-]\d+)?\)?|[+-]\d{2}:?\d{2}|Z)?)?"
)
_STAMP = (
    r"(?:(?:derni[èe]re\s+)?mise\s+[àa]\s+jour|mis\s+[àa]\s+jour|mise?\s+en\s+ligne"
    r"|publi[ée]e?s?|publication|(?:post|actualis|modifi)[ée]e?|(?:derni[èe]re\s+)?modification"
    r"|date(?:\s+de\s+(?:publication|parution|mise\s+[àa]\s+jour))?"
    r"|(?:last\s+)?updated|published|posted)\s*(?:[:|-]\s*)?(?:(?:le|on|du)\s+)?"
)
_STAMPED = re.compile(
    rf"{_STAMP}{_DATE}{_TIME}(?:\s*[|•·–—(/,;-]*\s*(?:et\s+)?{_STAMP}.{{6,40}})?"
    r"(?:\s*[|•·–—-]\s*(?:(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?|[^.!?]{0,60}))?",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?:le\s+)?{_DATE}{_TIME}", re.IGNORECASE)
_YEAR = re.compile(r"\d{4}")
# Taken for one space: the patterns would try each way to share out a run among their parts.
_RUN_OF_SPACES = re.compile(r"\s{2,}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")


def parse_date(value: str) -> str:
    """Return the date a text begins with, as "2021", "2021-04" or "2021-04-30"; "" if it has none.

    Days come before months (03/11/2020 is in November); month names are French or English.
    """
    value = value.strip()
    if _YEAR.fullmatch(value):
        return value
    if compact := _COMPACT.fullmatch(value):
        value = "-".join(compact.groups())
    match = _BARE.match(_RUN_OF_SPACES.sub(" ", value))
    return _iso(match) if match else ""


def stamped_date(line: str) -> str:
    """Return the date of a line like "Mis à jour le 3 juin 2020 à 14h05"; "" of any other line."""
    match = _STAMPED.fullmatch(_RUN_OF_SPACES.sub(" ", line))
    return _iso(match) if match else ""


def lone_date(line: str) -> str:
    """Return the date of a line that is a date and nothing else; "" of any other line."""
    match = _BARE.fullmatch(_RUN_OF_SPACES.sub(" ", line))
    return _iso(match) if match else ""


def _iso(match: re.Match[str]) -> str:
    """Return the date in a match of _DATE; "" if the calendar has no such day."""
    parts = match.groupdict()
    year, month, day = (
        next((parts[f"{name}{n}"] for n in range(1, 5) if parts.get(f"{name}{n}")), "")
        for name in "ymd"
    )
    if not month.isdigit():
        plain = unicodedata.normalize("NFD", month.lower()).encode("ascii", "ignore").decode()
        month = str(next(number for name, number in _MONTHS.items() if plain.startswith(name)))
    try:
        date = dt.date(int(year), int(month), int(day or 1)).isoformat()
    except ValueError:
        return ""
    return date if day else date[:7]
