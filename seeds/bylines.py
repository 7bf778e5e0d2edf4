"""Names beside a date: outlets, agencies, authors and places, told from words of a sentence."""

import re
from typing import Literal

Name = Literal["known", "unknown"]
_LONGEST = 80  # characters
_SENTENCE = re.compile(r"[.!?;…](?:\s|$)|[«»\"“”]")
_DOMAIN = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}(?:/\S*)?", re.IGNORECASE)
_MAIL = re.compile(r"\s*[(<|–-]?\s*\b[\w.+-]{1,40}@[\w-]{1,40}\.[\w.-]{1,40}[)>]?")
_SOURCE = re.compile(r"sources?\s*:\s*", re.IGNORECASE)
_CAPITAL = r"(?-i:[A-ZÀ-Ý])"
_PART = rf"(?:{_CAPITAL}[\w.'’-]*|de|du|des|d['’]\w+|la|le|et|avec|l['’]\w+|van|von|el|al)"
_AUTHOR = re.compile(
    rf"(?:(?:(?:propos\s+recueillis|[ée]crit|r[ée]dig[ée])\s+)?par|by|de)\s*:?\s*{_PART}"
    rf"(?:\s*,?\s+{_PART}){{0,9}}"
    r"|par\s+(?:notre|nos|un|une|le|la|l['’])\s*(?:correspondante?s?|envoy[ée]e?s?|r[ée]daction)\b"
    r".{0,40}|(?:la\s+)?r[ée]daction(?:\s.{0,30})?",
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
    r"(?:\s?[(/,].{0,30}|\s(?:avec|et)\s.{0,30}|,?\s(?:n[°o]\s?|[ée]dition\b).{0,20}"
    rf"|(?:\s(?:du\s|de\s|des\s|d['’]|la\s|le\s|l['’])?(?:{_CAPITAL}|\d)[\w'’-]*){{0,4}}"
    r"(?:\sen\sligne)?)"
)
_OUTLET = re.compile(
    rf"(?:(?:l[ea]s?\s|l['’])\s?(?:{_PAPERS})"
    r"|(?:[\w'’-]+\s){0,3}(?:journal|courrier|gazette|agence|radio|t[ée]l[ée]vision|quotidien|news"
    r"|infos?|magazine|hebdo|tv|m[ée]dias?|revue|tribune|presse|matin|d[ée]p[êe]che)"
    r"|france\s?(?:24|info|inter|culture|bleu|t[ée]l[ée]visions|3|2|soir)|lib[ée]ration|m[ée]diapart"
    r"|jeune\s+afrique|ouest[- ]france|sud[- ]ouest|20\s?minutes|reuters|xinhua|belga|tv5\s?monde"
    r"|slate|nice[- ]matin|paris[- ]match|challenges|marianne|t[ée]l[ée]rama|cnews|euronews|sputnik"
    r"|allafrica|africanews|huffpost|vietnam\+|afp|ap|ats|aps|vna|vov|rfi|rtbf|bbc|bfm(?:tv)?"
    rf"|{_CAPITAL}[\w-]+\s\((?-i:[A-Z]{{2,6}})\))(?!\w){_REST}",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[A-Z]{2,6}(?:\s?[/|]\s?[A-Z]{2,6})*")  # of an agency that is not listed
_PLACE = re.compile(
    r"[A-ZÀ-Ý][\w'’-]{1,30}(?:\s(?:[A-ZÀ-Ý][\w'’-]{1,20}|sur|en|de|la|le|les)){0,3}"
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SMALL_WORDS = {"avec", "agence", "agences", "rédaction", "envoyé", "spécial", "correspondant"}


def is_domain(name: str) -> bool:
    """Tell whether a name is that of a site, such as "french.news.cn"."""
    return bool(_DOMAIN.fullmatch(name))


def is_place(name: str) -> bool:
    """Tell whether a name may be that of a town, as before the date of a communiqué."""
    return bool(_PLACE.fullmatch(name))


def judge_name(name: str, mark: str) -> Name | None:
    """Tell whether a name beside a date is "known" to be an outlet or an author, or may be one.

    None says that it is no name, but words of a sentence or a heading.

    mark: the separator between the name and the date, such as "|"; "" for a space alone.
    """
    name = _SOURCE.sub("", _MAIL.sub("", name)).strip()
    if not name or len(name) > _LONGEST:
        return None if name else "known"
    if is_domain(name) or _AUTHOR.fullmatch(name):
        return "known"
    if _SENTENCE.search(name):
        return None
    if _OUTLET.fullmatch(name) or (mark and _LETTERS.fullmatch(name)):
        return "known"
    words = _WORD.findall(name)
    small = [word for word in words if word[0].islower() and len(word) > 3]
    unusual = [word for word in small if word.lower() not in _SMALL_WORDS]
    if not mark or len(words) > 6 or len(unusual) > (mark != ","):
        return None
    return "unknown"
