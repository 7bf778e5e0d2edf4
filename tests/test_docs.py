"""The README names every module, and only files that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_module_and_configuration_has_its_line() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([\w/.]+\.(?:py|toml)) \|", text, flags=re.MULTILINE))
    there = {
        str(path.relative_to(ROOT))
        for folder in ("seeds", "labels", "training", "classify", "configs", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".toml") and path.stat().st_size
    }
    assert listed == there
