"""Half characters, which UTF-8 cannot hold, become the replacement character."""

import re

SURROGATES = re.compile("[\ud800-\udfff]+")


def replace_surrogates(text: str) -> str:
    """The text with each run of lone surrogates, which no encoding can hold, as one U+FFFD."""
    try:
        text.encode(
            "utf-8"
        )  # many times as fast as looking for them, and there hardly ever are any
    except UnicodeEncodeError:
        return SURROGATES.sub("\ufffd", text)
    return text
