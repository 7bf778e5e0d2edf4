"""How many cores this process may use."""

import contextlib
import os
from pathlib import Path

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # a container's share of the cores


def cores() -> int:
    """How many cores this process may use, a container's share included."""
    try:
        there = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        there = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = _CPU_MAX.read_text().split()
        there = min(there, max(1, round(int(quota) / int(period))))
    return there
