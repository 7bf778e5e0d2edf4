"""A clock that jumps: files from the future and runs of tomorrow change nothing."""

import json
import os
import shutil
import time
from pathlib import Path

from tests.support.command import classify
from tests.support.kill import kill_before

YEAR = 365 * 86_400


def redate(folder: Path, moment: float) -> None:
    """Date every file of a folder to one moment."""
    for path in folder.rglob("*"):
        os.utime(path, (moment, moment))


def current(workspace: Path) -> str:
    return (workspace / "runs" / "current").read_text(encoding="utf-8").split()[-1]


def test_a_run_of_tomorrow_is_a_run_and_the_one_promoted_last_is_current(
    desk: Path, tmp_path: Path
) -> None:
    workspace = Path(shutil.copytree(desk, tmp_path / "w"))
    first = current(workspace)
    tomorrow = f"2999{first[4:]}"
    shutil.copytree(workspace / "runs" / first, workspace / "runs" / tomorrow)
    assert classify("runs", "promote", tomorrow, "--workspace", workspace).returncode == 0
    assert classify("train", "--seed", "7", "--workspace", workspace).returncode == 0
    trained = current(workspace)
    assert trained not in (first, tomorrow)
    assert trained < tomorrow  # its name is of an earlier day
    listed = classify("runs", "list", "--format", "json", "--workspace", workspace)
    assert [row["name"] for row in json.loads(listed.stdout) if row["current"]] == [trained]
    assert classify("runs", "rollback", "--workspace", workspace).returncode == 0
    assert current(workspace) == tomorrow


def test_dates_of_files_decide_nothing(desk: Path, tmp_path: Path) -> None:
    workspace = Path(shutil.copytree(desk, tmp_path / "w"))
    article = tmp_path / "article.txt"
    article.write_text("Le film du festival et son réalisateur.", encoding="utf-8")
    words = ("predict", article, "--format", "jsonl", "--workspace", workspace)
    expected = classify(*words).stdout
    for moment in (0.0, time.time() + YEAR):
        redate(workspace, moment)
        assert classify("runs", "verify", "--workspace", workspace).returncode == 0
        assert classify(*words).stdout == expected
        added = classify("seeds", "add", article, "--workspace", workspace)
        assert added.returncode == 0, added.stderr
    records = (workspace / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(records) == 1


def test_an_interrupted_output_is_resumed_whatever_the_clock_says(
    desk: Path, tmp_path: Path
) -> None:
    source, output = tmp_path / "articles.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "un film"}\n{"text": "un match"}\n', encoding="utf-8")
    words = ("predict", source, "--format", "jsonl", "--workspace", desk)
    whole = classify(*words).stdout
    kill_before("os.rename", "out.jsonl.partial", *words, "--output", output)
    assert not output.exists()
    redate(tmp_path, time.time() + YEAR)
    assert classify(*words, "--output", output, "--resume").returncode == 0
    assert output.read_text(encoding="utf-8") == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles.jsonl", "out.jsonl"]
