"""Records and small files of JSON are read whole, or the fault is one line that names the place."""

import json
import os
from pathlib import Path

import pytest

from seeds.base.errors import InputError
from seeds.base.records import read_object, read_optional_object, read_records, write_records


def test_records_keep_every_character(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.jsonl"
    records = [{"t": "été 🎬 \u2028 \x85 \x00 \x7f"}, {"n": 10**20, "x": [None, 0.1]}, {}]
    write_records(path, records)
    assert [each for _, each in read_records(path)] == records
    assert [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] == records


def test_half_a_character_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    write_records(path, [{"t": "a\ud83cb"}, {"t": "c"}])
    assert [each["t"] for _, each in read_records(path)] == ["a?b", "c"]


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", "3", '{"n": ' + "9" * 5000 + "}", "[" * 200_000, '{"a": 1} {"b": 2}'],
)
def test_a_line_that_is_no_object_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n\n' + line + "\n")
    with pytest.raises(InputError, match=r"x\.jsonl:3: "):
        list(read_records(path))


def test_a_file_that_is_missing_or_not_utf8_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: No such file"):
        list(read_records(tmp_path / "none.jsonl"))
    (tmp_path / "l.jsonl").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(InputError, match=r"l\.jsonl: not UTF-8"):
        list(read_records(tmp_path / "l.jsonl"))


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


def test_a_pipe_or_a_huge_file_in_place_of_a_small_one_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputError, match=r"pipe\.json: no plain file"):
        read_object(tmp_path / "pipe.json")
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(300_000_000)  # of which none is on disk
    with pytest.raises(InputError, match=r"huge\.json: larger than 200 MB"):
        read_object(tmp_path / "huge.json")
