"""Text -> a clean article: uniform Unicode and spaces, no credits; its title and date are found."""

import re
import unicodedata
from dataclasses import dataclass

from seeds.base.errors import InputError
from seeds.base.surrogates import replace_surrogates
from seeds.dates import lone_date, parse_date, stamped_date

MAX_TITLE = 220  # characters; the longest headline with a deck in the articles at hand has 195
MAX_FURNITURE = 160  # characters; a longer line is taken for a sentence and never removed


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An article's text, its title included; title and date are "" where none was found."""

    text: str
    title: str = ""
    date: str = ""


# Left as it is: Python sorts a run of combining marks by insertion, in quadratic time.
_LONG_RUN = re.compile(r"(?<!\W)(\W{1000,})")
_HEADER = re.compile(r"date (\d{4}-\d{2}(?:-\d{2})?)(?= |$)[ :|-]*", re.IGNORECASE)
_NEWLINES = ("\r\n", *"\r\v\f\x85\u2028\u2029")
_INVISIBLE = "\xad\u180e\u200b\u200c\u200d\u2060\ufeff"
_SPACES = (
    "\t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000"
)
_YEAR = re.compile(r"\d{4}")  # in every line that dates an article
_SENTENCE_END = re.compile(r"[.;,:][\s»”’\"')\]]*$")

_CREDIT = re.compile(
    r"(?:©|\(c\)\s|copyright\b).{0,100}"
    r"|(?:crédits?|credits?)\s*(?:(?:photos?|images?|vidéos?|illustrations?)\b\s*[:/©|-]?|:).{1,80}"
    r"|(?:(?:(?:textes?\s+et\s+)?photos?|photographies?|images?|illustrations?|visuel|vidéo)\s*+(?:d'archives?|d’archives?)?"
    r"\s*+[:/©|])(?P<whom>.{1,80})"
    r"|\(?(?:photo|image)\s+(?:by|par|de|AFP|Reuters|Xinhua)\b(?P<author>.{0,60})",
    re.IGNORECASE,
)
_MIXED_CASE = "Belga|Kazinform|Kyodo|Reuters|Xinhua"
_NAMED = f"AFP|AP|APS|ACN|ANI|ANSA|ATS|CVN|DPA|EFE|MAP|TAP|UPI|VNA|VOV|{_MIXED_CASE}"
# Possessive, so that a line matches in one way at most: one that does not is refused at once.
_AGENCY = rf"(?:[A-Z]{{2,10}}+[\w-]{{0,12}}+|(?:{_MIXED_CASE})\b)"
_SIGNED = re.compile(  # "(AFP)", "(avec AFP et Reuters)", "VNA/CVN", "AEF-Est/vb/lm", "Xinhua"
    rf"\((?:(?:[Aa]vec|[Ss]ources?\s*:|[Pp]ar)\s*)?{_AGENCY}(?:(?:\s*[/,]\s*|\s+et\s+){_AGENCY})*\)\.?"
    rf"|{_AGENCY}(?:\s?/\s?[\w.-]{{1,12}})+"
    rf"|(?:(?:[Aa]vec|[Ss]ources?\s*:|[Aa]gences?\s*:?)\s*)?"
    rf"(?:{_NAMED})(?:(?:\s*,\s*|\s+et\s+)(?:{_NAMED}))*\.?"
)
_RELATED = re.compile(
    r"(?:(?:à|a)\s+)?(?:lire|voir|écouter)\s+(?:aussi|également|encore)\s*(?:[:|>»→–-].*)?"
    r"|(?:à|a)\s+(?:lire|voir)\s*(?:[:|>→].*)?|sur le même (?:sujet|thème)\s*:?",
    re.IGNORECASE,
)
_NETWORK = (
    "(?:facebook|twitter|whatsapp|linkedin|telegram|pinterest|instagram|messenger|x|e-?mail"
    "|courriel)"
)
_SHARING = re.compile(
    rf"(?:partage[rz]|tweeter|imprimer|envoyer)(?:\s+(?:(?:cet|l['’])\s*article|cette page|le lien"
    rf"|ceci|par|sur|via|à un ami|[,/|&+]|et|{_NETWORK}|tweeter|imprimer|envoyer|partager))*\s*:?"
    rf"|{_NETWORK}(?:\s*(?:(?:[,/|•·]|et)\s*)?{_NETWORK})+"
    rf"|(?:suivez|retrouvez)[\s-]nous sur\b.{{0,80}}",
    re.IGNORECASE,
)
_NEWSLETTER = re.compile(
    r"(?:newsletter|infolettre)\s*:?"
    r"|(?:inscrivez|abonnez)[\s-]vous\b.{0,100}|(?:s['’]inscrire|s['’]abonner)\b.{0,60}"
    r"|recevez\b.{0,80}(?:newsletter|infolettre|lettre d['’]information|alertes?)\b.{0,40}",
    re.IGNORECASE,
)


