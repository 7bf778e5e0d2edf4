"""Fine-tuning: any reader gets our figures, a kill loses little, faults are one clear line."""

import json
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seeds.base.errors import InputError
from tests.support.command import classify, inside
from tests.support.corpus import WORDS, dataset, workspace
from tests.support.finetuning import PYTHON, checkpoint_of, command, recipe, start
from tests.support.tiny import tiny_settings
from tests.support.waiting import wait_until
from training.decision import Scaling
from training.model import Fitting
from training.models.camembert.callback import last_complete
from training.models.camembert.model import Camembert
from training.models.camembert.settings import CamembertSettings
from training.runs.run import load_run, verify_run
from training.runtime import Runtime


@pytest.fixture(scope="module")
def tuned(tiny_base: Path) -> Camembert:
    return Camembert.fit(dataset(60), tiny_settings(base_model=str(tiny_base)), Fitting())


def quick(base: Path, **changed: Any) -> CamembertSettings:
    """A few steps."""
    return tiny_settings(
        **({"base_model": str(base), "window": 32, "epochs": 1, "min_steps": 8} | changed)
    )


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A workspace with labels and a quick recipe."""
    folder = workspace(tmp_path / "w", 48) if (tmp_path / "w").mkdir() is None else tmp_path
    recipe(folder)
    return folder


@pytest.mark.parametrize("choice", ["single", "multiple"])
def test_a_pipeline_gives_the_probabilities_that_predict_gives(
    choice: str, tiny_base: Path, tmp_path: Path
) -> None:
    import transformers

    from training.recipe import Recipe
    from training.runs.run import save_run
    from training.train import train

    settings = tiny_settings(base_model=str(tiny_base), min_steps=60)
    data = dataset(60, choice)
    recipe = Recipe(folds=2, test=0, curve_repeats=0)
    run = save_run(tmp_path, train(data, "camembert", recipe, settings))
    texts = [" ".join(text.split()[:12]) for text in dataset(50, choice, seed=5).texts]
    pipeline = transformers.pipeline("text-classification", model=str(run), top_k=None)
    predictions = load_run(run).predict(texts)
    for found, scores in zip(predictions, pipeline(texts), strict=True):
        theirs = {each["label"]: each["score"] for each in scores}
        assert theirs.keys() == set(WORDS)
        for name, p in found.probabilities.items():
            assert theirs[name] == pytest.approx(p, abs=2e-6)


def test_the_end_of_a_long_article_counts(tuned: Camembert) -> None:
    start = "le film " * 60
    first, second = tuned.scores([start + "export douane " * 40, start + "match stade " * 40])
    assert np.abs(first - second).max() > 1e-2


def test_a_long_article_is_the_weighted_mean_of_its_windows(tuned: Camembert) -> None:
    """Weights 1, 1/√2, 1/√3, over their sum."""
    text = " ".join(dataset(6).texts)
    (windows,) = tuned.tokenizer.windows([text], tuned.recipe.plan)
    each = tuned.network.outputs(windows)
    weights = np.array([n**-0.5 for n in range(1, len(windows) + 1)])
    assert len(windows) > 2
    expected = (weights[:, None] * each).sum(axis=0) / weights.sum()
    np.testing.assert_allclose(tuned.scores([text])[0], expected, atol=1e-5)


@pytest.mark.parametrize(("windows", "count"), [("all", 4), ("head", 1), ("head-tail", 2)])
def test_the_windows_that_are_read(tuned: Camembert, windows: Any, count: int) -> None:
    """64 pieces less two special ones hold 62; each window but the first repeats 8 of them."""
    plan = replace(tuned.recipe, windows=windows).plan
    piece = tuned.tokenizer.ids(["film"])[0]
    text = " ".join(["film"] * ((62 + 54 * 3) // len(piece)))
    (found,) = tuned.tokenizer.windows([text], plan)
    assert len(found) == count
    (every,) = tuned.tokenizer.windows([text], replace(plan, keep="all"))
    assert found[0] == every[0]
    if windows == "head-tail":
        assert found[1] == every[-1]
    assert every[1][1:9] == every[0][55:63]


def test_the_windows_wanted_on_the_command_line_are_what_is_read(
    tiny_base: Path, desk: Path
) -> None:
    """Of two articles that differ at the end, and of two that differ in the middle."""
    recipe(desk, epochs=1, min_steps=4)
    done = inside(*command(desk, tiny_base, "--windows", "head-tail"))
    assert done.returncode == 0, done.stderr
    (run,) = (desk / "runs").glob("*-camembert-*")
    model = load_run(run).model
    assert isinstance(model, Camembert)
    filler, words = "le film " * 80, ("export douane " * 40, "match stade " * 40)
    for texts, differ in (
        ([filler + each for each in words], True),
        ([filler + each + filler for each in words], False),
    ):
        a, b = model.tokenizer.windows(texts, model.recipe.plan)
        assert (a != b) == differ
        assert bool(np.ptp(model.scores(texts), axis=0).any()) == differ


def test_training_in_bfloat16_learns(tiny_base: Path) -> None:
    data = dataset(60, "single")
    settings = tiny_settings(base_model=str(tiny_base), mixed="bfloat16", min_steps=160)
    found = Camembert.fit(data, settings, Fitting()).scores(data.texts)
    assert (found.argmax(axis=1) == data.gold.argmax(axis=1)).mean() > 0.9
    quick_ones = (quick(tiny_base, mixed=name) for name in ("float32", "bfloat16"))
    a, b = (Camembert.fit(data, each, Fitting()).scores(data.texts) for each in quick_ones)
    assert np.abs(a - b).max() > 1e-5  # it is another arithmetic


@pytest.fixture(scope="module")
def trained(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a camembert run, as `desk` comes to when nothing breaks its training."""
    folder = workspace(tmp_path_factory.mktemp("trained"), 48)
    recipe(folder)
    done = classify(*command(folder, tiny_base))
    assert done.returncode == 0, done.stderr
    return folder


