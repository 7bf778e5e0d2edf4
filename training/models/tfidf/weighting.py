"""TF-IDF weights of counts, the same at training and prediction."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.arrays import Float32Array

_TINY = 1e-12  # the length of a text without a known n-gram


def sublinear(counts: NDArray[Any]) -> Float32Array:
    """Return 1 + log(count), float32."""
    logarithms: Float32Array = np.log(counts, dtype=np.float32)
    return logarithms + np.float32(1)


def unit(values: Float32Array) -> Float32Array:
    """Scale values to length 1; if all are 0 they stay as they are."""
    return values / np.float32(max(float(np.sqrt(values @ values)), _TINY))
