"""Array types by what they hold."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
