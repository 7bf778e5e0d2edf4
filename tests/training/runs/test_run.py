"""A run directory: self-contained, checked before it is used, promoted and rolled back."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from seeds.base.errors import InputError
from tests.support.corpus import dataset
from tests.support.forgery import forge_manifest
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.runs.registry import find_run, list_promotions, list_runs, promote, roll_back
from training.runs.run import load_run, save_run, verify_run
from training.runs.trained import Trained
from training.train import train


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(dataset(60), "tfidf", Recipe(), TfidfSettings(buckets=14))


@pytest.fixture
def run(trained: Trained, tmp_path: Path) -> Path:
    return save_run(tmp_path / "runs", trained)


def golden_texts(run: Path) -> list[str]:
    return list(json.loads((run / "golden.json").read_text())["texts"])


def test_a_loaded_run_predicts_as_the_one_trained(run: Path, trained: Trained) -> None:
    texts = dataset(10, seed=5).texts
    expected = trained.rule.predictions(trained.model.scores(texts))
    assert load_run(run).predict(texts) == expected
    assert verify_run(run) == len(golden_texts(run)) > 0


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "model.json",
        "rule.json",
        "taxonomy.json",
        "golden.json",
        "metrics.json",
        "README.md",
    ],
)
def test_one_changed_byte_is_refused_with_the_files_name(run: Path, name: str) -> None:
    data = bytearray((run / name).read_bytes())
    data[len(data) // 2] ^= 1
    (run / name).write_bytes(data)
    with pytest.raises(InputError, match=f"{name}: altered"):
        load_run(run)


def test_truncated_weights_are_refused_with_the_files_name(run: Path) -> None:
    path = run / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"model\.safetensors: altered or truncated"):
        load_run(run)


class Bomb:
    """Unpickling it creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_in_place_of_the_weights_is_refused_and_never_run(
    run: Path, tmp_path: Path, protocol: int
) -> None:
    """Even where the manifest was forged to fit."""
    touched = tmp_path / "touched"
    (run / "model.safetensors").write_bytes(pickle.dumps(Bomb(touched), protocol=protocol))
    forge_manifest(run)
    reason = ".*a pickle or zip archive" if protocol >= 2 else ""  # earlier ones are plain text
    with pytest.raises(InputError, match=r"model\.safetensors" + reason):
        load_run(run)
    assert not touched.exists()


def test_weights_that_are_not_finite_are_refused_even_with_a_forged_manifest(run: Path) -> None:
    from safetensors.numpy import load_file, save_file

    arrays = load_file(run / "model.safetensors")
    arrays["coefficients"][3, 1] = np.nan
    save_file(arrays, run / "model.safetensors")
    forge_manifest(run)
    with pytest.raises(InputError, match="finite"):
        load_run(run)


def test_a_missing_file_is_named(run: Path) -> None:
    (run / "rule.json").unlink()
    with pytest.raises(InputError, match=r"rule\.json: missing"):
        load_run(run)


def test_a_run_of_another_format_names_both_versions(run: Path) -> None:
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "format": 99, "classify": "9.9"}))
    forge_manifest(run)
    with pytest.raises(InputError, match=r"9\.9 in run format 99"):
        load_run(run)


@pytest.mark.parametrize("name", ["../no-such-run", "a/../../b", "", "A b", ".hidden"])
def test_a_name_that_would_leave_the_folder_is_refused(run: Path, name: str) -> None:
    with pytest.raises(InputError):
        find_run(run.parent, name)


@pytest.mark.slow
def test_promote_and_rollback_move_the_current_run(run: Path, tmp_path: Path) -> None:
    runs = run.parent
    second = train(dataset(66), "tfidf", Recipe(), TfidfSettings(buckets=14))
    second_path = save_run(runs, second)
    with pytest.raises(InputError, match="no trained model yet"):
        find_run(runs)
    promote(runs, load_run(run))
    promote(runs, load_run(second_path))
    assert find_run(runs) == second_path
    assert roll_back(runs) == run.name
    assert find_run(runs) == run
    with pytest.raises(InputError, match="no earlier run"):
        roll_back(runs)
    assert {path.name for path in list_runs(runs)} == {run.name, second_path.name}


def test_a_run_whose_golden_texts_get_other_scores_is_not_promoted(run: Path) -> None:
    loaded = load_run(run)
    golden = json.loads((run / "golden.json").read_text())
    golden["scores"][0][0] += 0.01
    (run / "golden.json").write_text(json.dumps(golden))
    with pytest.raises(InputError, match=r"differ by up to 0\.01"):
        promote(run.parent, loaded)
    assert list_promotions(run.parent) == []


def test_a_full_disk_leaves_the_earlier_run_and_no_half_made_one(
    run: Path, trained: Trained, small_disk: Path
) -> None:
    (small_disk / "ballast").write_bytes(bytes(1_000_000))
    with pytest.raises(InputError, match="No space left"):
        save_run(small_disk / "runs", trained)
    assert list_runs(small_disk / "runs") == []
    assert not list((small_disk / "runs").iterdir())
    assert verify_run(run)
