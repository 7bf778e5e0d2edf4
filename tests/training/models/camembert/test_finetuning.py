"""Fine-tuning: a kill loses little, memory and disks may end, faults are one clear line."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.command import classify, inside
from tests.support.corpus import dataset, workspace
from tests.support.finetuning import PYTHON, checkpoint_of, command, recipe, start
from tests.support.tiny import quick_settings
from tests.support.waiting import wait_until
from training.model import Fitting
from training.models.camembert.callback import last_complete
from training.models.camembert.model import Camembert
from training.runs.run import verify_run

PATIENCE = 180  # seconds for a training to get somewhere, on a busy machine


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Make a workspace with labels and a quick recipe."""
    folder = workspace(tmp_path / "w", 48)
    recipe(folder)
    return folder


def run_of(folder: Path) -> Path:
    """Return the only run of a workspace."""
    (run,) = (path for path in (folder / "runs").iterdir() if path.is_dir())
    return run


# ---------------------------------------------------------------- how long


def test_it_stops_where_held_out_articles_get_no_better(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16 passes, evaluated every 2: the second is best, so 4 passes; two more, then it stops."""
    from training.models.camembert import finetune

    scores = iter([0.5, 0.9, 0.8, 0.7, 1.0])
    monkeypatch.setattr(finetune, "macro_f1", lambda *_, **__: next(scores))
    settings = quick_settings(tiny_base, epochs=16, patience=2)
    data = dataset(30)
    stopped = Camembert.fit(data, settings, Fitting(held_out=data))
    assert stopped.duration == 4 / 16
    assert next(scores) == 1.0  # there was no fifth evaluation
    limited = Camembert.fit(data, settings, Fitting(duration=4 / 16))
    np.testing.assert_allclose(stopped.scores(data.texts), limited.scores(data.texts), atol=1e-5)


def test_the_last_fit_makes_the_share_of_passes_asked_for(tiny_base: Path) -> None:
    settings = quick_settings(tiny_base, epochs=8)
    fitted = Camembert.fit(dataset(30), settings, Fitting(duration=0.25))
    assert fitted.duration == 0.25
    assert "2 of 8 planned passes" in fitted.notes[1]


# ---------------------------------------------------------------- interruptions


def figures(folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """Return metrics.json and the scores of the golden texts of the only run."""
    run = run_of(folder)
    scores = json.loads((run / "golden.json").read_text())["scores"]
    return json.loads((run / "metrics.json").read_text()), np.array(scores)


def test_a_killed_training_ends_as_an_unbroken_one(
    desk: Path, tiny_base: Path, tmp_path: Path
) -> None:
    unbroken = workspace(tmp_path / "unbroken", 48)
    for folder in (unbroken, desk):
        recipe(folder, min_steps=24, checkpoint_steps=3)
    assert inside(*command(unbroken, tiny_base)).returncode == 0
    for fit in ("fold-1", "all"):
        running = start(desk, tiny_base)
        wait_until(checkpoint_of(desk, fit), seconds=PATIENCE, what=f"a checkpoint of {fit}")
        running.send_signal(signal.SIGKILL)
        running.communicate()
    result = classify(*command(desk, tiny_base))
    assert result.returncode == 0, result.stderr
    assert "resuming from step" in result.stderr
    assert not list((desk / "training").glob("*"))
    expected, expected_scores = figures(unbroken)
    metrics, scores = figures(desk)
    assert metrics["macro_f1"] == pytest.approx(expected["macro_f1"], abs=1e-6)
    assert metrics["brier"] == pytest.approx(expected["brier"], abs=1e-6)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-5)


def test_ctrl_c_finishes_the_step_and_keeps_a_checkpoint(desk: Path, tiny_base: Path) -> None:
    """It is one that was not due: the others are 10 steps apart."""
    recipe(desk, min_steps=100_000, checkpoint_steps=10)
    running = start(desk, tiny_base)
    wait_until(checkpoint_of(desk, "fold-1"), seconds=PATIENCE, what="a checkpoint")
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, stderr
    assert "Traceback" not in stderr
    (fold,) = desk.glob("training/camembert-*/fold-1")
    newest = last_complete(fold, print)
    assert newest is not None
    assert int(newest.name.rpartition("-")[2]) > 10
    assert not (desk / "runs").exists() or not list((desk / "runs").iterdir())


def test_half_a_checkpoint_is_passed_over_for_the_one_before(
    tmp_path: Path, tiny_base: Path
) -> None:
    settings = quick_settings(tiny_base, min_steps=24, checkpoint_steps=4)
    Camembert.fit(dataset(30), settings, Fitting(folder=tmp_path))
    older, newest = sorted(tmp_path.glob("checkpoint-*"), key=lambda path: int(path.name[11:]))
    lines: list[str] = []
    assert last_complete(tmp_path, lines.append) == newest
    (newest / "complete.json").unlink()
    assert last_complete(tmp_path, lines.append) == older
    assert lines == []  # a kill leaves half a checkpoint: nothing is wrong
    assert not newest.exists()


@pytest.mark.parametrize(
    "name",
    ["model.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json", "rng_state.pth"],
)
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    tmp_path: Path, tiny_base: Path, name: str
) -> None:
    settings = quick_settings(tiny_base, min_steps=24, checkpoint_steps=4)
    data, lines = dataset(30), []
    Camembert.fit(data, settings, Fitting(folder=tmp_path))
    older, newest = sorted(tmp_path.glob("checkpoint-*"), key=lambda path: int(path.name[11:]))
    content = bytearray((newest / name).read_bytes())
    content[len(content) // 2] ^= 1
    (newest / name).write_bytes(content)
    Camembert.fit(data, settings, Fitting(folder=tmp_path, log=lines.append))
    assert lines == [
        f"{newest}: damaged, so it is removed and not resumed from",
        f"resuming from step {older.name[11:]}",
    ]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"epoch": 1}', b'{"epoch": "\xff"}'])
def test_without_a_sound_checkpoint_the_fit_begins_again(
    tmp_path: Path, tiny_base: Path, content: bytes
) -> None:
    settings = quick_settings(tiny_base, min_steps=24, checkpoint_steps=4)
    data, lines = dataset(30), []
    unbroken = Camembert.fit(data, settings, Fitting(folder=tmp_path))
    (tmp_path / "checkpoint-none").mkdir()
    for checkpoint in tmp_path.glob("checkpoint-[0-9]*"):
        (checkpoint / "complete.json").write_bytes(content)
    again = Camembert.fit(data, settings, Fitting(folder=tmp_path, log=lines.append))
    assert [line.partition(": ")[2] for line in lines] == [
        "damaged, so it is removed and not resumed from"
    ] * 2
    np.testing.assert_allclose(again.scores(data.texts), unbroken.scores(data.texts), atol=1e-5)


# ---------------------------------------------------------------- machines


def test_two_processes_train_and_write_one_run(desk: Path, tiny_base: Path) -> None:
    recipe(desk, epochs=1, min_steps=8)
    program = [PYTHON, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "classify"]
    result = subprocess.run(
        [*program, *command(desk, tiny_base)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "MASTER_PORT": "0"},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    run = run_of(desk)
    assert result.stdout.count(run.name) == 1
    assert result.stderr.count("learning 3 categories") == 1
    assert verify_run(run) == 8


OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from tests.support.corpus import dataset
from tests.support.tiny import tiny_settings
from training.model import Fitting
from training.models.camembert.model import Camembert
settings = tiny_settings(
    base_model=sys.argv[1], epochs=1, min_steps=1, batch_size=4096, learn_windows="all", window=126
)
data = dataset(2400)
Camembert.fit(data.subset(range(8)), settings, Fitting())
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + int(sys.argv[2]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
Camembert.fit(data, settings, Fitting(log=print))
print("done")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited as on Linux")
def test_where_memory_ends_it_continues_with_half_as_much_at_once(tiny_base: Path) -> None:
    program = [PYTHON, "-c", OUT_OF_MEMORY, str(tiny_base), "700"]
    result = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "out of memory: continuing with 2048 windows at once" in result.stdout
    assert result.stdout.endswith("done\n")


def test_a_full_disk_is_one_line_and_leaves_earlier_runs(small_disk: Path, tiny_base: Path) -> None:
    """Leave room for the tokens, and none for a checkpoint."""
    folder = workspace(small_disk / "w", 24)
    recipe(folder, checkpoint_steps=2)
    with (small_disk / "ballast").open("wb") as file:
        file.write(bytes(os.statvfs(small_disk).f_bavail * 4096 - 300_000))
    result = inside(*command(folder, tiny_base))
    assert result.returncode == 1
    assert "Free some space and run the same command again" in result.stderr
    assert "Traceback" not in result.stderr


# ---------------------------------------------------------------- faults of the user's


def test_a_loss_that_is_no_number_stops_and_leaves_earlier_runs(
    desk: Path, tiny_base: Path
) -> None:
    assert inside("train", "--workspace", desk).returncode == 0
    earlier, current = run_of(desk), (desk / "runs" / "current").read_text()
    recipe(desk, learning_rate=0.9, warmup=0.0, head_factor=1e30)
    result = inside(*command(desk, tiny_base))
    assert result.returncode == 1
    assert "the loss is not a number at step" in result.stderr
    assert "Traceback" not in result.stderr
    assert (desk / "runs" / "current").read_text() == current
    assert run_of(desk) == earlier


def test_a_base_that_does_not_exist_is_one_line(desk: Path) -> None:
    result = inside(*command(desk, desk / "none"))
    assert result.returncode == 1
    assert "no such folder. Check --base-model" in result.stderr
    assert len(result.stderr.strip().splitlines()[-1]) < 500


def test_a_device_that_does_not_exist_is_answered_with_those_that_do(
    desk: Path, tiny_base: Path
) -> None:
    result = inside(*command(desk, tiny_base, "--device", "cuda:7"))
    assert result.returncode == 1
    assert "Choose one of: cpu" in result.stderr
