"""Packed networks give what transformers gives; what is computed in follows the machine."""

from typing import Any

import numpy as np
import pytest
import torch
import transformers

from seeds.base.errors import InputError
from training.models.camembert.logits import logits_of
from training.models.encoders import cpu_encoder, precision
from training.models.encoders.cpu_encoder import PackedNetwork, pack, shared
from training.models.encoders.network_choice import choose_network
from training.models.encoders.precision import candidates
from training.models.encoders.sentence_encoder import mean_of_tokens
from training.models.encoders.torch_network import TorchNetwork
from training.runtime import Runtime

has_bfloat16 = torch.ops.mkldnn._is_mkldnn_bf16_supported
# One piece, a few, half a window, all of the positions.
WINDOWS = [[7], [0, 5, 9, 2], list(range(5, 60)), list(range(5, 129))]
SIZES = {"vocab_size": 400, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2}
SIZES |= {"intermediate_size": 128, "max_position_embeddings": 140, "pad_token_id": 1}
# Of the length of what transformers gives, how far the packed encoder may be from it.
NEAR = {"float32": 1e-5, "bfloat16": 0.03, "int8": 0.15}

# Without instructions for it oneDNN has no bfloat16, and transformers computes in it.
HERE = {name for name in NEAR if name != "bfloat16" or has_bfloat16()}


def random_model(head: str, kind: str = "camembert", **changed: Any) -> Any:
    """A model of transformers with random weights, whose outputs are not all alike."""
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, num_labels=3, **(SIZES | changed))
    model = getattr(transformers, head).from_config(config).eval()
    with torch.no_grad():
        for each in model.parameters():
            each.add_(0.05 * torch.randn_like(each))
    return model


def logits(model: Any) -> np.ndarray:
    """Those of each window, with transformers alone, one window at a time."""
    with torch.inference_mode():
        rows = [model(input_ids=torch.tensor([each])).logits[0].numpy() for each in WINDOWS]
    return np.array(rows)


def means(model: Any) -> np.ndarray:
    """The mean of each window's pieces at length 1, with transformers alone."""
    rows = []
    for each in WINDOWS:
        with torch.inference_mode():
            mean = model(torch.tensor([each])).last_hidden_state[0].mean(0).numpy()
        rows.append(mean / np.linalg.norm(mean))
    return np.array(rows)


