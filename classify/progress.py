"""How far long work is: a bar on a terminal, plain lines elsewhere, with the time left."""

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from classify.terminal import duration, escape, say

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 5.0  # where there is no terminal: a log stays short
_SECONDS_BETWEEN_REDRAWS = 0.2  # of a bar

Draw = Callable[[str, int, int | None], object]  # text, how much is done, of how much


class Progress:
    """Shows now and then how far some work is. Made by `show_progress`."""

    def __init__(self, draw: Draw, *, interval: float, delay: float) -> None:
        """Begin. interval, delay: seconds between two drawings, and before the first."""
        self._draw, self._interval = draw, interval
        self._began = self._rated_from = time.monotonic()
        self._next = self._began + delay
        self._baseline = 0

    @property
    def seconds(self) -> float:
        """The time since the work began; never quite zero."""
        return max(time.monotonic() - self._began, 1e-3)

    @property
    def due(self) -> bool:
        """True once it is time to show something again."""
        return time.monotonic() >= self._next

    def rate_from(self, done: int) -> None:
        """Estimate the time left from now on; what is done already took time elsewhere."""
        self._baseline, self._rated_from = done, time.monotonic()

    def show(self, done: int, total: int | None, *details: str) -> None:
        """Show how far the work is.

        Args:
            done: how much is done, in any unit.
            total: how much there is to do, in the same unit; None if that is not known.
            details: what to say of it; the time left is added.
        """
        left = self._time_left(done, total)
        self._draw(", ".join((*details, left) if left else details), done, total)
        self._next = time.monotonic() + self._interval

    def _time_left(self, done: int, total: int | None) -> str:
        newly_done = done - self._baseline
        if newly_done <= 0 or total is None or done >= total:
            return ""
        seconds = time.monotonic() - self._rated_from
        return f"about {duration(seconds * (total - done) / newly_done)} left"


@contextlib.contextmanager
def show_progress(
    label: str, total: int | None = None, *, bar: bool = True, delay: float = 0.0
) -> Iterator[Progress]:
    """Show how far work is: by a bar on a terminal, by a line every few seconds elsewhere.

    Args:
        label: what is being done, such as "Reading".
        total: how much there is to do, if known beforehand.
        bar: draw a bar on a terminal; without it nothing is shown there.
        delay: seconds before the bar appears, for work that mostly ends sooner.
    """
    if not sys.stderr.isatty():
        interval = SECONDS_BETWEEN_LINES
        yield Progress(
            lambda text, _done, _total: say(f"{label}: {text}"), interval=interval, delay=interval
        )
    elif not bar:
        yield Progress(lambda *_: None, interval=math.inf, delay=math.inf)
    else:
        with contextlib.ExitStack() as stack:
            draw = _Bar(escape(label), stack)
            if not delay:
                draw("", 0, total)
            yield Progress(draw, interval=_SECONDS_BETWEEN_REDRAWS, delay=delay)


class _Bar:
    """A bar with a text beside it, which appears with its first drawing."""

    def __init__(self, label: str, stack: contextlib.ExitStack) -> None:
        self._label, self._stack = label, stack
        self._bar: RichProgress | None = None

    def __call__(self, text: str, done: int, total: int | None) -> None:
        """Draw it."""
        if self._bar is None:
            self._bar = self._stack.enter_context(_rich_bar())
            self._bar.add_task(self._label, total=total or None, text="")
        self._bar.update(self._bar.task_ids[0], completed=done, total=total or None, text=text)


def _rich_bar() -> "RichProgress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    label, text = ("{task.description}", "{task.fields[text]}")
    columns = (TextColumn(label, markup=False), BarColumn(), TextColumn(text, markup=False))
    console = Console(stderr=True)
    # Standard output is left alone: answers may be on their way there.
    return Progress(*columns, console=console, transient=True, redirect_stdout=False)


def track_items(items: Iterable[T], label: str, *, total: int | None = None) -> Iterator[T]:
    """Pass items on, showing how many there were.

    Args:
        items: anything; read one by one.
        label: what is being done, such as "Reading".
        total: how many there will be, if known.
    """
    with show_progress(label, total) as shown:
        for number, item in enumerate(items, 1):
            yield item
            if shown.due:
                shown.show(number, total, _count(number, total))


@contextlib.contextmanager
def track_count(label: str, total: int | None) -> Iterator[Callable[[int, int], None]]:
    """Return a callback that takes (done, of how many) and shows it.

    Args:
        label: what is being done, such as "Sending".
        total: how many there will be, if known beforehand.
    """
    with show_progress(label, total) as shown:
        counted = False

        def on_count(done: int, of: int) -> None:
            """Show it if something was shown long enough ago."""
            nonlocal counted
            if not counted:  # a resumed training does not begin at 0
                shown.rate_from(done)
                counted = True
            if shown.due:
                shown.show(done, of, _count(done, of))

        yield on_count


def _count(done: int, total: int | None) -> str:
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"
