"""One article in plain text, HTML or Markdown -> a page: text, title and date, not yet clean."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seeds.base.errors import InputError, missing_extra
from seeds.reading.columns import usual_value
from seeds.reading.encoding import Decoded, decode


@dataclass(frozen=True, slots=True)
class Page:
    """An article as its file or record gives it. note: what was assumed in reading it."""

    text: str
    title: str = ""
    date: str = ""
    source: str = ""
    note: str = ""


def read_page(data: bytes, form: str, encoding: str | None) -> Page:
    """Read the article of a file.

    Args:
        data: the whole file.
        form: txt, html or md.
        encoding: of the file, as the user names it; None detects it.

    Raises:
        InputError: it is no text, or holds no article.
    """
    return _READERS[form](data, encoding)


def _text_page(data: bytes, encoding: str | None) -> Page:
    decoded = decode(data, encoding)
    return Page(decoded.text, note=decoded.note)


# ---------------------------------------------------------------- HTML

_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*+[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_AROUND = ["//nav", "//footer", "//header[not(ancestor::article or ancestor::main)]"]
_TOO_SHORT = 250  # characters; below, trafilatura itself doubts that it found the article


def _html_page(data: bytes, encoding: str | None) -> Page:
    """Read the main text of a web page, with the title and date of its metadata."""
    try:
        import trafilatura
    except ImportError as error:
        raise missing_extra("seeds", "reading HTML") from error
    decoded = _decode_html(data, encoding)
    page = _DECLARATION.sub("", decoded.text)
    if not page.strip():
        return Page(page)
    article = _extract(page, with_metadata=True)
    text = (article and article.text) or ""
    if len(text) < _TOO_SHORT:
        longer = _extract(page, favor_recall=True)
        text = max(text, (longer and longer.text) or "", key=len)
    text = text or trafilatura.html2txt(page)
    if not text:
        raise InputError("holds no text that reads like an article. Save the text itself as .txt.")
    title, date = (article.title or "", article.date or "") if article else ("", "")
    return Page(text.replace("\n", "\n\n"), title, date, note=decoded.note)


def _extract(page: str, **options: Any) -> Any:
    """Return what trafilatura takes for the article, or None if it finds none."""
    from trafilatura import bare_extraction

    return bare_extraction(page, include_comments=False, prune_xpath=_AROUND, **options)


def _decode_html(data: bytes, encoding: str | None) -> Decoded:
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


# ---------------------------------------------------------------- Markdown

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_LINE = re.compile(r"(?<!\w)(\w++)[ \t]*:[ \t]*(.+)")
_TAG = re.compile(r"<[^>]*>")
_COMMENT_OR_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


def _markdown_page(data: bytes, encoding: str | None) -> Page:
    """Read the text of Markdown without its marks, and the title and date of its front matter."""
    decoded = decode(data, encoding)
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    front: dict[str, str] = {}
    if matter := _FRONT.match(text):
        text = text[matter.end() :]
        for key, value in _FRONT_LINE.findall(matter[1]):
            front[key.lower()] = value.strip().strip("\"'")
    title, body = _markdown_text(text)
    date, source = usual_value(front, "date"), usual_value(front, "source")
    return Page(body, usual_value(front, "title") or title, date, source, decoded.note)


def _markdown_text(text: str) -> tuple[str, str]:
    """Return the heading that the text begins with, else "", and its blocks as plain paragraphs."""
    from markdown_it import MarkdownIt

    blocks: list[str] = []
    title = ""
    blank, opened = True, ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "inline":
            block = "".join(_inline(child) for child in token.children or ())
            if opened == "heading_open" and blank:
                title = block
            blocks.append(block)
        elif token.type in ("fence", "code_block"):
            blocks.append(token.content)
        elif token.type == "html_block":
            blocks.append(_strip_tags(token.content))
        blank = blank and not (blocks and blocks[-1])
        opened = token.type
    return title, "\n\n".join(blocks)


def _strip_tags(html: str) -> str:
    """Put a space in the place of each tag and comment.

    Only what ends is searched for: for each that does not, the rest would be searched in vain.
    """
    commented, arrow, html = html.rpartition("-->")
    tagged, bracket, text = html.rpartition(">")
    return _COMMENT_OR_TAG.sub(" ", commented + arrow) + _TAG.sub(" ", tagged + bracket) + text


def _inline(token: Any) -> str:
    """Return the plain text of an inline token; an image leaves nothing."""
    if token.type in ("text", "code_inline"):
        return str(token.content)
    if token.type == "hardbreak" or token.content.lower().startswith("<br"):
        return "\n"
    return " " if token.type == "softbreak" else ""


_READERS: dict[str, Callable[[bytes, str | None], Page]] = {
    "txt": _text_page,
    "html": _html_page,
    "md": _markdown_page,
}
