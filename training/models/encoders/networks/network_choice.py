"""The network that computes an encoder as it was asked for, or as suits this machine."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from training.golden import read_golden
from training.models.encoders.batching import Network
from training.models.encoders.networks.onnx_file import check_packages, write_onnx
from training.models.encoders.networks.onnx_network import OnnxNetwork
from training.models.encoders.networks.precision import choose_precision
from training.models.encoders.networks.torch_network import TorchNetwork, device
from training.models.encoders.tokens import Tokenizer, WindowPlan
from training.runtime import Runtime


def choose_network(
    module: Any,
    width: int,
    pad: int,
    runtime: Runtime,
    samples: Callable[[], Sequence[Sequence[int]]] = tuple,
) -> Network:
    """Return the network of a module that was read from a run.

    PyTorch computes it, except in int8: then it is exported, and ONNX Runtime computes it.

    Args:
        module: from (ids, mask), each int64 (n, tokens), to float (n, width), in float32; don't
            use it again.
        width: numbers a window.
        pad: the id that fills up a batch.
        runtime: where and how to compute.
        samples: returns windows of token ids like those to come; int8 is closer with some.

    Raises:
        InputError: there is no such device, it does not compute in int8, or a package for that
            is missing.
    """
    precision = choose_precision(runtime.dtype, device(runtime))
    if precision != "int8":
        return TorchNetwork.of(module.eval(), width, pad, runtime, precision)
    check_packages()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_onnx(module, path, "int8", samples())
        return OnnxNetwork.load(path, width, pad, runtime, precision="int8")


def golden_windows(run: Path, tokenizer: Tokenizer, plan: WindowPlan) -> list[list[int]]:
    """Return the windows of a run's golden texts; none while the run is still being written."""
    texts = read_golden(run).texts if (run / "golden.json").is_file() else ()
    return list(itertools.chain.from_iterable(tokenizer.windows(texts, plan)))
