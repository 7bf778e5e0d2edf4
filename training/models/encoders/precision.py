"""The precision that an encoder computes in: as asked for, else what the machine is fast at."""

from typing import Literal, get_args

from seeds.base.errors import InputError
from training.models.encoders.torch_network import import_torch

Precision = Literal["float32", "bfloat16", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def candidates(dtype: str, place: str) -> tuple[Precision, ...]:
    """Return the precisions to predict in, best first; an encoder uses the first it supports.

    Args:
        dtype: of a Runtime.
        place: the device's name for PyTorch.

    Raises:
        InputError: int8 is asked of a device that is not a CPU.
    """
    if dtype == "exact":
        return ("float32",)
    if dtype == "int8" and place != "cpu":
        raise InputError(f"int8 is computed on the CPU, not on {place}. Leave out --dtype int8.")
    if dtype != "auto":
        return (next(precision for precision in PRECISIONS if precision == dtype),)
    if place.startswith("cuda"):
        return ("bfloat16",) if import_torch().cuda.is_bf16_supported() else ("float16",)
    if place != "cpu":
        return ("float32",)
    # int8 where it has instructions of its own; with AMX, bfloat16 is fast enough and closer.
    quick: tuple[Precision, ...] = (
        ("int8",) if has_feature("avx512_vnni") and not has_feature("amx_bf16") else ()
    )
    return (*quick, *(("bfloat16",) if multiplies_bfloat16() else ()), "float32")


def training_precision(dtype: str, place: str) -> Precision:
    """Return the precision of a fine-tuning's products; the weights stay float32.

    "auto" is bfloat16 where the hardware multiplies it, else float16 on a GPU, else float32.
    """
    return next(precision for precision in candidates(dtype, place) if precision != "int8")


def multiplies_bfloat16() -> bool:
    """Tell whether the CPU has instructions for bfloat16."""
    return has_feature("amx_bf16") or has_feature("avx512_bf16")


def has_feature(feature: str) -> bool:
    """Tell whether the CPU has a feature, by PyTorch's name for it."""
    return bool(import_torch().cpu.get_capabilities().get(feature))
