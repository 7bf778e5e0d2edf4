"""What a web page says of itself: the title and the date of publication in its metadata."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from seeds.datelines import Dateline, read_dateline
from seeds.dates import MAX_LENGTH, parse_date
from seeds.reading.documents.web_layout import INLINE, text_lines
from seeds.titles import same_title

_JSON_LD = "application/ld+json"
_PUBLISHED_JSON = re.compile(r'"datePublished"\s*:\s*"([^"]{4,40})"')
_PUBLISHED = (  # names of meta elements, the surer first
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
)
_DATED = (
    "citation_publication_date",
    "citation_date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "dc.date",
    "dcterms.date",
    "dc:date",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "publication_date",
    "publication-date",
    "published_date",
    "publishdate",
    "publish_date",
    "publish-date",
    "pubdate",
    "pdate",
    "rbpubdate",
    "date",
    "article:published_date",
    "article.published",
    "datecreated",
    "displaydate",
)
_MODIFIED = ("article:modified_time",)
_LINES = 2000  # of a page, in which its title is looked for
_ABOVE, _BELOW = 4, 8  # lines from the title to the line with the date
_UPDATED = re.compile(r"modif|updat|maj|mise.?a.?jour", re.IGNORECASE)
_MARGINS = "ancestor::nav or ancestor::footer or ancestor::aside"
_TIMES = f"//time[@datetime][not({_MARGINS})]"
_MARKED = (
    "//*[@itemprop='datePublished'] | //time[@pubdate][@datetime]"
    " | //abbr[contains(@class, 'published')][@title]"
)
_PROSE = 100  # characters of a line that is text, or a deck, rather than a byline
_SUBHEADS = ("h2", "h3", "h4", "h5", "h6")
_PLACEHOLDERS = ("1970-01-01", "1900-01-01")  # of programs that know no date


def published_date(tree: Any, title: str, text: str) -> str:
    """Return the date on which a page says it was published; "" if it says none.

    What its author wrote beside the title as that date goes before metadata. No year of a
    copyright notice counts, and no date of the text.

    Args:
        tree: the page, as lxml reads HTML.
        title: of the article.
        text: of the article; several lines in it with only a date are a chronology.
    """
    beside = _datelines_beside(tree, title)
    if _is_chronology(text):
        beside = [dated for dated in beside if dated.kind != "bare"]
    written = next((dated for dated in beside if not dated.update), None)
    signed = written is not None and written.kind != "bare"
    strong, weak, modified = _meta_dates(tree)
    values = (
        written.date if written and signed else "",
        *_json_dates(tree),
        *strong,
        *_marked_dates(tree),
        written.date if written else "",
        *weak,
        *_time_dates(tree),
        *(dated.date for dated in beside),
        *modified,
    )
    dates = (parse_date(value) for value in values)
    return next((date for date in dates if date > "1900" and date not in _PLACEHOLDERS), "")


def _is_chronology(text: str) -> bool:
    """Tell whether lines of a text have nothing but dates, and different ones."""
    datelines = [read_dateline(line) for line in text.splitlines()]
    return len({dated.date for dated in datelines if dated and dated.kind == "bare"}) > 1


def _datelines_beside(tree: Any, title: str) -> list[Dateline]:
    """Return the datelines that stand a few lines below or above the title, the nearest first."""
    lines = list(itertools.islice(text_lines(tree), _LINES))
    place = next((n for n, line in enumerate(lines) if same_title(line, title)), None)
    if place is None:
        return []
    above = lines[max(0, place - _ABOVE) : place]
    below = lines[place : place + _BELOW]
    prose = [n for n, line in enumerate(below) if len(line) > _PROSE]
    if len(prose) > 1:  # one may be the deck; after the next it is the text
        below = below[: prose[1]]
    lower, upper = _bare_only_above_text(below, tree), [read_dateline(line) for line in above]
    datelines = [dated for dated in (*lower, *reversed(upper)) if dated]
    return [dated for dated in datelines if dated.kind != "placed"]


def _bare_only_above_text(below: list[str], tree: Any) -> Iterator[Dateline | None]:
    """Yield the datelines below a title; one with only a date may be a subhead, which is none."""
    subheads = {" ".join("".join(node.itertext()).split()) for node in tree.iter(*_SUBHEADS)}
    in_text = False
    for line in below[1:]:
        dated = read_dateline(line)
        if dated is None or dated.kind == "inline":
            in_text = in_text or line.endswith((".", "!", "?", "…"))
            yield dated
        elif dated.kind in ("stamped", "named") or not (in_text or line in subheads):
            yield dated


def json_headline(tree: Any) -> str:
    """Return the headline of the article in a page's JSON-LD, else ""."""
    headlines = (node.get("headline") for node in _json_nodes(tree))
    return next((headline for headline in headlines if isinstance(headline, str)), "")


