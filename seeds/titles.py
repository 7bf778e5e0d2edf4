"""A title that is known from elsewhere, found in a text however its typography differs."""

import re
import unicodedata

_LINES = 3  # a section or a kicker may stand above the headline
_LOOKED_AT = 2000  # characters of a text that hold those lines
_MOST_PARTS = 4  # of a title: headline, section, site and the like
_HEADLINE = 3  # words that make a part a headline, rather than a section or a site
_SITE = re.compile(r"\s[|•·–—:»-]{1,2}\s")
_WORD = re.compile(r"\w{3,}")
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-", "‑": "-"}
)


def find_title(body: str, heading: str) -> str:
    """Return a title as it stands at the beginning of a text; "" if it is not there.

    Quotes, dashes, spaces, accents and case may differ, and one of the two may name the site too.

    Args:
        body: a tidy text.
        heading: the title, on one line.
    """
    if not heading:
        return ""
    if _begins_with(body, heading):
        return body[: len(heading)]
    keys = _keys(heading)
    lines = [line for line in body[:_LOOKED_AT].split("\n")[: 2 * _LINES] if line][:_LINES]
    return next((line for line in lines if keys & _keys(line)), "")


def same_title(line: str, title: str) -> bool:
    """Tell whether a line is a title, whatever its typography."""
    return bool(_keys(line) & _keys(title))


def _begins_with(body: str, heading: str) -> bool:
    """Tell whether a text begins with its title, not merely with the same few words."""
    start, following = body[: len(heading)], body[len(heading) : len(heading) + 1]
    if start.translate(_PLAIN).casefold() != heading.translate(_PLAIN).casefold():
        return False
    return not following.isalnum() and (following != " " or len(heading.split()) > 3)


def _keys(title: str) -> set[str]:
    """Return the letters of a title, and of what is left without a section or site at an end."""
    if len(title) > _LOOKED_AT // 2:
        return set()
    keys = {_letters(title)}
    parts = _SITE.split(title, _MOST_PARTS)
    for n in range(1, len(parts)):
        for rest, site in ((parts[:n], parts[n:]), (parts[n:], parts[:n])):
            kept, left_out = _letters(" ".join(rest)), _letters(" ".join(site))
            if len(kept) > len(left_out) or len(" ".join(rest).split()) >= _HEADLINE:
                keys.add(kept)
    return keys - {""}


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return "".join(char for char in plain if char.isalnum())


def resemble(one: str, other: str) -> bool:
    """Tell whether two titles are of one article: most words of the shorter one are in both."""
    words, others = (set(_WORD.findall(title.casefold())) for title in (one, other))
    return len(words & others) * 2 > min(len(words), len(others))
