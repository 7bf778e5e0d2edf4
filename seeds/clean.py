"""Bytes -> text -> a clean article: encoding, Unicode, date, title, credits; scripts, languages."""

import codecs
import datetime as dt
import functools
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from seeds.errors import InputError, missing_extra

MAX_TITLE = 220  # characters; the longest headline with a deck in the articles at hand has 195
MAX_FURNITURE = 160  # characters; a longer line is taken for a sentence and never removed
LANGUAGE_SHARE = 0.1  # of a text's letters; below that a language is a quotation
SAMPLE = 100_000  # bytes or characters; enough to recognise an encoding


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text from bytes.

    Attributes:
        text: without a byte-order mark or lone surrogates.
        encoding: the codec, by Python's name.
        note: what was assumed, for the user; "" where nothing was.
    """

    text: str
    encoding: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An article's text, its title included; title and date are "" where none was found."""

    text: str
    title: str = ""
    date: str = ""


# ---------------------------------------------------------------- bytes -> text

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TO_TEXT = "Save it as plain text or HTML first"
_MAGIC = (
    (b"%PDF-", "a PDF document", _TO_TEXT),
    (b"{\\rtf", "an RTF document", _TO_TEXT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.doc, .xls)", _TO_TEXT),
    (b"\x89PNG\r\n", "a PNG image", "Give the article's text"),
    (b"\xff\xd8\xff", "a JPEG image", "Give the article's text"),
    (b"GIF8", "a GIF image", "Give the article's text"),
    (b"\x1f\x8b\x08", "gzip-compressed data", "Decompress it first"),
    (b"BZh", "bzip2-compressed data", "Decompress it first"),
    (b"\xfd7zXZ\x00", "xz-compressed data", "Decompress it first"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data", "Decompress it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it first"),
    (b"PAR1", "a Parquet file", "Give it the suffix .parquet"),
    (b"\x7fELF", "a program", "Give the article's text"),
    (b"SQLite format 3\x00", "an SQLite database", "Export its articles as CSV or JSONL"),
)
_ZIPPED = (  # a zip archive names its members in the clear
    (b"word/document.xml", "a Word document (.docx)", _TO_TEXT),
    (b"xl/workbook.xml", "an Excel workbook (.xlsx)", "Save it as CSV first"),
    (b"opendocument.text", "an OpenDocument text (.odt)", _TO_TEXT),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", "Save it as CSV first"),
    (b"epub+zip", "an EPUB book", _TO_TEXT),
)
# What French files come in besides UTF-8, the likelier first. Latin-1 is read as cp1252, which
# contains all of its printable characters, as the web does.
_LEGACY = ("cp1252", "iso8859-15", "mac-roman", "cp850")
_LOWER = "àâäçéèêëîïôöùûüÿœæáíóúñßãõìò"
_PLAUSIBLE = re.compile(
    rf"(?<![A-Z])[{_LOWER}]|(?<=[A-Z])[{_LOWER}](?![A-Z])"
    r"|(?<![a-zà-ÿœ])[ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒÆ]"
    r"|[«»“”„–—€°\xa0]|(?<=\w)’|‘(?=\w)|…(?!\w)|(?<=\d)[²³½]"
)
_AMBIGUOUS = 0.1  # two readings whose plausible shares differ by less are both possible
_SURROGATES = re.compile("[\ud800-\udfff]+")


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of a file.

    Args:
        data: the whole file, or a record of it.
        encoding: what the user says it is in; None finds out.

    Raises:
        InputError: it is binary (says which kind), not in that encoding, or in none that is known.
    """
    refuse_binary(data)
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], codec, encoding)
    if encoding is not None:
        return _as_told(data, encoding)
    try:
        return _checked(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _guess(data)
    except InputError:
        return _wide(data)


def replace_surrogates(text: str) -> str:
    """The text with each run of lone surrogates, which no encoding can hold, as one U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def codec_name(encoding: str) -> str:
    """Python's name of a text encoding.

    Raises:
        InputError: it knows none of that name.
    """
    try:
        codec = codecs.lookup(encoding)
        "".encode(encoding)  # refuses codecs that are no text encodings, such as base64
    except (LookupError, ValueError):
        raise InputError(
            f"encoding {encoding!r} is not known. "
            "Use a name such as utf-8, cp1252, iso8859-15 or utf-16 with --encoding."
        ) from None
    return codec.name


def refuse_binary(data: bytes) -> None:
    """Refuse bytes that begin like a kind of file that holds no plain text.

    Raises:
        InputError: says which kind it is, and what to do.
    """
    if data.startswith(b"PK\x03\x04"):
        kind, advice = next(
            ((kind, advice) for mark, kind, advice in _ZIPPED if mark in data),
            ("a zip archive", "Unpack it first"),
        )
        raise InputError(f"is {kind}, not text. {advice}.")
    for mark, kind, advice in _MAGIC:
        if data.startswith(mark):
            raise InputError(f"is {kind}, not text. {advice}.")


def _checked(text: str, encoding: str, note: str = "") -> Decoded:
    """Decoded, unless the text holds NUL, which only binary data does."""
    if "\0" in text:
        raise InputError(
            "is binary (it contains NUL), not text. Give a text file, "
            "or name its encoding with --encoding."
        )
    return Decoded(replace_surrogates(text), encoding, note)


def _lenient(data: bytes, codec: str) -> str:
    """Text with U+FFFD where the bytes are wrong; a lone surrogate counts as one."""
    try:
        return data.decode(codec, "surrogatepass")
    except UnicodeDecodeError:
        return data.decode(codec, "replace")


def _marked(data: bytes, codec: str, encoding: str | None) -> Decoded:
    note = ""
    if encoding is not None and not codec_name(encoding).startswith(codec[:6]):
        note = f"begins with a {codec} byte-order mark: read as that, not as {encoding}"
    text = _lenient(data, codec)
    if "\ufffd" in text and not note:
        note = f"damaged {codec}: some characters could not be read"
    return _checked(text, codec, note)


def _as_told(data: bytes, encoding: str) -> Decoded:
    codec = codec_name(encoding)
    try:
        return _checked(data.decode(codec), codec)
    except UnicodeError as error:
        at = f" (byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
        raise InputError(
            f"is not {encoding}{at}. Leave --encoding out, or name the right one."
        ) from None


def _wide(data: bytes) -> Decoded:
    """UTF-16 without a byte-order mark, known by NUL at every other place; else binary."""
    sample = data[:SAMPLE]
    for codec, nul, other in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        zeros, half = sample[nul::2].count(0), len(sample) // 2
        if zeros * 2 > half and sample[other::2].count(0) == 0:
            text = _lenient(data, codec)
            if all(each.isprintable() or each.isspace() for each in text[:SAMPLE]):
                return _checked(text, codec, f"{codec} assumed")
    return _checked("\0", "")


def _guess(data: bytes) -> Decoded:
    """Bytes that are not UTF-8: damaged UTF-8, UTF-16, or an 8-bit encoding of French."""
    if b"\0" in data:
        return _wide(data)
    text = _lenient(data, "utf-8")
    wrong, right = text.count("\ufffd"), len(text) - len(text.encode("ascii", "ignore"))
    surrogates = len(_SURROGATES.findall(text))
    if surrogates or wrong <= right - wrong:  # 8-bit French is hardly ever UTF-8 by chance
        return _checked(text, "utf-8", f"damaged UTF-8: {wrong or surrogates} replaced by U+FFFD")
    readings = _readings(data)
    if not readings or readings[0].share < 0.5 or _mostly_accents(readings[0].text):
        return _foreign(data)
    best, *others = readings
    rivals = [
        each.codec
        for each in others
        if each.share > best.share - _AMBIGUOUS and each.text != best.text
    ]
    note = f"{best.codec} assumed"
    if rivals:
        note += f", {' or '.join(rivals)} possible: check the accents, or name it with --encoding"
    return _checked(best.text, best.codec, note)


class _Reading(NamedTuple):
    """One way to read the bytes; share: plausible ones among its non-ASCII characters."""

    share: float
    codec: str
    text: str


def _readings(data: bytes) -> list[_Reading]:
    """The readings as French, the most plausible first, then in the order of _LEGACY."""
    found = []
    for codec in _LEGACY:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        marks = sum(each > "\x7f" for each in text[:SAMPLE])
        share = len(_PLAUSIBLE.findall(text[:SAMPLE])) / max(marks, 1)
        controls = sum("\x80" <= each <= "\x9f" for each in text[:SAMPLE])
        found.append(_Reading(share if not controls else 0.0, codec, text))
    return sorted(found, key=lambda each: -each.share)


def _mostly_accents(text: str) -> bool:
    """Whether most letters are accented, which is another alphabet read as ours."""
    letters = [each for each in text[:SAMPLE] if each.isalpha()]
    return len(letters) >= 20 and sum(each > "\x7f" for each in letters) * 2 > len(letters)


def _foreign(data: bytes) -> Decoded:
    """Not French by its letters: what charset-normalizer makes of it, if it is sure."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE], cp_isolation=list(_LEGACY)).best()
    if best is None:
        raise InputError(
            "is in an encoding that could not be recognised. "
            "Name it with --encoding (such as cp1251 or gb18030), or save the file as UTF-8."
        )
    codec = codec_name(best.encoding)
    note = f"{codec} assumed without being sure: check the accents, or name it with --encoding"
    return _checked(_lenient(data, codec), codec, note)


# ---------------------------------------------------------------- dates

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
    rf"{_STAMP}{_DATE}{_TIME}(?P<rest>(?:\s*[|•·–—(/,;-]*\s*(?:et\s+)?{_STAMP}.{{6,40}})?"
    r"(?:\s*[|•·–—-]\s*(?:(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?|[^.!?]{0,60}))?)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?:le\s+)?{_DATE}{_TIME}", re.IGNORECASE)
_YEAR = re.compile(r"\d{4}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_HEADER = re.compile(r"date (\d{4}-\d{2}(?:-\d{2})?)(?= |$)[ :|-]*", re.IGNORECASE)


def parse_date(value: str) -> str:
    """A date as people and programs write it, as "2021", "2021-04" or "2021-04-30"; "" if none.

    Days come before months (03/11/2020 is in November); month names are French or English.
    """
    value = value.strip()
    if _YEAR.fullmatch(value):
        return value
    if compact := _COMPACT.fullmatch(value):
        value = "-".join(compact.groups())
    found = _BARE.match(value)
    return _iso(found) if found else ""


def _iso(found: re.Match[str]) -> str:
    """The date a match of _DATE holds; "" if the calendar has no such day."""
    parts = found.groupdict()
    year, month, day = (
        next((parts[f"{name}{n}"] for n in range(1, 5) if parts.get(f"{name}{n}")), "")
        for name in "ymd"
    )
    if not month.isdigit():
        plain = unicodedata.normalize("NFD", month.lower()).encode("ascii", "ignore").decode()
        month = str(next(number for name, number in _MONTHS.items() if plain.startswith(name)))
    try:
        whole = dt.date(int(year), int(month), int(day or 1)).isoformat()
    except ValueError:
        return ""
    return whole if day else whole[:7]


# ---------------------------------------------------------------- text -> article

_NEWLINES = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\xad\u180e\u200b-\u200d\u2060\ufeff]")
_SPACES = re.compile("[ \t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_BLANKS = re.compile("\n{3,}")
_SENTENCE_END = re.compile(r"[.;,:][\s»”’\"')\]]*$")

_CREDIT = re.compile(
    r"(?:©|\(c\)\s|copyright\b).{0,100}"
    r"|(?:crédits?|credits?)\s*(?:(?:photos?|images?|vidéos?|illustrations?)\b\s*[:/©|-]?|:).{1,80}"
    r"|(?:(?:(?:textes?\s+et\s+)?photos?|photographies?|images?|illustrations?|visuel|vidéo)\s*(?:d'archives?|d’archives?)?"
    r"\s*[:/©|])(?P<whom>.{1,80})"
    r"|\(?(?:photo|image)\s+(?:by|par|de|AFP|Reuters|Xinhua)\b(?P<author>.{0,60})",
    re.IGNORECASE,
)
_NAMED = (
    "AFP|AP|APS|ACN|ANI|ANSA|ATS|Belga|CVN|DPA|EFE|Kazinform|Kyodo|MAP|Reuters|TAP|UPI|VNA|VOV"
    "|Xinhua"
)
_AGENCY = rf"(?:(?:{_NAMED})\b|[A-Z]{{2,10}}[\w-]{{0,12}})"
_SIGNED = re.compile(  # "(AFP)", "(avec AFP et Reuters)", "VNA/CVN", "AEF-Est/vb/lm", "Xinhua"
    rf"\((?:(?:[Aa]vec|[Ss]ources?\s*:|[Pp]ar)\s*)?{_AGENCY}(?:\s*(?:[/,]|et)\s*{_AGENCY})*\)\.?"
    rf"|{_AGENCY}(?:\s?/\s?[\w.-]{{1,12}})+"
    rf"|(?:(?:[Aa]vec|[Ss]ources?\s*:|[Aa]gences?\s*:?)\s*)?"
    rf"(?:{_NAMED})(?:\s*(?:,|et)\s*(?:{_NAMED}))*\.?"
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
    rf"|{_NETWORK}(?:\s*(?:[,/|•·]|et)?\s*{_NETWORK})+"
    rf"|(?:suivez|retrouvez)[\s-]nous sur\b.{{0,80}}",
    re.IGNORECASE,
)
_NEWSLETTER = re.compile(
    r"(?:newsletter|infolettre)\s*:?"
    r"|(?:inscrivez|abonnez)[\s-]vous\b.{0,100}|(?:s['’]inscrire|s['’]abonner)\b.{0,60}"
    r"|recevez\b.{0,80}(?:newsletter|infolettre|lettre d['’]information|alertes?)\b.{0,40}",
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
    body, header, stamp = _article(_tidy(raw))
    heading = _tidy(title).replace("\n", " ").replace("  ", " ")
    if heading and not _begins_with(body, heading):
        body, _, later = _article(_tidy(f"{heading}\n\n{body}"))
        stamp = stamp or later
    first, _, rest = body.partition("\n")
    headline = _title(body)
    if rest and first in (headline, body[: len(heading)]):
        body = first + "\n\n" + rest.lstrip("\n")
    known = heading and _begins_with(body, heading)
    found = body[: len(heading)] if known else headline
    return Cleaned(body, found, parse_date(date) or header or stamp)


def _tidy(text: str) -> str:
    """Unicode, spaces and blank lines made uniform."""
    text = _INVISIBLE.sub("", _NEWLINES.sub("\n", replace_surrogates(text)))
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", text))
    text = "\n".join(line.strip(" ") for line in text.split("\n"))
    return _BLANKS.sub("\n\n", text).strip("\n")


def _article(text: str) -> tuple[str, str, str]:
    """A tidy text without its furniture, the date of its header and that of its update line."""
    header = stamp = ""
    while True:  # a credit may hide behind another one
        before = text
        if (found := _HEADER.match(text)) and (on := parse_date(found[1])):
            header, text = header or on, text[found.end() :]
        lines = text.split("\n")
        places = [n for n, line in enumerate(lines) if line]
        dates = _date_lines(lines, places)
        stamp = stamp or next(iter(dates.values()), "")
        kept = [
            line
            for n, line in enumerate(lines)
            if n not in dates and not _is_furniture(line, last=n in places[1:][-1:])
        ]
        text = _tidy("\n".join(kept)) if text is not before or len(kept) < len(lines) else text
        if text == before:
            return text, header, stamp


def _date_lines(lines: list[str], places: list[int]) -> dict[int, str]:
    """The lines that only date the article: place -> date.

    A line of a date and nothing else counts near the top, and only if it is the one such line:
    several are a chronology.
    """
    found, bare = {}, {}
    for n in places:
        if len(lines[n]) > MAX_FURNITURE:
            continue
        if stamped := _STAMPED.fullmatch(lines[n]):
            if on := _iso(stamped):
                found[n] = on
        elif (alone := _BARE.fullmatch(lines[n])) and (on := _iso(alone)):
            bare[n] = on
    if len(bare) == 1 and next(iter(bare)) in places[:4]:
        found.update(bare)
    return found


def _is_furniture(line: str, *, last: bool) -> bool:
    """Whether a line is a credit, an agency's signature, a link or a call to share or subscribe."""
    if not line or len(line) > MAX_FURNITURE:
        return False
    if credit := _CREDIT.fullmatch(line):
        return not _is_caption((credit["whom"] or credit["author"] or "").strip())
    if last and _SIGNED.fullmatch(line):
        return True
    return any(each.fullmatch(line) for each in (_RELATED, _SHARING, _NEWSLETTER))


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


# ---------------------------------------------------------------- scripts and languages

_SCRIPT_NAMES = {  # where the first word of a letter's Unicode name is not its script
    "CJK": "Han",
    "IDEOGRAPHIC": "Han",
    "FULLWIDTH": "Latin",
    "FEMININE": "Latin",
    "MASCULINE": "Latin",
    "MODIFIER": "Latin",
    "MICRO": "Greek",
    "HALFWIDTH": "Katakana",
}
_SCRIPT_LANGUAGES = {
    "Han": "zh",
    "Hiragana": "ja",
    "Katakana": "ja",
    "Bopomofo": "zh",
    "Hangul": "ko",
    "Arabic": "ar",
    "Cyrillic": "ru",
    "Greek": "el",
    "Hebrew": "he",
    "Armenian": "hy",
    "Georgian": "ka",
    "Thai": "th",
    "Lao": "lo",
    "Khmer": "km",
    "Myanmar": "my",
    "Devanagari": "hi",
    "Bengali": "bn",
    "Tamil": "ta",
    "Telugu": "te",
    "Ethiopic": "am",
}
# Those in Latin script that have newspapers; a name or a list of figures is else taken for one of
# the hundreds of languages the model knows.
_LATIN_LANGUAGES = (
    "af br ca cs cy da de en es et eu fi fr ga gl hr hu id is it lb lt lv mg ms mt nl no oc pl pt"
    " ro rw sk sl so sq sv sw tr uz vi"
)
_ENOUGH_TEXT = 300  # characters of a paragraph; more costs time (1 ms per kB) and changes nothing
_ENOUGH_LETTERS = 40  # below, a paragraph (a name, a heading) is counted with the main language


def scripts(text: str) -> dict[str, float]:
    """Share of a text's letters by script ("Latin", "Han", …), largest first; {} if none."""
    counts = _letters(text)
    total = sum(counts.values())
    return {script: count / total for script, count in counts.most_common()}


def foreign_share(text: str) -> float:
    """Share of a text's letters that are not in Latin script, in [0, 1]."""
    counts = _letters(text)
    return 1.0 - counts["Latin"] / sum(counts.values()) if counts else 0.0


def language(text: str) -> str:
    """The languages of a text, ISO 639-1, the main one first: "fr", "fr+zh"; "" without letters.

    Each has at least a tenth of the letters. Languages in Latin script are told apart paragraph
    by paragraph; another script stands for the language that most articles in it are in.

    Raises:
        InputError: the package that recognises languages is not installed.
    """
    counts: Counter[str] = Counter()
    short: list[str] = []
    for paragraph in text.split("\n"):
        letters = _letters(paragraph)
        latin = letters.pop("Latin", 0)
        japanese = letters["Hiragana"] + letters["Katakana"] > 0
        for script, count in letters.items():
            spoken = _SCRIPT_LANGUAGES.get(script, "")
            counts["ja" if japanese and spoken == "zh" else spoken] += count
        if latin >= _ENOUGH_LETTERS:
            counts[_identify(paragraph)] += latin
        elif latin:
            short.append(paragraph)
    _count_short(short, counts)
    total = sum(counts.values())
    kept = [
        code for code, count in counts.most_common() if code and count >= total * LANGUAGE_SHARE
    ]
    return "+".join(kept)


def _count_short(paragraphs: list[str], counts: Counter[str]) -> None:
    """Add paragraphs too short to judge one by one to the count of letters by language."""
    letters = sum(_letters(each)["Latin"] for each in paragraphs)
    if not letters:
        return
    latin = [code for code, _ in counts.most_common() if code not in _SCRIPT_LANGUAGES.values()]
    counts[latin[0] if latin else _identify("\n".join(paragraphs))] += letters


def _letters(text: str) -> Counter[str]:
    """Number of letters by script."""
    found: Counter[str] = Counter()
    for char, count in Counter(text).items():
        if char.isalpha():
            found[_script(char)] += count
    return found


@functools.lru_cache(maxsize=65536)
def _script(letter: str) -> str:
    first = unicodedata.name(letter, "UNKNOWN").split()[0]
    return _SCRIPT_NAMES.get(first, first.capitalize())


def _identify(text: str) -> str:
    code, _ = _identifier().classify(text[:_ENOUGH_TEXT])
    return str(code)


@functools.cache
def _identifier() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise missing_extra("seeds", "recognising languages") from error
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(set(_LATIN_LANGUAGES.split()) & set(identifier.labels))
    return identifier
