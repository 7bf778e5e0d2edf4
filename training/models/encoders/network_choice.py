"""The network that computes an encoder fastest on this machine."""

from typing import Any

from seeds.base.errors import InputError
from training.models.encoders.batching import Network
from training.models.encoders.precision import Precision, candidates, multiplies_bfloat16
from training.models.encoders.torch_network import TorchNetwork, device
from training.runtime import Runtime


def choose_network(
    module: Any, width: int, pad: int, runtime: Runtime, *, sparing: Precision | None = None
) -> Network:
    """Return the fastest network of a module that was read from a run.

    Args:
        module: from (ids, mask), each int64 (n, tokens), to float (n, width), in float32; don't
            use it again.
        width: numbers a window.
        pad: the id that fills up a batch.
        runtime: where and how to compute.
        sparing: a precision to use only when it is asked for.

    Raises:
        InputError: there is no such device, or it can't compute this encoder in int8.
    """
    from training.models.encoders.cpu_encoder import PackedNetwork, pack

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
