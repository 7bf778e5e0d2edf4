"""Commands that write: killed at each file, without disk, read-only, two at once; then repeated."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seeds.base.locks import locked
from tests.support.command import classify, fill
from tests.support.corpus import WORDS, article, taxonomy, write_taxonomy
from tests.support.kill import kill_before

NAMES = tuple(WORDS)


def rows(count: int, seed: int) -> str:
    """Labelled articles as lines of JSON."""
    rng = random.Random(seed)
    made = ((NAMES[n % 3],) for n in range(count))
    return "".join(
        json.dumps({"text": article(names, rng), "label": list(names)}) + "\n" for names in made
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace of 60 labelled articles and two runs, and files to add to it."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "old.jsonl").write_text(rows(60, 1), encoding="utf-8")
    (folder / "new.jsonl").write_text(rows(6, 2), encoding="utf-8")
    workspace = folder / "workspace"
    write_taxonomy(workspace, taxonomy())
    columns = ("--text-columns", "text", "--label-column", "label")
    for words in (
        ("labels", "import", folder / "old.jsonl", *columns),
        ("train", "--seed", "1"),
        ("train", "--seed", "2", "--no-promote"),
    ):
        done = classify(*words, "--workspace", workspace)
        assert done.returncode == 0, done.stderr
    return folder


def command(name: str, made: Path, workspace: Path) -> list[str | Path]:
    """The words of a command that writes to a workspace."""
    other = sorted(path.name for path in (workspace / "runs").glob("2*"))[-1]
    columns = ("--text-columns", "text", "--label-column", "label")
    words: dict[str, tuple[str | Path, ...]] = {
        "add": ("seeds", "add", made / "new.jsonl", "--text-columns", "text"),
        "import": ("labels", "import", made / "new.jsonl", *columns),
        "promote": ("runs", "promote", other, "--even-if-worse"),
        "train": ("train", "--seed", "3"),
    }
    return [*words[name], "--workspace", workspace]


def files(workspace: Path) -> dict[str, bytes]:
    """Every file of a workspace but locks and leftovers, by its path."""
    return {
        path.relative_to(workspace).as_posix(): path.read_bytes()
        for path in sorted(workspace.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and "/.writing" not in str(path)
    }


def copy(made: Path, folder: Path) -> Path:
    """A copy of the workspace that a test may spoil."""
    return Path(shutil.copytree(made / "workspace", folder / "workspace"))


@pytest.fixture(scope="module")
def unbroken(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What each command makes of the workspace when nothing befalls it."""
    outcomes = {}
    for name in ("add", "import", "promote"):
        workspace = copy(made, tmp_path_factory.mktemp(name))
        done = classify(*command(name, made, workspace))
        assert done.returncode == 0, done.stderr
        outcomes[name] = files(workspace)
    return outcomes


FILES = [
    ("add", "documents.jsonl"),
    ("import", "documents.jsonl"),
    ("import", "annotations.jsonl"),
    ("import", "adjudicate.jsonl"),
    ("import", "dataset.jsonl"),
    ("promote", "current"),
]


@pytest.mark.parametrize(("name", "file"), FILES)
def test_kill_9_before_a_file_is_replaced_leaves_it_and_the_same_command_completes_it(
    made: Path, unbroken: dict[str, dict[str, bytes]], tmp_path: Path, name: str, file: str
) -> None:
    workspace = copy(made, tmp_path)
    before = files(workspace)
    words = command(name, made, workspace)
    kill_before("os.rename", f"{file}.", *words)
    after = files(workspace)
    (path,) = (path for path in before if path.endswith(file))
    assert after[path] == before[path]
    for other, content in after.items():
        assert content in (before[other], unbroken[name][other])
    assert classify(*words).returncode == 0
    assert files(workspace) == unbroken[name]


