"""The fine-tuned encoder: windows of long articles, settings, and runs that any reader can use."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seeds.base.errors import InputError
from tests.support.command import inside
from tests.support.corpus import WORDS, dataset, workspace
from tests.support.finetuning import command, recipe
from tests.support.tiny import quick_settings, tiny_settings
from training.decision import Scaling
from training.model import Fitting
from training.models.camembert.model import Camembert
from training.recipe import Recipe
from training.runs.run import load_run, save_run
from training.runtime import Runtime
from training.train import train

RECIPE = Recipe(folds=2, test=0, curve_repeats=0)


@pytest.fixture(scope="module")
def tuned(tiny_base: Path) -> Camembert:
    """Return a model that has learned a little."""
    settings = tiny_settings(base_model=str(tiny_base), min_steps=60)
    return Camembert.fit(dataset(60), settings, Fitting())


@pytest.mark.parametrize("choice", ["single", "multiple"])
def test_a_pipeline_gives_the_probabilities_that_predict_gives(
    choice: str, tiny_base: Path, tmp_path: Path
) -> None:
    import transformers

    settings = quick_settings(tiny_base)
    run = save_run(tmp_path, train(dataset(30, choice), "camembert", RECIPE, settings))
    texts = [" ".join(text.split()[:12]) for text in dataset(20, choice, seed=5).texts]
    pipeline = transformers.pipeline("text-classification", model=str(run), top_k=None)
    predictions = load_run(run).predict(texts)
    for prediction, answer in zip(predictions, pipeline(texts), strict=True):
        scores = {label["label"]: label["score"] for label in answer}
        assert scores.keys() == set(WORDS)
        for name, p in prediction.probabilities.items():
            assert scores[name] == pytest.approx(p, abs=2e-6)


# ---------------------------------------------------------------- windows


def test_the_end_of_a_long_article_counts(tuned: Camembert) -> None:
    start = "le film " * 60
    trade, sport = tuned.scores([start + "export douane " * 40, start + "match stade " * 40])
    assert np.abs(trade - sport).max() > 1e-2


def test_a_long_article_is_the_weighted_mean_of_its_windows(tuned: Camembert) -> None:
    """Weights 1, 1/√2, 1/√3, over their sum."""
    text = " ".join(dataset(6).texts)
    (windows,) = tuned.tokenizer.windows([text], tuned.recipe.plan)
    outputs = tuned.network.outputs(windows)
    weights = np.array([n**-0.5 for n in range(1, len(windows) + 1)])
    assert len(windows) > 2
    expected = (weights[:, None] * outputs).sum(axis=0) / weights.sum()
    np.testing.assert_allclose(tuned.scores([text])[0], expected, atol=1e-5)


@pytest.mark.parametrize(("selection", "count"), [("all", 4), ("head", 1), ("head-tail", 2)])
def test_the_recipe_selects_the_windows_to_read(
    tuned: Camembert, selection: Any, count: int
) -> None:
    """64 tokens less two special ones hold 62; each window but the first repeats 8 of them."""
    plan = replace(tuned.recipe, windows=selection).plan
    word = tuned.tokenizer.ids(["film"])[0]
    text = " ".join(["film"] * ((62 + 54 * 3) // len(word)))
    (windows,) = tuned.tokenizer.windows([text], plan)
    assert len(windows) == count
    (all_windows,) = tuned.tokenizer.windows([text], replace(plan, keep="all"))
    assert windows[0] == all_windows[0]
    if selection == "head-tail":
        assert windows[1] == all_windows[-1]
    assert all_windows[1][1:9] == all_windows[0][55:63]


def test_the_windows_asked_for_on_the_command_line_are_read(
    tiny_base: Path, tmp_path: Path
) -> None:
    """Two articles differ at their ends, which are read, and two in the middle, which is not."""
    folder = workspace(tmp_path, 48)
    recipe(folder, epochs=1, min_steps=4)
    result = inside(*command(folder, tiny_base, "--windows", "head-tail"))
    assert result.returncode == 0, result.stderr
    (run,) = (folder / "runs").glob("*-camembert-*")
    model = load_run(run).model
    assert isinstance(model, Camembert)
    filler, topics = "le film " * 80, ("export douane " * 40, "match stade " * 40)
    for texts, differ in (
        ([filler + topic for topic in topics], True),
        ([filler + topic + filler for topic in topics], False),
    ):
        a, b = model.tokenizer.windows(texts, model.recipe.plan)
        assert (a != b) == differ
        assert bool(np.ptp(model.scores(texts), axis=0).any()) == differ


def test_the_notes_tell_how_much_one_window_leaves_out(tuned: Camembert) -> None:
    sizes = [len(ids) for ids in tuned.tokenizer.ids(dataset(60).texts)]
    beyond = sum(max(size - 62, 0) for size in sizes) / sum(sizes)
    windows, passes = tuned.notes
    assert f"{sum(size > 62 for size in sizes) / 60:.0%} of the articles" in windows
    assert f"{beyond:.0%} of the text" in windows
    assert "planned passes" in passes


def test_a_window_longer_than_the_base_reads_is_refused(tiny_base: Path) -> None:
    with pytest.raises(InputError, match="reads at most 126 tokens at once; window is 512"):
        Camembert.fit(dataset(30), quick_settings(tiny_base, window=512), Fitting())


# ---------------------------------------------------------------- settings


@pytest.fixture(scope="module")
def unchanged(tiny_base: Path) -> np.ndarray:
    """Return the scores after a few steps with unchanged settings."""
    data = dataset(30)
    return Camembert.fit(data, quick_settings(tiny_base), Fitting()).scores(data.texts[:4])


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
    model = Camembert.fit(data, quick_settings(tiny_base, **change), Fitting())
    assert np.abs(unchanged - model.scores(data.texts[:4])).max() > 1e-6


def test_training_in_bfloat16_learns_what_float32_learns(tiny_base: Path) -> None:
    """The difference is small beside what the steps changed, but it is another arithmetic."""
    data = dataset(30)

    def scores(**changed: Any) -> np.ndarray:
        model = Camembert.fit(data, quick_settings(tiny_base, min_steps=16, **changed), Fitting())
        return model.scores(data.texts)

    exact = scores(mixed="float32")
    learned = np.linalg.norm(exact - scores(mixed="float32", learning_rate=1e-9))
    gap = np.linalg.norm(exact - scores(mixed="bfloat16"))
    assert 1e-4 * learned < gap < 0.3 * learned


def test_parts_of_a_batch_add_up_to_the_batch(tiny_base: Path, tmp_path: Path) -> None:
    """Without dropout the sum of the parts' gradients is the batch's, when all count the same."""
    base = shutil.copytree(tiny_base, tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**config, "hidden_dropout_prob": 0.0}))
    data = dataset(32)
    at_once, in_parts = (
        Camembert.fit(data, quick_settings(base, learn_windows="head", accumulation=n), Fitting())
        for n in (1, 4)
    )
    np.testing.assert_allclose(at_once.scores(data.texts), in_parts.scores(data.texts), atol=1e-3)


def test_frozen_layers_keep_the_weights_of_the_base(tiny_base: Path) -> None:
    from transformers import AutoModel

    base = AutoModel.from_pretrained(tiny_base).state_dict()
    fitted = Camembert.fit(dataset(30), quick_settings(tiny_base, frozen_layers=1), Fitting())
    assert fitted.base is not None
    weights = fitted.base[0].roberta.state_dict()
    frozen = [name for name in weights if "embeddings" in name or "layer.0" in name]
    assert all((weights[name] == base[name]).all() for name in frozen)
    assert any((weights[n] != base[n]).any() for n in weights if "layer.1" in n)


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


# ---------------------------------------------------------------- runs


@pytest.fixture(scope="module")
def trained(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with a camembert run."""
    folder = workspace(tmp_path_factory.mktemp("trained"), 48)
    recipe(folder)
    result = inside(*command(folder, tiny_base))
    assert result.returncode == 0, result.stderr
    return folder


