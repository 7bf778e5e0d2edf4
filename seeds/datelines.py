"""Lines that only date an article, with the outlet, the author or the time that stand beside."""

import re
from typing import Literal, NamedTuple

from seeds.bylines import Name, is_domain, is_place, judge_name
from seeds.dates import DATE, MAX_LENGTH, TIME, iso_date

Kind = Literal["stamped", "bare", "named"]


class Dateline(NamedTuple):
    """A line that dates an article.

    Attributes:
        date: as parse_date gives it.
        kind: stamped ("Publié le"), bare (a date and nothing else), or named (with an outlet).
        update: its date is that of an update.
        certain: what stands before it is known to be an outlet or an author.
    """

    date: str
    kind: Kind
    update: bool = False
    certain: bool = True


# What every dateline has; hardly any other line does.
HAS_DATE = re.compile(r"\d{4}|\d[/.]\d{1,2}[/.]\d{2}")
_SEPARATOR = r"[|•·–—(/,;:>»-]"
_UPDATE = (
    r"(?:derni[èe]re\s+)?mise?\s+[àa]\s+jour|(?:derni[èe]re\s+)?modification"
    r"|(?:actualis|modifi)[ée]e?s?|(?:last\s+)?updated|m\.?[àa]\.?j\.?"
)
_PUBLICATION = (
    r"(?:(?:article|tribune|texte|d[ée]p[êe]che|entretien|interview|reportage|billet|vid[ée]o)\s+)?"
    r"(?:mise?\s+en\s+ligne|publi[ée]e?s?|publication|parue?s?|parution|post[ée]e?s?|diffus[ée]e?s?"
    r"|(?:r[ée]dig|cr[ée])[ée]e?s?|[ée]crite?|published|posted|created)"
    r"|date(?:\s+(?:de|d['’])\s*(?:publication|parution|mise\s+en\s+ligne|cr[ée]ation))?"
    r"|[ée]dition|num[ée]ro"
)
_STAMP = (
    rf"(?:(?P<update>{_UPDATE}|date\s+de\s+mise\s+[àa]\s+jour)|{_PUBLICATION})"
    r"(?:\s+(?:par|dans|sur|by|in)\s+(?-i:[A-ZÀ-Ý])[^.!?|:]{0,40}?)?"
    r"(?:\s+[àa]\s+\d{1,2}\s?[h:]\s?\d{0,2})?"
    r"\s*(?:[:|,-]\s*)?(?:(?:le|on|du|en)\b\s*(?::\s*)?)?"
)
_STAMP_BEFORE = re.compile(rf"(?:{_STAMP})\Z", re.IGNORECASE)
_MOMENT = re.compile(rf"{DATE}{TIME}", re.IGNORECASE)
_BETWEEN = re.compile(rf"\s*{_SEPARATOR}*\s*(?:et\s+)?{_STAMP}", re.IGNORECASE)
_LEADING = re.compile(r"\s*(?:\ble\s+|\bdu\s+)?[(\[]?\s?\Z", re.IGNORECASE)
_SEPARATED = re.compile(r"(.*?)\s*([|•·–—>»:/,(-]+)\s*\Z", re.DOTALL)
_READING_TIME = re.compile(
    r"(?:(?:temps\s+de\s+)?lecture\s*:?\s*)?\d{1,3}\s?min\w{0,7}\.?(?:\s+de\s+lecture)?"
    rf"|(?:{_UPDATE})\s[^\d]{{0,20}}(?:\d{{1,2}}\s?\w{{1,6}}\s?\d{{0,2}})?",
    re.IGNORECASE,
)
_AFTER = re.compile(  # what may follow a date and say nothing
    rf"{TIME}\s*[)\]]?(?:\s*\((?-i:[A-Z][\w/. -]{{1,30}})\))?"
    rf"(?:\s*[,|•·–—(/-]\s*(?:p(?:age|\.)?\s?[A-Z]?\d{{1,4}}(?:[-–,]\s?\d{{1,4}})?"
    r"|n[°o]\s?\d{1,6}|\d{2,5}\s+mots|(?:https?://)?+[\w-]++(?:\.[\w-]++)++(?:/\S*+)?+)(?=\W|\Z))*+\s*\)?"
    r"(?:\s*[,|•·–—/-]?\s*(?:(?:temps\s+de\s+)?lecture\b.{0,20}"
    r"|\d{1,3}\s?min(?:utes)?(?:\s+de\s+lecture)?))?"
    rf"(?:\s*[,|•·–—(/-]?\s*(?:{_UPDATE})\s[^.!?]{{0,40}})?",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\s*(?:[|•·–—-]\s*|\s(?=(?:par|dans|by|in)\s))(.{0,60})", re.IGNORECASE)


def read_dateline(line: str) -> Dateline | None:
    """Return the date of a line that says nothing but when, and by whom, an article appeared."""
    if len(line) > MAX_LENGTH or not HAS_DATE.search(line):
        return None
    moments = [moment for moment in _MOMENT.finditer(line) if iso_date(moment)]
    if not moments:
        return None
    stamp = _STAMP_BEFORE.search(line[: moments[0].start()])
    start = stamp.start() if stamp else moments[0].start()
    end = moments[0].end()
    dates = [(bool(stamp and stamp["update"]), iso_date(moments[0]))]
    for moment in moments[1:]:
        between = _BETWEEN.fullmatch(line[end : moment.start()])
        if not between:
            break
        dates.append((bool(between["update"]), iso_date(moment)))
        end = moment.end()
    update, date = min(dates, key=lambda dated: dated[0])
    dated = line[:start], line[start : moments[0].end()], line[end:]
    named = _read_beside(*dated, stamped=stamp is not None)
    if named is None:
        return None
    kind: Kind = "stamped" if stamp else "named" if named else "bare"
    return Dateline(date, kind, update, named != "unknown")


def _read_beside(
    before: str, moment: str, after: str, *, stamped: bool
) -> Name | Literal[""] | None:
    """Tell who is named before and after a date: "known", "unknown", "" for nobody.

    None says that it is no name: the line is a sentence or a heading.
    """
    leading = None if stamped else _LEADING.search(before)
    before = before[: leading.start()] if leading else before
    separated = _SEPARATED.fullmatch(before)
    name, mark = separated.groups() if separated else (before, "")
    written_out = moment[:1].isalpha() or (leading and leading[0].strip())  # "le 3", "lundi 3"
    first: Name | Literal[""] | None = ""
    if name.strip():
        placed = bool(written_out) and mark == "," and is_place(name.strip())
        first = "known" if placed else _judge(name.strip(), mark, stamped=stamped)
    after = after.removesuffix(".") if stamped else after
    if first is None or _AFTER.fullmatch(after):
        return first
    tail = _TAIL.fullmatch(after)
    if not tail:
        return None
    if not stamped:
        return _judge(tail[1].strip(), "|", stamped=False)
    return first if is_domain(tail[1]) or not re.search(r"[.!?]", tail[1]) else None


def _judge(name: str, mark: str, *, stamped: bool) -> Name | None:
    """Judge a name as `judge_name` does; a breadcrumb and a time to read are as good."""
    if stamped and (">>" in name or _READING_TIME.fullmatch(name)):
        return "known"
    return None if _MOMENT.search(name) else judge_name(name, mark)