_FIRST_WORDS = re.compile(  # of whatever is furniture anywhere in an article: most lines have none
    r"©|\(|copyright|cr[ée]dit|textes?\s|photo|image|illustration|visuel|vidéo|(?:à|a)\s"
    rf"|lire|voir|écouter|sur\s|partage|tweeter|imprimer|envoyer|{_NETWORK}|suivez|retrouvez"
    r"|newsletter|infolettre|inscrivez|abonnez|s['’]|recevez",
    re.IGNORECASE,
)


def clean(raw: str, *, title: str = "", date: str = "") -> Cleaned:
    """Make an article's text comparable, and find its title and date.

    Two copies that differ in spaces, line ends, invisible characters or credits come out alike,
    and cleaning twice changes nothing more. Only whole short lines are ever removed.

    Args:
        raw: the decoded text.
        title: a title known from elsewhere; put first, unless the text begins with it.
        date: a date known from elsewhere; goes before a header, a header before an update line.

    Raises:
        InputError: the text contains NUL.
    """
    if "\0" in raw or "\0" in title:
        raise InputError("is binary (it contains NUL), not text. Give a text file.")
    body, header, updated = _strip_furniture(_tidy(raw))
    heading = _tidy(title).replace("\n", " ").replace("  ", " ")
    if heading and not _begins_with(body, heading):
        body, _, update = _strip_furniture(f"{heading}\n\n{body}".strip("\n"))  # both are tidy
        updated = updated or update
    top, _, rest = body.partition("\n")
    headline = _headline(body)
    if rest and top in (headline, body[: len(heading)]):
        body = top + "\n\n" + rest.lstrip("\n")
    if heading and _begins_with(body, heading):
        headline = body[: len(heading)]
    return Cleaned(body, headline, parse_date(date) or header or updated)


def _tidy(text: str) -> str:
    """Make Unicode, spaces and blank lines uniform.

    Written with `replace`, which finds nothing to do at hundreds of MB/s where a regular
    expression looks at each character.
    """
    text = replace_surrogates(text)
    for newline in _NEWLINES:
        text = text.replace(newline, "\n")
    for invisible in _INVISIBLE:
        text = text.replace(invisible, "")
    for space in _SPACES:
        text = text.replace(space, " ")
    text = _compose(_shorten_runs(text, " ", 1))
    text = "\n".join([line.strip(" ") for line in text.split("\n")])
    return _shorten_runs(text, "\n", 2).strip("\n")


def _compose(text: str) -> str:
    """Normalise to NFC, except for runs of a thousand characters without a letter."""
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _LONG_RUN.split(text)  # every second one is such a run
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


def _shorten_runs(text: str, char: str, most: int) -> str:
    """Shorten runs of a character to at most so many."""
    if char * (most + 1) not in text:
        return text
    return re.sub(f"{char}{{{most + 1},}}", char * most, text)


def _strip_furniture(text: str) -> tuple[str, str, str]:
    """Return a tidy text without its furniture, its header's date and its update line's date."""
    header = updated = previous = ""
    while text != previous:  # a credit may hide behind another one
        previous = text
        text, date = _strip_headers(text)
        header = header or date
        lines = text.split("\n")
        places = [n for n, line in enumerate(lines) if line]
        dates = _date_lines(lines, places)
        updated = updated or next(iter(dates.values()), "")
        bottom = places[-1] if len(places) > 1 else -1  # an article is more than a signature
        body = [
            line
            for n, line in enumerate(lines)
            if n not in dates and not _is_furniture(line, at_end=n == bottom)
        ]
        _strip_signatures(body)
        if len(body) < len(lines) or text != previous:
            text = _tidy("\n".join(body))
    return text, header, updated