def predict(folder: Path, articles: Path, *options: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Run `classify predict`; return its answers and the lines that tell how it computes."""
    result = inside(
        *("predict", articles, "--format", "jsonl", "--all", "--workspace", folder, *options)
    )
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("computing ")]
    return [json.loads(line) for line in result.stdout.splitlines()], lines


def test_how_it_computes_does_not_change_what_predict_answers(
    trained: Path, tmp_path: Path
) -> None:
    texts = dataset(20, seed=7).texts
    articles = tmp_path / "articles.jsonl"
    articles.write_text("\n".join(json.dumps({"text": text}) for text in texts))
    (run,) = (trained / "runs").glob("*-camembert-*")
    predictions = load_run(run).predict(texts)
    options = ("--batch-size", "3", "--threads", "2")
    answers, computing = predict(trained, articles, "--dtype", "float32", *options)
    assert not computing  # it is what was asked for
    for answer, prediction in zip(answers, predictions, strict=True):
        assert answer["probabilities"] == pytest.approx(prediction.probabilities, abs=1e-5)
        assert answer["decision"] == prediction.decision
    answers, (line,) = predict(trained, articles, "--threads", "2")
    assert " on 2 threads of the CPU" in line
    same = [
        set(answer["categories"]) == set(prediction.categories)
        for answer, prediction in zip(answers, predictions, strict=True)
    ]
    assert sum(same) >= 18


def test_a_run_is_verified_exactly_whatever_the_machine_computes_in(trained: Path) -> None:
    """Golden scores are those of training, to 1e-3; int8 differs by more."""
    result = inside("runs", "verify", "--workspace", trained)
    assert result.returncode == 0, result.stderr


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


def test_anyone_may_read_a_run(trained: Path, tmp_path: Path) -> None:
    """safetensors writes 0600 by itself."""
    (run,) = (trained / "runs").glob("*-camembert-*")
    with (tmp_path / "plain").open("w") as plain:
        expected = os.fstat(plain.fileno()).st_mode & 0o777
    assert {path.stat().st_mode & 0o777 for path in run.iterdir()} == {expected}


def test_a_loaded_model_is_not_scaled_again(tuned: Camembert, tmp_path: Path) -> None:
    tuned.save(tmp_path)
    with pytest.raises(InputError, match="calibrated already"):
        Camembert.load(tmp_path, Runtime()).rescaled(Scaling((1.0,) * 3, (0.0,) * 3))
