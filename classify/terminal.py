"""What people see beside the data: notes on standard error, escaped; numbers in words."""

import re
import sys
from dataclasses import dataclass

import click

from seeds.base.errors import InputError

_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([kmg]?)(i?)b?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal that shows styles.

    Attributes:
        width: columns.
        colours: rich's name for its colours: "standard", "256" or "truecolor".
        plain: whether colours are switched off; it still shows bold and underlined text.
    """

    width: int
    colours: str
    plain: bool

    @classmethod
    def detect(cls) -> "Screen | None":
        """Return the terminal of standard output; None if it is not one, or shows no styles."""
        from rich.console import Console

        console = Console()
        if not console.is_terminal or console.color_system is None:
            return None
        return cls(console.width, console.color_system, console.no_color)


def escape(text: str) -> str:
    r"""Return text on one line that can't control a terminal.

    Control characters, line ends, bidirectional marks and lone surrogates become \x1b or \u202e;
    everything printable stays. Escaping again changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == "\xa0" else _escape_character(char) for char in text
    )


def _escape_character(char: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    if short:
        return short
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def say(message: str) -> None:
    """Write a note to standard error, each of its lines escaped; above the bar if one is shown."""
    # While a bar is shown, rich replaces sys.stderr; click.echo would write past it.
    print("\n".join(escape(line) for line in message.split("\n")), file=sys.stderr, flush=True)


def answer(text: str) -> None:
    """Write an answer for people to standard output, each of its lines escaped."""
    click.echo("\n".join(escape(line) for line in text.split("\n")))


def quantity(number: int, noun: str) -> str:
    """Return a number with its noun: "1 article", "1,200 articles"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a duration as people write it: "40 s", "3 min", "2 h 5 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def percent(p: float) -> str:
    """Return a probability as people read it: no model is ever wholly sure."""
    return "<0.1%" if p < 0.001 else ">99.9%" if p > 0.999 else f"{p:.1%}"


def size_in_bytes(text: str) -> int:
    """Read a size as people write it: "500", "20MB", "1.5 GiB"; k, M and G are powers of 1,000.

    Raises:
        InputError: it is not a size, or zero.
    """
    match = _SIZE.fullmatch(text.strip())
    if match:
        base = 1024 if match[3] else 1000
        number = float(match[1].replace(",", "."))
        size = int(number * base ** " kmg".index(match[2].lower() or " "))
        if size > 0:
            return size
    raise InputError(f"size {text!r} is not understood. Write it like 500kB, 20MB or 1GB.")