@pytest.mark.parametrize("name", ["add", "import", "promote", "train"])
def test_a_full_disk_is_one_line_changes_nothing_and_the_same_command_works_with_room(
    made: Path, unbroken: dict[str, dict[str, bytes]], small_disk: Path, name: str
) -> None:
    workspace = copy(made, small_disk)
    before = files(workspace)
    fill(small_disk)
    words = command(name, made, workspace)
    failed = classify(*words)
    assert failed.returncode == 1
    assert "No space left on device" in failed.stderr.splitlines()[-1]
    assert files(workspace) == before
    (small_disk / "ballast").unlink()
    assert classify(*words).returncode == 0
    if name != "train":
        assert files(workspace) == unbroken[name]


@pytest.fixture
def read_only(made: Path, small_disk: Path) -> Iterator[Path]:
    """The workspace on a disk that nobody can write to, root neither."""
    workspace = copy(made, small_disk)
    mount = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(mount, check=True)
    yield workspace
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


@pytest.mark.parametrize("name", ["add", "import", "promote", "train"])
def test_a_read_only_workspace_is_one_line(made: Path, read_only: Path, name: str) -> None:
    before = files(read_only)
    failed = classify(*command(name, made, read_only))
    assert failed.returncode == 1
    (line,) = failed.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "Read-only file system" in line
    assert str(read_only) in line
    assert files(read_only) == before


@pytest.mark.parametrize(
    "words",
    [
        ("seeds", "list"),
        ("labels", "status", "--offline"),
        ("runs", "list"),
        ("runs", "verify"),
        ("evaluate",),
        ("predict", "new.jsonl", "--format", "jsonl"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_what_only_reads_works_in_a_read_only_workspace(
    made: Path, read_only: Path, words: tuple[str, ...]
) -> None:
    there = classify(*words, "--workspace", read_only, cwd=made)
    here = classify(*words, "--workspace", made / "workspace", cwd=made)
    assert there.returncode == here.returncode == 0, there.stderr
    assert there.stdout == here.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("seeds", "add", "new.jsonl", "--text-columns", "text"),
        ("labels", "import", "new.jsonl", "--text-columns", "text", "--label-column", "label"),
        ("labels", "push"),
        ("labels", "pull"),
        ("train",),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_second_command_is_told_who_is_at_work_and_changes_nothing(
    made: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    workspace = copy(made, tmp_path)
    before = files(workspace)
    with locked(workspace, "classify seeds add"):
        refused = classify(*words, "--workspace", workspace, cwd=made)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert f"in use by classify seeds add (process {os.getpid()})" in line
    assert files(workspace) == before


def test_two_commands_at_once_both_count_once_repeated(made: Path, tmp_path: Path) -> None:
    workspace = copy(made, tmp_path)
    texts = [json.loads(line)["text"] for line in rows(40, 5).splitlines()]
    started = []
    for n, half in enumerate((texts[:25], texts[15:])):
        source = tmp_path / f"{n}.jsonl"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in half), "utf-8")
        words = [sys.executable, "-m", "classify", "seeds", "add", str(source)]
        words += ["--workspace", str(workspace)]
        started.append((words, subprocess.Popen(words, stderr=subprocess.PIPE, text=True)))
    for words, process in started:
        _, err = process.communicate(timeout=120)
        if process.returncode:
            assert "in use by classify seeds add" in err
            subprocess.run(words, check=True, capture_output=True)
    stored = [json.loads(line)["text"] for line in (workspace / "documents.jsonl").open("rb")]
    assert len(stored) == len(set(stored)) == 60 + 40
    assert set(stored) >= set(texts)


def test_leftovers_of_killed_commands_are_removed_once_nobody_can_be_writing_them(
    made: Path, tmp_path: Path
) -> None:
    workspace = copy(made, tmp_path)
    old, young = (workspace / f".documents.jsonl.{name}.tmp" for name in ("old", "young"))
    for path in (old, young):
        path.write_text('{"id": "cut sho')
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    assert classify(*command("add", made, workspace)).returncode == 0
    assert (old.exists(), young.exists()) == (False, True)
