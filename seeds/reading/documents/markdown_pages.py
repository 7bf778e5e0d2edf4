"""Markdown -> a page: its text without marks, its title and the date of its front matter."""

import re
from typing import Any

from seeds.reading.columns import usual_value
from seeds.reading.documents.foreign_formats import refuse_foreign
from seeds.reading.documents.front_matter import split_front_matter
from seeds.reading.documents.page import Page
from seeds.reading.encoding import decode

_TAG = re.compile(r"<[^>]*>")
_COMMENT_OR_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


def read_markdown(data: bytes, encoding: str | None) -> list[Page]:
    """Read the text of Markdown without its marks, and the title and date of its front matter."""
    decoded = decode(data, encoding)
    refuse_foreign(decoded.text)
    matter = split_front_matter(decoded.text.replace("\r\n", "\n").replace("\r", "\n"))
    title, body = _plain_text(matter.text)
    return [
        Page(
            body,
            usual_value(matter.fields, "title") or title,
            usual_value(matter.fields, "date"),
            usual_value(matter.fields, "source"),
            "; ".join(filter(None, (decoded.note, matter.note))),
        )
    ]


def _plain_text(text: str) -> tuple[str, str]:
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
