"""How fast articles are labelled, and how much is left."""

import contextlib
from collections.abc import Callable, Iterator

from classify.prediction.shards import LabelledShard
from classify.progress import Progress, show_progress
from classify.terminal import quantity

_SECONDS_BEFORE_BAR = 1.0  # most inputs are done by then


class Pace:
    """Counts what is labelled and shows it now and then. Made by `show_pace`."""

    def __init__(self, total: Callable[[], int | None], progress: Progress) -> None:
        """Count from zero. total: returns the inputs' bytes if known; called once, late."""
        self._articles = self._size = self._read = 0
        self._find_total, self._total = total, -1
        self._progress = progress

    def skip(self, read: int) -> None:
        """Count bytes of the inputs that an earlier command labelled."""
        self._read += read
        self._progress.rate_from(self._read)

    def add(self, shard: LabelledShard) -> None:
        """Count a shard that is written."""
        self._articles += shard.articles + shard.faults
        self._size += shard.size
        self._read += shard.read
        if self._progress.due:
            self._show()

    def _show(self) -> None:
        if self._total < 0:
            self._total = self._find_total() or 0
        seconds = self._progress.seconds
        details = [
            quantity(self._articles, "article"),
            f"{self._articles / seconds:,.0f} a second",
            f"{self._size / seconds / 1e6:,.1f} MB/s",
        ]
        if self._total and self._read:
            details.append(f"{min(self._read / self._total, 1):.0%}")
        self._progress.show(self._read, self._total or None, *details)


@contextlib.contextmanager
def show_pace(total: Callable[[], int | None], *, bar: bool) -> Iterator[Pace]:
    """Show how labelling goes as long as the context lasts.

    Args:
        total: returns the bytes of the inputs, None if nobody can know.
        bar: draw a bar on a terminal; False where the answers are shown.
    """
    with show_progress("Labelling", bar=bar, delay=_SECONDS_BEFORE_BAR) as progress:
        yield Pace(total, progress)
