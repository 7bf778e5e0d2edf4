"""Lines of CSV or TSV -> rows; a quote that was left open costs its own row, not those after it."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 20_000_000  # characters searched for a closing quote: as many as one article may have


@dataclass(frozen=True, slots=True)
class OpenQuote:
    """Lines that are no row because a quote in them is open. Both ends count; numbers from 1."""

    first: int
    last: int

    def message(self, before: int = 0) -> str:
        """What to say of it. before: lines that stand above those that were counted."""
        first, last = self.first + before, self.last + before
        lines = f"line {first} is" if first == last else f"lines {first} to {last} are"
        return (
            f"a quote is left open, or stands inside a quoted field: {lines} left out. "
            "Close the quote, and double one that belongs to the text."
        )


def parse_rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str] | OpenQuote]:
    """The rows of a table, its header first; blank lines are left out.

    A quoted field may go over several lines. After an open quote, reading goes on with the next
    line that is as wide as the header. With one column every line would be: the rest is left out.

    Args:
        lines: with their line ends.
        delimiter: one character.
    """
    source = _Lines(lines)
    width = 0  # of the header, once it is read
    while (row := _next_row(source, delimiter, width)) is not None:
        if isinstance(row, _Open):
            yield _skip(source, delimiter, width)
        elif row:
            width = width or len(row)
            yield row


class _Open:
    """The answer where a row would begin, but a quote is open. One line was taken."""


class _Lines:
    """Lines that can be taken back. number: of the last one given; given: since `begin`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.number = 0
        self.given: list[str] = []
        self._size = 0
        self._lines = iter(lines)
        self._again: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._size > LONGEST:
            raise csv.Error("no closing quote")
        line = self._again.popleft() if self._again else next(self._lines)
        self.number += 1
        self.given.append(line)
        self._size += len(line)
        return line

    def begin(self) -> None:
        """A row begins: what was given is done with."""
        self.given, self._size = [], 0

    def back(self, kept: int) -> None:
        """Give the lines of this row again, but for the first ones."""
        self._again.extendleft(reversed(self.given[kept:]))
        self.number -= len(self.given) - kept
        self.given = self.given[:kept]


def _next_row(source: _Lines, delimiter: str, width: int) -> list[str] | _Open | None:
    """The next row, [] for a blank line, None at the end."""
    source.begin()
    try:
        row = next(csv.reader(source, delimiter=delimiter, strict=True), None)
    except csv.Error:
        pass
    else:
        if not _swallows_rows(source.given, delimiter, width):
            return row
    source.back(1)
    # A quote in the middle of a field is no harm on a line that ends outside of quotes.
    loose = list(csv.reader([*source.given, "\n"], delimiter=delimiter))
    return loose[0] if len(loose) > 1 and not _goes_on(source, delimiter, width) else _Open()


def _goes_on(source: _Lines, delimiter: str, width: int) -> bool:
    """Whether the next line is too narrow for a row, so that it may belong to this one."""
    following = next(source, "").strip("\r\n")
    source.back(1)
    return bool(following) and following.count(delimiter) < width - 1


def _swallows_rows(lines: list[str], delimiter: str, width: int) -> bool:
    """Whether each line of one row looks like a row of its own; text hardly ever has tabs."""
    several = delimiter == "\t" and len(lines) > 1 < width
    return several and all(line.count(delimiter) == width - 1 for line in lines)


def _skip(source: _Lines, delimiter: str, width: int) -> OpenQuote:
    """Pass over lines until one is surely a row."""
    first = last = source.number
    while (row := _next_row(source, delimiter, width)) is not None:
        if not isinstance(row, _Open) and len(row) == width > 1:
            source.back(0)
            break
        source.back(1)
        last = source.number if row != [] else last
    return OpenQuote(first, last)
