"""Names of categories, compared as a person sees them."""

import re
import unicodedata

# Signs that look alike, or stand for the same, in a name.
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4`\uff07", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d-_", " "),
        "œ": "oe",
        "Œ": "oe",
        "æ": "ae",
        "Æ": "ae",
    }
)
_MARKS = re.compile("[\u0300-\u036f\ufe00-\ufe0f]+")  # accents, and how an emoji is drawn
_SIGNS = re.compile(r"[^\w+#]+")
_AROUND_SIGNS = re.compile(r" ?([/&+|,;:']) ?")


def tidy_name(name: str) -> str:
    """Return a name composed (NFC), with single spaces and no invisible characters."""
    if name.isascii():
        return " ".join(name.split())
    composed = unicodedata.normalize("NFC", name)
    visible = "".join(
        char for char in composed if char.isspace() or unicodedata.category(char) != "Cf"
    )
    return " ".join(visible.split())


def without_case(name: str) -> str:
    """Return what names that differ in case, spaces or invisible characters have in common."""
    return tidy_name(unicodedata.normalize("NFKC", name.translate(_ALIKE))).casefold()


def comparison_key(name: str) -> str:
    """Return what names have in common that a person takes for the same.

    They may differ in case, accents, spaces, hyphens, apostrophes, ligatures, composed or not, and
    in characters that can't be seen.
    """
    decomposed = unicodedata.normalize("NFKD", without_case(name))
    plain = " ".join(_MARKS.sub("", decomposed).split())
    return _AROUND_SIGNS.sub(r"\1", plain)


def without_spaces(name: str) -> str:
    """Return what "Basket-ball", "Basket ball" and "Basketball" have in common."""
    return comparison_key(name).replace(" ", "")


def without_signs(name: str) -> str:
    """Return what is left of a name in an id, but "+" and "#", which tell C++ from C#."""
    return " ".join(_SIGNS.sub(" ", comparison_key(name)).split())
