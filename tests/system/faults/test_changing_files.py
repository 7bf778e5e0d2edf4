"""Files that change while they are read: what was there is read, what is cut is said."""

import gzip
import json
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.command import classify, environment
from tests.support.labelling import COMMAND, expected, lines, messages, parse_labels

COUNT = 20_000  # articles: 3 MB of JSONL, more than any pipe or buffer holds


Change = Callable[[Path], None]


def predict_while(
    desk: Path, change: Change, changed: Path, *sources: Path
) -> tuple[str, str, int]:
    """Label files; the change of one of them is made once the first answer is out.

    The command can't run ahead: nobody takes more of its answers until the change is made.
    """
    words = [*COMMAND, "--workspace", desk, "--processes", "1", *(sources or (changed,))]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, env=environment()) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        change(changed)
        with ThreadPoolExecutor(1) as pool:
            errors = pool.submit(process.stderr.read)
            rest = process.stdout.read()
        code = process.wait()
    return (first + rest).decode(), errors.result().decode(), code


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(lines(10, first=COUNT))


def cut(path: Path) -> None:
    """Cut the file in the middle of its last third, within a line."""
    os.truncate(path, path.stat().st_size * 5 // 6 + 7)


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    """Do as editors and downloads do: a new file takes the name."""
    new = path.with_suffix(".new")
    new.write_bytes(lines(3, first=90_000))
    new.replace(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(lines(COUNT))
    return path


def test_what_is_appended_meanwhile_is_read_or_not_and_nothing_is_read_twice(
    desk: Path, source: Path
) -> None:
    out, err, code = predict_while(desk, grow, source)
    labels = parse_labels(out)
    assert code == 0, err
    assert labels[:COUNT] == expected(COUNT)
    assert labels[COUNT:] == expected(10, first=COUNT)[: len(labels) - COUNT]


def test_a_file_that_is_cut_short_meanwhile_gives_what_is_left_and_names_the_half_line(
    desk: Path, source: Path
) -> None:
    out, err, code = predict_while(desk, cut, source)
    labels = parse_labels(out)
    assert COUNT // 10 < len(labels) < COUNT
    assert labels == expected(len(labels))
    assert code == 1
    (message,) = (line for line in messages(err) if "articles.jsonl" in line)
    assert f"articles.jsonl:{len(labels) + 1}: " in message


@pytest.mark.parametrize("change", [remove, replace])
def test_a_file_that_is_removed_or_replaced_meanwhile_is_read_as_it_was(
    desk: Path, source: Path, change: Change
) -> None:
    out, err, code = predict_while(desk, change, source)
    assert code == 0, err
    assert parse_labels(out) == expected(COUNT)


def test_a_file_that_is_gone_when_its_turn_comes_is_a_fault_and_the_next_is_read(
    desk: Path, source: Path, tmp_path: Path
) -> None:
    late, last = tmp_path / "b.jsonl", tmp_path / "c.jsonl"
    late.write_bytes(lines(5))
    last.write_bytes(lines(4, first=COUNT))
    out, err, code = predict_while(desk, remove, late, source, late, last)
    assert code == 1
    assert parse_labels(out) == expected(COUNT) + expected(4, first=COUNT)
    (message,) = (line for line in messages(err) if "b.jsonl" in line)
    assert "does not exist" in message


def test_an_archive_that_is_cut_short_meanwhile_gives_all_that_is_whole(
    desk: Path, tmp_path: Path
) -> None:
    source = tmp_path / "articles.jsonl.gz"
    source.write_bytes(gzip.compress(lines(COUNT), compresslevel=0))
    out, err, code = predict_while(desk, cut, source)
    labels = parse_labels(out)
    assert code == 1
    assert COUNT // 10 < len(labels) < COUNT
    assert labels == expected(len(labels))
    assert any("cut short" in line for line in messages(err)), err


def test_seeds_add_of_a_file_that_is_still_written_to_takes_whole_lines_once(
    tmp_path: Path,
) -> None:
    source, workspace = tmp_path / "feed.jsonl", tmp_path / "w"
    whole = lines(50)
    source.write_bytes(whole + b'{"text": "un article qui n\'est pas enc')
    words = ("seeds", "add", source, "--workspace", workspace)
    half = classify(*words)
    assert half.returncode == 1
    assert "feed.jsonl:51: " in half.stderr
    source.write_bytes(whole + lines(2, first=50))
    assert classify(*words).returncode == 0
    stored = (workspace / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in stored]
    assert texts == [json.loads(line)["text"] for line in lines(52).splitlines()]
