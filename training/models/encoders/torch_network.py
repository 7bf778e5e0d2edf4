"""An encoder computed by PyTorch, in batches, on any device."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from seeds.base.errors import InputError, missing_extra
from training.arrays import Float32Array, IntArray
from training.models.encoders.batching import TOKENS_AT_ONCE, batches, pad_windows
from training.runtime import Runtime

_TOKENS_A_THREAD = 512  # on a CPU: as fast as more for long windows, less padding of short ones
_OUT_OF_MEMORY = (
    *("out of memory", "can't allocate memory", "bad allocation"),
    "could not create a primitive",  # oneDNN, whose buffers could not be allocated
)


@dataclass(frozen=True)
class TorchNetwork:
    """A PyTorch module from (ids, mask), each int64 (n, tokens), to float (n, width).

    Attributes:
        module: in evaluation mode, on its device.
        width: numbers a window.
        pad: the id that fills up a batch.
        runtime: how many windows at once, on how many threads.
    """

    module: Any = field(repr=False)
    width: int
    pad: int
    runtime: Runtime

    @classmethod
    def of(
        cls, module: Any, width: int, pad: int, runtime: Runtime, dtype: str = "float32"
    ) -> Self:
        """Make the network of a module, which is moved to its device and to a type of numbers.

        Raises:
            InputError: there is no such device.
        """
        ready = module.to(device(runtime), getattr(import_torch(), dtype)).eval()
        return cls(ready, width, pad, runtime)

    @property
    def computing(self) -> str:
        """The precision and device that it computes with, for people."""
        parameter = next(self.module.parameters())
        dtype = str(parameter.dtype).removeprefix("torch.")
        if parameter.device.type != "cpu":
            return describe_computing(dtype, str(parameter.device))
        threads = self.runtime.threads or import_torch().get_num_threads()
        return describe_computing(dtype, f"{threads} threads of the CPU")

    def outputs(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Return the numbers of each window, float32 (n, width)."""
        torch = import_torch()
        place = next(self.module.parameters()).device
        earlier = torch.get_num_threads()
        threads = self.runtime.threads or earlier
        limit = TOKENS_AT_ONCE
        if place.type == "cpu":
            limit = min(limit, _TOKENS_A_THREAD * threads)

        def compute(ids: IntArray, mask: IntArray) -> Float32Array:
            """Return the numbers of a batch, float32 (n, width)."""
            with torch.inference_mode():
                outputs = self.module(
                    torch.from_numpy(ids).to(place), torch.from_numpy(mask).to(place)
                )
            return np.asarray(outputs.float().cpu().numpy(), np.float32)

        rows = batches(windows, self.runtime.batch_size, limit)
        torch.set_num_threads(threads)
        try:
            return _compute_batches(windows, rows, compute, self.width, self.pad)
        finally:
            torch.set_num_threads(earlier)


def describe_computing(precision: str, place: str) -> str:
    """Describe a network of PyTorch: its precision and device, and which option is more exact."""
    option = "" if precision == "float32" else " (--dtype float32: slower, exact)"
    return f"in {precision} on {place}{option}"


def device(runtime: Runtime) -> str:
    """Return the device's name for PyTorch.

    Raises:
        InputError: there is no such device; lists the devices.
    """
    torch = import_torch()
    names = ["cpu"]
    if torch.cuda.is_available():
        names = ["cuda", *names, *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    elif torch.backends.mps.is_available():
        names = ["mps", *names]
    if runtime.device == "auto":
        return names[0]
    if runtime.device not in names:
        raise InputError(
            f"device {runtime.device!r} does not exist on this machine. "
            f"Choose one of: {', '.join(names)}."
        )
    return runtime.device


def import_torch() -> Any:
    """Import PyTorch, with transformers beside it, and return it.

    Raises:
        InputError: one of them is not installed; gives the command that installs them.
    """
    try:
        import torch
        import transformers
    except ModuleNotFoundError as error:
        raise missing_extra("camembert", "Using an encoder") from error
    logging: Any = transformers.logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return torch


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error of PyTorch means that a smaller batch could succeed."""
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in _OUT_OF_MEMORY)


def _compute_batches(
    windows: Sequence[Sequence[int]],
    rows: Iterable[list[int]],
    compute: Callable[[IntArray, IntArray], Float32Array],
    width: int,
    pad: int,
) -> Float32Array:
    """Return the numbers of all windows; where memory runs out, with half as many at once."""
    outputs = np.zeros((len(windows), width), np.float32)
    for batch in rows:
        waiting = [batch]
        while waiting:
            part = waiting.pop()
            try:
                outputs[part] = compute(*pad_windows([windows[n] for n in part], pad))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or len(part) == 1:
                    raise
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
    return outputs
