"""All that is mended in a text, in the order that lets each repair see what it needs."""

import re
from dataclasses import dataclass

from seeds.mending.markup import strip_markup
from seeds.mending.mojibake import mend_encoding

# Printers' letters that PDF files keep as one character.
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_SOFT_BREAK = re.compile(r"[\xad\xac][ \t\xa0]{0,9}(?:\r\n?|\n)[ \t\xa0]{0,9}(?!\s)")


@dataclass(frozen=True, slots=True)
class Mended:
    """A text that was mended. notes: for the user, what was done, or what seems lost."""

    text: str
    notes: tuple[str, ...] = ()


def mend(text: str) -> Mended:
    """Mend what is damaged in a text as it was read: its spaces and controls are still there."""
    text, markup = strip_markup(text)
    text, encoding = mend_encoding(text)
    for ligature, letters in _LIGATURES.items():
        text = text.replace(ligature, letters)
    if "\xad" in text or "\xac" in text:
        text = _SOFT_BREAK.sub("", text)
    return Mended(text, (*markup, *filter(None, [encoding])))
