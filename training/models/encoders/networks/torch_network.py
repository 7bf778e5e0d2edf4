"""An encoder computed by PyTorch, in batches, on any device."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from seeds.base.errors import InputError, missing_extra
from training.arrays import Float32Array
from training.models.encoders.batching import TOKENS_AT_ONCE, batches, pad_windows
from training.runtime import Runtime

# Of a batch on a CPU: as fast as more for long windows, with less padding of short ones.
_TOKENS_ON_CPU = 512
_WORKERS = 8  # more would wait for Python; further threads share in each product
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
        return describe_computing(dtype, f"{self._threads} threads of the CPU")

    @property
    def _threads(self) -> int:
        return self.runtime.threads or int(import_torch().get_num_threads())

    def outputs(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Return the numbers of each window, float32 (n, width).

        On a CPU several batches are computed at the same time, so that threads seldom wait for
        each other.
        """
        on_cpu = next(self.module.parameters()).device.type == "cpu"
        tokens = _TOKENS_ON_CPU if on_cpu else TOKENS_AT_ONCE
        row_batches = list(batches(windows, self.runtime.batch_size, tokens))
        workers = min(self._threads, _WORKERS, len(row_batches)) if on_cpu else 1
        outputs = np.zeros((len(windows), self.width), np.float32)

        def compute(rows: list[int]) -> None:
            """Compute a batch; where memory runs out, with half as many windows at once."""
            try:
                outputs[rows] = self._compute([windows[n] for n in rows])
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or len(rows) == 1:
                    raise
            else:
                return
            half = len(rows) // 2
            compute(rows[:half])
            compute(rows[half:])

        self._compute_all(compute, row_batches, workers)
        return outputs

    def _compute_all(
        self, compute: Callable[[list[int]], None], row_batches: list[list[int]], workers: int
    ) -> None:
        """Compute all batches in as many threads, which share those of PyTorch."""
        set_threads = import_torch().set_num_threads
        earlier = import_torch().get_num_threads()
        try:
            if workers <= 1:
                set_threads(self._threads)
                for rows in row_batches:
                    compute(rows)
                return
            share = self._threads // workers
            with ThreadPoolExecutor(workers, initializer=set_threads, initargs=(share,)) as pool:
                for _ in pool.map(compute, row_batches):
                    pass
        finally:
            set_threads(earlier)  # also for threads to come, which take the number last set

    def _compute(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Return the numbers of a batch, float32 (n, width)."""
        torch = import_torch()
        place = next(self.module.parameters()).device
        ids, mask = (torch.from_numpy(array).to(place) for array in pad_windows(windows, self.pad))
        with torch.inference_mode():
            return np.asarray(self.module(ids, mask).float().cpu().numpy(), np.float32)


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
