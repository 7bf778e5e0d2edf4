"""How far long work is: a bar on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from classify.terminal import T, duration, escape, say

if TYPE_CHECKING:
    from rich.progress import Progress


SECONDS_BETWEEN_LINES = 5.0  # of progress where there is no terminal: a log stays short


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
