"""golden.json: texts of a run, with the scores that they must get on every machine."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seeds.base.errors import InputError
from seeds.base.records import read_object
from training.arrays import Float32Array

_REMEDY = "Restore the run from a copy, choose another with --run, or train again."
# Float32 sums of a few thousand terms differ by this much when added in another order; golden.json
# may set its own.
_TOLERANCE = 1e-4
_LOOSEST = 1.0  # log-odds; a larger difference would change decisions


@dataclass(frozen=True, slots=True)
class Golden:
    """The golden texts of a run.

    Attributes:
        texts: n articles.
        scores: float32 (n, k), log-odds.
        tolerance: the largest difference that is no fault.
    """

    texts: tuple[str, ...]
    scores: Float32Array
    tolerance: float

    def gap(self, scores: Float32Array) -> float:
        """Return the largest difference between the scores and these, (n, k); infinite if k is not.

        scores: float32, of the same texts.
        """
        if scores.shape != self.scores.shape:
            return np.inf
        return float(np.abs(scores - self.scores).max(initial=0))


def read_golden(run: Path) -> Golden:
    """Read golden.json of a run.

    Raises:
        InputError: the file or a field is not what it must be; names it.
    """
    path = run / "golden.json"
    record = read_object(path, _REMEDY)
    texts, tolerance = record.get("texts"), record.get("tolerance", _TOLERANCE)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{path}: 'texts' must be a list of texts. {_REMEDY}")
    if type(tolerance) not in (int, float) or not 0 <= tolerance <= _LOOSEST:
        raise InputError(f"{path}: 'tolerance' must be from 0 to {_LOOSEST:g}. {_REMEDY}")
    try:
        with np.errstate(over="ignore"):
            scores = np.array(record.get("scores"), np.float32)
    except (TypeError, ValueError, OverflowError):
        scores = np.empty(0, np.float32)
    if scores.ndim != 2 or len(scores) != len(texts) or not np.isfinite(scores).all():
        raise InputError(
            f"{path}: 'scores' must be a list of finite numbers for each text. {_REMEDY}"
        )
    return Golden(tuple(texts), scores, float(tolerance))