def _strip_headers(text: str) -> tuple[str, str]:
    """Return a text without the header it begins with, and that header's date.

    Headers with nothing but furniture between them are taken off at once: one by one, each would
    cost another look at the whole text.
    """
    start, date = 0, ""
    while header := _match_header(text, start):
        start, date = header[0], date or header[1]
        if not _match_header(text, start):
            start = _next_header(text, start)
    return text[start:], date


def _match_header(text: str, start: int) -> tuple[int, str] | None:
    """Return where the header that begins at a place ends, and its date; None if there is none."""
    match = _HEADER.match(text, start)
    date = parse_date(match[1]) if match else ""
    return (match.end(), date) if match and date else None


def _next_header(text: str, start: int) -> int:
    """Return where another header begins if only furniture stands before it, else `start`."""
    place = start
    while (end := text.find("\n", place, place + MAX_FURNITURE + 1)) >= 0:
        line = text[place:end].strip(" ")
        removed = not line or _is_furniture(line, at_end=False) or bool(stamped_date(line))
        if not removed and place > start and _match_header(text, place):
            return place
        if not removed and not (place == start and lone_date(line)):
            return start
        place = end + 1
    return start


def _strip_signatures(lines: list[str]) -> None:
    """Take the agencies' signatures off the end, all at once: a text may be nothing but those."""
    top = next((n for n, line in enumerate(lines) if line), 0)
    while len(lines) > top + 1 and (not lines[-1] or _is_furniture(lines[-1], at_end=True)):
        lines.pop()


def _date_lines(lines: list[str], places: list[int]) -> dict[int, str]:
    """Return the lines that only date the article: place -> date.

    A line of a date and nothing else counts near the top, and only if it is the one such line:
    several are a chronology.
    """
    short = [n for n in places if len(lines[n]) <= MAX_FURNITURE and _YEAR.search(lines[n])]
    stamped = {n: date for n in short if (date := stamped_date(lines[n]))}
    bare = {n: date for n in short if (date := lone_date(lines[n]))}
    return stamped | bare if len(bare) == 1 and bare.keys() <= set(places[:4]) else stamped


def _is_furniture(line: str, *, at_end: bool) -> bool:
    """Tell whether a line is a credit, a link, a call to share or subscribe, or a signature.

    at_end: it is the last line, the only place where an agency signs.
    """
    if not line or len(line) > MAX_FURNITURE:
        return False
    if _FIRST_WORDS.match(line):
        if credit := _CREDIT.fullmatch(line):
            return not _is_caption((credit["whom"] or credit["author"] or "").strip())
        if any(pattern.fullmatch(line) for pattern in (_RELATED, _SHARING, _NEWSLETTER)):
            return True
    return at_end and _SIGNED.fullmatch(line) is not None


def _is_caption(words: str) -> bool:
    """Tell whether the words after "Photo :" describe something, rather than name the owner."""
    ends = re.search(r"[.!?]$|\w{3}[.!?]\s", words)
    return len(words.split()) > 3 and (bool(ends) or words[:1].islower())


def _begins_with(body: str, heading: str) -> bool:
    """Tell whether a text begins with its title, not merely with the same few words."""
    start = body[: len(heading)]
    if start.casefold() != heading.casefold():
        return False
    following = body[len(heading) : len(heading) + 1]
    return not following.isalnum() and (following != " " or len(heading.split()) > 3)


def _headline(body: str) -> str:
    """Return the first line if it reads like a title, else ""."""
    top, _, rest = body.partition("\n")
    if not rest or len(top) > MAX_TITLE or _SENTENCE_END.search(top):
        return ""
    wrapped = rest[0].islower()  # the next line continues a sentence
    return top if not wrapped and any(char.isalpha() for char in top) else ""
