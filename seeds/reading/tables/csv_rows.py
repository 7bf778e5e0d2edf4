"""Lines of CSV or TSV -> rows; a quote left open costs its own row, not those after it."""

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MOST_LINES = 2_000_000  # of a row: in Python, each takes 50 bytes more than it has
_INK = re.compile(r"[^\s\ufeff\u200b\x1a]")  # 1A ends a file of DOS


class LongLine(str):
    """Stands for a line that is too long to be kept."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SkippedLines:
    """Lines left out, `start` to `end` inclusive, from 1.

    too_long: they are one line that is too long; else a quote in them is open.
    """

    start: int
    end: int
    too_long: bool = False

    def message(self, before: int = 0) -> str:
        """Describe it to the user. before: lines of the file above those that were counted."""
        start, end = self.start + before, self.end + before
        if self.too_long:
            return (
                f"line {start} is longer than one article may be, and left out. "
                "Raise the limit with --max-size, or end its rows."
            )
        lines = f"line {start} is" if start == end else f"lines {start} to {end} are"
        return (
            f"a quote is left open, or stands inside a quoted field: {lines} left out. "
            "Close the quote, and double one that belongs to the text."
        )


def is_blank(row: list[str]) -> bool:
    """Tell whether a row is nothing but delimiters and white space."""
    return not any(map(_INK.search, row))


def parse_rows(
    lines: Iterable[str], delimiter: str, longest: int
) -> Iterator[list[str] | SkippedLines]:
    """Parse the rows of a table, its header first; blank lines are left out.

    A quoted field may span lines. After an open quote, reading continues at the next line that is
    as wide as the header. In a table of one column every line is, so the rest is left out.

    Args:
        lines: with their line ends, or a LongLine.
        delimiter: one character.
        longest: characters of a row; a quote that is open for longer is not closed.
    """
    source = _Lines(lines, longest)
    width = 0  # of the header, once it is read
    while (row := _next_row(source, delimiter, width)) is not None:
        if isinstance(row, _Open):
            yield _skip(source, delimiter, width)
        elif isinstance(row, SkippedLines):
            yield row
        elif row:
            width = width or (0 if is_blank(row) else len(row))
            yield row


class _Open:
    """The result where a row would begin, but a quote is open. One line was taken."""


class _Lines:
    """Lines that can be put back.

    Attributes:
        number: of the last line taken, from 1.
        taken: the lines taken since `begin`.
        hopeless: a row that begins above this line and goes on below its own is none: a quote that
            was open at the beginning of such a line was not closed up to here. Without this, the
            same lines would be read again from each of them.
    """

    def __init__(self, lines: Iterable[str], longest: int) -> None:
        self.number = 0
        self.taken: list[str] = []
        self.hopeless = 0
        self._size = 0
        self._longest = longest
        self._lines = iter(lines)
        self._again: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._size > self._longest or len(self.taken) > _MOST_LINES:
            raise csv.Error("no closing quote")
        if self.taken and self.number < self.hopeless:
            raise csv.Error("no closing quote")
        line = self._again.popleft() if self._again else next(self._lines)
        self.number += 1
        self.taken.append(line)
        self._size += len(line)
        if isinstance(line, LongLine):
            raise csv.Error("a line is too long")
        return line

    def begin(self) -> None:
        """Begin a row: the lines taken before are done with."""
        self.taken, self._size = [], 0

    def peek(self) -> str:
        """Return the next line without taking it; "" at the end."""
        if not self._again:
            self._again.extend(itertools.islice(self._lines, 1))
        return self._again[0] if self._again else ""

    def give_up(self) -> None:
        """Put back the lines of what is no row, except for the first."""
        self.hopeless = max(self.hopeless, self.number)
        self.put_back(1)

    def put_back(self, count: int) -> None:
        """Put back the lines of this row except for the first `count`."""
        self._again.extendleft(reversed(self.taken[count:]))
        self.number -= len(self.taken) - count
        self.taken = self.taken[:count]


def _next_row(
    source: _Lines, delimiter: str, width: int
) -> list[str] | _Open | SkippedLines | None:
    """Parse the next row: [] for a blank line, None at the end."""
    source.begin()
    try:
        row = next(csv.reader(source, delimiter=delimiter, strict=True), None)
    except csv.Error:
        pass
    else:
        if not _swallows_rows(source.taken, delimiter, width):
            return row
    source.give_up()
    if isinstance(source.taken[0], LongLine):
        return SkippedLines(source.number, source.number, too_long=True)
    # A quote in the middle of a field does no harm on a line that ends outside of quotes.
    loose = list(csv.reader([*source.taken, "\n"], delimiter=delimiter))
    return loose[0] if len(loose) > 1 and not _goes_on(source, delimiter, width) else _Open()


def _goes_on(source: _Lines, delimiter: str, width: int) -> bool:
    """Tell whether the next line is too narrow for a row, so that it may belong to this one."""
    following = source.peek().strip("\r\n")
    return bool(following) and following.count(delimiter) < width - 1


def _swallows_rows(lines: list[str], delimiter: str, width: int) -> bool:
    """Tell whether each line of one row looks like a row itself; text hardly ever has tabs."""
    suspect = delimiter == "\t" and len(lines) > 1 < width
    return suspect and all(line.count(delimiter) == width - 1 for line in lines)


def _skip(source: _Lines, delimiter: str, width: int) -> SkippedLines:
    """Skip lines until one is surely a row."""
    start = end = source.number
    while (row := _next_row(source, delimiter, width)) is not None:
        if isinstance(row, SkippedLines) or (isinstance(row, list) and len(row) == width > 1):
            source.put_back(0)
            break
        source.give_up()
        end = source.number if row != [] else end
    return SkippedLines(start, end)
