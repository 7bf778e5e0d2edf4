"""What people see beside the data: notes on standard error, escaped; progress; sizes."""

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from seeds.base.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 5.0  # of progress where there is no terminal: a log stays short
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([kmg]?)(i?)b?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal that shows styles.

    Attributes:
        width: columns.
        colours: rich's name of what it can show, "standard", "256" or "truecolor".
        plain: whether it must stay without colours; bold and underlined it still shows.
    """

    width: int
    colours: str
    plain: bool

    @classmethod
    def there(cls) -> "Screen | None":
        """The terminal that standard output is; None where it is none, or shows no styles."""
        from rich.console import Console

        console = Console()
        if not console.is_terminal or console.color_system is None:
            return None
        return cls(console.width, console.color_system, console.no_color)


def escape(text: str) -> str:
    r"""Text that can't steer a terminal, on one line.

    Control characters, line ends, bidirectional marks and lone surrogates become \x1b or \u202e;
    everything printable stays. Escaping twice changes nothing more.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\xa0" else _code(each) for each in text)


def _code(char: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    width = ord(char)
    return named or (
        f"\\x{width:02x}"
        if width < 0x100
        else f"\\u{width:04x}"
        if width < 0x10000
        else f"\\U{width:08x}"
    )


def say(message: str) -> None:
    """Write a note to standard error, each of its lines escaped; above a bar, if one is shown."""
    # rich has put itself in the place of sys.stderr then, where click would write past it.
    print("\n".join(escape(line) for line in message.split("\n")), file=sys.stderr, flush=True)


def quantity(number: int, noun: str) -> str:
    """A number with its noun: "1 article", "1,200 articles"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def progress(items: Iterable[T], label: str, *, total: int | None = None) -> Iterator[T]:
    """Pass items on, showing how many there were: a bar on a terminal, some lines elsewhere.

    Args:
        items: anything; read one by one.
        label: what is being done, such as "Reading".
        total: how many there will be, if known.
    """
    shown = _bar(items, label, total) if sys.stderr.isatty() else _lines(items, label, total)
    yield from shown


def _bar(items: Iterable[T], label: str, total: int | None) -> Iterator[T]:
    with _rich_bar() as bar:
        yield from bar.track(items, total=total, description=escape(label))


def _rich_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    return Progress(*columns, *times, console=Console(stderr=True), transient=True)


def _lines(items: Iterable[T], label: str, total: int | None) -> Iterator[T]:
    of = f" of {total:,}" if total is not None else ""
    last = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{label}: {number:,}{of}")


@contextlib.contextmanager
def counting(label: str, total: int | None) -> Iterator[Callable[[int, int], None]]:
    """A callback that takes (done, of how many) and shows it: a bar on a terminal, else lines.

    Args:
        label: what is being done, such as "Sending".
        total: how many there will be, if known beforehand.
    """
    if not sys.stderr.isatty():
        began = time.monotonic()
        last, first = [began], [0]

        def line(done: int, of: int) -> None:
            """Say how far it is, now and then."""
            first[0] = first[0] or done  # a training that goes on does not begin at 0
            now = time.monotonic()
            if now - last[0] >= SECONDS_BETWEEN_LINES:
                last[0] = now
                left = (of - done) * (now - began) / max(done - first[0], 1)
                say(f"{label}: {done:,} of {of:,}, about {duration(left)} left")

        yield line
        return
    with _rich_bar() as bar:
        task = bar.add_task(escape(label), total=total)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def duration(seconds: float) -> str:
    """A time as people say it: "40 s", "3 min", "2 h 5 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def size_in_bytes(text: str) -> int:
    """A size as people write it: "500", "20MB", "1.5 GiB"; k, M and G are powers of 1,000.

    Raises:
        InputError: it is no size, or zero.
    """
    found = _SIZE.fullmatch(text.strip())
    if found:
        base = 1024 if found[3] else 1000
        number = float(found[1].replace(",", "."))
        size = int(number * base ** " kmg".index(found[2].lower() or " "))
        if size > 0:
            return size
    raise InputError(f"size {text!r} is not understood. Write it like 500kB, 20MB or 1GB.")
