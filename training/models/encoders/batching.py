"""Windows of token ids in padded batches of like lengths."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from training.arrays import Float32Array, IntArray

TOKENS_AT_ONCE = 8192  # of a batch, padding included; bounds its memory whatever the windows


class Network(Protocol):
    """Turns windows into numbers, by PyTorch or ONNX Runtime."""

    @property
    def computing(self) -> str:
        """The precision, library and device that it computes with, for people."""
        ...

    def outputs(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Return the numbers of each window, float32 (n, width), in the windows' order."""
        ...


def batches(windows: Sequence[Sequence[int]], size: int | None, tokens: int) -> Iterator[list[int]]:
    """Yield the places of windows to compute together, longest first.

    Args:
        windows: of token ids.
        size: windows of a batch; None: as many as `tokens` allow.
        tokens: the most of a batch, padding included, unless one window alone has more.
    """
    order = sorted(range(len(windows)), key=lambda n: -len(windows[n]))
    begin = 0
    while begin < len(order):
        count = size or max(1, tokens // len(windows[order[begin]]))
        yield order[begin : begin + count]
        begin += count


def pad_windows(windows: Sequence[Sequence[int]], pad: int) -> tuple[IntArray, IntArray]:
    """Return ids and mask, int64 (n, longest)."""
    shape = (len(windows), max(len(window) for window in windows))
    ids, mask = np.full(shape, pad, np.int64), np.zeros(shape, np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return ids, mask
