"""What people see beside the data: notes on standard error, escaped; progress; sizes."""

import re
import sys
from dataclasses import dataclass
from typing import TypeVar

from seeds.base.errors import InputError

T = TypeVar("T")
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


def duration(seconds: float) -> str:
    """A time as people say it: "40 s", "3 min", "2 h 5 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def percent(p: float) -> str:
    """Return a probability as people read it: no model is ever wholly sure."""
    return "<0.1%" if p < 0.001 else ">99.9%" if p > 0.999 else f"{p:.1%}"


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
