"""Exported runs: the same decisions without PyTorch, complete or not written at all."""

import copy
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classify.commands.runs import runs
from seeds.base.errors import InputError
from tests.support.command import ROOT, classify, environment, fill, inside
from tests.support.corpus import dataset, workspace
from tests.support.tiny import tiny_settings
from tests.support.waiting import wait_until
from training.export import export_run
from training.models.camembert.logits import logits_of
from training.models.embedding import EmbeddingSettings
from training.models.encoders.networks import onnx_network
from training.models.encoders.networks.onnx_file import write_onnx
from training.models.encoders.networks.onnx_network import OnnxNetwork, has_vnni
from training.models.encoders.networks.torch_network import TorchNetwork
from training.models.encoders.sentence_encoder import mean_of_tokens
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.runs.registry import list_runs
from training.runs.run import load_run, save_run, verify_run
from training.runtime import Runtime
from training.splitting.split import write_split
from training.train import train

# One token, a few, half a window, all of the tiny encoder's positions.
WINDOWS = [[7], [0, 5, 9, 2], list(range(5, 60)), list(range(5, 131))]
RECIPE = Recipe(folds=2, curve_repeats=0)


@dataclass(frozen=True)
class Desk:
    """A workspace with an embedding run and its exports."""

    folder: Path
    run: Path
    float32: Path
    int8: Path


