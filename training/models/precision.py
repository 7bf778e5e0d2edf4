"""Which numbers an encoder computes with: those wanted, else what the machine multiplies fast."""

from typing import Any, Literal

from seeds.base.errors import InputError
from training.model import Runtime
from training.models.network import Network, TorchNetwork, device, import_torch

Precision = Literal["float32", "bfloat16", "float16", "int8"]


def network(
    module: Any, width: int, pad: int, runtime: Runtime, *, sparing: Precision | None = None
) -> Network:
    """The network of a module that has been read from a run.

    Args:
        module: from (ids, mask), each int64 (n, pieces), to float (n, width), in float32; it is
            not to be used again.
        width: numbers a window.
        pad: the id that fills up a batch.
        runtime: where and how it is to compute.
        sparing: a precision that is computed in only when it is asked for.

    Raises:
        InputError: there is no such device, or this encoder can't be computed as wanted.
    """
    from training.models.packed import PackedNetwork, pack

    place, module = device(runtime), module.eval()
    for precision in candidates(runtime.dtype, place):
        if runtime.dtype == "auto" and precision == sparing:
            continue
        packed = pack(module, precision) if place == "cpu" and runtime.dtype != "exact" else None
        if packed is not None:
            mixed = precision == "int8" and runtime.dtype == "auto" and multiplies_bfloat16()
            short = pack(module, "bfloat16") if mixed else None
            return PackedNetwork(packed, width, pad, runtime, precision, short)
        if precision != "int8":
            return TorchNetwork.of(module, width, pad, runtime, precision)
    raise InputError(
        "int8 needs an encoder of BERT's family and a processor that oneDNN serves. "
        "Leave out --dtype int8."
    )


def candidates(wanted: str, place: str) -> tuple[Precision, ...]:
    """The precisions to predict in, the best first; an encoder that can't have one takes the next.

    Args:
        wanted: of a Runtime's dtype.
        place: the device's name for PyTorch.

    Raises:
        InputError: int8 is wanted of something that is not a CPU.
    """
    if wanted == "exact":
        return ("float32",)
    if wanted == "int8" and place != "cpu":
        raise InputError(f"int8 is computed on the CPU, not on {place}. Leave out --dtype int8.")
    if wanted != "auto":
        return (_known(wanted),)
    if place.startswith("cuda"):
        return ("bfloat16",) if import_torch().cuda.is_bf16_supported() else ("float16",)
    if place != "cpu":
        return ("float32",)
    # int8 where it has instructions of its own; with AMX, bfloat16 is fast enough and nearer.
    quick: tuple[Precision, ...] = ("int8",) if has("avx512_vnni") and not has("amx_bf16") else ()
    return (*quick, *(("bfloat16",) if multiplies_bfloat16() else ()), "float32")


def while_training(wanted: str, place: str) -> Precision:
    """What a fine-tuning's products are computed in; the weights stay float32.

    "auto" is bfloat16 where the hardware multiplies it, else float16 on a GPU, else float32.
    """
    return next(each for each in candidates(wanted, place) if each != "int8")


def multiplies_bfloat16() -> bool:
    """Whether the CPU has instructions for it."""
    return has("amx_bf16") or has("avx512_bf16")


def has(feature: str) -> bool:
    """Whether the CPU has a feature, by PyTorch's name for it."""
    return bool(import_torch().cpu.get_capabilities().get(feature))


def _known(wanted: str) -> Precision:
    known: tuple[Precision, ...] = ("float32", "bfloat16", "float16", "int8")
    return next(each for each in known if each == wanted)
