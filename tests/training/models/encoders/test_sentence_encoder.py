"""The frozen encoder: vectors of whole articles, the same in any batch, and cached."""

import http.server
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seeds.base.errors import InputError
from tests.support.command import environment
from tests.support.corpus import dataset
from tests.support.tiny import tiny_settings
from training.model import Fitting
from training.models import model_class
from training.models.embedding import Embedding, EmbeddingSettings
from training.models.encoders.sentence_encoder import SentenceEncoder
from training.models.encoders.tokens import WindowPlan
from training.models.encoders.vector_cache import VectorCache
from training.runtime import Runtime


@pytest.fixture(scope="module")
def encoder(tiny_base: Path) -> SentenceEncoder:
    return SentenceEncoder.read(str(tiny_base), WindowPlan(32), Runtime())


def plain_vector(base: Path, text: str, window: int) -> np.ndarray:
    """Return the vector of a text, with transformers alone, one window at a time."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModel.from_pretrained(base).eval()
    text_ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    room = window - 2
    total = np.zeros(32)
    chunks = [text_ids[n : n + room] for n in range(0, len(text_ids), room)]
    if len(chunks) > 1 and len(chunks[-1]) < room / 4:
        chunks.pop()
    for place, chunk in enumerate(chunks, 1):
        ids = torch.tensor([[0, *chunk, 2]])
        with torch.inference_mode():
            mean = model(ids).last_hidden_state[0].mean(0).numpy()
        total += mean / np.linalg.norm(mean) / np.sqrt(place)
    return total / np.linalg.norm(total)


def test_a_vector_is_the_weighted_mean_of_all_windows(
    encoder: SentenceEncoder, tiny_base: Path
) -> None:
    texts = [dataset(3).texts[0] * 3, "Un film.", dataset(3).texts[1]]
    vectors = encoder.embed(texts)
    for row, text in zip(vectors, texts, strict=True):
        np.testing.assert_allclose(row, plain_vector(tiny_base, text, 32), atol=1e-5)


def test_the_end_of_a_long_article_counts(encoder: SentenceEncoder) -> None:
    start = "le film " * 40
    trade, sport = encoder.embed([start + "export douane " * 20, start + "match stade " * 20])
    assert np.abs(trade - sport).max() > 1e-3


def test_an_empty_text_has_a_vector(encoder: SentenceEncoder) -> None:
    assert np.isfinite(encoder.embed(["", "a"])).all()
    assert encoder.embed([]).shape == (0, 32)


def test_the_cache_gives_back_what_was_computed(encoder: SentenceEncoder, tmp_path: Path) -> None:
    class Idle:
        """A network that has nothing to compute."""

        computing = ""

        def outputs(self, windows: Sequence[Sequence[int]]) -> np.ndarray:
            assert not windows
            return np.zeros((0, 32), np.float32)

    cache = VectorCache(tmp_path / "vectors.sqlite")
    texts = dataset(6).texts
    vectors = encoder.embed(texts, cache)
    idle = replace(encoder, network=Idle())
    np.testing.assert_array_equal(idle.embed(texts[::-1], cache), vectors[::-1])


def test_another_window_has_vectors_of_its_own(tiny_base: Path, tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.sqlite")
    text = [dataset(3).texts[0] * 2]
    narrow = SentenceEncoder.read(str(tiny_base), WindowPlan(16), Runtime()).embed(text, cache)
    wide = SentenceEncoder.read(str(tiny_base), WindowPlan(64), Runtime()).embed(text, cache)
    assert np.abs(narrow - wide).max() > 1e-4


def test_a_folder_without_an_encoder_is_refused_and_says_how_to_give_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json and tokenizer\.json missing"):
        SentenceEncoder.read(str(tmp_path), WindowPlan(32), Runtime())


def test_pickled_weights_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    shutil.copytree(tiny_base, tmp_path / "base")
    weights = tmp_path / "base" / "model.safetensors"
    torch.save(load_file(weights), tmp_path / "base" / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(InputError, match="no encoder could be loaded"):
        SentenceEncoder.read(str(tmp_path / "base"), WindowPlan(32), Runtime())


def test_a_tokenizer_that_lost_its_vocabulary_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_base, tmp_path / "base")
    path = tmp_path / "base" / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    special = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"}
    vocabulary = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {k: v for k, v in vocabulary.items() if k in special}
    tokenizer["model"]["merges"] = []
    path.write_text(json.dumps(tokenizer))
    with pytest.raises(InputError, match="does not know French"):
        SentenceEncoder.read(str(tmp_path / "base"), WindowPlan(32), Runtime())


def test_a_run_whose_tokenizer_reads_otherwise_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    settings = EmbeddingSettings(base_model=str(tiny_base), prefix="", window=32, buckets=14)
    Embedding.fit(dataset(60), settings, Fitting()).save(tmp_path)
    record = json.loads((tmp_path / "embedding.json").read_text())
    record["golden"][3] += 1
    (tmp_path / "embedding.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="no longer reads French"):
        Embedding.load(tmp_path, Runtime())


def test_the_encoder_of_a_run_is_a_plain_hugging_face_folder(
    tiny_base: Path, tmp_path: Path
) -> None:
    from transformers import AutoModel

    settings = EmbeddingSettings(base_model=str(tiny_base), prefix="", window=32, buckets=14)
    Embedding.fit(dataset(60), settings, Fitting()).save(tmp_path)
    saved, base = (
        AutoModel.from_pretrained(folder) for folder in (tmp_path / "encoder", tiny_base)
    )
    for name, tensor in base.state_dict().items():
        assert (saved.state_dict()[name] == tensor).all(), name


def test_code_that_comes_with_a_base_model_is_never_run(tiny_base: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_base, tmp_path / "base")
    witness = tmp_path / "ran"
    (tmp_path / "base" / "own.py").write_text(f"open({str(witness)!r}, 'w')\n")
    path = tmp_path / "base" / "config.json"
    config = json.loads(path.read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    path.write_text(json.dumps(config))
    with pytest.raises(InputError, match="no encoder could be loaded"):
        SentenceEncoder.read(str(tmp_path / "base"), WindowPlan(32), Runtime())
    assert not witness.exists()


def changed(base: Path, folder: Path, **config: object) -> Path:
    """Copy a base and change its config.json."""
    shutil.copytree(base, folder / "base")
    path = folder / "base" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **config}))
    return folder / "base"


@pytest.mark.parametrize("kind", ["embedding", "camembert"])
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"hidden_size": 64}, "does not belong to config.json|no encoder could be loaded"),
        ({"num_hidden_layers": 3}, "does not belong to config.json"),
        ({"model_type": "distilbert"}, "does not belong to config.json"),
        ({"model_type": "gpt2"}, "gpt2 model is no encoder"),
    ],
    ids=str,
)
def test_weights_that_are_not_those_of_the_config_are_refused(
    kind: str, config: dict[str, object], message: str, tiny_base: Path, tmp_path: Path
) -> None:
    """Else an encoder of random numbers would be trained without a word."""
    base = str(changed(tiny_base, tmp_path, **config))
    settings: Any = EmbeddingSettings(base_model=base, window=32, prefix="")
    if kind == "camembert":
        settings = tiny_settings(base_model=base, window=32, epochs=1, min_steps=1)
    with pytest.raises(InputError, match=message):
        model_class(kind).fit(dataset(30), settings, Fitting())


def test_truncated_weights_are_one_line(tiny_base: Path, tmp_path: Path) -> None:
    base = changed(tiny_base, tmp_path)
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(InputError, match="no encoder could be loaded"):
        SentenceEncoder.read(str(base), WindowPlan(32), Runtime())


def test_a_vocabulary_without_its_tokens_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    base = changed(tiny_base, tmp_path)
    path = base / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["model"] |= {"vocab": {}, "merges": []}
    path.write_text(json.dumps(tokenizer))
    with pytest.raises(InputError, match=r"tokenizer|no encoder could be loaded"):
        SentenceEncoder.read(str(base), WindowPlan(32), Runtime())


@pytest.mark.parametrize(
    ("lost", "message"),
    [("tokenizer.json", "tokenizer.json missing"), ("config.json", "config.json missing")],
)
def test_a_folder_that_lacks_a_file_names_it(
    lost: str, message: str, tiny_base: Path, tmp_path: Path
) -> None:
    base = changed(tiny_base, tmp_path)
    (base / lost).unlink()
    with pytest.raises(InputError, match=message):
        SentenceEncoder.read(str(base), WindowPlan(32), Runtime())


def test_a_folder_that_is_not_there_or_is_a_file_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        SentenceEncoder.read(str(tmp_path / "none"), WindowPlan(32), Runtime())
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="a file"):
        SentenceEncoder.read(str(tmp_path / "file"), WindowPlan(32), Runtime())


READ_NAMED = """
import sys
from seeds.base.errors import InputError
from training.models.encoders.hub import read_base, read_commit
try:
    _, model = read_base(sys.argv[1], "AutoModel")
