"""A deadline that blames nobody for the time in which this process itself stood still."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")

_LATE = 0.1  # seconds; a loop that wakes up later than this was busy, or the machine was paused


async def finish_within(work: Awaitable[T], seconds: float) -> T:
    """Return the result of some work; cancel it if it takes too long.

    If this process was too busy to look in time, the work gets the same time again.

    Raises:
        TimeoutError: it took longer.
    """
    task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
    try:
        while not task.done():
            due = loop.time() + seconds
            await asyncio.wait({task}, timeout=seconds)
            if not task.done() and loop.time() - due < _LATE:
                raise TimeoutError
        return task.result()
    finally:
        task.cancel()
