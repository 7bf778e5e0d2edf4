"""How fast a stream of articles goes and how much is left: a bar on a terminal, lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from classify.prediction.shards import Answer
from classify.progress import SECONDS_BETWEEN_LINES
from classify.terminal import duration, quantity, say

_SECONDS_TO_WAIT = 1.0  # before a bar is shown: most inputs are done by then
_SECONDS_BETWEEN_BARS = 0.2


class Pace:
    """Counts what is done and shows it now and then. Made by `pace`."""

    def __init__(self, total: Callable[[], int | None], show: Callable[["Pace"], object]) -> None:
        """total: finds the bytes of the inputs, None if nobody can know; called once, late."""
        self.articles = self.size = 0
        self.read = self.before = 0
        self._find_total, self._total = total, -1
        self._began = time.monotonic()
        self._show = show

    def skip(self, read: int) -> None:
        """So many bytes of the inputs were done before."""
        self.read += read
        self.before += read

    def add(self, answer: Answer) -> None:
        """An answer is written."""
        self.articles += answer.articles + answer.faults
        self.size += answer.size
        self.read += answer.read
        self._show(self)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    @property
    def total(self) -> int:
        """Bytes of the inputs; 0 if that is not known."""
        if self._total < 0:
            self._total = self._find_total() or 0
        return self._total

    def line(self) -> str:
        """How much is done, how fast, and how much is left."""
        seconds = max(self.seconds, 1e-3)
        told = [
            quantity(self.articles, "article"),
            f"{self.articles / seconds:,.0f} a second",
            f"{self.size / seconds / 1e6:,.1f} MB/s",
        ]
        new = self.read - self.before
        if self.total and new:
            left = max(0, self.total - self.read) * seconds / new
            told += [f"{min(self.read / self.total, 1):.0%}", f"about {duration(left)} left"]
        return ", ".join(told)


@contextlib.contextmanager
def pace(total: Callable[[], int | None], *, bar: bool) -> Iterator[Pace]:
    """A Pace that is shown as long as it lasts.

    Args:
        total: finds the bytes of the inputs, None if nobody can know.
        bar: show a bar where standard error is a terminal; False where the answers are shown.
    """
    with contextlib.ExitStack() as stack:
        if not sys.stderr.isatty():
            yield Pace(total, _Lines())
        else:
            yield Pace(total, _Bar(stack) if bar else lambda _: None)


class _Lines:
    """A line every few seconds."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, pace: Pace) -> None:
        now = time.monotonic()
        if now - self.last >= SECONDS_BETWEEN_LINES:
            self.last = now
            say(f"Labelling: {pace.line()}")


class _Bar:
    """A bar that is drawn once the work takes longer than a moment."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.stack = stack
        self.drawn: Any = None
        self.last = 0.0

    def __call__(self, pace: Pace) -> None:
        now = time.monotonic()
        if pace.seconds < _SECONDS_TO_WAIT or now - self.last < _SECONDS_BETWEEN_BARS:
            return
        self.last = now
        if self.drawn is None:
            self.drawn = self.stack.enter_context(_progress())
            self.drawn.add_task("Labelling", total=pace.total or None, told="")
        self.drawn.update(0, completed=pace.read, told=pace.line())


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, redirect_stdout=False)
