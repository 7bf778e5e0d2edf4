"""How likely accented letters and signs are in French: what tells the right encoding of a text."""

import re

SAMPLE = 100_000  # bytes or characters; enough to recognise an encoding
# What French files come in besides UTF-8, the likelier first. Latin-1 is read as cp1252, which
# contains all of its printable characters, as the web does.
LEGACY = ("cp1252", "iso8859-15", "mac-roman", "cp850")
_LOWER = "àâäçéèêëîïôöùûüÿœæáíóúñßãõìò"
_PLAUSIBLE = re.compile(
    rf"(?<![A-Z])[{_LOWER}]|(?<=[A-Z])[{_LOWER}](?![A-Z])"
    r"|(?<![a-zà-ÿœ])[ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒÆ]"
    r"|[«»“”„–—€°\xa0]|(?<=\w)’|‘(?=\w)|…(?!\w)|(?<=\d)[²³½]"
)


def plausible_share(text: str) -> tuple[float, int]:
    """Return the share of plausible characters among those that are not ASCII, and their number.

    Control characters, which no text has, make the share 0.
    """
    sample = text[:SAMPLE]
    marks = sum(char > "\x7f" for char in sample)
    share = len(_PLAUSIBLE.findall(sample)) / max(marks, 1)
    return (0.0 if any("\x80" <= char <= "\x9f" for char in sample) else share), marks
