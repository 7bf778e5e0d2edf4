"""One article in plain text, HTML or Markdown -> a page: what it says, as it stands there."""

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
    """What a file or record says of its article. note: what was assumed in reading it."""

    text: str
    title: str = ""
    date: str = ""
    source: str = ""
    note: str = ""


def read_page(data: bytes, form: str, encoding: str | None) -> Page:
    """The article of a file.

    Args:
        data: the whole file.
        form: txt, html or md.
        encoding: what the user says it is in; None finds out.

    Raises:
        InputError: it is no text, or holds no article.
    """
    return _READERS[form](data, encoding)


def _text_page(data: bytes, encoding: str | None) -> Page:
    decoded = decode(data, encoding)
    return Page(decoded.text, note=decoded.note)


# ---------------------------------------------------------------- HTML

_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_AROUND = ["//nav", "//footer", "//header[not(ancestor::article or ancestor::main)]"]
_TOO_LITTLE = 250  # characters; below, trafilatura itself doubts that it found the article


def _html_page(data: bytes, encoding: str | None) -> Page:
    """The main text of a web page, with the title and date its metadata give."""
    try:
        import trafilatura
    except ImportError as error:
        raise missing_extra("seeds", "reading HTML") from error
    decoded = _decode_html(data, encoding)
    page = _DECLARATION.sub("", decoded.text)
    if not page.strip():
        return Page(page)
    found = _extract(page, with_metadata=True)
    text = (found and found.text) or ""
    if len(text) < _TOO_LITTLE:
        more = _extract(page, favor_recall=True)
        text = max(text, (more and more.text) or "", key=len)
    text = text or trafilatura.html2txt(page)
    if not text:
        raise InputError("holds no text that reads like an article. Save the text itself as .txt.")
    title, date = (found.title or "", found.date or "") if found else ("", "")
    return Page(text.replace("\n", "\n\n"), title, date, note=decoded.note)


def _extract(page: str, **how: Any) -> Any:
    """What trafilatura takes for the article; None if it finds none."""
    from trafilatura import bare_extraction

    return bare_extraction(page, include_comments=False, prune_xpath=_AROUND, **how)


def _decode_html(data: bytes, encoding: str | None) -> Decoded:
    """Decoded as told, as UTF-8, as the page itself declares, or by guess, in that order."""
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
_FRONT_LINE = re.compile(r"(\w+)[ \t]*:[ \t]*(.+)")
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


def _markdown_page(data: bytes, encoding: str | None) -> Page:
    """The text of Markdown, its marks removed; title and date of a front matter."""
    decoded = decode(data, encoding)
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    front: dict[str, str] = {}
    if found := _FRONT.match(text):
        text = text[found.end() :]
        for key, value in _FRONT_LINE.findall(found[1]):
            front[key.lower()] = value.strip().strip("\"'")
    title, body = _markdown_text(text)
    date, source = usual_value(front, "date"), usual_value(front, "source")
    return Page(body, usual_value(front, "title") or title, date, source, decoded.note)


def _markdown_text(text: str) -> tuple[str, str]:
    """(the first heading if the text begins with it, the blocks as plain paragraphs)."""
    from markdown_it import MarkdownIt

    blocks: list[str] = []
    title = ""
    opened = ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "inline":
            block = "".join(_inline(child) for child in token.children or ())
            if opened == "heading_open" and not any(blocks):
                title = block
            blocks.append(block)
        elif token.type in ("fence", "code_block"):
            blocks.append(token.content)
        elif token.type == "html_block":
            blocks.append(_TAG.sub(" ", token.content))
        opened = token.type
    return title, "\n\n".join(blocks)


def _inline(token: Any) -> str:
    """The plain text of an inline token; an image leaves nothing."""
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
