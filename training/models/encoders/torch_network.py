"""An encoder computed by PyTorch, in batches, on any device."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from seeds.base.errors import InputError, missing_extra
from training.arrays import Float32Array, IntArray
from training.models.encoders.batching import TOKENS_AT_ONCE, batches, padded
from training.runtime import Runtime

_PIECES_A_THREAD = 512  # on a CPU: as fast as more for long windows, less padding of short ones
_NO_MEMORY = (
    *("out of memory", "can't allocate memory", "bad allocation"),
    "could not create a primitive",  # oneDNN, whose buffers could not be had
)


@dataclass(frozen=True)
class TorchNetwork:
    """A PyTorch module from (ids, mask), each int64 (n, pieces), to float (n, width).

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
        """The network of a module, which is moved to its device and to a type of numbers.

        Raises:
            InputError: there is no such device.
        """
        torch = import_torch()
        if runtime.threads:
            torch.set_num_threads(runtime.threads)
        ready = module.to(device(runtime), getattr(torch, dtype)).eval()
        return cls(ready, width, pad, runtime)

    @property
    def computing(self) -> str:
        """What it computes in, and on what."""
        first = next(self.module.parameters())
        dtype = str(first.dtype).removeprefix("torch.")
        if first.device.type != "cpu":
            return in_words(dtype, str(first.device))
        return in_words(dtype, f"{import_torch().get_num_threads()} threads of the CPU")

    def outputs(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Numbers of each window, float32 (n, width)."""
        torch = import_torch()
        place = next(self.module.parameters()).device
        limit = TOKENS_AT_ONCE
        if place.type == "cpu":
            limit = min(limit, _PIECES_A_THREAD * torch.get_num_threads())

        def compute(ids: IntArray, mask: IntArray) -> Float32Array:
            """The numbers of a batch, float32 (n, width)."""
            with torch.inference_mode():
                found = self.module(
                    torch.from_numpy(ids).to(place), torch.from_numpy(mask).to(place)
                )
            return np.asarray(found.float().cpu().numpy(), np.float32)

        several = batches(windows, self.runtime.batch_size, limit)
        return _in_batches(windows, several, compute, self.width, self.pad)


def in_words(precision: str, place: str) -> str:
    """What a network of PyTorch computes in and on what, and what would be more exact."""
    nearer = "" if precision == "float32" else " (--dtype float32: slower, exact)"
    return f"in {precision} on {place}{nearer}"


def device(runtime: Runtime) -> str:
    """The device's name for PyTorch.

    Raises:
        InputError: there is no such device; says which there are.
    """
    torch = import_torch()
    there = ["cpu"]
    if torch.cuda.is_available():
        there = ["cuda", *there, *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    elif torch.backends.mps.is_available():
        there = ["mps", *there]
    if runtime.device == "auto":
        return there[0]
    if runtime.device not in there:
        raise InputError(f"device {runtime.device!r} is not there. There are: {', '.join(there)}.")
    return runtime.device


def import_torch() -> Any:
    """PyTorch, once transformers is there as well.

    Raises:
        InputError: they are not installed; gives the command that installs them.
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


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of PyTorch means that a smaller batch could do."""
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in _NO_MEMORY)


def _in_batches(
    windows: Sequence[Sequence[int]],
    several: Iterable[list[int]],
    compute: Callable[[IntArray, IntArray], Float32Array],
    width: int,
    pad: int,
) -> Float32Array:
    """The numbers of all windows; where memory runs out, with half as many at once."""
    found = np.zeros((len(windows), width), np.float32)
    for rows in several:
        waiting = [rows]
        while waiting:
            part = waiting.pop()
            try:
                found[part] = compute(*padded([windows[n] for n in part], pad))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error) or len(part) == 1:
                    raise
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
    return found
