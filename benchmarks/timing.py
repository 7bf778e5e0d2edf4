"""Things timed in turn, so that whatever else the machine does slows each alike."""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def interleaved(jobs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each job, repeat by repeat; in each repeat every job has its turn."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            started = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def times(longer: Sequence[float], shorter: Sequence[float]) -> float:
    """How many times as long the first took as the second: the median over the repeats."""
    return statistics.median(a / b for a, b in zip(longer, shorter, strict=True))


def one_core() -> None:
    """Keep this process, whatever threads it starts, on one core; where the system can."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)  # of NumPy's threads, which are there already and would stay elsewhere
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
