"""Bytes as decisions: how a fuzzer drives mutations of something that is nearly right."""

import copy
import json
import zlib
from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")

MOST = 8  # changes of one input
_LONG = 20_000  # bytes that a repeated slice fills
_RAW = {  # a string in a value -> what is written in its place, which json.dumps would not
    "@deep@": "[" * 20_000 + "]" * 20_000,
    "@nan@": "NaN",
    "@infinity@": "-Infinity",
    "@huge@": "1e999",
    "@digits@": "9" * 5_000,
    "@half@": '"\\ud800"',
}
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, 1e308, 2**31, 2**53 + 1, 2**63, -(2**64)),
    *("", " ", "\0", "é", "\n", "1", "../../x", "/etc/passwd", "\x1b[31m", "\u202e", "a" * 5_000),
    *(*_RAW, [], {}, [None], [[]], [""], {"": None}, {"a": {"b": []}}, [0] * 300),
)


class Choices:
    """Decisions read off some bytes, from the first to the last; all of them 0 after that."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def below(self, limit: int) -> int:
        """Return a number from 0 to limit - 1."""
        size = 1 if limit <= 256 else 4
        piece = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(piece, "big") % limit

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.below(len(options))]

    def rest(self) -> bytes:
        """Return the bytes that decided nothing yet."""
        piece, self._at = self._data[self._at :], len(self._data)
        return piece

    def text(self, most: int = 16) -> str:
        """Return a text of a few characters."""
        size = self.below(most + 1)
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece.decode("utf-8", "replace")


def mutate(value: Any, choices: Choices) -> Any:
    """Return a JSON value with a few changes, each anywhere in it. The value itself is used up."""
    box = [value]
    for _ in range(MOST):
        if not choices:
            break
        _change(box, choices)
    return box[0] if box else None


def _change(box: list[Any], choices: Choices) -> None:
    """Change one place below a list of one value."""
    container: Any = box
    while container:
        keys = list(container) if isinstance(container, dict) else range(len(container))
        key = choices.pick(keys)
        inner = container[key]
        if not (isinstance(inner, dict | list) and inner) or choices.below(8) == 0:
            _replace(container, key, choices)
            return
        container = inner


def _replace(container: Any, key: Any, choices: Choices) -> None:
    """Replace, remove, rename, double or bend the value under a key or at an index."""
    inner = container[key]
    match choices.below(8):
        case 0:
            del container[key]
        case 1 if isinstance(container, dict):
            container[choices.text() or str(choices.pick(_ODD))] = container.pop(key)
        case 1 | 2 if isinstance(container, list):
            times = 1 if isinstance(inner, dict | list) else choices.pick((1, 2, 300))
            container.extend(copy.deepcopy(inner) for _ in range(times))
        case 2:
            container[choices.text()] = copy.deepcopy(inner)
        case 3:
            container[key] = choices.pick(
                ([inner], {"a": inner}, [inner, copy.deepcopy(inner)], str(inner))
            )
        case 4 | 5:
            container[key] = _bend(inner, choices)
        case _:
            container[key] = copy.deepcopy(choices.pick(_ODD))


def _bend(value: Any, choices: Choices) -> Any:
    """Return a value of the same type that differs a little."""
    if isinstance(value, str):
        at = choices.below(len(value) + 1)
        return value[:at] + choices.text() + value[at + choices.below(4) :]
    if isinstance(value, int | float):
        return choices.pick((value + 1, value - 1, -value, value * 1000, value / 3))
    return choices.text()


def to_text(data: bytes) -> str:
    """Decode bytes, those of half characters, too."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def to_json(value: Any) -> str:
    """Write a value as JSON, or nearly: some strings stand for what JSON does not allow."""
    text = json.dumps(value, ensure_ascii=False)
    for mark, raw in _RAW.items():
        text = text.replace(f'"{mark}"', raw)
    return text


def blow_up(data: bytes) -> bytes:
    """Repeat a slice of one input in 256, for what is slow only when it is long.

    Its own bytes decide, so that an input always gives the same.
    """
    number = zlib.crc32(data)
    if not data or number % 256:
        return data
    at = (number >> 8) % len(data)
    piece = data[at : at + 1 + (number >> 20) % 24]
    return data[:at] + piece * (_LONG // len(piece)) + data[at:]
