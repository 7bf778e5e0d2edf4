"""An encoder computed by ONNX Runtime, without PyTorch."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from seeds.base.cores import available_cores
from seeds.base.errors import InputError, missing_extra
from training.arrays import Float32Array
from training.models.encoders.batching import TOKENS_AT_ONCE, batches, pad_windows
from training.runtime import Runtime


@dataclass(frozen=True)
class OnnxNetwork:
    """A network in an ONNX file, computed without PyTorch.

    Windows are computed one by one, several at the same time: a window's numbers stay in the
    processor's cache, none is padded, and int8's scales, which depend on all that is computed
    together, depend on nothing but the article.

    Attributes:
        session: of ONNX Runtime, with one thread for each call.
        width: numbers a window.
        pad: the id that fills up a batch, where batches are asked for.
        runtime: how many windows at once, on how many threads.
        precision: of the file, where it was exported on the spot; "" where a run holds it.
    """

    session: Any = field(repr=False)
    width: int
    pad: int
    runtime: Runtime
    precision: str = ""

    @classmethod
    def load(
        cls, path: Path, width: int, pad: int, runtime: Runtime, *, precision: str = ""
    ) -> Self:
        """Load a file with inputs input_ids and attention_mask and one output.

        Raises:
            InputError: it is no ONNX file, its output has another width, or an option does not
                apply to it.
        """
        try:
            import onnxruntime
        except ModuleNotFoundError as error:
            raise missing_extra("onnx", "Using an ONNX run") from error

        if runtime.device not in ("auto", "cpu"):
            raise InputError(
                f"an ONNX run computes on the CPU. Leave out --device {runtime.device}."
            )
        if runtime.dtype not in ("auto", "exact", precision):
            raise InputError(
                "an ONNX run computes in what it was exported in. "
                f"Leave out --dtype {runtime.dtype}, or choose the run it was exported from."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4  # what is an error is said by us
        if not has_vnni():  # sums of two products of 8 bits would overflow 16
            options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            # As bytes: later changes of the file do not reach it, and it can name no other file.
            session = onnxruntime.InferenceSession(
                path.read_bytes(), options, ["CPUExecutionProvider"], enable_fallback=0
            )
        except Exception as error:  # the library has an exception class for each fault
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(f"{path}: not an ONNX model ({reason})") from error
        inputs = {node.name for node in session.get_inputs()}
        shapes = [node.shape for node in session.get_outputs()]
        if inputs != {"input_ids", "attention_mask"} or len(shapes) != 1:
            raise InputError(f"{path}: its inputs and outputs are not those of an encoder")
        if not shapes[0] or shapes[0][-1] != width:
            raise InputError(f"{path}: its output does not have {width} columns")
        return cls(session, width, pad, runtime, precision)

    @property
    def threads(self) -> int:
        """The threads of the CPU."""
        return self.runtime.threads or available_cores()

    @property
    def computing(self) -> str:
        """The library and threads that it computes with, for people."""
        form = f"in {self.precision} " if self.precision else ""
        return f"{form}with ONNX Runtime on {self.threads} threads of the CPU"

    def outputs(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Return the numbers of each window, float32 (n, width)."""

        def compute(rows: list[int]) -> Float32Array:
            """Return the numbers of some windows, float32 (rows, width)."""
            ids, mask = pad_windows([windows[n] for n in rows], self.pad)
            try:
                (values,) = self.session.run(None, {"input_ids": ids, "attention_mask": mask})
            except Exception as error:  # the library has an exception class for each fault
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                raise InputError(f"model.onnx could not be computed ({reason}).") from error
            return np.asarray(values, np.float32)

        outputs = np.zeros((len(windows), self.width), np.float32)
        row_batches = list(batches(windows, self.runtime.batch_size or 1, TOKENS_AT_ONCE))
        with ThreadPoolExecutor(self.threads) as pool:
            computed = pool.map(compute, row_batches)
            for rows, values in zip(row_batches, computed, strict=True):
                outputs[rows] = values
        return outputs


def has_vnni(cpu: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether an x86 processor adds products of 8 bits in 32; False where it is unknown."""
    try:
        flags = cpu.read_text(encoding="utf-8").split()
    except OSError:  # another system than Linux
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags
