"""`make check` looks for vulnerabilities, and says when it could not look."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, environment

FAULT = {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["9.1"], "description": ""}
SERVICE = """
import json, sys
from pathlib import Path
pins = Path(sys.argv[sys.argv.index("-r") + 1]).read_text().split()
answer = json.loads(Path(__file__).with_name("answer.json").read_text())
names = [pin.partition("==")[::2] for pin in pins]
if answer is None:
    sys.exit("ERROR: no connection")
print(json.dumps({"dependencies": [
    {"name": name, "version": version, "vulns": answer.get(name, [])}
    if "*" in answer or name in answer
    else {"name": name, "skip_reason": "not found"}
    for name, version in names
]}))
sys.exit(any(answer.values()))
"""


def audit(folder: Path, answer: object) -> "subprocess.CompletedProcess[str]":
    """Run the audit with a pip-audit that answers this: a package's faults, "*" knows them all."""
    (folder / "pip_audit.py").write_text(SERVICE)
    (folder / "answer.json").write_text(json.dumps(answer))
    return subprocess.run(
        [sys.executable, ROOT / ".ci" / "audit.py"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(PYTHONPATH=str(folder)),
    )


def test_a_vulnerable_package_fails_and_is_named_with_the_version_that_mends_it(
    tmp_path: Path,
) -> None:
    done = audit(tmp_path, {"*": [], "click": [FAULT]})
    assert done.returncode == 1
    first, last = done.stdout.splitlines()
    assert first.startswith("click 8.")
    assert first.endswith(": PYSEC-1; mended in 9.1")
    assert last.endswith("packages looked up, vulnerable 1")


def test_packages_without_a_known_vulnerability_pass(tmp_path: Path) -> None:
    done = audit(tmp_path, {"*": []})
    assert done.returncode == 0
    assert done.stdout.endswith("packages looked up, vulnerable 0\n")


@pytest.mark.parametrize("answer", [None, {}])
def test_a_service_that_is_not_there_or_knows_nothing_is_said_in_one_line(
    tmp_path: Path, answer: object
) -> None:
    done = audit(tmp_path, answer)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert "not checked" in done.stdout
