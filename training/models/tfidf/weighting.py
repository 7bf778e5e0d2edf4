"""TF-IDF weights of counts, the same at training and prediction."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.arrays import Floats

_TINY = 1e-12  # the length of a text without a known n-gram


def sublinear(counts: NDArray[Any]) -> Floats:
    """1 + log(count), float32."""
    logarithms: Floats = np.log(counts, dtype=np.float32)
    return logarithms + np.float32(1)


def unit(values: Floats) -> Floats:
    """The values scaled to length 1; none are as they are."""
    return values / np.float32(max(float(np.sqrt(values @ values)), _TINY))
