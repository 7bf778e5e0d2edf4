"""The encoder of a run from a stranger: its config.json can neither load more nor ask for much."""

import json
import shutil
from pathlib import Path

import pytest

from seeds.base.errors import InputError
from training.models.encoders.run_encoder import read_run_model, read_sizes


@pytest.fixture
def folder(tiny_base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_base, tmp_path / "encoder"))


def change(folder: Path, **changed: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


def test_a_saved_encoder_is_read_as_it_was(folder: Path) -> None:
    from transformers import AutoModel

    expected = AutoModel.from_pretrained(folder).state_dict()
    weights = read_run_model(folder, "AutoModel", "auto").state_dict()
    assert weights.keys() == expected.keys()
    assert all(weights[name].equal(tensor) for name, tensor in expected.items())


def test_weights_changed_in_place_do_not_reach_an_encoder_in_use(folder: Path) -> None:
    model = read_run_model(folder, "AutoModel", "auto")
    before = [tensor.sum().item() for tensor in model.state_dict().values()]
    size = (folder / "model.safetensors").stat().st_size
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(size // 2)
        file.write(bytes(size - size // 2))
    assert [tensor.sum().item() for tensor in model.state_dict().values()] == before


@pytest.mark.parametrize(
    "key",
    ["attn_implementation", "_attn_implementation", "_attn_implementation_internal", "use_kernels"],
)
def test_kernels_of_strangers_are_never_asked_for(folder: Path, key: str) -> None:
    change(folder, **{key: "stranger/kernel"})
    model = read_run_model(folder, "AutoModel", "auto")
    assert model.config._attn_implementation in ("sdpa", "eager")
    assert getattr(model.config, "use_kernels", None) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"auto_map": {"AutoModel": "stranger/code--model.Model", "AutoConfig": "code.Config"}},
        {"transformers_weights": "../elsewhere.safetensors"},
        {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
        {"fusion_config": {"a": True}},
        {"name_or_path": "stranger/model", "_name_or_path": "stranger/model"},
    ],
)
def test_keys_that_load_something_else_are_left_out(
    folder: Path, changed: dict[str, object]
) -> None:
    change(folder, **changed)
    model = read_run_model(folder, "AutoModel", "auto")
    for key in changed.keys() - {"name_or_path", "_name_or_path"}:
        assert not hasattr(model.config, key)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_hidden_layers": 10**6}, "'num_hidden_layers'"),
        ({"hidden_size": 10**9}, "'hidden_size'"),
        ({"hidden_size": 1_900_000}, "describes a network of"),
        ({"vocab_size": 1_900_000}, "describes a network of"),
        ({"intermediate_size": 1_900_000}, "describes a network of"),
        ({"max_position_embeddings": 1_900_000}, "describes a network of"),
        ({"hidden_size": "32"}, "hidden_size"),
        ({"hidden_size": [32]}, "hidden_size"),
        ({"num_attention_heads": 0}, "not what an encoder has"),
        ({"vocab_size": -5}, "not what an encoder has"),
        ({"hidden_act": "import os"}, "not what an encoder has"),
        ({"layer_norm_eps": None}, "layer_norm_eps"),
        ({"dtype": "load"}, "'dtype'"),
        ({"id2label": [1]}, "not what an encoder has"),
        ({"model_type": "gpt2"}, "a gpt2 model is no encoder"),
        ({"model_type": {"a": 1}}, "is no encoder"),
        ({"model_type": None}, "is no encoder"),
        ({"architectures": ["a"] * 100_000}, "'architectures'"),
    ],
)
def test_what_no_encoder_has_is_refused_before_it_is_built(
    folder: Path, changed: dict[str, object], message: str
) -> None:
    change(folder, **changed)
    with pytest.raises(InputError, match=message) as caught:
        read_run_model(folder, "AutoModel", "auto")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"pad_token_id": None},
        {"pad_token_id": "1"},
        {"pad_token_id": -1},
        {"pad_token_id": 10**30},
        {"hidden_size": 1.5},
        {"hidden_size": True},
        {"id2label": 3},
    ],
)
def test_sizes_of_another_type_are_named(folder: Path, changed: dict[str, object]) -> None:
    assert read_sizes(folder).hidden == 32
    change(folder, **changed)
    with pytest.raises(InputError, match=rf"config.json: '{next(iter(changed))}'"):
        read_sizes(folder)


def test_weights_that_are_no_safetensors_are_one_line(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(InputError, match=r"model.safetensors"):
        read_run_model(folder, "AutoModel", "auto")


def onnx_file(path: Path, location: str) -> Path:
    """Write an ONNX file whose weights lie in another file."""
    from onnx import TensorProto, helper

    weights = TensorProto(name="W", data_type=1, data_location=TensorProto.EXTERNAL)
    weights.dims.extend([4])
    for key, value in {"location": location, "offset": "0", "length": "16"}.items():
        weights.external_data.add(key=key, value=value)
    inputs, outputs = (helper.make_tensor_value_info(name, 1, [4]) for name in "XY")
    node = helper.make_node("Add", ["X", "W"], ["Y"])
    graph = helper.make_graph([node], "g", [inputs], [outputs], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("location", ["w.bin", "../w.bin", "/etc/passwd"])
def test_an_onnx_file_can_name_no_other_file(
    tmp_path: Path, location: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from training.models.encoders.networks.onnx_network import OnnxNetwork
    from training.runtime import Runtime

    (tmp_path / "w.bin").write_bytes(bytes(16))
    with pytest.raises(InputError, match=r"model.onnx: not an ONNX model"):
        OnnxNetwork.load(onnx_file(tmp_path / "model.onnx", location), 4, 1, Runtime())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x80\x04K\x01.", bytes(1000)])
def test_what_is_no_onnx_file_is_one_line(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    from training.models.encoders.networks.onnx_network import OnnxNetwork
    from training.runtime import Runtime

    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(InputError, match=r"model.onnx: ") as caught:
        OnnxNetwork.load(tmp_path / "model.onnx", 4, 1, Runtime())
    assert len(str(caught.value).splitlines()) == 1
    assert capfd.readouterr() == ("", "")