def answers(folder: Path, articles: Path, *options: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What predict gives for each article, and what it says it computes in."""
    done = inside(
        *("predict", articles, "--format", "jsonl", "--all", "--workspace", folder, *options)
    )
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("computing ")]
    return [json.loads(line) for line in done.stdout.splitlines()], said


def test_how_it_computes_does_not_change_what_predict_answers(
    trained: Path, tmp_path: Path
) -> None:
    lines = (json.dumps({"text": text}) for text in dataset(20, seed=7).texts)
    articles = tmp_path / "articles.jsonl"
    articles.write_text("\n".join(lines))
    (run,) = (trained / "runs").glob("*-camembert-*")
    expected = load_run(run).predict(dataset(20, seed=7).texts)
    options = ("--batch-size", "3", "--threads", "2")
    found, said = answers(trained, articles, "--dtype", "float32", *options)
    assert not said  # it is what was asked for
    assert len(found) == 20
    for mine, theirs in zip(found, expected, strict=True):
        assert mine["probabilities"] == pytest.approx(theirs.probabilities, abs=1e-5)
        assert mine["decision"] == theirs.decision
    found, said = answers(trained, articles, "--threads", "2")
    assert len(said) == 1
    assert " on 2 threads of the CPU" in said[0]
    same = [set(a["categories"]) == set(b.categories) for a, b in zip(found, expected, strict=True)]
    assert sum(same) >= 18


def test_a_run_is_verified_exactly_whatever_the_machine_computes_in(trained: Path) -> None:
    """Golden scores are those of training, to 1e-3; int8 differs by more."""
    done = inside("runs", "verify", "--workspace", trained)
    assert done.returncode == 0, done.stderr


def test_the_report_says_what_one_window_leaves_out(tuned: Camembert, tiny_base: Path) -> None:
    sizes = [len(each) for each in tuned.tokenizer.ids(dataset(60).texts)]
    beyond = sum(max(size - 62, 0) for size in sizes) / sum(sizes)
    (windows, passes) = tuned.notes
    assert f"{sum(size > 62 for size in sizes) / 60:.0%} of the articles" in windows
    assert f"{beyond:.0%} of the text" in windows
    assert "planned passes" in passes


@pytest.fixture(scope="module")
def unchanged(tiny_base: Path) -> np.ndarray:
    """What a few steps give with the settings as they are."""
    data = dataset(30)
    return Camembert.fit(data, quick(tiny_base), Fitting()).scores(data.texts[:4])


@pytest.mark.parametrize(
    "change",
    [
        {"window": 64},
        {"overlap": 2},
        {"learn_windows": "head"},
        {"batch_size": 8},
        {"learning_rate": 1e-3},
        {"layer_decay": 0.5},
        {"head_factor": 3.0},
        {"frozen_layers": 1},
        {"weight_decay": 0.5},
        {"warmup": 0.9},
        {"class_weights": "balanced"},
        {"min_steps": 12},
        {"epochs": 5},
    ],
    ids=str,
)
def test_every_setting_changes_the_result(
    tiny_base: Path, unchanged: np.ndarray, change: dict[str, Any]
) -> None:
    data = dataset(30)
    other = Camembert.fit(data, quick(tiny_base, **change), Fitting()).scores(data.texts[:4])
    assert np.abs(unchanged - other).max() > 1e-6


def test_parts_of_a_batch_add_up_to_the_batch(tiny_base: Path) -> None:
    """Without dropout the sum of the parts' gradients is the batch's, when all count the same."""
    base = json.loads((tiny_base / "config.json").read_text())
    shutil.copytree(tiny_base, still := tiny_base.parent / "still", dirs_exist_ok=True)
    (still / "config.json").write_text(json.dumps({**base, "hidden_dropout_prob": 0.0}))
    data = dataset(32)
    whole, parts = (
        Camembert.fit(data, quick(still, learn_windows="head", accumulation=n), Fitting())
        for n in (1, 4)
    )
    np.testing.assert_allclose(whole.scores(data.texts), parts.scores(data.texts), atol=1e-3)


def test_frozen_layers_keep_the_weights_of_the_base(tiny_base: Path) -> None:
    from transformers import AutoModel

    base = AutoModel.from_pretrained(tiny_base).state_dict()
    fitted = Camembert.fit(dataset(30), quick(tiny_base, frozen_layers=1), Fitting())
    assert fitted.base is not None
    mine = fitted.base[0].roberta.state_dict()
    assert all((mine[n] == base[n]).all() for n in mine if "embeddings" in n or "layer.0" in n)
    assert any((mine[n] != base[n]).any() for n in mine if "layer.1" in n)


def test_it_stops_where_held_out_articles_get_no_better(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16 passes, evaluated every 2: the second is best, so 4 passes; two more, then it stops."""
    from training.models.camembert import finetune

    scores = iter([0.5, 0.9, 0.8, 0.7, 1.0])
    monkeypatch.setattr(finetune, "macro_f1", lambda *_, **__: next(scores))
    settings = quick(tiny_base, epochs=16, patience=2)
    data = dataset(30)
    stopped = Camembert.fit(data, settings, Fitting(held_out=data))
    assert stopped.duration == 4 / 16
    assert next(scores) == 1.0  # there was no fifth evaluation
    limited = Camembert.fit(data, settings, Fitting(duration=4 / 16))
    np.testing.assert_allclose(stopped.scores(data.texts), limited.scores(data.texts), atol=1e-5)


def test_the_last_fit_makes_the_share_of_passes_it_is_told(tiny_base: Path) -> None:
    settings = quick(tiny_base, epochs=8)
    fitted = Camembert.fit(dataset(30), settings, Fitting(duration=0.25))
    assert fitted.duration == 0.25
    assert "2 of 8 planned passes" in fitted.notes[1]


def figures(folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """metrics.json and the scores of golden texts of the one run."""
    (run,) = (each for each in (folder / "runs").iterdir() if each.is_dir())
    golden = json.loads((run / "golden.json").read_text())["scores"]
    return json.loads((run / "metrics.json").read_text()), np.array(golden)


def test_a_killed_training_ends_as_an_unbroken_one(
    desk: Path, trained: Path, tiny_base: Path
) -> None:
    for fit in ("fold-1", "all"):
        running = start(desk, tiny_base)
        wait_until(checkpoint_of(desk, fit), seconds=180, what=f"a checkpoint of {fit}")
        running.send_signal(signal.SIGKILL)
        running.communicate()
    done = classify(*command(desk, tiny_base))
    assert done.returncode == 0, done.stderr
    assert "resuming from step" in done.stderr
    assert not list((desk / "training").glob("*"))
    expected, golden = figures(trained)
    found, mine = figures(desk)
    assert found["macro_f1"] == pytest.approx(expected["macro_f1"], abs=1e-6)
    assert found["brier"] == pytest.approx(expected["brier"], abs=1e-6)
    np.testing.assert_allclose(mine, golden, atol=1e-5)


def test_ctrl_c_finishes_the_step_and_keeps_a_checkpoint(desk: Path, tiny_base: Path) -> None:
    """It is one that was not due: they are 50 steps apart."""
    recipe(desk, min_steps=100_000, checkpoint_steps=50)
    running = start(desk, tiny_base)
    wait_until(checkpoint_of(desk, "fold-1"), seconds=120, what="a checkpoint")
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "Traceback" not in said
    (fold,) = desk.glob("training/camembert-*/fold-1")
    newest = last_complete(fold)
    assert newest is not None
    assert int(newest.name.rpartition("-")[2]) > 50
    assert not (desk / "runs").exists() or not list((desk / "runs").iterdir())


def test_half_a_checkpoint_is_passed_over_for_the_one_before(
    tmp_path: Path, tiny_base: Path
) -> None:
    settings = quick(tiny_base, min_steps=24, checkpoint_steps=4)
    Camembert.fit(dataset(30), settings, Fitting(folder=tmp_path))
    before, newest = sorted(tmp_path.glob("checkpoint-*"), key=lambda each: int(each.name[11:]))
    assert last_complete(tmp_path) == newest
    weights = newest / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert last_complete(tmp_path) == before
    (before / "complete.json").unlink()
    assert last_complete(tmp_path) is None


def test_two_processes_train_and_write_one_run(desk: Path, tiny_base: Path) -> None:
    made = [PYTHON, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "classify"]
    environment = {**os.environ, "MASTER_PORT": "0"}
    done = subprocess.run(
        [*made, *command(desk, tiny_base)],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (run,) = (each for each in (desk / "runs").iterdir() if each.is_dir())
    assert done.stdout.count(run.name) == 1
    assert done.stderr.count("learning 3 categories") == 1
    assert verify_run(run) == 8


def test_a_loss_that_is_no_number_stops_and_leaves_earlier_runs(
    desk: Path, tiny_base: Path
) -> None:
    assert inside("train", "--workspace", desk).returncode == 0
    before = (desk / "runs" / "current").read_text()
    recipe(desk, learning_rate=0.9, warmup=0.0, head_factor=1e30)
    done = inside(*command(desk, tiny_base))
    assert done.returncode == 1
    assert "the loss is not a number at step" in done.stderr
    assert "Traceback" not in done.stderr
    assert (desk / "runs" / "current").read_text() == before
    assert len([each for each in (desk / "runs").iterdir() if each.is_dir()]) == 1


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
def test_where_memory_ends_it_goes_on_with_half_as_much_at_once(tiny_base: Path) -> None:
    made = [PYTHON, "-c", OUT_OF_MEMORY, str(tiny_base), "700"]
    done = subprocess.run(made, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "out of memory: continuing with 2048 windows at once" in done.stdout
    assert done.stdout.endswith("done\n")


def test_a_full_disk_is_one_line_and_leaves_earlier_runs(small_disk: Path, tiny_base: Path) -> None:
    """Room for the tokens, none for a checkpoint."""
    folder = workspace(small_disk / "w", 24)
    recipe(folder, checkpoint_steps=2)
    with (small_disk / "ballast").open("wb") as file:
        file.write(bytes(os.statvfs(small_disk).f_bavail * 4096 - 300_000))
    done = inside(*command(folder, tiny_base))
    assert done.returncode == 1
    assert "Free some space and run the same command again" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_window_longer_than_the_base_reads_is_refused(tiny_base: Path) -> None:
    with pytest.raises(InputError, match="reads at most 126 tokens at once; window is 512"):
        Camembert.fit(dataset(30), quick(tiny_base, window=512), Fitting())


def test_a_base_that_is_not_there_says_how_to_give_a_folder(desk: Path) -> None:
    done = classify(*command(desk, desk / "none"), HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert "no such folder. Check --base-model" in done.stderr
    assert len(done.stderr.strip().splitlines()[-1]) < 500


def test_a_device_that_is_not_there_names_those_that_are(desk: Path, tiny_base: Path) -> None:
    done = classify(*command(desk, tiny_base, "--device", "cuda:7"))
    assert done.returncode == 1
    assert "Choose one of: cpu" in done.stderr


def test_a_run_whose_tokenizer_reads_otherwise_is_refused(tuned: Camembert, tmp_path: Path) -> None:
    tuned.save(tmp_path)
    record = json.loads((tmp_path / "model.json").read_text())
    record["golden"][3] += 1
    (tmp_path / "model.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="no longer reads French"):
        Camembert.load(tmp_path, Runtime())


def test_a_run_holds_no_path_of_the_machine_it_was_trained_on(
    tuned: Camembert, tiny_base: Path, tmp_path: Path
) -> None:
    tuned.save(tmp_path)
    for name in ("config.json", "tokenizer_config.json"):
        assert str(tiny_base) not in (tmp_path / name).read_text()


def test_anyone_may_read_a_run(tiny_base: Path, tmp_path: Path) -> None:
    """safetensors writes 0600 by itself."""
    from training.recipe import Recipe
    from training.runs.run import save_run
    from training.train import train

    settings = quick(tiny_base)
    recipe = Recipe(folds=2, test=0, curve_repeats=0)
    run = save_run(tmp_path, train(dataset(30), "camembert", recipe, settings))
    plain = (tmp_path / "plain").open("w")
    expected = os.fstat(plain.fileno()).st_mode & 0o777
    assert {each.stat().st_mode & 0o777 for each in run.iterdir()} == {expected}


def test_a_loaded_model_is_not_scaled_again(tuned: Camembert, tmp_path: Path) -> None:
    tuned.save(tmp_path)
    with pytest.raises(InputError, match="calibrated already"):
        Camembert.load(tmp_path, Runtime()).rescaled(Scaling((1.0,) * 3, (0.0,) * 3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 4}, "window must be from 16"),
        ({"overlap": 60}, "overlap must be from 0"),
        ({"batch_size": 0}, "batch_size must be 1 or more"),
        ({"accumulation": 3}, "not a multiple of accumulation"),
        ({"layer_decay": 0.0}, "layer_decay must be above 0"),
        ({"learning_rate": 2.0}, "learning_rate must be between"),
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tiny_settings(**change)
