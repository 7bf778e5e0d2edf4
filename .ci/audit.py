"""Look our pinned packages up among the known vulnerabilities; without a network, say so and pass.

python .ci/audit.py
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
# Vulnerabilities that do not concern us: id -> why.
ACCEPTED: dict[str, str] = {}
OPTIONS = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "10")


def main() -> int:
    """Return 1 if a pinned package has a vulnerability that is not accepted."""
    pins = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    known = look_up(pins[:1]) and look_up(pins)  # one first: a mirror may know none of them
    if not known:
        print("pip-audit: not checked, for the list of vulnerabilities can't be reached from here")
        return 0
    vulnerable = [
        f"{package['name']} {package['version']}: {fault['id']}; "
        f"mended in {', '.join(fault['fix_versions']) or 'no version yet'}"
        for package in known
        for fault in package["vulns"]
        if not ACCEPTED.keys() & {fault["id"], *fault["aliases"]}
    ]
    print(*vulnerable, sep="\n", end="\n" if vulnerable else "")
    print(
        f"pip-audit: {len(known)} of {len(pins)} packages looked up, vulnerable {len(vulnerable)}"
    )
    return int(bool(vulnerable))


def look_up(pins: list[str]) -> list[dict[str, Any]]:
    """Return the packages that the service knows, with their vulnerabilities; [] without one."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins))
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "-r", file.name, *OPTIONS, "-f", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:  # nothing was printed: no network
        return []
    return [package for package in packages if "skip_reason" not in package]


if __name__ == "__main__":
    sys.exit(main())
