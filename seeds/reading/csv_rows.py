"""Lines of CSV or TSV -> rows; a quote left open costs its own row, not those after it."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 20_000_000  # characters searched for a closing quote: as many as one article may have


@dataclass(frozen=True, slots=True)
class OpenQuote:
    """Lines left out because a quote in them is open: `start` to `end` inclusive, from 1."""

    start: int
    end: int

    def message(self, before: int = 0) -> str:
        """Describe it to the user. before: lines of the file above those that were counted."""
        start, end = self.start + before, self.end + before
        lines = f"line {start} is" if start == end else f"lines {start} to {end} are"
        return (
            f"a quote is left open, or stands inside a quoted field: {lines} left out. "
            "Close the quote, and double one that belongs to the text."
        )


def parse_rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str] | OpenQuote]:
    """Parse the rows of a table, its header first; blank lines are left out.

    A quoted field may span lines. After an open quote, reading continues at the next line that is
    as wide as the header. In a table of one column every line is, so the rest is left out.

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
    """The result where a row would begin, but a quote is open. One line was taken."""


class _Lines:
    """Lines that can be put back.

    Attributes:
        number: of the last line taken, from 1.
        taken: the lines taken since `begin`.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.number = 0
        self.taken: list[str] = []
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
        self.taken.append(line)
        self._size += len(line)
        return line

    def begin(self) -> None:
        """Begin a row: the lines taken before are done with."""
        self.taken, self._size = [], 0

    def put_back(self, count: int) -> None:
        """Put back the lines of this row except for the first `count`."""
        self._again.extendleft(reversed(self.taken[count:]))
        self.number -= len(self.taken) - count
        self.taken = self.taken[:count]


def _next_row(source: _Lines, delimiter: str, width: int) -> list[str] | _Open | None:
    """Parse the next row: [] for a blank line, None at the end."""
    source.begin()
    try:
        row = next(csv.reader(source, delimiter=delimiter, strict=True), None)
    except csv.Error:
        pass
    else:
        if not _swallows_rows(source.taken, delimiter, width):
            return row
    source.put_back(1)
    # A quote in the middle of a field does no harm on a line that ends outside of quotes.
    loose = list(csv.reader([*source.taken, "\n"], delimiter=delimiter))
    return loose[0] if len(loose) > 1 and not _goes_on(source, delimiter, width) else _Open()


def _goes_on(source: _Lines, delimiter: str, width: int) -> bool:
    """Tell whether the next line is too narrow for a row, so that it may belong to this one."""
    following = next(source, "").strip("\r\n")
    source.put_back(1)
    return bool(following) and following.count(delimiter) < width - 1


def _swallows_rows(lines: list[str], delimiter: str, width: int) -> bool:
    """Tell whether each line of one row looks like a row itself; text hardly ever has tabs."""
    suspect = delimiter == "\t" and len(lines) > 1 < width
    return suspect and all(line.count(delimiter) == width - 1 for line in lines)


def _skip(source: _Lines, delimiter: str, width: int) -> OpenQuote:
    """Skip lines until one is surely a row."""
    start = end = source.number
    while (row := _next_row(source, delimiter, width)) is not None:
        if not isinstance(row, _Open) and len(row) == width > 1:
            source.put_back(0)
            break
        source.put_back(1)
        end = source.number if row != [] else end
    return OpenQuote(start, end)
