"""Names that resemble others: a plural, a letter more or less, a doubled one."""

import re
from collections.abc import Iterable, Iterator

from labels.names import comparison_key

_SHORTEST = 4  # letters of a word in which a slip is told from another word
_LONGEST = 60  # characters of a name that is compared letter by letter
_MOST = 5_000  # names that are, which bounds the memory; of others only plurals and doubled letters
_DOUBLED = re.compile(r"(.)\1+")
_AND = re.compile(r"&| et | and ")


class NearNames:
    """Names among which those are found that nearly are another one."""

    def __init__(self, names: Iterable[str]) -> None:
        """Index the names, in time that grows with their number alone."""
        self._by_skeleton: dict[str, str] = {}
        self._by_rest: dict[str, dict[str, str]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str, *, letter_by_letter: bool = True) -> None:
        """Add a name; without `letter_by_letter` only its plural and doubled letters are found."""
        skeleton = _skeleton(name)
        if skeleton in self._by_skeleton:
            return
        self._by_skeleton[skeleton] = name
        if not letter_by_letter or len(skeleton) > _LONGEST or len(self._by_skeleton) > _MOST:
            return
        for rest in _shortened(skeleton):
            self._by_rest.setdefault(rest, {})[skeleton] = name

    def find(self, name: str) -> str:
        """Return a name that is nearly this one, else ""."""
        skeleton = _skeleton(name)
        if skeleton in self._by_skeleton:
            return self._by_skeleton[skeleton]
        for rest in _shortened(skeleton[:_LONGEST]):
            for candidate, near in self._by_rest.get(rest, {}).items():
                if _differs_by_a_slip(skeleton, candidate):
                    return near
        return ""


def _skeleton(name: str) -> str:
    """Return what is left of a name without plurals and doubled letters."""
    key = _AND.sub(" & ", comparison_key(name))
    words = (word if _has_digit(word) else _DOUBLED.sub(r"\1", word) for word in key.split())
    return " ".join(word.rstrip("sx") if len(word) > _SHORTEST else word for word in words)


def _shortened(text: str) -> Iterator[str]:
    """Yield a text, and the text without each of its characters."""
    yield text
    for n in range(len(text)):
        yield text[:n] + text[n + 1 :]


def _differs_by_a_slip(a: str, b: str) -> bool:
    """Tell whether one letter of one word is more, less, another, or in its neighbour's place."""
    words, others = a.split(), b.split()
    if len(words) != len(others):
        return a.replace(" ", "") == b.replace(" ", "")
    pairs = [(word, other) for word, other in zip(words, others, strict=True) if word != other]
    if len(pairs) != 1:
        return False
    word, other = sorted(pairs[0], key=len)
    if len(word) < _SHORTEST or _has_digit(word) or _has_digit(other):
        return False
    start = next((n for n, char in enumerate(word) if char != other[n]), len(word))
    if len(word) < len(other):
        return word[start:] == other[start + 1 :]
    swapped = other[:start] + other[start : start + 2][::-1] + other[start + 2 :]
    return word[start + 1 :] == other[start + 1 :] or word == swapped


def _has_digit(word: str) -> bool:
    return any(char.isdigit() for char in word)
