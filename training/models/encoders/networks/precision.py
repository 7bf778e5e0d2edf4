"""The precision that an encoder computes in: as asked for, else what the machine is fast at."""

from typing import Literal, get_args

from seeds.base.errors import InputError
from training.models.encoders.networks.torch_network import import_torch

Precision = Literal["float32", "bfloat16", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def choose_precision(dtype: str, place: str) -> Precision:
    """Return the precision to compute products in; while fine-tuning, the weights stay float32.

    Args:
        dtype: of a Runtime.
        place: the device's name for PyTorch.

    Raises:
        InputError: int8 is asked of a device that is not a CPU.
    """
    if dtype == "int8" and place != "cpu":
        raise InputError(f"int8 is computed on the CPU, not on {place}. Leave out --dtype int8.")
    if dtype not in ("auto", "exact"):
        return next(precision for precision in PRECISIONS if precision == dtype)
    if dtype == "exact":
        return "float32"
    if place.startswith("cuda"):
        return "bfloat16" if import_torch().cuda.is_bf16_supported() else "float16"
    return "bfloat16" if place == "cpu" and multiplies_bfloat16() else "float32"


def multiplies_bfloat16() -> bool:
    """Tell whether the CPU has instructions for bfloat16."""
    return has_feature("amx_bf16") or has_feature("avx512_bf16")


def has_feature(feature: str) -> bool:
    """Tell whether the CPU has a feature, by PyTorch's name for it."""
    return bool(import_torch().cpu.get_capabilities().get(feature))
