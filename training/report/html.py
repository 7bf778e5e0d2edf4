"""HTML and SVG from values: whatever is not markup already is escaped, controls shown."""

import html
import unicodedata
from collections.abc import Iterable
from typing import TypeAlias

_VOID = frozenset(("br", "link", "meta"))  # elements of HTML that have no end tag
_KEPT = "\n\t\u00ad\u200c\u200d"  # white space; hyphenation and joining that real scripts need


class Html(str):
    """Text that is markup; only this module makes it from what is not."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"
Attribute: TypeAlias = str | float | None


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element: `tag("a", "R&D", href="#top", class_="next")`.

    Args:
        name: its name.
        children: Html as it is, other text escaped, iterables one after another, None as nothing.
        attributes: a trailing underscore is dropped and others become hyphens; None leaves one out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    start = f"<{name}{given}>"
    return Html(start if name in _VOID else f"{start}{join(*children)}</{name}>")


def join(*children: Child) -> Html:
    """Children of an element without the element."""
    return Html("".join(_child(each) for each in children))


def visible(text: str) -> str:
    """Text in which control, bidirectional and other invisible characters can be seen.

    U+0007 becomes ␇, U+202E becomes ⟨U+202E⟩; new lines and tabs stay.
    """
    return "".join(map(_character, text))


def number(value: float) -> str:
    """A number for an attribute: at most two decimals, none that say nothing."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return html.escape(visible(child))
    return "".join(map(_child, child))


def _attribute(value: str | float) -> str:
    return html.escape(visible(value)) if isinstance(value, str) else number(value)


def _character(character: str) -> str:
    if character.isprintable() or character in _KEPT or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
