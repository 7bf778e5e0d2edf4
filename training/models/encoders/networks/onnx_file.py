"""A PyTorch encoder -> an ONNX file that ONNX Runtime computes fast on a CPU, and its int8 version.

Before the export two parts are rewritten for ONNX Runtime, with the same result: attention becomes
its single operator for all of it, and layer normalisation is split into steps that it vectorises,
for its own operator is many times slower (DECISIONS.md). For int8 the few inner units with the
largest values are taken out of the feed-forward layers and stay in float32: otherwise one scale
would have to span them and all others (as in LLM.int8(), Dettmers et al. 2022).
"""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from seeds.base.errors import InputError, missing_extra
from training.models.encoders.networks.bert_layers import (
    has_plain_attention,
    has_plain_feed_forward,
    take_attention_out,
)
from training.models.encoders.networks.torch_network import import_torch

Precision = Literal["none", "int8"]

_OPSET = 20  # the first with Gelu
_LARGEST = 2_000_000_000  # bytes of weights; a protocol buffer ends at 2 GiB
_ATTENTION = "onnxruntime_attention"  # its name in transformers
# The operators computed in int8; a classifier's head, a Gemm, is small and stays in float32.
_QUANTISED = ("MatMul", "Attention", "Gather")
_FLOAT = 1  # onnx.TensorProto.FLOAT
_OUTLIERS = 100  # one in so many inner units of a feed-forward layer stays in float32


def check_packages() -> None:
    """Check that the packages of an export are installed, before anything takes long.

    Raises:
        InputError: a package is missing; gives the command that installs it.
    """
    import_torch()
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing_extra("onnx", "Exporting to ONNX") from error


def write_onnx(
    module: Any, path: Path, precision: Precision, samples: Sequence[Sequence[int]] = ()
) -> None:
    """Write a module as an ONNX file with inputs input_ids and attention_mask and one output.

    Args:
        module: as of a TorchNetwork, from (ids, mask), each int64 (n, tokens), to float (n, width);
            its layers are replaced, so don't use it again.
        path: the file to write.
        precision: "int8": the encoder's weights in 8 bits, with a scale for each column, and their
            inputs in 8 bits, with a scale for each product; else float32.
        samples: windows of token ids that show which inner units have the largest values; some
            make int8 more exact.

    Raises:
        InputError: the weights are too large for one file.
        OSError: it can't be written.
    """
    torch = import_torch()
    size = 4 * sum(parameter.numel() for parameter in module.parameters())
    if size > _LARGEST:
        raise InputError(
            f"the model's weights are {size / 1e9:.1f} GB; an ONNX file holds at most "
            f"{_LARGEST / 1e9:.0f} GB. Train on a smaller base model to export it."
        )
    with _quiet(), torch.no_grad():
        module = module.cpu().float().eval()
        if precision == "int8":
            _spare_outliers(module, samples)
        _adapt(module)
        graph = _export_graph(module)
        if precision == "int8":
            _write_int8(graph, path)
        else:
            path.write_bytes(graph.SerializeToString())


def _export_graph(module: Any) -> Any:
    """Return the onnx.ModelProto of a module, for any number of windows of any length."""
    torch = import_torch()
    ids = torch.full((2, 16), 5)
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    sizes = {0: torch.export.Dim("windows", min=1), 1: torch.export.Dim("tokens", min=1)}
    program = torch.onnx.export(
        module,
        (ids, mask),
        dynamo=True,
        input_names=["input_ids", "attention_mask"],
        output_names=["outputs"],
        dynamic_shapes=(sizes, sizes),
        opset_version=_OPSET,
        verbose=False,
    )
    graph = program.model_proto
    del graph.graph.value_info[:], graph.metadata_props[:]
    for node in graph.graph.node:  # names files of this machine
        node.doc_string = ""
        del node.metadata_props[:]
    return graph


