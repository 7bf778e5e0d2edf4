"""Text -> a clean article: mended, uniform, without credits; its title and date are found."""

import re
import unicodedata
from dataclasses import dataclass, field

from seeds.base.errors import InputError
from seeds.base.surrogates import replace_surrogates
from seeds.bylines import is_author
from seeds.datelines import Dateline, read_dateline
from seeds.dates import DAY, parse_date
from seeds.furniture import MAX_FURNITURE, is_furniture
from seeds.mending.hyphens import join_broken_words
from seeds.mending.repair import Mended, mend
from seeds.titles import find_title

MAX_TITLE = 220  # characters; the longest headline with a deck in the articles at hand has 195


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An article's text, its title included; title and date are "" where none was found.

    notes: for the user, what was mended in the text, or seems lost.
    """

    text: str
    title: str = ""
    date: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)


# Left as it is: Python sorts a run of combining marks by insertion, in quadratic time.
_LONG_RUN = re.compile(r"(?<!\W)(\W{1000,})")
_HEADER = re.compile(r"date (\d{4}-\d{2}(?:-\d{2})?)(?= |$)[ :|-]*", re.IGNORECASE)
_NEWLINES = ("\r\n", *"\r\v\f\x85\u2028\u2029")
_INVISIBLE = "\xad\u180e\u200b\u200c\u200d\u2060\ufeff"
_SPACES = (
    "\t\x1c\x1d\x1e\x1f\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000"
)
_MOST_DATELINES = 3  # without "published", in an article; more are a chronology or an agenda
_ROUNDS = 50  # of taking furniture off; articles need two, and more than a few are made on purpose
_JOINED = "words broken at line ends were joined"
_DAY_ALONE = re.compile(rf"(?:le\s)?{DAY}", re.IGNORECASE)
_LONGEST_DAY = 40  # characters
_TEXT = re.compile(r"[.!?…][\s»”’\"')\]]*$")  # how a line of text ends, and a subhead does not
_SENTENCE_END = re.compile(r"[.;,:][\s»”’\"')\]]*$")


def clean(raw: str, *, title: str = "", date: str = "") -> Cleaned:
    """Make an article's text comparable, and find its title and date.

    Two copies that differ in spaces, line ends, invisible characters or credits come out alike,
    and cleaning twice changes nothing more, the date being the same. Only whole short lines are
    ever removed.

    Args:
        raw: the decoded text.
        title: a title known from elsewhere; put first, unless the text begins with it.
        date: a date known from elsewhere; goes before a header, a header before an update line.

    Raises:
        InputError: the text contains NUL.
    """
    refuse_binary(raw)
    refuse_binary(title)
    mended = mend(replace_surrogates(raw))
    broken = _tidy(mended.text)
    whole = join_broken_words(broken)
    given = parse_date(date)
    body, header, updated = _strip_furniture(whole, given)
    flat = " ".join(replace_surrogates(title).split())
    mended_title = mend(flat) if flat else Mended("")
    heading = " ".join(join_broken_words(_tidy(mended_title.text)).split())
    if heading and not find_title(body, heading):
        # Both are tidy, and together may show damage that neither shows alone.
        both = join_broken_words(_tidy(mend(f"{heading}\n\n{body}").text))
        body, _, update = _strip_furniture(both, given or header or updated)
        updated = updated or update
    known = find_title(body, heading)
    top, _, rest = body.partition("\n")
    headline = known or _headline(body)
    if rest and top in (_headline(body), body[: len(heading)], known):
        body = top + "\n\n" + rest.lstrip("\n")
    notes = {*mended.notes, *mended_title.notes, *([_JOINED] if whole != broken else [])}
    return Cleaned(body, headline, given or header or updated, tuple(sorted(notes)))


def refuse_binary(text: str) -> None:
    """Refuse a text that contains NUL.

    Raises:
        InputError: it does.
    """
    if "\0" in text:
        raise InputError("is binary (it contains NUL), not text. Give a text file.")


def _tidy(text: str) -> str:
    """Make Unicode, spaces and blank lines uniform.

    Written with `replace`, which finds nothing to do at hundreds of MB/s where a regular
    expression looks at each character.
    """
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


def _strip_furniture(text: str, known: str) -> tuple[str, str, str]:
    """Return a tidy text without its furniture, its header's date and its update line's date.

    known: the article's date, known from elsewhere, or "".
    """
    header = updated = ""
    for _ in range(_ROUNDS):  # a credit may hide behind another one
        previous = text
        text, date = _strip_headers(text)
        header = header or date
        lines = text.split("\n")
        places = [n for n, line in enumerate(lines) if line]
        dates = _date_lines(lines, places, known or header or updated)
        published = sorted(dates.values(), key=lambda dated: dated.update)
        updated = updated or next((dated.date for dated in published), "")
        bottom = places[-1] if len(places) > 1 else -1  # an article is more than a signature
        body = [
            line
            for n, line in enumerate(lines)
            if (n not in dates or dates[n].kind == "inline")
            and not is_furniture(line, at_end=n == bottom)
        ]
        _strip_signatures(body)
        if len(body) < len(lines) or text != previous:
            text = join_broken_words(_tidy("\n".join(body)))
        if text == previous:
            break
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
        dated = read_dateline(line)
        stamped = dated is not None and dated.kind == "stamped"
        removed = not line or is_furniture(line, at_end=False) or stamped
        if not removed and place > start and _match_header(text, place):
            return place
        lone = dated is not None and dated.kind in ("bare", "named")
        if not removed and not (place == start and lone):
            return start
        place = end + 1
    return start


def _strip_signatures(lines: list[str]) -> None:
    """Take the agencies' signatures off the end, all at once: a text may be nothing but those."""
    top = next((n for n, line in enumerate(lines) if line), 0)
    while len(lines) > top + 1 and (not lines[-1] or is_furniture(lines[-1], at_end=True)):
        lines.pop()


