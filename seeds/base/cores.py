"""How many cores this process may use."""

import contextlib
import os
from pathlib import Path

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # a container's CPU limit: "quota period", or "max …"


def available_cores() -> int:
    """Count the cores this process may use: its CPU affinity and its container's limit decide."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        cores = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = _CPU_MAX.read_text().split()
        cores = min(cores, max(1, round(int(quota) / int(period))))
    return cores
