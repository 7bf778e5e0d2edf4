"""A file of plain text, HTML or Markdown -> the pages of its articles, not yet clean."""

import dataclasses
from collections.abc import Callable

from seeds.base.errors import InputError
from seeds.reading.columns import usual_value
from seeds.reading.documents.foreign_formats import is_html, refuse_foreign
from seeds.reading.documents.front_matter import split_front_matter
from seeds.reading.documents.markdown_pages import read_markdown
from seeds.reading.documents.page import Page
from seeds.reading.documents.web_pages import read_web_page
from seeds.reading.encoding import decode


def read_pages(data: bytes, form: str, encoding: str | None) -> list[Page]:
    """Read the articles of a file: one, unless a web page holds several.

    Args:
        data: the whole file.
        form: txt, html or md.
        encoding: of the file, as the user names it; None detects it.

    Raises:
        InputError: it is no text, holds no article, or makes a library fail.
    """
    try:
        return _READERS[form](data, encoding)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # whatever a library throws is about this file alone
        raise InputError(
            f"could not be read as {_NAMES[form]} ({type(error).__name__}). "
            "Save its text alone as .txt."
        ) from error


def _read_text(data: bytes, encoding: str | None) -> list[Page]:
    """Read plain text, or what is HTML although its name does not say so."""
    decoded = decode(data, encoding)
    if is_html(decoded.text):
        note = "is a web page: read as HTML"
        return [
            dataclasses.replace(page, note="; ".join(filter(None, (page.note, note))))
            for page in read_web_page(data, encoding)
        ]
    refuse_foreign(decoded.text)
    if decoded.text.startswith(("---", "+++")):
        matter = split_front_matter(decoded.text.replace("\r\n", "\n").replace("\r", "\n"))
        title, date = usual_value(matter.fields, "title"), usual_value(matter.fields, "date")
        if title or date:
            source = usual_value(matter.fields, "source")
            note = "; ".join(filter(None, (decoded.note, matter.note)))
            return [Page(matter.text, title, date, source, note)]
    return [Page(decoded.text, note=decoded.note)]


_NAMES = {"txt": "text", "html": "HTML", "md": "Markdown"}
_READERS: dict[str, Callable[[bytes, str | None], list[Page]]] = {
    "txt": _read_text,
    "html": read_web_page,
    "md": read_markdown,
}