def _write_int8(graph: Any, path: Path) -> None:
    """Write the int8 version; its scales follow the inputs, so it needs no calibration texts."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        graph,
        path,
        # By name: the library rewrites a Gemm to a MatMul before it looks at the types.
        nodes_to_quantize=[node.name for node in graph.graph.node if node.op_type in _QUANTISED],
        op_types_to_quantize=list(_QUANTISED),
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={
            "MatMulConstBOnly": True,
            "WeightSymmetric": True,
            "DefaultTensorType": _FLOAT,
        },
    )


def _spare_outliers(module: Any, samples: Sequence[Sequence[int]]) -> None:
    """Take the inner units with the largest values on the samples out of the int8 products."""
    torch = import_torch()
    layers = [layer for layer in module.modules() if has_plain_feed_forward(layer)]
    peaks: list[list[Any]] = [[] for _ in layers]
    hooks = [
        layer.output.dense.register_forward_pre_hook(
            lambda _module, inputs, layer_peaks=layer_peaks: layer_peaks.append(
                inputs[0].amax((0, 1))
            )
        )
        for layer, layer_peaks in zip(layers, peaks, strict=True)
    ]
    for window in samples:
        ids = torch.tensor([list(window)])
        module(ids, torch.ones_like(ids))
    for hook in hooks:
        hook.remove()
    for layer, layer_peaks in zip(layers, peaks, strict=True):
        if layer_peaks:
            highest = torch.stack(layer_peaks).amax(0)
            _split_layer(layer, highest.topk(max(1, len(highest) // _OUTLIERS)).indices)


def _split_layer(layer: Any, units: Any) -> None:
    """Compute some inner units of a feed-forward layer apart from the others, in place."""
    torch = import_torch()
    inner, outer = layer.intermediate, layer.output

    class Inner(torch.nn.Module):  # type: ignore[misc, name-defined]
        """The first product, of the units that are quantised and of those that are spared."""

        def __init__(self) -> None:
            super().__init__()
            self.rest, self.act = inner.dense, inner.intermediate_act_fn
            self.spared = torch.nn.Parameter(inner.dense.weight[units].T.contiguous())
            self.bias = torch.nn.Parameter(inner.dense.bias[units])

        def forward(self, hidden: Any) -> tuple[Any, Any]:
            """Return the values of both, each (n, tokens, units)."""
            return self.act(self.rest(hidden)), self.act(hidden @ self.spared + self.bias)

    class Outer(torch.nn.Module):  # type: ignore[misc, name-defined]
        """The second product, which adds both up."""

        def __init__(self) -> None:
            super().__init__()
            self.rest = outer.dense
            self.spared = torch.nn.Parameter(outer.dense.weight[:, units].T.contiguous())

        def forward(self, both: tuple[Any, Any]) -> Any:
            """Return what a feed-forward layer adds, (n, tokens, d)."""
            rest, spared = both
            return self.rest(rest) + spared @ self.spared

    layer.intermediate, outer.dense = Inner(), Outer()
    inner.dense.weight[units], inner.dense.bias[units] = 0.0, 0.0


def _adapt(module: Any) -> None:
    """Rewrite attention and layer normalisation for ONNX Runtime, in place."""
    torch = import_torch()
    model = module.model
    attentions = [part for part in model.modules() if type(part).__name__.endswith("SelfAttention")]
    fusible = bool(attentions) and all(map(has_plain_attention, attentions))
    if fusible:
        take_attention_out(model, _ATTENTION)
    else:
        model.set_attn_implementation("eager")
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if fusible and child in attentions:
                setattr(parent, name, _fuse_attention(child))
            elif isinstance(child, torch.nn.LayerNorm) and child.elementwise_affine:
                setattr(parent, name, _split_layer_norm(child))


def _fuse_attention(attention: Any) -> Any:
    """Return the same attention as ONNX Runtime's operator."""
    torch = import_torch()

    class FusedAttention(torch.nn.Module):  # type: ignore[misc, name-defined]
        """Query, key and value by one product, then ONNX Runtime's operator."""

        def __init__(self) -> None:
            super().__init__()
            parts = (attention.query, attention.key, attention.value)
            weight = torch.cat([part.weight for part in parts]).T.contiguous()
            self.weight = torch.nn.Parameter(weight)
            self.bias = torch.nn.Parameter(torch.cat([part.bias for part in parts]))
            self.heads = attention.num_attention_heads

        def forward(self, hidden: Any, attention_mask: Any = None, **_: Any) -> tuple[Any, None]:
            """Return the output of the heads, (n, tokens, d); mask: (n, tokens)."""
            output = torch.onnx.ops.symbolic(
                "com.microsoft::Attention",
                (hidden, self.weight, self.bias, attention_mask.to(torch.int32)),
                {"num_heads": self.heads, "mask_filter_value": torch.finfo(torch.float32).min},
                dtype=hidden.dtype,
                shape=hidden.shape,
                version=1,
            )
            return output, None

    return FusedAttention()


def _split_layer_norm(norm: Any) -> Any:
    """Return the same normalisation over the last axis, in steps."""
    torch = import_torch()

    class SteppedLayerNorm(torch.nn.Module):  # type: ignore[misc, name-defined]
        """Normalisation of the last axis."""

        def __init__(self) -> None:
            super().__init__()
            self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps
            (self.size,) = norm.normalized_shape

        def forward(self, hidden: Any) -> Any:
            """Return normalised numbers of the same shape."""
            centred = hidden - hidden.mean(-1, keepdim=True)
            # As a norm: a mean of squares would be recognised and fused to the slow operator.
            length = torch.linalg.vector_norm(centred, dim=-1, keepdim=True)
            scaled = centred * (length * length / self.size + self.eps).rsqrt() * self.weight
            return scaled if self.bias is None else scaled + self.bias

    return SteppedLayerNorm()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the libraries' advice to their own developers."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
