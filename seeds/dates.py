"""Dates as people, programs and newspapers write them."""

import datetime as dt
import re
import unicodedata

MAX_LENGTH = 160  # characters of a date with what stands around it; more is prose
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
    r"(?:(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|lun|mar|mer|jeu|ven|sam|dim"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\.?,?\s+"
)
_MONTH = (
    r"(?:janv(?:ier)?|f[ée]vr?(?:ier)?|mars?|avr(?:il)?|mai|juin|juill?(?:et)?|ao[ûu]t"
    r"|sept?(?:embre)?|oct(?:obre)?|nov(?:embre)?|d[ée]c(?:embre)?"
    r"|jan(?:uary)?|feb(?:ruary)?|march|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|(?:septem|octo|novem|decem)ber)\.?"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?"
DATE = (
    r"(?<![\d/.-])(?:"
    r"(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})(?:[-/.](?P<d1>\d{1,2}))?(?!\d)"
    r"|(?P<d2>\d{1,2})[-/.](?P<m2>\d{1,2})[-/.](?P<y2>\d{4})(?!\d)"
    r"|(?P<d5>\d{1,2})[/.](?P<m5>\d{1,2})[/.](?P<y5>\d{2})(?![\d/.]*\d)"
    rf"|(?:{_DAY_NAME})?(?:(?P<d3>\d{{1,2}})(?:\s?(?:er|ᵉʳ)|e|th|st|nd|rd)?[\s-]\s?)?\b(?P<m3>{_MONTH})"
    r",?[\s-]\s?(?P<y3>\d{4})(?!\d)"
    rf"|(?:{_DAY_NAME})?\b(?P<m4>{_MONTH})\s+(?P<d4>\d{{1,2}})(?:th|st|nd|rd)?,?\s+"
    rf"(?:{_CLOCK}\s+)?(?:[A-Z]{{2,4}}\s+|[+-]\d{{4}}\s+)?(?P<y4>\d{{4}})(?!\d))"
)
_ZONE = (
    r"\s*\(?(?:(?-i:(?:[A-Z]{2,5}|GMT|UTC))\s?(?:[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}:?\d{2}|Z"
    r"|heures?\s(?:de\s|d['’])?\w{2,15})\)?"
)
TIME = (
    r"(?:T\d{2}:?\d{2}[\d:.,+Z-]*"
    r"|(?:\s*[,|•·–—-])?\s*(?:à|at|vers)?\s*\d{1,2}\s*(?:[h:]|heures?\b)\s*(?:\d{2}(?!\d))?"
    rf"(?::\d{{2}})?(?:[.]\d+)?(?:\s?[ap]\.?m\b\.?)?(?:{_ZONE})?)?"
)
DAY = rf"(?:{_DAY_NAME})?\d{{1,2}}(?:er|ᵉʳ)?\s{_MONTH}"  # of a year that goes without saying
# Forms that are dates in a field of dates, and elsewhere may be anything: a score, an age.
_IN_FIELD = re.compile(
    rf"(?:(?:{_DAY_NAME})?(?P<d1>\d{{1,2}})(?:\s?(?:er|ᵉʳ))?[\s/.-]\s?(?P<m1>{_MONTH})"
    r"[\s/.-]\s?(?P<y1>\d{4}|\d{2})"
    r"|(?P<d2>\d{1,2})[\s/.-](?P<m2>\d{1,2})[\s/.-](?P<y2>\d{4}|\d{2})"
    rf"|(?P<m3>\d{{1,2}})[/.-](?P<y3>\d{{4}})|(?P<m4>{_MONTH})-(?P<y4>\d{{2}})){TIME}",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"(?:du\s)?\d{{1,2}}(?:er)?\s?(?:au|et|[àa&–-])\s?(?={DATE})"
    rf"|du\s\d{{1,2}}(?:er)?\s(?P<month>{_MONTH})(?:\s(?P<year>\d{{4}}))?\sau\s",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?:le\s+)?{DATE}", re.IGNORECASE)
_ANYWHERE = re.compile(DATE, re.IGNORECASE)
_YEAR = re.compile(r"\d{4}")
_WEEK = re.compile(r"(\d{4})-?W(\d{2})(?:-?([1-7]))?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{4}(?:\d{2})?Z?)?")
_EPOCH = re.compile(r"(\d{10})(?:\d{3}|\d{6})?(?:\.\d{1,9})?")  # seconds; or milli-, microseconds
_EPOCHS = range(631_152_000, 4_102_444_800)  # 1990 to 2099
# Taken for one space: the patterns would try each way to share out a run among their parts.
_RUN_OF_SPACES = re.compile(r"\s{2,}")
_CENTURY = 69  # two digits are of 1969 to 2068, as POSIX has it


def parse_date(value: str) -> str:
    """Return the date in a field of dates, as "2021", "2021-04" or "2021-04-30"; "" if none.

    Days come before months (03/11/2020 is in November) unless only the other order is a date;
    month names are French or English. What a date does not say is never made up.
    """
    value = one_line(value)
    if _YEAR.fullmatch(value):
        return value
    if number := _EPOCH.fullmatch(value):
        seconds = int(number[1])
        if seconds in _EPOCHS:
            return dt.datetime.fromtimestamp(seconds, dt.UTC).date().isoformat()
    if week := _WEEK.match(value):
        return _date_of_week(int(week[1]), int(week[2]), int(week[3] or 0))
    if compact := _COMPACT.fullmatch(value):
        value = "-".join(compact.groups())
    if days := _RANGE.match(value):
        return _date_of_range(days, parse_date(value[days.end() :]))
    match = _IN_FIELD.fullmatch(value) or _BARE.match(value)
    match = match or _ANYWHERE.search(value[:MAX_LENGTH])
    return iso_date(match) if match else ""


def one_line(value: str) -> str:
    """Return a text in composed characters, with one space in the place of each run of them."""
    return unicodedata.normalize("NFC", _RUN_OF_SPACES.sub(" ", value).strip()[: 2 * MAX_LENGTH])


def iso_date(match: re.Match[str]) -> str:
    """Return the date in a match of DATE; "" if the calendar has no such day."""
    parts = match.groupdict()
    year, month, day = (
        next((parts[f"{name}{n}"] for n in range(1, 6) if parts.get(f"{name}{n}")), "")
        for name in "ymd"
    )
    if not month.isdigit():
        month = _number(month)
    elif not parts["y1"] and int(month) > 12:
        day, month = month, day
    if len(year) == 2:
        year = f"{'19' if int(year) >= _CENTURY else '20'}{year}"
    try:
        date = dt.date(int(year), int(month), int(day or 1)).isoformat()
    except ValueError:
        return ""
    return date if day else date[:7]


def _date_of_range(start: re.Match[str], end: str) -> str:
    """Return the month, or the year, in which all days of a range lie; "" if in none."""
    if start["year"] and start["year"] != end[:4]:
        return ""
    same_month = not start["month"] or _number(start["month"]) == end[5:7]
    return end[: 7 if same_month else 4]


def _number(month: str) -> str:
    """Return the two digits of a month's name."""
    plain = unicodedata.normalize("NFD", month.lower()).encode("ascii", "ignore").decode()
    return f"{next(number for name, number in _MONTHS.items() if plain.startswith(name)):02}"


def _date_of_week(year: int, week: int, day: int) -> str:
    """Return the date of a day in an ISO week; day 0 is all of it, as precise as that is."""
    try:
        first = dt.date.fromisocalendar(year, week, day or 1).isoformat()
        last = dt.date.fromisocalendar(year, week, day or 7).isoformat()
    except ValueError:
        return ""
    if first[:4] != last[:4]:
        return ""
    return first if day else first[: 7 if first[:7] == last[:7] else 4]
