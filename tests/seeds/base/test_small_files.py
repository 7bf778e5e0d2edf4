"""A small JSON file is read whole or explained in one line; cores are counted as limited."""

import os
from pathlib import Path

import pytest

from seeds.base import cores
from seeds.base.errors import InputError
from seeds.base.records import read_object, read_optional_object


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b'{"n": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[1]", "expected a JSON object"),
        (b'{"a": "\xe9"}', "not UTF-8 (byte 7)"),
    ],
)
def test_a_damaged_file_is_one_line_that_ends_with_the_remedy(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "note.json"
    path.write_bytes(content)
    for read in (read_object, read_optional_object):
        with pytest.raises(InputError) as caught:
            read(path, "Restore it.")
        line = str(caught.value)
        assert line.startswith(f"{path}: {reason}")
        assert line.endswith(". Restore it.")
        assert "\n" not in line


def test_a_missing_file_is_an_error_only_where_it_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    assert read_optional_object(path, "Restore it.") is None
    with pytest.raises(InputError, match=r"note\.json: No such file or directory\. Restore it\.$"):
        read_object(path, "Restore it.")
    path.mkdir()
    with pytest.raises(InputError, match=r"note\.json: Is a directory"):
        read_optional_object(path)
    path.rmdir()
    path.write_text('{"a": [1, null]}', encoding="utf-8")
    assert read_object(path, "Restore it.") == {"a": [1, None]}
    assert read_optional_object(path / "below") is None


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
