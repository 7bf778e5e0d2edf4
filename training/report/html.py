"""HTML and SVG from values: text is escaped, and invisible characters are made visible."""

import html
import unicodedata
from collections.abc import Iterable
from typing import TypeAlias

_VOID = frozenset(("br", "link", "meta"))  # elements of HTML that have no end tag
_PLAIN = "\n\t\u00ad\u200c\u200d"  # white space; hyphenation and joining that real scripts need


class Html(str):
    """Text that is markup already; only this module makes it from plain text."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"
Attribute: TypeAlias = str | float | None


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Make an element: `tag("a", "R&D", href="#top", class_="next")`.

    Args:
        name: the element's name.
        children: Html as it is, other text escaped, iterables one after another, None as nothing.
        attributes: a trailing underscore is dropped and others become hyphens; None leaves one out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_render_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    start = f"<{name}{written}>"
    return Html(start if name in _VOID else f"{start}{join(*children)}</{name}>")


def join(*children: Child) -> Html:
    """Join children as an element would, without the element."""
    return Html("".join(map(_render, children)))


def visible(text: str) -> str:
    """Make control, bidirectional and other invisible characters of a text visible.

    U+0007 becomes ␇, U+202E becomes ⟨U+202E⟩; new lines and tabs stay.
    """
    return "".join(map(_show, text))


def number(value: float) -> str:
    """Write a number for an attribute, with at most two decimals and no trailing zeros."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _render(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return html.escape(visible(child))
    return "".join(map(_render, child))


def _render_attribute(value: str | float) -> str:
    return html.escape(visible(value)) if isinstance(value, str) else number(value)


def _show(character: str) -> str:
    if character.isprintable() or character in _PLAIN or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
