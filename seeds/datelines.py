"""Lines that only date an article, with the outlet, the author or the time that stand beside."""

import re
from typing import Literal, NamedTuple

from seeds.bylines import AGENCY, is_domain, is_outlet_or_author, is_place, may_be_name
from seeds.dates import DATE, MAX_LENGTH, TIME, iso_date

Kind = Literal["stamped", "named", "bare", "placed", "inline"]


class Dateline(NamedTuple):
    """A line that dates an article.

    Attributes:
        date: as parse_date gives it.
        kind: stamped ("Publié le"), named (with an outlet or an author), bare (a date and nothing
            else), placed ("Namur, le 3 mai 2021"), or inline (a sentence follows in the line).
        update: its date is that of an update.
    """

    date: str
    kind: Kind
    update: bool = False


# What every dateline has; hardly any other line does.
HAS_DATE = re.compile(r"\d{4}|\d[/.]\d{1,2}[/.]\d{2}")
_SEPARATOR = r"[|•·–—(/,;:>»-]"
_UPDATE = (
    r"(?:derni[èe]re\s+)?mise?\s+[àa]\s+jour|(?:derni[èe]re\s+)?modification"
    r"|(?:actualis|modifi)[ée]e?s?|(?:last\s+)?updated|m\.?[àa]\.?j\.?"
)
_PUBLICATION = (
    r"(?:premi[èe]re\s+|1[èe]?re\s+)?(?:(?:cet(?:te)?\s+)?(?:article|tribune|texte|d[ée]p[êe]che|entretien|interview|reportage|billet|vid[ée]o)\s+"
    r"(?:(?:est|a\s+[ée]t[ée])\s+)?)?"
    r"(?:mise?\s+en\s+ligne|publi[ée]e?s?|publication|parue?s?|parution|post[ée]e?s?|diffus[ée]e?s?"
    r"|r[ée]dig[ée]e?s?|cr[ée][ée]|[ée]crite?|published|posted|created)"
    r"|date(?:\s+(?:de|d['’])\s*(?:publication|parution|mise\s+en\s+ligne|cr[ée]ation))?"
    r"|[ée]dition|num[ée]ro"
)
_STAMP = (
    rf"(?:(?P<update>{_UPDATE}|date\s+de\s+mise\s+[àa]\s+jour)|{_PUBLICATION})"
    r"(?:\s+(?:par|dans|sur|by|in)\s+(?-i:[A-ZÀ-Ý])[^.!?|:]{0,40}?)?"
    r"(?:\s+dans\s+(?:l['’][ée]dition|le\s+(?:num[ée]ro|journal|quotidien))"
    r"(?:\s+(?:du|de|des)\s+(?:l[ae]\s+)?(?-i:[A-ZÀ-Ý])[\w'’-]{1,30})?)?"
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
    rf"(?:(?:\s*[,|•·–—(/-]\s*|\s(?=\d{{2,5}}\smots))"
    r"(?:p(?:ages?|p?\.)?\s?[A-Z]?\d{1,4}(?:\s?(?:[-–,]|et|à)\s?[A-Z]?\d{1,4})?"
    r"|n[°o]\s?\d{1,6}|\d{2,5}\s+mots|(?:https?://)?+[\w-]++(?:\.[\w-]++)++(?:/\S*+)?+)(?=\W|\Z))*+\s*\)?"
    r"(?:\s*[,|•·–—/-]?\s*(?:(?:temps\s+de\s+)?lecture\b.{0,20}"
    r"|\d{1,3}\s?min(?:utes)?(?:\s+de\s+lecture)?))?"
    rf"(?:\s*[,|•·–—(/-]?\s*(?:{_UPDATE})\s[^.!?]{{0,40}})?",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\s*(?:[|•·–—-]\s*|\s(?=(?:par|dans|by|in)\s))(.{0,60})", re.IGNORECASE)


_AGENCY_STARTS = re.compile(  # "PARIS, 3 mars 2022 (AFP) –", and what follows
    rf"(?P<place>[^\W\d_][^\d,(:.!?]{{1,40}}+)(?:\([^\W\d_][^\d)]{{1,30}}\)\s?)?,?\s?(?:le\s)?(?P<moment>{DATE})"
    rf"\s?\((?:avec\s)?{AGENCY}(?:(?:\s?[,/]\s?|\set\s){AGENCY})?\)\s?(?:[–—-]{{1,2}}|$)\s?",
    re.IGNORECASE,
)
_FIRST_YEAR = "1900"  # of the articles that may come in; a line with an earlier date tells history


def read_dateline(line: str) -> Dateline | None:
    """Return the date of a line that says nothing but when, and by whom, an article appeared.

    A line that begins as agencies do ("PARIS, 3 mars 2022 (AFP) – ") may say more.
    """
    if not HAS_DATE.search(line, 0, MAX_LENGTH):
        return None
    if (start := _AGENCY_STARTS.match(line[:MAX_LENGTH])) and (date := iso_date(start)):
        return Dateline(date, "inline" if start.end() < len(line) else "named")
    if len(line) > MAX_LENGTH:
        return None
    moments = [moment for moment in _MOMENT.finditer(line) if iso_date(moment) >= _FIRST_YEAR]
    return _read_moments(line, moments) if moments else None


def _read_moments(line: str, moments: list[re.Match[str]]) -> Dateline | None:
    """Return the date of a line with these dates in it; None if it says anything more."""
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
    before, after = line[:start], line[end:]
    kind = _judge_stamped(before, after) if stamp else _judge_plain(before, after)
    return Dateline(date, kind, update) if kind else None


def _judge_stamped(before: str, after: str) -> Kind | None:
    """Tell whether a line with "published" says nothing more than who did so."""
    name, mark = _split_mark(before)
    known = ">>" in name or _READING_TIME.fullmatch(name) or is_outlet_or_author(name)
    beside = mark and ":" not in mark and not _MOMENT.search(name) and may_be_name(name)
    if not known and not beside:
        return None
    after = after.removesuffix(".")
    if _AFTER.fullmatch(after):
        return "stamped"
    tail = _TAIL.fullmatch(after)
    said = tail is not None and (is_domain(tail[1]) or not re.search(r"[.!?]", tail[1]))
    return "stamped" if said else None


def _judge_plain(before: str, after: str) -> Kind | None:
    """Tell what a line is that has a date and no word for its publication: see Dateline."""
    leading = _LEADING.search(before)
    with_article = bool(leading and leading[0].strip().lower().startswith("le"))
    name, mark = _split_mark(before[: leading.start()] if leading else before)
    if name and is_place(name) and mark == "," and with_article and after in ("", "."):
        return "named" if is_outlet_or_author(name) else "placed"
    if name and (":" in mark or not is_outlet_or_author(name)):
        return None
    if _AFTER.fullmatch(after):
        return "named" if name else "bare"
    tail = _TAIL.fullmatch(after)
    return "named" if tail and is_outlet_or_author(tail[1].strip()) else None


def _split_mark(before: str) -> tuple[str, str]:
    """Return what stands before a date, and the separator between them, such as "|"."""
    separated = _SEPARATED.fullmatch(before)
    name, mark = separated.groups() if separated else (before, "")
    return name.strip(), mark
