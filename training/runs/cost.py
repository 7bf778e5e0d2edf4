"""What a training takes: seconds, memory, and energy where the machine says."""

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_PACKAGES = Path("/sys/class/powercap")  # RAPL: Intel's and AMD's own meters; often root's alone
_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss


@dataclass(frozen=True, slots=True)
class Cost:
    """What a training took.

    Attributes:
        seconds: on the clock.
        memory_mb: the most the process ever held, in megabytes; not a graphics card's.
        joules: of the processors, whatever else they did; None where the machine does not say.
    """

    seconds: float
    memory_mb: float
    joules: float | None


class Meter:
    """Runs from when it is made."""

    def __init__(self) -> None:
        """Start to measure."""
        self._started, self._energy = time.monotonic(), _microjoules()

    def read(self) -> Cost:
        """What it took so far."""
        now, joules = _microjoules(), None
        if self._energy and now.keys() == self._energy.keys():
            used = [now[name] - before for name, before in self._energy.items()]
            if min(used) >= 0:  # else a counter began again
                joules = sum(used) / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 1e6
        return Cost(round(time.monotonic() - self._started, 2), round(peak, 1), joules)


def _microjoules() -> dict[str, int]:
    """The counter of each processor; {} where there is none or it may not be read."""
    found = {}
    try:
        for each in _PACKAGES.glob("intel-rapl:?"):
            found[each.name] = int((each / "energy_uj").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return found
