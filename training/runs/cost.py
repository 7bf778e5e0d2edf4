"""The cost of a training: seconds, memory, and energy where the machine reports it."""

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_PACKAGES = Path("/sys/class/powercap")  # RAPL, Intel's and AMD's meters; often only root may read
_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a training.

    Attributes:
        seconds: on the clock.
        memory_mb: the most the process ever used, in megabytes, without a graphics card's.
        joules: of the processors, whatever else they ran; None where the machine does not say.
    """

    seconds: float
    memory_mb: float
    joules: float | None


class Meter:
    """Measures from the moment it is created."""

    def __init__(self) -> None:
        """Start measuring."""
        self._started, self._energy = time.monotonic(), _microjoules()

    def read(self) -> Cost:
        """Return the cost so far."""
        now, joules = _microjoules(), None
        if self._energy and now.keys() == self._energy.keys():
            used = [now[name] - start for name, start in self._energy.items()]
            if min(used) >= 0:  # else a counter started over
                joules = sum(used) / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 1e6
        return Cost(round(time.monotonic() - self._started, 2), round(peak, 1), joules)


def _microjoules() -> dict[str, int]:
    """Read the counter of each processor; {} where there is none or it may not be read."""
    counters = {}
    try:
        for package in _PACKAGES.glob("intel-rapl:?"):
            counters[package.name] = int((package / "energy_uj").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return counters
