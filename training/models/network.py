"""Windows of token ids -> numbers, in batches of like lengths, on whatever there is."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from seeds.base.errors import InputError, missing_extra
from training.model import Floats, Runtime

_PIECES_AT_ONCE = 8192  # of a batch, padding included; bounds its memory whatever the windows
_PIECES_A_THREAD = 512  # on a CPU: as fast as more for long windows, less padding of short ones
_NO_MEMORY = (
    *("out of memory", "can't allocate memory", "bad allocation"),
    "could not create a primitive",  # oneDNN, whose buffers could not be had
)
Ids = NDArray[np.int64]


class Network(Protocol):
    """What turns windows into numbers: PyTorch or ONNX Runtime."""

    @property
    def computing(self) -> str:
        """What it computes in, and on what, for people."""
        ...

    def outputs(self, windows: Sequence[Sequence[int]]) -> Floats:
        """Numbers of each window, float32 (n, width), in the windows' order."""
        ...


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

    def outputs(self, windows: Sequence[Sequence[int]]) -> Floats:
        """Numbers of each window, float32 (n, width)."""
        torch = import_torch()
        place = next(self.module.parameters()).device
        limit = _PIECES_AT_ONCE
        if place.type == "cpu":
            limit = min(limit, _PIECES_A_THREAD * torch.get_num_threads())

        def compute(ids: Ids, mask: Ids) -> Floats:
            """The numbers of a batch, float32 (n, width)."""
            with torch.inference_mode():
                found = self.module(
                    torch.from_numpy(ids).to(place), torch.from_numpy(mask).to(place)
                )
            return np.asarray(found.float().cpu().numpy(), np.float32)

        several = batches(windows, self.runtime.batch_size, limit)
        return _in_batches(windows, several, compute, self.width, self.pad)


@dataclass(frozen=True)
class OnnxNetwork:
    """The same network as an ONNX file, without PyTorch.

    Windows are computed one by one, several at the same time: a window's numbers stay in the
    processor's cache, none is padded, and int8's scales, which follow what is computed together,
    make an article's scores depend on nothing but the article.

    Attributes:
        session: of ONNX Runtime, a thread for each call.
        width: numbers a window.
        pad: the id that fills up a batch, where one is asked for.
        runtime: how many windows at once, on how many threads.
    """

    session: Any = field(repr=False)
    width: int
    pad: int
    runtime: Runtime

    @classmethod
    def load(cls, path: Path, width: int, pad: int, runtime: Runtime) -> Self:
        """The network of a file with inputs input_ids and attention_mask and one output.

        Raises:
            InputError: it is no ONNX file, or its output has another width.
        """
        try:
            import onnxruntime
        except ModuleNotFoundError as error:
            raise missing_extra("onnx", "Using an ONNX run") from error

        if runtime.device not in ("auto", "cpu"):
            raise InputError(
                f"an ONNX run computes on the CPU. Leave out --device {runtime.device}."
            )
        if runtime.dtype not in ("auto", "exact"):
            raise InputError(
                "an ONNX run computes in what it was exported in. "
                f"Leave out --dtype {runtime.dtype}, or choose the run it was exported from."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        if not has_vnni():  # sums of two products of 8 bits would run over 16
            options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library has an exception class a fault
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(f"{path}: not an ONNX model ({reason})") from error
        if session.get_outputs()[0].shape[-1] != width:
            raise InputError(f"{path}: its output does not have {width} columns")
        return cls(session, width, pad, runtime)

    @property
    def threads(self) -> int:
        """Of the CPU."""
        return self.runtime.threads or os.cpu_count() or 1

    @property
    def computing(self) -> str:
        """What it computes with, and on what."""
        return f"with ONNX Runtime on {self.threads} threads of the CPU"

    def outputs(self, windows: Sequence[Sequence[int]]) -> Floats:
        """Numbers of each window, float32 (n, width)."""

        def compute(rows: list[int]) -> Floats:
            """The numbers of some windows, float32 (rows, width)."""
            ids, mask = padded([windows[n] for n in rows], self.pad)
            (values,) = self.session.run(None, {"input_ids": ids, "attention_mask": mask})
            return np.asarray(values, np.float32)

        found = np.zeros((len(windows), self.width), np.float32)
        several = list(batches(windows, self.runtime.batch_size or 1, _PIECES_AT_ONCE))
        with ThreadPoolExecutor(self.threads) as pool:
            for rows, values in zip(several, pool.map(compute, several), strict=True):
                found[rows] = values
        return found


def has_vnni(cpu: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether an x86 processor adds products of 8 bits in 32; where nobody tells, it does not."""
    try:
        flags = cpu.read_text(encoding="utf-8").split()
    except OSError:  # another system than Linux
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags


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
    compute: Callable[[Ids, Ids], Floats],
    width: int,
    pad: int,
) -> Floats:
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


def batches(windows: Sequence[Sequence[int]], size: int | None, pieces: int) -> Iterator[list[int]]:
    """The places of windows computed together, longest first.

    size: how many at once; None: as many as fill so many pieces, padding included, or one.
    """
    order = sorted(range(len(windows)), key=lambda n: -len(windows[n]))
    first = 0
    while first < len(order):
        count = size or max(1, pieces // len(windows[order[first]]))
        yield order[first : first + count]
        first += count


def padded(windows: Sequence[Sequence[int]], pad: int) -> tuple[Ids, Ids]:
    """Ids and mask, int64 (n, longest)."""
    shape = (len(windows), max(len(each) for each in windows))
    ids, mask = np.full(shape, pad, np.int64), np.zeros(shape, np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return ids, mask
