"""Lines that only date an article, with the outlet, the author or the time that stand beside."""

import re
from typing import Literal, NamedTuple

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
_UPDATE = (
    r"(?:derni[èe]re\s+)?mise?\s+[àa]\s+jour|(?:derni[èe]re\s+)?modification"
    r"|(?:actualis|modifi)[ée]e?s?|(?:last\s+)?updated|m\.?[àa]\.?j\.?"
)
_PUBLICATION = (
    r"mise?\s+en\s+ligne|publi[ée]e?s?|publication|parue?s?|parution|post[ée]e?s?|diffus[ée]e?s?"
    r"|(?:r[ée]dig|cr[ée])[ée]e?s?|[ée]crite?|published|posted|created"
    r"|date(?:\s+(?:de|d['’])\s*(?:publication|parution|mise\s+en\s+ligne|cr[ée]ation))?"
)
_STAMP = (
    rf"(?:(?P<update>{_UPDATE}|date\s+de\s+mise\s+[àa]\s+jour)|{_PUBLICATION})"
    r"\s*(?:[:|-]\s*)?(?:(?:le|on|du|en)\s+)?"
)
_STAMP_BEFORE = re.compile(rf"(?:{_STAMP})\Z", re.IGNORECASE)
_MOMENT = re.compile(rf"{DATE}{TIME}", re.IGNORECASE)
_SEPARATOR = r"[|•·–—(/,;:>»-]"
_BETWEEN = re.compile(rf"\s*{_SEPARATOR}*\s*(?:et\s+)?{_STAMP}", re.IGNORECASE)
_LEADING = re.compile(r"\s*(?:\ble\s+|\bdu\s+)?\(?\Z", re.IGNORECASE)
_SEPARATED = re.compile(r"(.*?)\s*([|•·–—>»:/,(-]+)\s*\Z", re.DOTALL)
_AFTER = re.compile(
    rf"{TIME}\s*\)?(?:\s*[,|•·–—(-]\s*(?:p(?:age|\.)?\s?[A-Z]?\d{{1,4}}(?:[-–,]\s?\d{{1,4}})?"
    r"|(?:temps\s+de\s+)?lecture\b.{0,20}|\d{1,3}\s?min(?:utes)?(?:\s+de\s+lecture)?"
    r"|\d{2,5}\s+mots|(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?))*\s*\)?",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\s*(?:[|•·–—-]\s*|\s(?=par\s))(.{0,60})", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?;…](?:\s|$)|[«»\"“”]")
_DOMAIN = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}(?:/\S*)?", re.IGNORECASE)
_NAME = r"(?:(?-i:[A-ZÀ-Ý])[\w.'’-]*|de|du|des|d['’]\w+|la|le|et|avec|l['’]\w+|van|von|el|al)"
_AUTHOR = re.compile(
    rf"(?:(?:propos\s+recueillis\s+)?par|by|de|[ée]crit\s+par)\s+{_NAME}(?:\s*,?\s+{_NAME}){{0,9}}"
    r"|(?:la\s+)?r[ée]daction(?:\s.{0,30})?",
    re.IGNORECASE,
)
_PAPERS = (
    "monde|figaro|parisien|point|temps|soir|devoir|matin|progr[èe]s|t[ée]l[ée]gramme|courrier"
    "|journal|quotidien|populaire|dauphin[ée]|r[ée]publicain|proven[çc]al|pays|nouvelliste|droit"
    "|presse|croix|tribune|d[ée]p[êe]che|voix|libre|provence|montagne|gazette|marseillaise|nation"
    "|[ée]chos?|humanit[ée]|express|obs|opinion|[ée]quipe|alsace|union|est|avenir|yonne|orient"
    "|nouvelles|affiches|inrocks|inrockuptibles"
)
_REST = (  # of an outlet's name
    r"(?:\s?[(/,].{0,30}|\s(?:avec|et)\s.{0,30}"
    r"|(?:\s(?:du\s|de\s|des\s|d['’]|la\s|le\s|l['’])?(?-i:[A-ZÀ-Ý0-9])[\w'’-]*){0,4})"
)
_OUTLET = re.compile(
    rf"(?:(?:l[ea]s?\s|l['’])\s?(?:{_PAPERS})"
    r"|(?:[\w'’-]+\s){0,3}(?:journal|courrier|gazette|agence|radio|t[ée]l[ée]vision|quotidien|news"
    r"|infos?|magazine|hebdo|tv|m[ée]dias?|revue|tribune|presse|matin|d[ée]p[êe]che)"
    r"|france\s?(?:24|info|inter|culture|bleu|t[ée]l[ée]visions|3|2|soir)|lib[ée]ration|m[ée]diapart"
    r"|jeune\s+afrique|ouest[- ]france|sud[- ]ouest|20\s?minutes|reuters|xinhua|belga|tv5\s?monde"
    r"|slate|nice[- ]matin|paris[- ]match|challenges|marianne|t[ée]l[ée]rama|cnews|euronews|sputnik"
    rf"|allafrica|africanews|huffpost|(?-i:[A-Z]{{2,6}}))\b{_REST}",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"[A-ZÀ-Ý][\w'’-]{1,20}(?:\s(?:[A-ZÀ-Ý][\w'’-]{1,20}|sur|en|de|la|le|les)){0,3}"
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SMALL_WORDS = {"avec", "agence", "agences", "rédaction", "envoyé", "spécial", "correspondant"}


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


def _read_beside(before: str, moment: str, after: str, *, stamped: bool) -> str | None:
    """Tell who is named before and after a date: "known", "unknown", "" for nobody.

    None says that it is no name: the line is a sentence or a heading.
    """
    leading = None if stamped else _LEADING.search(before)
    before = before[: leading.start()] if leading else before
    separated = _SEPARATED.fullmatch(before)
    name, mark = separated.groups() if separated else (before.strip(), "")
    name = name.strip()
    written_out = moment[:1].isalpha() or (leading and leading[0].strip())  # "le 3", "lundi 3"
    placed = written_out and mark == "," and _PLACE.fullmatch(name)
    first = "known" if placed else _judge_name(name, mark, stamped=stamped) if name else ""
    if first is None:
        return None
    if _AFTER.fullmatch(after):
        return first
    tail = _TAIL.fullmatch(after)
    if not tail or (stamped and re.search(r"[.!?]", tail[1]) and not _DOMAIN.fullmatch(tail[1])):
        return None
    return first if stamped else _judge_name(tail[1].strip(), "|", stamped=False)


def _judge_name(name: str, mark: str, *, stamped: bool) -> str | None:
    """Tell whether a name beside a date is "known" as an outlet or author, or None: it is no name.

    mark: the separators between the name and the date.
    """
    if len(name) > 80 or (stamped and ">>" in name):
        return "known" if len(name) <= 80 else None
    if _DOMAIN.fullmatch(name):
        return "known"
    if _SENTENCE.search(name):
        return None
    if _AUTHOR.fullmatch(name) or (mark and _OUTLET.fullmatch(name)):
        return "known"
    words = _WORD.findall(name)
    small = [word for word in words if word[0].islower() and len(word) > 3]
    unusual = [word for word in small if word.lower() not in _SMALL_WORDS]
    if not mark or len(words) > 6 or len(unusual) > (mark != ","):
        return None
    return "unknown"
