"""Half characters, which UTF-8 cannot hold, become the replacement character."""

import re

SURROGATES = re.compile("[\ud800-\udfff]+")


def replace_surrogates(text: str) -> str:
    """Replace each run of lone surrogates, which no encoding can hold, by one U+FFFD."""
    try:
        text.encode("utf-8")  # many times as fast as the search, which hardly any text needs
    except UnicodeEncodeError:
        return SURROGATES.sub("\ufffd", text)
    return text
