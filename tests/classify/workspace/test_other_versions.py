"""Files of a workspace that another version wrote, or that were damaged: a line says what to do."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import classify
from tests.support.corpus import workspace
from tests.support.forgery import forge_manifest
from training.runs.registry import list_promotions, list_runs

QUICK = "test = 0.25\nfolds = 2\n[model]\nbuckets = 12\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with articles, annotations, labels and a run."""
    folder = workspace(tmp_path_factory.mktemp("w"), 60)
    (folder / "tfidf.toml").write_text(QUICK)
    labelled = (folder / "dataset.jsonl").read_bytes()
    (folder / "labels.csv").write_text("text,labels\nUn film au festival.,cinema\n")
    result = classify("labels", "import", folder / "labels.csv", "--workspace", folder)
    assert result.returncode == 0, result.stderr
    (folder / "dataset.jsonl").write_bytes(labelled)
    result = classify("train", "--workspace", folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def copy(trained: Path, tmp_path: Path) -> Path:
    """A copy of the workspace, to change."""
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def add_field(path: Path) -> None:
    """Give the first record, or the only one, a field that it does not have."""
    content = path.read_text()
    path.write_text(content.replace("{", '{"mood": "sad", ', 1))


def cut_off(path: Path) -> None:
    """Leave half a file, as a full disk might."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 + 1])


def add_key(path: Path) -> None:
    """Give a settings file a key that it does not have."""
    path.write_text(f"mood = 'sad'\n{path.read_text() if path.exists() else ''}")


@pytest.mark.parametrize("change", [add_field, cut_off])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("documents.jsonl", "seeds list"),
        ("annotations.jsonl", "labels status --offline"),
        ("dataset.jsonl", "train"),
        ("split.json", "evaluate"),
    ],
)
def test_a_data_file_of_another_version_or_damaged_is_named_in_one_line(
    copy: Path, name: str, command: str, change: Callable[[Path], None]
) -> None:
    change(copy / name)
    result = classify(*command.split(), "--workspace", copy)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {copy / name}")
    assert result.stderr.count("\n") == 1
    if change is add_field:
        assert "unknown key 'mood'" in result.stderr


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("taxonomy.toml", "labels status --offline"),
        ("tfidf.toml", "train"),
        ("labelstudio.toml", "labels status"),
        ("serve.toml", "serve"),
    ],
)
def test_a_settings_file_of_another_version_is_named_with_the_keys_there_are(
    copy: Path, name: str, command: str
) -> None:
    add_key(copy / name)
    result = classify(*command.split(), "--workspace", copy)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {copy / name}: unknown key 'mood' (known: ")
    assert result.stderr.count("\n") == 1


def test_a_run_of_another_format_names_its_version_and_the_next_training_replaces_it(
    copy: Path, tmp_path: Path
) -> None:
    (run,) = list_runs(copy / "runs")
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "format": 99, "classify": "9.9"}))
    forge_manifest(run)
    (tmp_path / "a.txt").write_text("Un film au festival.")
    for command in (["predict", tmp_path / "a.txt"], ["evaluate"], ["runs", "verify"]):
        result = classify(*command, "--workspace", copy)
        assert result.returncode == 1, command
        assert "written by classify 9.9 in run format 99" in result.stderr
        assert "classify train" in result.stderr
        assert result.stderr.count("\n") == 1
    listed = classify("runs", "list", "--workspace", copy)
    assert "written by classify 9.9" in listed.stdout
    result = classify("train", "--workspace", copy)
    assert result.returncode == 0, result.stderr
    assert f"not compared with the current run {run.name}: " in result.stderr
    assert list_promotions(copy / "runs") == [run.name, list_runs(copy / "runs")[-1].name]
