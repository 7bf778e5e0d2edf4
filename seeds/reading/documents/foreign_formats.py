"""What is text but no article: e-mail, feeds, XML, subtitles, calendars, code, tables."""

import json
import re

from seeds.base.errors import InputError
from seeds.reading.columns import USUAL

_HEAD = 20_000  # characters that show what a text is
_ARTICLE = "Save the article's text alone as .txt"
_EXPORT = "Export its articles as .jsonl or .csv, or save each as .txt or .html"
_MAIL_LINE = re.compile(r"([^\W\d_][\w-]{0,40})[ \xa0\u202f]?:(?:[ \t\xa0\u202f].*)?")
_MAIL_BEGIN = re.compile(
    r"(?:-{2,20}|_{2,20}) ?[^\n-]{0,30}message[^\n-]{0,60}-{0,20}\s{0,9}\n", re.I
)
_MAIL_SENDERS = {"from", "return-path", "received", "message-id", "delivered-to"}
_MAIL_OTHERS = {"subject", "date", "to", "mime-version", "content-type", "received", "message-id"}
# A note with only De, Objet and Date may be the head of a press release.
_MAIL_FRENCH = (
    {"de", "expéditeur"},
    {"à", "a", "pour", "destinataire", "destinataires", "envoyé"},
    {"objet", "sujet"},
)
_MBOX = re.compile(r"From \S{1,100} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ")
_PROLOGUE = re.compile(
    r"\s*(?:<\?[^>]{0,2000}\?>|<!--(?:(?!-->).){0,5000}-->|<!DOCTYPE[^>[]{0,1000}(?:\[[^\]]{0,5000}\]\s*)?>)",
    re.DOTALL | re.IGNORECASE,
)
_ROOT = re.compile(r"\s*<(?:[A-Za-z][\w.-]{0,40}:)?([A-Za-z][\w.-]{0,60})([^<>]{0,5000})>?")
_ROOTS = {  # the outermost element of an XML file, in small letters
    "rss": ("an RSS feed", _EXPORT),
    "feed": ("an Atom feed", _EXPORT),
    "rdf": ("RDF data (an RSS 1.0 feed, or a catalogue)", _EXPORT),
    "tei": ("a TEI document", _EXPORT),
    "teicorpus": ("a TEI corpus", _EXPORT),
    "tei.2": ("a TEI document", _EXPORT),
    "opml": ("an OPML list of feeds", "Give the articles themselves"),
    "urlset": ("a sitemap", "Give the pages themselves"),
    "sitemapindex": ("a sitemap", "Give the pages themselves"),
    "nitf": ("a NITF document", _EXPORT),
    "newsml": ("a NewsML document", _EXPORT),
    "newsitem": ("a NewsML document", _EXPORT),
    "newsmessage": ("a NewsML document", _EXPORT),
    "mediawiki": ("a MediaWiki export", _EXPORT),
    "svg": ("an SVG image", "Give the article's text"),
    "kml": ("a map (KML)", "Give the article's text"),
    "gpx": ("a GPS track (GPX)", "Give the article's text"),
    "plist": ("a property list", "Give the article's text"),
    "ncx": ("a table of contents of an EPUB book", "Give the article's text"),
    "tt": ("subtitles (TTML)", _ARTICLE),
}
_BEGINNINGS = (
    (re.compile(r"BEGIN:VCALENDAR\s"), "a calendar (iCalendar)", "Give the article's text"),
    (re.compile(r"BEGIN:VCARD\s"), "an address card (vCard)", "Give the article's text"),
    (re.compile(r"WEBVTT(?:[ \t].{0,200})?\n"), "subtitles (WebVTT)", _ARTICLE),
    (
        re.compile(r"\d{1,6}[ \t]*\n\d{1,2}:\d{2}:\d{2}[,.]\d{3} --> \d"),
        "subtitles (SubRip)",
        _ARTICLE,
    ),
    (re.compile(r"\[Script Info\]\s"), "subtitles (SubStation Alpha)", _ARTICLE),
    (re.compile(r"#!/?\S{1,100}"), "a script", "Give the article's text"),
    (re.compile(r"<\?php\b"), "a PHP program", "Give the article's text"),
    (
        re.compile(r"(?:%.{0,300}\n\s*){0,50}\\document(?:class|style)\b"),
        "a LaTeX document",
        _ARTICLE,
    ),
    (re.compile(r"%!PS"), "a PostScript document", "Save it as plain text or HTML first"),
    (re.compile(r"-----BEGIN [A-Z ]{3,40}-----"), "a key, certificate or signed message", _ARTICLE),
    (
        re.compile(r"@(?:article|book|misc|online|inproceedings)\s?\{\S{1,100},\s", re.IGNORECASE),
        "a bibliography (BibTeX)",
        _EXPORT,
    ),
    (re.compile(r"TY  - [A-Z]{2,6}\r?\n"), "a bibliography (RIS)", _EXPORT),
    (
        re.compile(r"(?:diff --git a/|--- a?/?\S{1,200}.{0,100}\n\+\+\+ )"),
        "a list of changes (diff)",
        "Give the article's text",
    ),
    (
        re.compile(
            r"(?:(?:import [\w.]{1,60}|from [\w.]{1,60} import [\w*, ]{1,100}"
            r"|#include [<\"]\S{1,60}|package [\w.]{1,60};|using [\w.]{1,60};"
            r"|\"use strict\";|const \w{1,40} = require)[^\n]{0,100}\n){2}"
        ),
        "a program",
        "Give the article's text",
    ),
)
_WIKITEXT = (
    re.compile(r"'''[^'\n]{1,200}+'''"),
    re.compile(r"\[\[[^\[\]\n]{1,200}+\]\]"),
    re.compile(r"^={2,5}[^=\n]{1,200}+={2,5}[ \t]{0,9}$", re.MULTILINE),
    re.compile(r"\{\{[^{}]{1,500}+\}\}"),
)
_PYTHON = re.compile(
    r"[ \t]{0,40}(?:(?:async )?def \w{1,60}\(.*|class \w{1,60}[(:].*"
    r"|(?:import|return|raise|assert) .*"
    r"|from [\w.]{1,60} import .*|(?:if|elif|for|while|with|except) .*:|(?:else|try|finally):"
    r"|return|pass|@\w.*|#.*|[\w.\[\]]{1,60} [-+*/]?= .*|[\w.]{1,60}\(.*|[])}]{1,5}[:,]?)"
)
_DEFINITION = re.compile(
    r"^[ \t]{0,40}(?:(?:async )?def \w{1,60}\(.{0,300}:|class \w{1,60}(?:\(.{0,200}\))?:)[ \t]*$",
    re.M,
)
_HTML = re.compile(r"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)


def is_html(text: str) -> bool:
    """Tell whether a text is a whole web page."""
    return bool(_HTML.match(_strip_prologue(text[:_HEAD])) or _HTML.match(text[:_HEAD].lstrip()))


def refuse_foreign(text: str) -> None:
    """Refuse a text that is surely something else than an article.

    Raises:
        InputError: says what it is, and what to do.
    """
    head = text[:_HEAD].lstrip("\ufeff \t\r\n").replace("\r\n", "\n").replace("\r", "\n")
    if _is_mail(head):
        raise _error("an e-mail", _ARTICLE)
    for beginning, kind, advice in _BEGINNINGS:
        if beginning.match(head):
            raise _error(kind, advice)
    if head.startswith("<"):
        _refuse_xml(head)
    if head.startswith(("{", "[")):
        _refuse_json(text)
    if _is_wikitext(head):
        raise _error("wikitext", _ARTICLE)
    if _is_python(head):
        raise _error("a program", "Give the article's text")
    if _is_table(head):
        raise InputError("is a table, not text of an article. Give it the suffix .csv or .tsv.")


def _error(kind: str, advice: str) -> InputError:
    return InputError(f"is {kind}, not text of an article. {advice}.")


def _is_mail(head: str) -> bool:
    """Tell whether a text begins with the headers of an e-mail, in English or in French."""
    if _MBOX.match(head):
        return True
    names: list[str] = []
    begin = _MAIL_BEGIN.match(head)
    for line in head[begin.end() if begin else 0 :].lstrip().split("\n"):
        if names and line[:1] in (" ", "\t") and line.strip():
            continue  # the rest of a long header
        header = _MAIL_LINE.fullmatch(line)
        if not header:
            if line.strip():
                return False
            break
        names.append(header[1].lower())
    known = set(names)
    if known >= {"mime-version", "content-type"} or all(known & kind for kind in _MAIL_FRENCH):
        return True
    return len(names) >= 3 and bool(known & _MAIL_SENDERS) and len(known & _MAIL_OTHERS) >= 2


def _refuse_xml(head: str) -> None:
    """Refuse a text whose outermost element is no HTML."""
    rest = _strip_prologue(head)
    if _HTML.match(rest):
        return
    declared = re.match(r"<(?:\?xml[\s?]|!doctype\s)", head, re.IGNORECASE) is not None
    root = _ROOT.match(rest)
    name = root[1].lower() if root else ""
    if name in ("html", "body"):
        return
    if name == "rss" and root and "wordpress.org/export" in root[2]:
        raise _error("a WordPress export (WXR)", _EXPORT)
    marked = root and ("xmlns" in root[2] or "version" in root[2])
    nested = root and rest[root.end() :].lstrip().startswith("<")
    if name in _ROOTS and (declared or marked or nested):
        raise _error(*_ROOTS[name])
    if declared:
        raise _error(f"an XML document (<{root[1]}>)" if root else "an XML document", _EXPORT)


def _strip_prologue(head: str) -> str:
    """Return what follows an XML declaration, a document type and comments."""
    place = 0
    while match := _PROLOGUE.match(head, place):
        if _HTML.match(match[0].lstrip()):
            break
        place = match.end()
    return head[place:].lstrip()


def _refuse_json(text: str) -> None:
    """Refuse a text that is JSON, or JSON lines."""
    first, _, rest = text.strip().partition("\n")
    for part, advice in (
        (text, "Save it as .jsonl, one object with a text on each line"),
        (first if rest else "", "Give it the suffix .jsonl"),
    ):
        try:
            value = json.loads(part) if part else None
        except (ValueError, RecursionError):
            continue
        objects = value if isinstance(value, list) else [value]
        if value and all(isinstance(member, dict) for member in objects):
            raise InputError(f"is JSON, not text of an article. {advice}.")


def _is_wikitext(head: str) -> bool:
    """Tell whether a text has several marks of wikitext, of several kinds."""
    marks = [len(kind.findall(head)) for kind in _WIKITEXT]
    return sum(map(bool, marks)) >= 3 or (sum(map(bool, marks)) == 2 and sum(marks) >= 4)


def _is_python(head: str) -> bool:
    """Tell whether a text defines something in Python, and most of its lines are of a program."""
    if not _DEFINITION.search(head):
        return False
    lines = [line for line in head.split("\n") if line.strip()]
    return len(lines) >= 3 and 2 * sum(1 for line in lines if _PYTHON.fullmatch(line)) > len(lines)


def _is_table(head: str) -> bool:
    """Tell whether a text begins with the names of columns, a text's among them, and has rows."""
    first, _, rest = head.partition("\n")
    second = rest.partition("\n")[0]
    for delimiter in ("\t", ";", ",", "|"):
        names = [name.strip(' "').casefold() for name in first.split(delimiter)]
        usual = [kind for kind, known in USUAL.items() if set(names) & set(known)]
        plain = all(re.fullmatch(r"[^\W\d][\w -]{0,30}", name) for name in names)
        if len(names) > 1 and plain and "text" in usual and len(usual) > 1:
            return second.count(delimiter) >= len(names) - 1
    return False
