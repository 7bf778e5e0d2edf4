"""A PyTorch encoder -> an ONNX file that ONNX Runtime computes fast on a CPU, and its int8 version.

Before the export two parts are put in the words of ONNX Runtime, which computes the same numbers:
attention as its one operator for all of it, and layer normalisation in steps that it vectorises,
its own operator for that being many times slower (DECISIONS.md).
"""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from seeds.errors import InputError, missing_extra
from training.models.network import import_torch

Precision = Literal["none", "int8"]

_OPSET = 20  # the first with Gelu
_LARGEST = 2_000_000_000  # bytes of weights; a protocol buffer ends at 2 GiB
_ATTENTION = "onnxruntime_attention"  # what transformers calls it
# What int8 computes; a classifier's head, a Gemm, is small and stays in float32.
_QUANTISED = ("MatMul", "Attention", "Gather")
_FLOAT = 1  # onnx.TensorProto.FLOAT


def check_packages() -> None:
    """Make sure that an export will find what it needs, before anything takes long.

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


def write_onnx(module: Any, path: Path, precision: Precision) -> None:
    """Write a module as an ONNX file with inputs input_ids and attention_mask and one output.

    Args:
        module: as of a TorchNetwork, from (ids, mask), each int64 (n, pieces), to float (n, width);
            its weights stay, its layers do not, so it is not to be used again.
        path: the file to write.
        precision: "int8": weights of the encoder in 8 bits, a scale each column, what they are
            multiplied with in 8 bits as it comes; else float32.

    Raises:
        InputError: the weights are too large for one file.
        OSError: it can't be written.
    """
    torch = import_torch()
    size = 4 * sum(each.numel() for each in module.parameters())
    if size > _LARGEST:
        raise InputError(
            f"the model's weights are {size / 1e9:.1f} GB; an ONNX file holds {_LARGEST / 1e9:.0f}."
            " Train on a smaller base model to export it."
        )
    with _quiet(), torch.no_grad():
        module = module.cpu().float().eval()
        _adapt(module)
        graph = _graph(module)
        if precision == "int8":
            _quantise(graph, path)
        else:
            path.write_bytes(graph.SerializeToString())


def _graph(module: Any) -> Any:
    """The onnx.ModelProto of a module, for any number of windows of any length."""
    torch = import_torch()
    ids = torch.full((2, 16), 5)
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    sizes = {0: torch.export.Dim("windows", min=1), 1: torch.export.Dim("pieces", min=1)}
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
    for node in graph.graph.node:  # where in this machine's files each came from
        node.doc_string = ""
        del node.metadata_props[:]
    return graph


def _quantise(graph: Any, path: Path) -> None:
    """Write the int8 version: no calibration texts needed, scales follow what comes."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        graph,
        path,
        # By name: the library rewrites a Gemm to a MatMul before it looks at the types.
        nodes_to_quantize=[node.name for node in graph.graph.node if node.op_type in _QUANTISED],
        op_types_to_quantize=list(_QUANTISED),
        per_channel=True,
        reduce_range=False,
        weight_type=QuantType.QInt8,
        extra_options={
            "MatMulConstBOnly": True,
            "WeightSymmetric": True,
            "DefaultTensorType": _FLOAT,
        },
    )


def _adapt(module: Any) -> None:
    """Put attention and layer normalisation in the words of ONNX Runtime, in place."""
    torch = import_torch()
    model = module.model
    attentions = [each for each in model.modules() if type(each).__name__.endswith("SelfAttention")]
    fused = bool(attentions) and all(map(_is_plain, attentions))
    _choose_attention(model, _ATTENTION if fused else "eager")
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if fused and child in attentions:
                setattr(parent, name, _attention(child))
            elif isinstance(child, torch.nn.LayerNorm) and child.elementwise_affine:
                setattr(parent, name, _layer_norm(child))


def _is_plain(attention: Any) -> bool:
    """Whether it is the attention of BERT, RoBERTa and CamemBERT, and nothing more."""
    linear = import_torch().nn.Linear
    parts = [getattr(attention, name, None) for name in ("query", "key", "value")]
    return (
        all(isinstance(each, linear) and each.bias is not None for each in parts)
        and not getattr(attention, "is_decoder", False)
        and not hasattr(attention, "distance_embedding")
        and not getattr(attention, "is_causal", False)
    )


def _choose_attention(model: Any, name: str) -> None:
    """Make the model hand its layers the mask that they take."""
    import transformers

    def never(*_given: Any, **_named: Any) -> Any:
        raise NotImplementedError("the layers that would ask for it are replaced")

    def mask_as_it_is(*_given: Any, attention_mask: Any = None, **_named: Any) -> Any:
        return attention_mask

    transformers.AttentionInterface.register(_ATTENTION, never)
    transformers.AttentionMaskInterface.register(_ATTENTION, mask_as_it_is)
    model.set_attn_implementation(name)


def _attention(given: Any) -> Any:
    """The same attention as ONNX Runtime's operator: one product for query, key and value."""
    torch = import_torch()

    class FusedAttention(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            parts = (given.query, given.key, given.value)
            weight = torch.cat([each.weight for each in parts]).T.contiguous()
            self.weight = torch.nn.Parameter(weight)
            self.bias = torch.nn.Parameter(torch.cat([each.bias for each in parts]))
            self.heads = given.num_attention_heads

        def forward(self, hidden: Any, attention_mask: Any = None, **_: Any) -> tuple[Any, None]:
            found = torch.onnx.ops.symbolic(
                "com.microsoft::Attention",
                (hidden, self.weight, self.bias, attention_mask.to(torch.int32)),
                {"num_heads": self.heads, "mask_filter_value": torch.finfo(torch.float32).min},
                dtype=hidden.dtype,
                shape=hidden.shape,
                version=1,
            )
            return found, None

    return FusedAttention()


def _layer_norm(given: Any) -> Any:
    """The same normalisation over the last axis, in steps."""
    torch = import_torch()

    class SteppedLayerNorm(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.bias, self.eps = given.weight, given.bias, given.eps
            (self.size,) = given.normalized_shape

        def forward(self, hidden: Any) -> Any:
            centred = hidden - hidden.mean(-1, keepdim=True)
            # As a norm: the squares' mean would be taken for the slow operator, and fused to it.
            length = torch.linalg.vector_norm(centred, dim=-1, keepdim=True)
            scaled = centred * (length * length / self.size + self.eps).rsqrt() * self.weight
            return scaled if self.bias is None else scaled + self.bias

    return SteppedLayerNorm()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The libraries' advice to their own developers stays unsaid."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
