"""A process counts the cores that its container lets it use."""

import os
from pathlib import Path

import pytest

from seeds.base import cores


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000\n", 3),  # no limit
        ("200000 100000\n", 2),
        ("50000 100000\n", 1),  # half a core
        ("6400000 100000\n", 3),
        ("nonsense", 3),
        (None, 3),  # not in a container
    ],
)
def test_a_container_has_the_cores_of_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str | None, expected: int
) -> None:
    if limit is not None:
        (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(cores, "_CPU_MAX", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1, 2})
    assert cores.available_cores() == expected
