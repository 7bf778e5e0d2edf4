"""Texts as programs hand them over: each must be a string, or its position is named."""

from collections.abc import Iterable, Mapping

_BARE = (str, bytes, bytearray, memoryview, Mapping)  # their items are no articles


def list_texts(texts: Iterable[str]) -> list[str]:
    """Return texts as a list.

    Args:
        texts: a list, a tuple, a generator, an array or a pandas Series of strings.

    Raises:
        TypeError: it is none of these, or one of the texts is no string; names its position.
    """
    if isinstance(texts, _BARE) or hasattr(texts, "columns"):  # of a data frame
        raise TypeError(f"expected a list of texts, found {_describe(texts)}. {_advice(texts)}")
    try:
        listed = iter(texts)
    except TypeError:
        raise TypeError(f"expected a list of texts, found {_describe(texts)}.") from None
    checked = []
    for position, text in enumerate(listed):
        if not isinstance(text, str):
            raise TypeError(
                f"texts[{position}] is {_describe(text)}, not a string. Leave it out, or give its "
                "text."
            )
        checked.append(text)
    return checked


def _advice(texts: object) -> str:
    if isinstance(texts, str):
        return "Give [text] for a single one."
    if isinstance(texts, bytes | bytearray | memoryview):
        return "Decode it, and give [text]."
    return "Give the column or the values that hold the texts."


def _describe(value: object) -> str:
    """Name the type of a value: "None", "a float", "an int"."""
    if value is None:
        return "None"
    name = "string" if type(value) is str else type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"
