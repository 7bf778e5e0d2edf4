"""Which numbers an encoder computes with: as asked for, else what the machine is fast at."""

from typing import Literal

from seeds.base.errors import InputError
from training.models.encoders.torch_network import import_torch

Precision = Literal["float32", "bfloat16", "float16", "int8"]


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