@pytest.fixture(scope="module")
def desk(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = workspace(tmp_path_factory.mktemp("onnx"), 75)
    settings = EmbeddingSettings(base_model=str(tiny_base), prefix="", window=32, buckets=10)
    trained = train(dataset(75), "embedding", RECIPE, settings)
    assert trained.split
    write_split(folder, trained.split)
    run = save_run(folder / "runs", trained)
    float32 = export_run(run, run.parent, "none").path
    result = inside("runs", "export", run.name, "--quantize", "int8", "--workspace", folder)
    assert result.returncode == 0, result.stderr
    return Desk(folder, run, float32, run.with_name(f"{run.name}-onnx-int8"))


@pytest.fixture
def copied(desk: Desk, tmp_path: Path) -> Path:
    """Copy the workspace with the trained run alone, to change it."""
    shutil.copytree(desk.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("*-onnx*"))
    return tmp_path / "copy"


def classifier(config: Any) -> Any:
    """Make a random sequence classifier whose logits are not all alike."""
    import torch
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def tiny_config(**changed: Any) -> Any:
    from transformers import CamembertConfig

    sizes = {"vocab_size": 400, "hidden_size": 32, "num_hidden_layers": 2, "num_labels": 3}
    sizes |= {"num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 130}
    return CamembertConfig(**sizes, pad_token_id=1, **changed)


def loaded(path: Path, width: int, **runtime: int) -> OnnxNetwork:
    return OnnxNetwork.load(path, width, 1, Runtime(**runtime))  # type: ignore[arg-type]


def one_by_one(model: Any) -> np.ndarray:
    """Return the logits of each window, with transformers alone."""
    import torch

    with torch.inference_mode():
        rows = [model(input_ids=torch.tensor([window])).logits[0].numpy() for window in WINDOWS]
    return np.array(rows)


def test_a_classifier_gives_the_same_logits_for_windows_of_any_length(tmp_path: Path) -> None:
    model = classifier(tiny_config())
    expected = one_by_one(model)
    write_onnx(logits_of(model), tmp_path / "model.onnx", "none")
    outputs = loaded(tmp_path / "model.onnx", 3).outputs(WINDOWS)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    together = loaded(tmp_path / "model.onnx", 3, batch_size=4).outputs(WINDOWS)
    np.testing.assert_allclose(together, expected, atol=1e-5)
    assert np.ptp(expected, axis=0).min() > 0.01


def test_an_encoder_gives_the_same_vectors(tiny_base: Path, tmp_path: Path) -> None:
    from transformers import AutoModel

    module = mean_of_tokens(AutoModel.from_pretrained(tiny_base))
    expected = TorchNetwork.of(module, 32, 1, Runtime()).outputs(WINDOWS[:3])
    write_onnx(module, tmp_path / "model.onnx", "none")
    outputs = loaded(tmp_path / "model.onnx", 32, threads=1).outputs(WINDOWS[:3])
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_an_encoder_with_another_attention_is_exported_as_it_is(tmp_path: Path) -> None:
    from transformers import ModernBertConfig

    sizes = {"vocab_size": 400, "hidden_size": 32, "num_hidden_layers": 2, "num_labels": 3}
    special = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "cls_token_id": 0}
    shape = {"num_attention_heads": 2, "intermediate_size": 64, "local_attention": 16}
    model = classifier(ModernBertConfig(**sizes, **special, **shape, sep_token_id=2))
    expected = one_by_one(model)
    write_onnx(logits_of(model), tmp_path / "model.onnx", "none")
    outputs = loaded(tmp_path / "model.onnx", 3).outputs(WINDOWS)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


@pytest.fixture(scope="module")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the int8 version of the random classifier."""
    path = tmp_path_factory.mktemp("quantised") / "model.onnx"
    write_onnx(logits_of(classifier(tiny_config())), path, "int8")
    return path


def test_int8_is_near_and_a_window_scores_the_same_in_any_company(quantised: Path) -> None:
    expected = one_by_one(classifier(tiny_config()))
    outputs = loaded(quantised, 3).outputs(WINDOWS)
    assert 0 < np.abs(outputs - expected).max() < 0.05 * np.ptp(expected)
    alone = [loaded(quantised, 3, threads=1).outputs([window])[0] for window in WINDOWS]
    np.testing.assert_array_equal(outputs, alone)


@pytest.mark.parametrize(
    ("flags", "has_them"),
    [
        ("fma avx2 avx512f avx512_vnni", True),
        ("fma avx2 avx_vnni", True),
        ("fma avx2 avx512f avx512_vbmi2", False),
        (None, False),  # another system than Linux
    ],
)
def test_sums_of_int8_never_overflow_on_a_processor_without_instructions_for_them(
    flags: str | None,
    has_them: bool,
    quantised: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpu = tmp_path / "cpuinfo"
    if flags is not None:
        cpu.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    assert has_vnni(cpu) is has_them
    monkeypatch.setattr(onnx_network, "has_vnni", lambda: has_them)
    options = loaded(quantised, 3).session.get_session_options()
    if has_them:
        with pytest.raises(RuntimeError, match="x64quantprecision"):
            options.get_session_config_entry("session.x64quantprecision")
    else:
        assert options.get_session_config_entry("session.x64quantprecision") == "1"


def test_int8_keeps_the_encoder_in_8_bits_and_the_head_in_float32(quantised: Path) -> None:
    import onnx

    graph = onnx.load(quantised).graph
    kinds = {
        (tensor.name.removesuffix("_quantized"), tuple(tensor.dims)): tensor.data_type
        for tensor in graph.initializer
    }
    eight_bits = [shape for (_, shape), kind in kinds.items() if kind == onnx.TensorProto.INT8]
    for shape in ((32, 96), (32, 64), (64, 32)):  # attention and feed-forward, of two layers
        assert eight_bits.count(shape) == 2
    embeddings = "model.roberta.embeddings.word_embeddings.weight"
    assert kinds[embeddings, (400, 32)] == onnx.TensorProto.UINT8
    head = {shape: kind for (name, shape), kind in kinds.items() if "classifier" in name}
    assert head == dict.fromkeys([(32, 32), (32,), (32, 3), (3,)], onnx.TensorProto.FLOAT)


def test_int8_spares_the_inner_units_whose_values_tower_over_the_others(tmp_path: Path) -> None:
    import torch

    model = classifier(tiny_config())
    with torch.no_grad():
        model.roberta.encoder.layer[0].intermediate.dense.bias[17] = 200.0
        model.roberta.encoder.layer[0].output.dense.weight[:, 17] *= 0.01
    expected = one_by_one(model)
    gaps = {}
    for name, samples in (("all", ()), ("spared", WINDOWS[1:3])):
        write_onnx(logits_of(copy.deepcopy(model)), tmp_path / name, "int8", samples)
        gaps[name] = np.abs(loaded(tmp_path / name, 3).outputs(WINDOWS) - expected).max()
    assert gaps["spared"] < 0.2 * gaps["all"]


def test_an_exported_file_names_nothing_of_the_machine(desk: Desk) -> None:
    for path in (desk.float32, desk.int8):
        data = (path / "encoder" / "model.onnx").read_bytes()
        assert str(ROOT).encode() not in data
        assert b"site-packages" not in data
        assert b".py" not in data


def test_weights_beyond_the_size_of_a_file_are_refused(tmp_path: Path) -> None:
    import torch

    module = torch.nn.Linear(30_000, 20_000, device="meta")
    with pytest.raises(InputError, match=r"2\.4 GB; an ONNX file holds at most 2 GB"):
        write_onnx(module, tmp_path / "model.onnx", "none")


def test_an_exported_run_is_complete_and_decides_alike(desk: Desk) -> None:
    texts = dataset(12, seed=5).texts
    predictions = load_run(desk.run).predict([*texts, ""])
    for path in (desk.float32, desk.int8):
        assert verify_run(path) == 8
        assert not list(path.rglob("model.safetensors.*"))
        assert not (path / "encoder" / "model.safetensors").exists()
        for name in ("rule.json", "taxonomy.json", "recipe.json", "split.json", "report.html"):
            assert (path / name).read_bytes() == (desk.run / name).read_bytes()
        facts = json.loads((path / "run.json").read_text())
        assert facts["exported_from"] == desk.run.name
        assert any(version.startswith("onnxruntime ") for version in facts["versions"])
        exported = load_run(path).predict([*texts, ""])
        assert [p.decision for p in exported] == [p.decision for p in predictions]
        assert [p.categories for p in exported] == [p.categories for p in predictions]
    assert (desk.float32 / "metrics.json").read_bytes() == (desk.run / "metrics.json").read_bytes()


def test_predicting_with_it_imports_nothing_that_only_learning_needs(
    desk: Desk, tmp_path: Path
) -> None:
    for name in ("torch", "transformers", "sklearn", "scipy", "onnx", "onnxscript", "datasets"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise RuntimeError('{name} is imported')")
    text = tmp_path / "article.txt"
    text.write_text(dataset(1, seed=9).texts[0], encoding="utf-8")
    arguments = ("predict", text, "--workspace", desk.folder, "--format", "json", "--run")
    without = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-m", "classify", *map(str, arguments), desk.run.name]
    failed = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(**without)
    )
    assert "torch is imported" in failed.stderr
    expected = json.loads(classify(*arguments, desk.run.name).stdout)
    for path in (desk.float32, desk.int8):
        result = classify(*arguments, path.name, **without)
        assert result.returncode == 0, result.stderr
        answers = json.loads(result.stdout)
        assert answers[0]["decision"] == expected[0]["decision"]
        assert answers[0]["probabilities"] == pytest.approx(expected[0]["probabilities"], abs=0.05)


def test_int8_is_measured_on_the_frozen_test_set(desk: Desk) -> None:
    from sklearn.metrics import f1_score

    run = load_run(desk.int8)
    test = set(json.loads((desk.folder / "split.json").read_text())["test"])
    examples = [example for example in dataset(75).examples if example.document.id in test]
    ids = run.taxonomy.ids
    predictions = run.predict([example.document.text for example in examples])
    predicted, gold = (
        np.array([[name in row.categories for name in ids] for row in rows])
        for rows in (predictions, examples)
    )
    figure = json.loads((desk.int8 / "metrics.json").read_text())["macro_f1"]["value"]
    assert figure == pytest.approx(f1_score(gold, predicted, average="macro"))
    card = (desk.int8 / "README.md").read_text()
    assert f"points of macro-F1 on the {len(examples)} articles of the frozen test set" in card


def test_without_a_test_set_the_card_says_that_int8_was_not_measured(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "split.json").unlink()
    (run,) = list_runs(copied / "runs")
    arguments = ["export", run.name, "--quantize", "int8", "--workspace", str(copied)]
    runs.main(arguments, standalone_mode=False)
    assert "not measured: " in capsys.readouterr().err
    exported = run.with_name(f"{run.name}-onnx-int8")
    assert "The cost of int8 was not measured" in (exported / "README.md").read_text()
    assert (exported / "metrics.json").read_bytes() == (run / "metrics.json").read_bytes()


def test_an_exported_run_is_promoted_and_predicts_by_default(desk: Desk, copied: Path) -> None:
    shutil.copytree(desk.int8, copied / "runs" / desk.int8.name)
    result = classify("runs", "promote", desk.int8.name, "--workspace", copied)
    assert result.returncode == 0, result.stderr
    result = classify("predict", "-", "--workspace", copied, "--format", "json", data=b"un film")
    assert json.loads(result.stdout)[0]["run"] == desk.int8.name


def test_a_fine_tuned_run_is_exported_as_well(tiny_base: Path, tmp_path: Path) -> None:
    settings = tiny_settings(base_model=str(tiny_base), min_steps=0, epochs=1)
    trained = train(dataset(30), "camembert", Recipe(folds=2, curve_repeats=0), settings)
    run = save_run(tmp_path / "runs", trained)
    texts = [text * 3 for text in dataset(6, seed=5).texts]
    expected = load_run(run).model.scores(texts)
    float32 = export_run(run, run.parent, "none")
    np.testing.assert_allclose(load_run(float32.path).model.scores(texts), expected, atol=1e-4)
    int8 = export_run(run, run.parent, "int8")
    np.testing.assert_allclose(load_run(int8.path).model.scores(texts), expected, atol=0.3)
    assert float32.gap < 1e-4
    assert verify_run(int8.path) == 8


def test_a_run_without_a_network_and_an_exported_one_are_refused(desk: Desk, copied: Path) -> None:
    tfidf = save_run(copied / "runs", train(dataset(30), "tfidf", RECIPE, TfidfSettings(buckets=8)))
    with pytest.raises(InputError, match="has no network to export"):
        export_run(tfidf, tfidf.parent, "none")
    with pytest.raises(InputError, match="is an ONNX run already"):
        export_run(desk.int8, desk.int8.parent, "none")


def test_nothing_is_overwritten(desk: Desk) -> None:
    manifest = (desk.float32 / "manifest.json").read_bytes()
    with pytest.raises(InputError, match="exists already"):
        export_run(desk.run, desk.run.parent, "none")
    assert (desk.float32 / "manifest.json").read_bytes() == manifest


def test_a_missing_package_is_one_line_with_the_command(copied: Path, tmp_path: Path) -> None:
    (tmp_path / "onnxscript.py").write_text("raise ModuleNotFoundError('onnxscript')")
    run = list_runs(copied / "runs")[0]
    arguments = ("runs", "export", run.name, "--workspace", copied)
    result = classify(*arguments, PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert result.returncode == 1
    assert "[onnx]" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_full_disk_leaves_the_run_and_nothing_else(desk: Desk, small_disk: Path) -> None:
    run = small_disk / "runs" / desk.run.name
    shutil.copytree(desk.run, run)
    fill(small_disk)
    with pytest.raises(InputError, match="No space left"):
        export_run(run, run.parent, "none")
    assert list(run.parent.iterdir()) == [run]
    assert verify_run(run) == 8


def test_a_killed_export_leaves_no_run_and_the_next_one_works(copied: Path) -> None:
    (run,) = list_runs(copied / "runs")
    folder = run.parent
    command = [sys.executable, "-m", "classify", "runs", "export", run.name, "--workspace", copied]
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE)
    wait_until(lambda: list(folder.glob(".writing-*/rule.json")), what="files of the export")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list_runs(folder) == [run]
    exported = export_run(run, folder, "none").path
    assert verify_run(exported) == 8
    assert not list(folder.glob(".writing-*"))


def test_an_onnx_run_computes_in_what_it_was_exported_in(desk: Desk, tmp_path: Path) -> None:
    article = tmp_path / "a.txt"
    article.write_text("Le film sort en salle.")
    asked = ("predict", article, "--run", desk.int8.name, "--workspace", desk.folder)
    result = classify(*asked)
    assert "computing with ONNX Runtime on" in result.stderr
    refused = classify(*asked, "--dtype", "float32")
    assert refused.returncode == 1
    assert "Leave out --dtype float32, or choose the run it was exported from" in refused.stderr
