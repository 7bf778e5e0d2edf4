"""Page: an article as its file or record gives it, not yet clean."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """An article as its file or record gives it. note: what was assumed in reading it."""

    text: str
    title: str = ""
    date: str = ""
    source: str = ""
    note: str = ""
