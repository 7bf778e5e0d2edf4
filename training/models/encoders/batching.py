"""Windows of token ids in padded batches of like lengths."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from training.arrays import Float32Array, IntArray

TOKENS_AT_ONCE = 8192  # of a batch, padding included; bounds its memory whatever the windows


class Network(Protocol):
    """What turns windows into numbers: PyTorch or ONNX Runtime."""

    @property
    def computing(self) -> str:
        """What it computes in, and on what, for people."""
        ...

    def outputs(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Numbers of each window, float32 (n, width), in the windows' order."""
        ...


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


def padded(windows: Sequence[Sequence[int]], pad: int) -> tuple[IntArray, IntArray]:
    """Ids and mask, int64 (n, longest)."""
    shape = (len(windows), max(len(each) for each in windows))
    ids, mask = np.full(shape, pad, np.int64), np.zeros(shape, np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return ids, mask
