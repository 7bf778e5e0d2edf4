"""`classify runs`: one damaged or hostile run is named, and hides none of the others."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.command import inside
from tests.support.corpus import dataset
from tests.support.forgery import forge_manifest
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.runs.run import save_run
from training.train import train


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two runs of the same training."""
    folder = tmp_path_factory.mktemp("w")
    trained = train(dataset(60), "tfidf", Recipe(), TfidfSettings(buckets=10))
    save_run(folder / "runs", trained)
    save_run(folder / "runs", trained)
    return folder


@pytest.fixture
def workspace(two_runs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two_runs, tmp_path / "w"))


@pytest.mark.parametrize("content", ["[]", '{"macro_f1": null}', "[" * 100_000, ""])
def test_a_damaged_run_is_listed_as_damaged_beside_the_others(
    workspace: Path, content: str
) -> None:
    good, bad = sorted((workspace / "runs").iterdir())
    (bad / "metrics.json").write_text(content)
    forge_manifest(bad)
    listed = inside("runs", "list", "--workspace", workspace)
    first, second = listed.stdout.splitlines()
    assert listed.returncode == 0
    assert first.startswith(f"  {good.name}  macro-F1 ")
    assert second.startswith(f"  {bad.name}  {bad / 'metrics.json'}: ")
    rows = json.loads(inside("runs", "list", "--format", "json", "--workspace", workspace).stdout)
    assert [bool(row["fault"]) for row in rows] == [False, True]


def test_the_card_of_a_run_can_not_control_the_terminal(workspace: Path) -> None:
    run = min((workspace / "runs").iterdir())
    (run / "README.md").write_text("# \x1b[2Jcinéma \u202eopéra")
    forge_manifest(run)
    shown = inside("runs", "show", run.name, "--workspace", workspace)
    assert shown.stdout == "# \\x1b[2Jcinéma \\u202eopéra\n"


def test_verify_names_what_a_stranger_put_beside_a_run(workspace: Path) -> None:
    run = min((workspace / "runs").iterdir())
    (run / "model.onnx").write_bytes(b"x")
    verified = inside("runs", "verify", run.name, "--workspace", workspace)
    assert verified.returncode == 1
    assert "model.onnx: not in the run's manifest.json" in verified.stderr
    assert len(verified.stderr.splitlines()) == 1
