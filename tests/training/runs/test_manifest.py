"""A run holds the files that its manifest lists and no others: it may come from a stranger."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seeds.base.errors import InputError
from tests.support.corpus import dataset
from tests.support.forgery import forge_manifest
from training.models.tfidf.model import TfidfSettings
from training.recipe import Recipe
from training.runs import manifest
from training.runs import run as runs
from training.runs.manifest import check_files, check_names
from training.runs.run import load_run, save_run
from training.runs.summary import read_card, summarize_run
from training.runs.trained import Trained
from training.train import train


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(dataset(60), "tfidf", Recipe(), TfidfSettings(buckets=10))


@pytest.fixture
def run(trained: Trained, tmp_path: Path) -> Path:
    return save_run(tmp_path / "runs", trained)


def change_json(path: Path, **changed: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


@pytest.mark.parametrize(
    "name",
    [
        "model.onnx",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
        "adapter_config.json",
        "modeling_camembert.py",
        "shard-00001-model-00001-of-00001.safetensors",
        ".metadata",
        "notes.txt",
        "encoder/model.onnx",
        "encoder/model.safetensors.index.json",
    ],
)
def test_a_file_beside_those_of_the_manifest_is_refused_by_name(run: Path, name: str) -> None:
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).write_bytes(b"{}")
    with pytest.raises(InputError, match=f"{name}: not in the run's manifest"):
        load_run(run)
    with pytest.raises(InputError, match=name):
        summarize_run(run)


def test_what_file_managers_and_the_hub_leave_is_no_part_of_the_run(run: Path) -> None:
    for name in (".DS_Store", "._model.json", "Thumbs.db", ".gitattributes"):
        (run / name).write_bytes(b"x")
    (run / ".git").mkdir()
    (run / ".git" / "HEAD").write_text("x")
    assert load_run(run).name == run.name


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "MODEL.SAFETENSORS.INDEX.JSON",
        "adapter_config.json",
        "tool.py",
        "weights.pkl",
        "other.safetensors",
    ],
)
def test_a_file_that_no_run_has_is_refused_even_if_the_manifest_lists_it(
    run: Path, name: str
) -> None:
    (run / name).write_bytes(b"{}")
    forge_manifest(run)
    with pytest.raises(InputError, match=f"{name}: a file that no run has"):
        load_run(run)


@pytest.mark.parametrize(
    "name", ["../secret.json", "/etc/passwd", "a/b.json", "encoder/../x.json", "", "a\0.json"]
)
def test_a_name_in_the_manifest_cannot_leave_the_folder(run: Path, name: str) -> None:
    (run.parent / "secret.json").write_text("{}")
    change_json(run / "manifest.json", **{name: "0" * 64})
    with pytest.raises(InputError, match="missing from the run"):
        check_files(run)


def test_names_that_differ_in_case_alone_are_refused(run: Path) -> None:
    change_json(run / "manifest.json", **{"Model.json": "0" * 64})
    with pytest.raises(InputError, match=r"lists 'model.json' twice"):
        check_names(run)


def _file(run: Path) -> None:
    (run / "rule.json").replace(run.parent / "rule.json")
    (run / "rule.json").symlink_to(run.parent / "rule.json")


def _folder(run: Path) -> None:
    (run / "encoder").symlink_to(run.parent)


def _pipe(run: Path) -> None:
    os.mkfifo(run / "pipe.json")


@pytest.mark.parametrize("how", [_file, _folder, _pipe])
def test_links_and_devices_are_refused(run: Path, how: Callable[[Path], None]) -> None:
    how(run)
    with pytest.raises(InputError, match=r"a run holds plain files of its own"):
        check_names(run)


def test_the_folder_of_a_run_may_itself_be_a_link(run: Path) -> None:
    (run.parent / "linked").symlink_to(run)
    assert load_run(run.parent / "linked").taxonomy.ids == ("cinema", "trade", "sport")


@pytest.mark.parametrize("digest", [None, 5, "", "0" * 63, ["0" * 64]])
def test_a_digest_of_another_form_is_refused(run: Path, digest: object) -> None:
    change_json(run / "manifest.json", **{"rule.json": digest})
    with pytest.raises(InputError, match=r"manifest.json: 'rule.json' must be a SHA-256"):
        check_files(run)


def test_a_file_that_changes_while_the_run_is_loaded_is_refused(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = runs.read_facts

    def change(path: Path) -> object:
        (path / "rule.json").touch()
        return read(path)

    monkeypatch.setattr(runs, "read_facts", change)
    with pytest.raises(InputError, match=r"rule.json: changed while it was read"):
        load_run(run)


def test_weights_changed_in_place_do_not_change_the_answers_of_a_loaded_run(run: Path) -> None:
    loaded = load_run(run)
    before = loaded.model.scores(dataset(5).texts).tolist()
    with (run / "model.safetensors").open("r+b") as file:
        file.seek(-4000, 2)
        file.write(bytes(4000))
    assert loaded.model.scores(dataset(5).texts).tolist() == before


# ---------------------------------------------------------------- parts of another type


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metrics.json", '{"macro_f1": 5}', r"metrics.json: 'macro_f1.value' must be"),
        ("metrics.json", '{"macro_f1": {"value": "x"}}', r"metrics.json: 'macro_f1.value'"),
        ("metrics.json", '{"macro_f1": {"value": NaN}}', r"metrics.json: 'macro_f1.value'"),
        ("metrics.json", "[]", r"metrics.json: expected a JSON object"),
        ("metrics.json", "[" * 100_000, r"metrics.json: not JSON"),
        ("run.json", '{"format": [[1]]}', "in run format"),
        ("run.json", "null", r"run.json: expected a JSON object"),
    ],
)
def test_a_damaged_part_is_named_in_a_summary(
    run: Path, name: str, content: str, message: str
) -> None:
    (run / name).write_text(content)
    forge_manifest(run)
    with pytest.raises(InputError, match=message):
        summarize_run(run)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"texts": 5}, "'texts' must be a list of texts"),
        ({"texts": [None]}, "'texts' must be a list of texts"),
        ({"scores": {"a": 1}}, "'scores' must be"),
        ({"scores": [["x"]]}, "'scores' must be"),
        ({"scores": [[10**400]]}, "'scores' must be"),
        ({"tolerance": 10**400}, "'tolerance' must be"),
        ({"tolerance": "1"}, "'tolerance' must be"),
        ({"tolerance": True}, "'tolerance' must be"),
        ({"tolerance": 50}, "'tolerance' must be"),
    ],
)
def test_golden_texts_of_another_type_are_one_line(
    run: Path, changed: dict[str, object], message: str
) -> None:
    change_json(run / "golden.json", **changed)
    forge_manifest(run)
    with pytest.raises(InputError, match=rf"golden.json: {message}"):
        runs.verify_run(run)


@pytest.mark.parametrize("name", ["model.json", "rule.json", "taxonomy.json"])
@pytest.mark.parametrize("content", ["[" * 100_000, '{"a": ' + "[" * 900 + "]" * 900 + "}", "5"])
def test_deep_or_other_json_is_one_short_line(run: Path, name: str, content: str) -> None:
    (run / name).write_text(content)
    forge_manifest(run)
    with pytest.raises(InputError, match=name) as caught:
        load_run(run)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("value", [3e38, float("inf"), float("nan")])
def test_weights_that_would_overflow_are_refused(run: Path, value: float) -> None:
    from safetensors.numpy import load_file, save_file

    arrays = load_file(run / "model.safetensors")
    arrays["idf"][0] = value
    save_file(arrays, run / "model.safetensors")
    forge_manifest(run)
    with pytest.raises(InputError, match="finite float32 numbers, below a billion"):
        load_run(run)


def test_a_summary_checks_the_small_files_and_the_length_of_the_weights(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "_SMALL", 1000)  # the weights are larger here
    weights = run / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert 0 <= summarize_run(run).macro_f1 <= 1
    for altered in (bytes(content[:-1]), bytes(content) + b" ", b"", b"[" * 50_000):
        weights.write_bytes(altered)
        with pytest.raises(InputError, match=r"model.safetensors: altered"):
            summarize_run(run)


def test_a_card_that_is_not_utf8_is_read(run: Path) -> None:
    (run / "README.md").write_bytes(b"# caf\xe9")
    with pytest.raises(InputError, match=r"README.md: altered"):
        read_card(run)
    forge_manifest(run)
    assert read_card(run) == "# caf\ufffd"