def _date_lines(lines: list[str], places: list[int], known: str) -> dict[int, Dateline]:
    """Return the lines that only date the article, by place.

    One that does not say "published" counts near the top or at the end, and only if no other has
    another date: several are a chronology. One with nothing but a date, or a place, may be a
    subhead: see `_lone_dateline`.

    known: the article's date, known from elsewhere, or "".
    """
    datelines = {n: dated for n in places if (dated := read_dateline(lines[n]))}
    stamped = {n: dated for n, dated in datelines.items() if dated.kind == "stamped"}
    others = {n: dated for n, dated in datelines.items() if dated.kind != "stamped"}
    if len(others) > _MOST_DATELINES:
        return stamped
    margin = {*places[:4], *places[-1:]}
    named = {n: others[n] for n in others if n in margin and others[n].kind in ("named", "inline")}
    if len({dated.date for dated in named.values()}) > 1:
        named = {}
    dating = stamped | named
    lone = [n for n, dated in others.items() if dated.kind in ("bare", "placed")]
    if len(lone) == 1 and _is_lone_dateline(lines, places, lone[0], datelines):
        dates = {known, *(dated.date for dated in dating.values() if not dated.update)} - {""}
        if all(_agree(datelines[lone[0]].date, date) for date in dates):
            dating |= {lone[0]: datelines[lone[0]]}
    return dating


def _is_lone_dateline(
    lines: list[str], places: list[int], place: int, datelines: dict[int, Dateline]
) -> bool:
    """Tell whether a line with only a date stands where it dates an article, above its text.

    That is under the headline, or first of all; a subhead stands after a sentence, a chronology
    has more of them.
    """
    above = [
        lines[n]
        for n in places
        if n < place
        and n not in datelines
        and not is_author(lines[n])
        and not is_furniture(lines[n], at_end=False)
    ]
    below = [lines[n] for n in places if n > place]
    if len(above) > 1 or any(_SENTENCE_END.search(line) for line in above):
        return False
    if not above and datelines[place].kind == "placed":
        return False
    if any(_DAY_ALONE.fullmatch(line) for line in below if len(line) < _LONGEST_DAY):
        return False
    return any(_TEXT.search(line) or len(line) > MAX_FURNITURE for line in below)


def _agree(date: str, other: str) -> bool:
    """Tell whether two dates are the same, as far as both say it."""
    return date.startswith(other) or other.startswith(date)


def _headline(body: str) -> str:
    """Return the first line if it reads like a title, else ""."""
    top, _, rest = body.partition("\n")
    if not rest or len(top) > MAX_TITLE or _SENTENCE_END.search(top):
        return ""
    wrapped = rest[0].islower()  # the next line continues a sentence
    return top if not wrapped and any(char.isalpha() for char in top) else ""