def gap(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference of a row beside its length."""
    lengths = np.linalg.norm(expected, axis=1)
    return float((np.linalg.norm(found - expected, axis=1) / lengths).max())


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("kind", ["camembert", "bert", "xlm-roberta"])
def test_a_packed_classifier_gives_the_logits_of_transformers(kind: str, dtype: str) -> None:
    model = random_model("AutoModelForSequenceClassification", kind)
    expected = logits(model)
    found = choose_network(logits_of(model), 3, 1, Runtime(dtype=dtype))
    assert isinstance(found, PackedNetwork if dtype in HERE else TorchNetwork)
    assert f"in {dtype} on " in found.computing
    assert gap(found.outputs(WINDOWS), expected) < NEAR[dtype]
    assert gap(expected[[0]], expected[1:]) > 2 * NEAR[dtype]


@pytest.mark.parametrize("dtype", NEAR)
def test_a_packed_encoder_gives_the_vectors_of_transformers(dtype: str) -> None:
    model = random_model("AutoModel")
    expected = means(model)
    found = choose_network(mean_of_tokens(model), 64, 1, Runtime(dtype=dtype))
    assert isinstance(found, PackedNetwork if dtype in HERE else TorchNetwork)
    assert gap(found.outputs(WINDOWS), expected) < NEAR[dtype]


@pytest.mark.parametrize("dtype", NEAR)
def test_a_window_has_the_same_numbers_whatever_comes_with_it(dtype: str) -> None:
    model = random_model("AutoModelForSequenceClassification")
    network = choose_network(logits_of(model), 3, 1, Runtime(dtype=dtype, threads=2))
    together = network.outputs(WINDOWS * 3)
    alone = np.concatenate([network.outputs([each]) for each in WINDOWS])
    tolerance = 0.02 if dtype == "bfloat16" else 1e-5
    np.testing.assert_allclose(together, np.tile(alone, (3, 1)), atol=tolerance)
    np.testing.assert_allclose(network.outputs(WINDOWS[::-1])[::-1], alone, atol=tolerance)
    assert network.outputs([]).shape == (0, 3)


@pytest.mark.parametrize("dtype", ["exact", *NEAR])
def test_batch_size_and_threads_change_no_answer(dtype: str) -> None:
    model = random_model("AutoModelForSequenceClassification")
    expected = logits(model)
    told = Runtime(dtype=dtype, batch_size=3, threads=1)
    found = choose_network(logits_of(model), 3, 1, told).outputs(WINDOWS)
    assert gap(found, expected) < NEAR.get(dtype, 1e-5) * 2


def test_left_to_the_machine_short_windows_are_computed_in_bfloat16_where_long_ones_are_in_int8(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    features = {"avx512_vnni", *(["avx512_bf16"] if "bfloat16" in HERE else [])}
    monkeypatch.setattr(precision, "has_feature", features.__contains__)
    auto, short, long = (
        choose_network(
            logits_of(random_model("AutoModelForSequenceClassification")),
            *(3, 1, Runtime(dtype=dtype)),
        )
        for dtype in ("auto", "bfloat16" if "bfloat16" in HERE else "int8", "int8")
    )
    mixed = [WINDOWS[3], WINDOWS[2], WINDOWS[3][:120]]
    found = auto.outputs(mixed)
    np.testing.assert_allclose(found[[0, 2]], long.outputs([mixed[0], mixed[2]]), atol=1e-6)
    np.testing.assert_allclose(found[1], short.outputs([mixed[1]])[0], atol=1e-6)
    said = "in int8, bfloat16 for short texts, on " if "bfloat16" in HERE else "in int8 on "
    assert auto.computing.startswith(said)


def test_products_of_any_windows_have_few_numbers_of_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For each that is new oneDNN makes code, and keeps it; the answers are the same."""
    model = mean_of_tokens(random_model("AutoModel"))
    rows = set()
    product = cpu_encoder._Float.__call__

    def watched(self: Any, x: Any, **options: Any) -> Any:
        rows.add(len(x))
        return product(self, x, **options)

    monkeypatch.setattr(cpu_encoder._Float, "__call__", watched)
    several = [[list(range(5, 6 + n)), list(range(5, 20))] for n in range(40)] + [WINDOWS]
    network = PackedNetwork(pack(model, "float32"), SIZES["hidden_size"], 1, Runtime(), "float32")
    found = [network.outputs(each) for each in several]
    assert rows <= set(range(8, 256, 8))
    monkeypatch.setattr(cpu_encoder, "_ROWS", 1)
    rows.clear()
    for each, before in zip(several, found, strict=True):
        np.testing.assert_allclose(network.outputs(each), before, atol=1e-5)
    assert len(rows) > 30


def test_packing_leaves_a_model_as_it_was() -> None:
    model = random_model("AutoModelForSequenceClassification")
    before = logits(model)
    assert pack(logits_of(model), "int8") is not None
    np.testing.assert_array_equal(logits(model), before)


def test_threads_of_later_work_are_not_those_of_a_network() -> None:
    before = torch.get_num_threads()
    model = random_model("AutoModelForSequenceClassification")
    choose_network(logits_of(model), 3, 1, Runtime(dtype="float32", threads=3)).outputs(WINDOWS)
    assert torch.get_num_threads() == before


class _Sum(torch.nn.Module):
    """A head that reads every piece, which packing a classifier takes for granted it does not."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Any, mask: Any) -> Any:
        """(n, 3)."""
        hidden = self.model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden.sum(1)[:, :3]


def test_what_disagrees_with_the_encoder_is_not_used() -> None:
    model = random_model("AutoModelForSequenceClassification")
    expected = _Sum(model)(torch.tensor([WINDOWS[2]]), torch.ones(1, 55, dtype=torch.long))
    found = choose_network(_Sum(model), 3, 1, Runtime(dtype="float32"))
    assert isinstance(found, TorchNetwork)
    np.testing.assert_allclose(found.outputs([WINDOWS[2]]), expected.detach().numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "changed"), [("electra", {}), ("camembert", {"hidden_act": "relu"})], ids=str
)
def test_an_encoder_that_can_not_be_packed_is_computed_by_transformers(
    kind: str, changed: dict[str, Any]
) -> None:
    model = random_model("AutoModelForSequenceClassification", kind, **changed)
    expected = logits(model)
    found = choose_network(logits_of(model), 3, 1, Runtime(dtype="float32"))
    assert gap(found.outputs(WINDOWS), expected) < 1e-5
    if changed:
        assert isinstance(found, TorchNetwork)
        with pytest.raises(InputError, match="int8 needs an encoder of BERT's family"):
            choose_network(logits_of(model), 3, 1, Runtime(dtype="int8"))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((), ("float32",)),
        (("avx512_bf16",), ("bfloat16", "float32")),
        (("avx512_vnni",), ("int8", "float32")),
        (("avx512_vnni", "avx512_bf16"), ("int8", "bfloat16", "float32")),
        (("avx512_vnni", "avx512_bf16", "amx_bf16"), ("bfloat16", "float32")),
    ],
    ids=str,
)
def test_what_is_computed_in_follows_from_what_the_processor_has(
    there: tuple[str, ...], expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_feature", lambda feature: feature in there)
    assert candidates("auto", "cpu") == expected
    assert candidates("exact", "cpu") == ("float32",)
    assert candidates("float16", "cpu") == ("float16",)


def test_int8_is_of_the_cpu() -> None:
    with pytest.raises(InputError, match="not on cuda"):
        candidates("int8", "cuda")


def test_a_type_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match="Use one of auto, float32"):
        Runtime(dtype="int4")


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_windows_are_shared_so_that_no_thread_waits_for_another(threads: int) -> None:
    """Each once, in as many batches as threads or a multiple, of like size."""
    lengths = [31, 14, 27, 19, 24, 30, 7, 40, 49, 36, 17, 12, 64, 41, 29, 27]
    found = list(shared([[5] * each for each in lengths], threads))
    assert sorted(n for batch in found for n in batch) == list(range(len(lengths)))
    assert len(found) % threads == 0
    sizes = [sum(lengths[n] for n in batch) for batch in found]
    assert max(sizes) - min(sizes) <= max(lengths)
    assert list(shared([], threads)) == []
