"""HTML -> the pages of its articles: main text, title and date."""

import contextlib
import re
import threading
from typing import Any

from seeds.base.errors import InputError, missing_extra
from seeds.reading.documents.foreign_formats import refuse_foreign
from seeds.reading.documents.page import Page
from seeds.reading.documents.web_layout import (
    own_heading,
    plain_text,
    split_articles,
    unwrap_layout,
)
from seeds.reading.documents.web_metadata import json_headline, published_date
from seeds.reading.encoding import Decoded, decode
from seeds.titles import find_title, resemble

_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*+[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_AROUND = ["//nav", "//footer", "//header[not(ancestor::article or ancestor::main)]"]
_TABLE_RULE = re.compile(r"^\|(?=[ |:]*-)[ |:-]*$\n?", re.MULTILINE)
_TABLE_ROW = re.compile(r"^\| ?(.*?) ?\| ?$", re.MULTILINE)
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{8000,}")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_MOST_ATTRIBUTES = 2000  # of a tag; pages have fewer than a hundred
_SMALL = 100_000  # characters of a page that is always parsed within seconds
_NO_TEXT = "holds no text that reads like an article. Save the text itself as .txt."
_TOO_SHORT = 250  # characters; below, trafilatura itself doubts that it found the article


def read_web_page(data: bytes, encoding: str | None) -> list[Page]:
    """Read the articles of a web page: one, unless it holds several side by side.

    Raises:
        InputError: it is no web page, holds no article, or a library fails on it.
    """
    try:
        import trafilatura  # noqa: F401  # said first of all if it is missing
    except ImportError as error:
        raise missing_extra("seeds", "reading HTML") from error
    decoded = _decode(data, encoding)
    refuse_foreign(decoded.text)
    page = _DECLARATION.sub("", decoded.text)
    if not page.strip():
        return [Page(page)]
    _refuse_crowded_tags(page)
    return _read_tree(_parse(page), decoded.note)


def _refuse_crowded_tags(page: str) -> None:
    """Refuse a page with a tag of very many attributes: reading those takes their square in time.

    Raises:
        InputError: it has one.
    """
    for tag in _LONG_TAG.finditer(page):
        if len(_QUOTED.sub("", tag[0]).split()) > _MOST_ATTRIBUTES:
            raise InputError(
                f"has a tag with more than {_MOST_ATTRIBUTES:,} attributes, as no page has. "
                "Save its text as .txt."
            )


def _parse(page: str) -> Any:
    """Return a page as lxml reads it."""
    if len(page) < _SMALL:
        return _load(page)
    # In another thread, since no time limit interrupts the parser: it interrupts the waiting.
    from concurrent.futures import Future  # which predicting text need not wait for

    outcome: Future[Any] = Future()

    def settle() -> None:
        try:
            outcome.set_result(_load(page))
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=settle, daemon=True).start()
    return outcome.result()


def _load(page: str) -> Any:
    """Parse a page, as trafilatura does, with a parser of its own: one in use is locked.

    Raises:
        InputError: nothing can be read of it.
    """
    from lxml.etree import ParserError
    from lxml.html import HTMLParser, fromstring
    from trafilatura.utils import repair_faulty_html

    parser = HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
    )
    repaired = repair_faulty_html(page, page[:50].lower())
    try:
        return fromstring(repaired.encode("utf-8", "replace"), parser=parser)
    except ParserError:
        raise InputError(_NO_TEXT) from None


def _read_tree(tree: Any, note: str) -> list[Page]:
    """Read the articles of a parsed page."""
    unwrap_layout(tree)
    articles = split_articles(tree)
    if len(articles) > 1:
        return [_read_article(article, note) for article in articles]
    title = _title(tree)
    text = _main_text(tree)
    return [Page(text, title, published_date(tree, title, text), note=note)]


def _read_article(article: Any, note: str) -> Page:
    """Read one of several articles of a page."""
    title = own_heading(article)
    text = _main_text(article)
    return Page(text, title, published_date(article, title, text), note=note)


def _main_text(tree: Any) -> str:
    """Return what reads like the article, its paragraphs apart."""
    text = plain_text(tree)
    if not text:
        text = _extract(tree)
        if len(text) < _TOO_SHORT:
            text = max(text, _extract(tree, favor_recall=True), key=len)
    text = _TABLE_RULE.sub("", text or _any_text(tree))
    first, *rest = _TABLE_ROW.sub(r"\1", text).split("\n")
    repeated = bool(rest) and first == rest[0]  # a headline in <h1> and <h2>
    return "\n\n".join(rest if repeated else [first, *rest])


def _any_text(tree: Any) -> str:
    """Return all text of a page.

    Raises:
        InputError: it has none.
    """
    from trafilatura import html2txt

    text = html2txt(tree)
    if not text:
        raise InputError(_NO_TEXT)
    return str(text)


def _extract(tree: Any, **options: Any) -> str:
    """Return what trafilatura takes for the article, or "" if it finds none."""
    from trafilatura import bare_extraction

    article: Any = bare_extraction(tree, include_comments=False, prune_xpath=_AROUND, **options)
    return (article and article.text) or ""


def _title(tree: Any) -> str:
    """Return the headline that a reader sees, or the one in the metadata."""
    from trafilatura.metadata import examine_meta, extract_title

    named = examine_meta(tree).title or json_headline(tree)
    seen = extract_title(tree) or ""
    if not named or (seen and (resemble(seen, named) or find_title(seen, named))):
        return seen or named
    return str(named)


def _decode(data: bytes, encoding: str | None) -> Decoded:
    """Decode as the user says, as UTF-8, as the page declares, or by guess, in that order."""
    declared = _CHARSET.search(data[:2048])
    if encoding is None and declared:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            name = declared[1].decode()
            latin = name.lower() in ("iso-8859-1", "latin1", "us-ascii")
            with contextlib.suppress(InputError):  # wrong or unknown: guess
                return decode(data, "cp1252" if latin else name)
    return decode(data, encoding)
