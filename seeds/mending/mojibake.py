"""Mojibake, text in one encoding that was read as another, is read again as what it was."""

import itertools
import re

from seeds.french_letters import LEGACY, plausible_share

# Looked for one by one: that is many times as fast as a pattern, and most texts have none.
_UTF8 = ("Ã", "Â", "Å", "â€", "Ð", "å", "æ", "√", "‚", "├", "┬", "ÔÇ", "Ă", "Г", "вЂ")
_OTHER = ("‡", "ˆ", "Ž", "Õ", "Þ", "Ú", "Û", "þ", "Ó", "È", "Ë", "Í", "Š", "Θ", "\uf8ff")
_SEEN = ("latin-1", "sloppy-windows-1252", *LEGACY, "cp437")
_C1 = tuple(map(chr, (*range(0x80, 0x85), *range(0x86, 0xA0))))  # without NEL, a line end
_MARKS = (*_UTF8, *_OTHER, *_C1)
_FOLLOWING = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\x80-\xbf"  # bytes 80 to BF of UTF-8, as cp1252 shows them
_SUSPECT = re.compile(
    rf"[\x80-\x9f]|[ÂÃÄÅÐÑÎÏØÙ][{_FOLLOWING}]|[ÂÃ] |[àâãäåæçèéêëìíîï][{_FOLLOWING}]{{2}}"
    r"|[√‚├┬ÔĂĹГВв][^\x00-\x7f]"
)
_MISREAD = re.compile(r"[\x80-\x84\x86-\x9f]|[a-zà-ÿ][ÈËÍÕÁÚÛÞÓÏŽ‡ˆ‚ŠΘ\uf8ff]|[þðÞ][a-z]")
_MARKED = re.compile(r"\?[a-z]|[^\W\d_]¿[a-z]")
# Words with a mark in the place of a letter; no addresses, and no question run into an answer.
_LOST = re.compile(
    r"(?<![^\s'’(«\"-])(?!(?:qui|quoi|que|quand|comment|pourquoi|combien|oui|non|hein|quel\w{0,4})\?)"
    r"(?:[^\W\d_]{0,20}\?{1,3}|[^\W\d_]{1,20}¿{1,3})[a-z]{1,20}(?:[?¿]{1,3}[a-z]{0,20}){0,5}"
    r"(?![^\s.,;:!?)»\"'’-])",
)
_ROUNDS = 4  # each damage doubles a text's accents: more often is no accident
_MENDED = "its letters were in another encoding (mojibake): mended"
_SEEMS = "some letters look like another encoding's (mojibake): check the accents"


def mend_encoding(text: str) -> tuple[str, str]:
    """Return a text with its mojibake mended, and a note on that or on what seems lost, else ""."""
    mended = text
    if suspect := any(mark in text for mark in _MARKS):
        if _MISREAD.search(text):
            mended = _mend_legacy(text)
        mended = "\n".join([_mend_line(line) for line in mended.split("\n")])
    notes = [_MENDED if mended != text else "", _describe_loss(mended, suspect=suspect)]
    return mended, "; ".join(filter(None, notes))


def _mend_line(line: str) -> str:
    """Mend a line of UTF-8 that was read in an 8-bit encoding, once or more often."""
    for _ in range(_ROUNDS):
        if not _SUSPECT.search(line) or (mended := _mend_once(line)) == line:
            break
        line = mended
    return line


def _mend_once(line: str) -> str:
    from ftfy import fix_encoding

    mended = fix_encoding(line)
    if "â€" in line:  # a closing quote, the last byte of which is lost or has become a space
        mended = mended if "†" in line else mended.replace("†", "” ")
        mended = mended.replace("â€", "”")
    for codec in ("iso8859-15", "cp850"):  # ftfy leaves them out
        reading = _read_again(line, codec, "utf-8")
        if reading and plausible_share(reading)[0] > plausible_share(mended)[0]:
            mended = reading
    return mended


def _read_again(text: str, seen: str, meant: str) -> str:
    """Return a text that was read in one encoding as read in another; "" if it can't be."""
    try:
        return text.encode(seen).decode(meant)
    except UnicodeError:
        return ""


def _mend_legacy(text: str) -> str:
    """Mend a text in one 8-bit encoding that was read as another, if one reading alone is French.

    That it is wrong is sure where less than half of the accents are plausible.
    """
    share, marks = plausible_share(text)
    if share > 0.5 or marks < 3 or "\ufffd" in text:  # one of _SEEN writes that as \x1a
        return text
    import ftfy.bad_codecs  # noqa: F401  # registers the first of _SEEN

    pairs = itertools.product(_SEEN, LEGACY)
    readings = {_read_again(text, seen, meant) for seen, meant in pairs}
    readings = {reading for reading in readings if plausible_share(reading)[0] > 0.9}
    return readings.pop() if len(readings) == 1 else text


def _describe_loss(text: str, *, suspect: bool) -> str:
    """Say what seems wrong with a text's letters and can't be mended; "" for nothing."""
    if _MARKED.search(text) and len(lost_words := _LOST.findall(text)) >= 2:
        mark = "¿" if "¿" in lost_words[0] else "?"
        return f'accents seem lost ("{mark}" inside words): take the text from its source again'
    if "\ufffd" in text:
        lost = text.count("\ufffd")
        return f"{lost} character{'' if lost == 1 else 's'} lost (U+FFFD): take it from its source"
    if suspect and _MISREAD.search(text) and plausible_share(text)[0] < 0.5:
        return _SEEMS
    return ""
