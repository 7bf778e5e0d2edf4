"""Networks give what transformers gives, in the precision that was asked for."""

from typing import Any

import numpy as np
import pytest
import torch
import transformers

from seeds.base.errors import InputError
from training.models.camembert.logits import logits_of
from training.models.encoders.networks import precision
from training.models.encoders.networks.network_choice import choose_network
from training.models.encoders.networks.onnx_network import OnnxNetwork
from training.models.encoders.networks.precision import choose_precision
from training.models.encoders.networks.torch_network import TorchNetwork
from training.models.encoders.sentence_encoder import mean_of_tokens
from training.runtime import Runtime

# One token, a few, half a window, all of the positions.
WINDOWS = [[7], [0, 5, 9, 2], list(range(5, 60)), list(range(5, 129))]
SIZES = {"vocab_size": 400, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2}
SIZES |= {"intermediate_size": 128, "max_position_embeddings": 140, "pad_token_id": 1}
# How far a network may be from transformers in float32, as a share of the row's length.
NEAR = {"float32": 1e-5, "bfloat16": 0.03, "int8": 0.15}


def random_model(head: str, kind: str = "camembert", **changed: Any) -> Any:
    """Return a model of transformers with random weights, whose outputs are not all alike."""
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, num_labels=3, **(SIZES | changed))
    model = getattr(transformers, head).from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def logits(model: Any) -> np.ndarray:
    """Return those of each window, with transformers alone, one window at a time."""
    with torch.inference_mode():
        rows = [model(input_ids=torch.tensor([ids])).logits[0].numpy() for ids in WINDOWS]
    return np.array(rows)


def means(model: Any) -> np.ndarray:
    """Return the mean of each window's tokens at length 1, with transformers alone."""
    rows = []
    for ids in WINDOWS:
        with torch.inference_mode():
            mean = model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
        rows.append(mean / np.linalg.norm(mean))
    return np.array(rows)


def gap(outputs: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference of a row, as a share of its length."""
    lengths = np.linalg.norm(expected, axis=1)
    return float((np.linalg.norm(outputs - expected, axis=1) / lengths).max())


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("camembert", "float32"),
        ("camembert", "bfloat16"),
        ("camembert", "int8"),
        ("bert", "float32"),
        ("bert", "bfloat16"),
        ("xlm-roberta", "float32"),
        ("xlm-roberta", "bfloat16"),
    ],
)
def test_a_classifier_gives_the_logits_of_transformers(kind: str, dtype: str) -> None:
    model = random_model("AutoModelForSequenceClassification", kind)
    expected = logits(model)
    network = choose_network(logits_of(model), 3, 1, Runtime(dtype=dtype), lambda: WINDOWS)
    assert isinstance(network, OnnxNetwork if dtype == "int8" else TorchNetwork)
    assert network.computing.startswith(f"in {dtype} ")
    assert gap(network.outputs(WINDOWS), expected) < NEAR[dtype]
    assert gap(expected[[0]], expected[1:]) > 2 * NEAR[dtype]


@pytest.mark.parametrize("dtype", NEAR)
def test_an_encoder_gives_the_vectors_of_transformers(dtype: str) -> None:
    model = random_model("AutoModel")
    expected = means(model)
    network = choose_network(mean_of_tokens(model), 64, 1, Runtime(dtype=dtype))
    assert gap(network.outputs(WINDOWS), expected) < NEAR[dtype]


@pytest.mark.parametrize("dtype", NEAR)
def test_a_window_has_the_same_numbers_whatever_comes_with_it(dtype: str) -> None:
    model = random_model("AutoModelForSequenceClassification")
    network = choose_network(logits_of(model), 3, 1, Runtime(dtype=dtype, threads=2))
    together = network.outputs(WINDOWS * 3)
    alone = np.concatenate([network.outputs([ids]) for ids in WINDOWS])
    tolerance = 0.02 if dtype == "bfloat16" else 1e-5
    np.testing.assert_allclose(together, np.tile(alone, (3, 1)), atol=tolerance)
    np.testing.assert_allclose(network.outputs(WINDOWS[::-1])[::-1], alone, atol=tolerance)
    assert network.outputs([]).shape == (0, 3)


@pytest.mark.parametrize("dtype", ["exact", *NEAR])
def test_batch_size_and_threads_change_no_answer(dtype: str) -> None:
    model = random_model("AutoModelForSequenceClassification")
    expected = logits(model)
    runtime = Runtime(dtype=dtype, batch_size=3, threads=1)
    network = choose_network(logits_of(model), 3, 1, runtime)
    assert gap(network.outputs(WINDOWS), expected) < NEAR.get(dtype, 1e-5) * 2
    assert " 1 threads " in network.computing


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_threads_of_later_work_are_not_those_of_a_network(dtype: str) -> None:
    threads = torch.get_num_threads()
    model = random_model("AutoModelForSequenceClassification")
    choose_network(logits_of(model), 3, 1, Runtime(dtype=dtype, threads=3)).outputs(WINDOWS)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("kind", ["electra", "distilbert"])
def test_an_encoder_of_another_family_is_computed_as_well(kind: str) -> None:
    sizes = {"dim": 64, "n_layers": 3, "n_heads": 2, "hidden_dim": 128}
    model = random_model("AutoModelForSequenceClassification", kind, **sizes)
    expected = logits(model)
    network = choose_network(logits_of(model), 3, 1, Runtime(dtype="float32"))
    assert gap(network.outputs(WINDOWS), expected) < 1e-5


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ((), "float32"),
        (("avx512_vnni",), "float32"),
        (("avx512_bf16",), "bfloat16"),
        (("amx_bf16",), "bfloat16"),
        (("avx512_vnni", "avx512_bf16", "amx_bf16"), "bfloat16"),
    ],
    ids=str,
)
def test_the_precision_follows_from_what_the_processor_has(
    features: tuple[str, ...], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_feature", features.__contains__)
    assert choose_precision("auto", "cpu") == expected
    assert choose_precision("exact", "cpu") == "float32"
    assert choose_precision("float16", "cpu") == "float16"


def test_int8_is_computed_on_the_cpu_alone() -> None:
    with pytest.raises(InputError, match="not on cuda"):
        choose_precision("int8", "cuda")


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(InputError, match="Use one of auto, float32"):
        Runtime(dtype="int4")
