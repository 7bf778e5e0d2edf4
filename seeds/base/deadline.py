"""A time limit for the work on one document, whatever the libraries do meanwhile."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from seeds.base.errors import InputError

_AGAIN = 0.5  # seconds between alarms: one that falls into the garbage collector's work is lost


class _ExpiredError(BaseException):
    """The time is over; no library takes it for an error of its own."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Limit the time that the work inside may take, where the system can: in the main thread.

    Elsewhere, and where an earlier limit is closer, that holds. Code in C without calls to Python
    is not interrupted before it ends.

    Raises:
        InputError: the time is over.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    earlier, interval = signal.getitimer(signal.ITIMER_REAL)
    if 0 < earlier <= seconds:
        yield
        return
    handler = signal.signal(signal.SIGALRM, _expire)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
        try:
            yield
        finally:
            left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    except _ExpiredError:
        raise InputError(
            f"took more than {seconds:g} s to read. Split it, or save its text alone as .txt."
        ) from None
    finally:
        signal.signal(signal.SIGALRM, handler)
        if earlier:
            signal.setitimer(signal.ITIMER_REAL, max(earlier - seconds + left, 0.001), interval)


def _expire(number: int, frame: FrameType | None) -> None:
    raise _ExpiredError
