"""Text -> a clean article: Unicode and spaces made uniform, title, date, credits taken off."""

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
    r"|(?:(?:(?:textes?\s+et\s+)?photos?|photographies?|images?|illustrations?|visuel|vidéo)\s*(?:d'archives?|d’archives?)?"
    r"\s*[:/©|])(?P<whom>.{1,80})"
    r"|\(?(?:photo|image)\s+(?:by|par|de|AFP|Reuters|Xinhua)\b(?P<author>.{0,60})",
    re.IGNORECASE,
)
_MIXED_CASE = "Belga|Kazinform|Kyodo|Reuters|Xinhua"
_NAMED = f"AFP|AP|APS|ACN|ANI|ANSA|ATS|CVN|DPA|EFE|MAP|TAP|UPI|VNA|VOV|{_MIXED_CASE}"
# No text can be an agency, or a list of them, in two ways: a line that is none is refused at once.
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
    """An article's text made comparable, with the title and date found in it.

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
    body, header, updated = _article(_tidy(raw))
    heading = _tidy(title).replace("\n", " ").replace("  ", " ")
    if heading and not _begins_with(body, heading):
        body, _, later = _article(f"{heading}\n\n{body}".strip("\n"))  # both are tidy
        updated = updated or later
    first, _, rest = body.partition("\n")
    headline = _title(body)
    if rest and first in (headline, body[: len(heading)]):
        body = first + "\n\n" + rest.lstrip("\n")
    known = heading and _begins_with(body, heading)
    found = body[: len(heading)] if known else headline
    return Cleaned(body, found, parse_date(date) or header or updated)


def _tidy(text: str) -> str:
    """Unicode, spaces and blank lines made uniform.

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
    text = unicodedata.normalize("NFC", _without_runs(text, " ", 1))
    text = "\n".join([line.strip(" ") for line in text.split("\n")])
    return _without_runs(text, "\n", 2).strip("\n")


def _without_runs(text: str, char: str, most: int) -> str:
    """A text in which a character never stands more than so many times in a row."""
    if char * (most + 1) not in text:
        return text
    return re.sub(f"{char}{{{most + 1},}}", char * most, text)


def _article(text: str) -> tuple[str, str, str]:
    """A tidy text without its furniture, the date of its header and that of its update line."""
    header = updated = before = ""
    while text != before:  # a credit may hide behind another one
        before = text
        while (found := _HEADER.match(text)) and (on := parse_date(found[1])):
            header, text = header or on, text[found.end() :]
        lines = text.split("\n")
        places = [n for n, line in enumerate(lines) if line]
        dates = _date_lines(lines, places)
        updated = updated or next(iter(dates.values()), "")
        last = places[-1] if len(places) > 1 else -1  # an article is more than a signature
        kept = [
            line
            for n, line in enumerate(lines)
            if n not in dates and not _is_furniture(line, last=n == last)
        ]
        _unsign(kept)
        if len(kept) < len(lines) or text != before:
            text = _tidy("\n".join(kept))
    return text, header, updated


def _unsign(lines: list[str]) -> None:
    """Take an agency's signatures off the end, all at once: a text may be nothing but those."""
    first = next((n for n, line in enumerate(lines) if line), 0)
    while len(lines) > first + 1 and (not lines[-1] or _is_furniture(lines[-1], last=True)):
        lines.pop()


def _date_lines(lines: list[str], places: list[int]) -> dict[int, str]:
    """The lines that only date the article: place -> date.

    A line of a date and nothing else counts near the top, and only if it is the one such line:
    several are a chronology.
    """
    short = [n for n in places if len(lines[n]) <= MAX_FURNITURE and _YEAR.search(lines[n])]
    found = {n: on for n in short if (on := stamped_date(lines[n]))}
    bare = {n: on for n in short if (on := lone_date(lines[n]))}
    return found | bare if len(bare) == 1 and bare.keys() <= set(places[:4]) else found


def _is_furniture(line: str, *, last: bool) -> bool:
    """Whether a line is a credit, an agency's signature, a link or a call to share or subscribe."""
    if not line or len(line) > MAX_FURNITURE:
        return False
    if _FIRST_WORDS.match(line):
        if credit := _CREDIT.fullmatch(line):
            return not _is_caption((credit["whom"] or credit["author"] or "").strip())
        if any(each.fullmatch(line) for each in (_RELATED, _SHARING, _NEWSLETTER)):
            return True
    return last and _SIGNED.fullmatch(line) is not None


def _is_caption(words: str) -> bool:
    """Whether what follows "Photo :" tells something, rather than naming whose it is."""
    ends = re.search(r"[.!?]$|\w{3}[.!?]\s", words)
    return len(words.split()) > 3 and (bool(ends) or words[:1].islower())


def _begins_with(body: str, heading: str) -> bool:
    """Whether a text begins with its title, not merely with the same few words."""
    start = body[: len(heading)]
    if start.casefold() != heading.casefold():
        return False
    after = body[len(heading) : len(heading) + 1]
    return not after.isalnum() and (after != " " or len(heading.split()) > 3)


def _title(body: str) -> str:
    """The first line if it reads like a title, else ""."""
    first, _, rest = body.partition("\n")
    if not rest or len(first) > MAX_TITLE or _SENTENCE_END.search(first):
        return ""
    goes_on = rest[0].islower()  # the next line continues a sentence that was wrapped
    return first if not goes_on and any(each.isalpha() for each in first) else ""