except InputError as error:
    sys.exit(str(error))
print(model.config.num_hidden_layers, read_commit(sys.argv[1]))
"""
COMMITS = {"main": "0" * 40, "v1": "1" * 40}  # of the revisions that the hub of these tests has


def read_named(
    home: Path, hub: str, base: str = "presse/tiny"
) -> "subprocess.CompletedProcess[str]":
    """Read a base from a hub, in a process whose cache is empty."""
    return subprocess.run(
        [sys.executable, "-c", READ_NAMED, base],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(HF_ENDPOINT=hub, HF_HOME=str(home), HF_HUB_OFFLINE="0"),
    )


@pytest.fixture
def hub(tiny_base: Path) -> Iterator[str]:
    """Serve presse/tiny as a hub does, and return the address."""

    class Hub(http.server.SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            revision = self.path.split("/")[4]
            self.send_header("X-Repo-Commit", COMMITS.get(revision, revision))
            self.send_header("ETag", f'"{Path(self.path).name}"')
            super().end_headers()

        def translate_path(self, path: str) -> str:
            return str(tiny_base / path.removeprefix("/presse/tiny/resolve/").partition("/")[2])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_name_is_read_from_the_hub_and_from_its_cache_when_the_hub_is_gone(
    hub: str, tmp_path: Path
) -> None:
    online = read_named(tmp_path, hub)
    answer = f"2 {COMMITS['main']}\n"
    assert (online.stdout, online.returncode) == (answer, 0), online.stderr
    offline = read_named(tmp_path, "http://127.0.0.1:9")
    assert (offline.stdout, offline.returncode) == (answer, 0), offline.stderr


@pytest.mark.parametrize(("revision", "commit"), [("v1", "1" * 40), ("c" * 40, "c" * 40)])
def test_a_revision_behind_the_name_is_what_is_read(
    hub: str, tmp_path: Path, revision: str, commit: str
) -> None:
    pinned = read_named(tmp_path, hub, f"presse/tiny@{revision}")
    assert (pinned.stdout, pinned.returncode) == (f"2 {commit}\n", 0), pinned.stderr


def test_a_name_without_a_network_is_one_line_within_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    result = read_named(tmp_path, "http://127.0.0.1:9")
    assert time.monotonic() - began < 25  # the library alone waits for 46
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "presse/tiny: no encoder could be loaded" in line
    assert "--base-model FOLDER" in line