def _json_dates(tree: Any) -> Iterator[str]:
    for node in _json_nodes(tree):
        date = node.get("datePublished")
        if isinstance(date, str):
            yield date
    for script in _json_scripts(tree):
        yield from _PUBLISHED_JSON.findall(script)


def _json_scripts(tree: Any) -> list[str]:
    scripts = tree.iter("script")
    return [node.text or "" for node in scripts if _JSON_LD in (node.get("type") or "").lower()]


def _json_nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a page's JSON-LD, outer ones first; what is no JSON has none."""
    for script in _json_scripts(tree):
        try:
            waiting = [json.loads(script, strict=False)]
        except (ValueError, RecursionError):
            continue
        for node in waiting:  # it grows as objects are found in objects
            if isinstance(node, dict):
                yield node
                waiting.extend(node.values())
            elif isinstance(node, list):
                waiting.extend(node)


def _meta_dates(tree: Any) -> Iterator[list[str]]:
    """Yield the dates of meta elements that mean publication, that may, and that mean an update."""
    contents: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        contents.setdefault(name.strip().lower(), meta.get("content") or "")
    for names in (_PUBLISHED, _DATED, _MODIFIED):
        yield [contents[name] for name in names if contents.get(name)]


def _marked_dates(tree: Any) -> Iterator[str]:
    for node in tree.xpath(_MARKED):
        values = (node.get("content"), node.get("datetime"), node.get("title"))
        yield next(filter(None, values), None) or " ".join(node.itertext())


def _time_dates(tree: Any) -> Iterator[str]:
    """Yield the dates of <time> that stand in lines of their own: others are of the text."""
    for node in tree.xpath(_TIMES)[:20]:
        marks = f"{node.get('class') or ''} {node.get('itemprop') or ''}"
        line = _line_around(node)
        dated = read_dateline(line)
        if not _UPDATED.search(marks) and len(line) <= _PROSE and not (dated and dated.update):
            yield node.get("datetime")


def _line_around(node: Any) -> str:
    """Return the line in which an inline element stands, or enough of it to tell it is prose."""
    while node.getparent() is not None and node.getparent().tag in INLINE:
        node = node.getparent()
    line = f"{''.join(node.itertext())}{node.tail or ''}"
    for neighbour in itertools.takewhile(_is_inline, node.itersiblings()):
        line += f"{''.join(neighbour.itertext())}{neighbour.tail or ''}"
        if len(line) > MAX_LENGTH:
            break
    for neighbour in itertools.takewhile(_is_inline, node.itersiblings(preceding=True)):
        line = f"{''.join(neighbour.itertext())}{neighbour.tail or ''}{line}"
        if len(line) > 2 * MAX_LENGTH:
            break
    else:
        line = f"{(node.getparent().text or '') if node.getparent() is not None else ''}{line}"
    return " ".join(line.split())


def _is_inline(node: Any) -> bool:
    return node.tag in INLINE
