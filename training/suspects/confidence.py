"""How far models believe the labels of an article: self-confidence, one figure an article. Pure."""

import numpy as np

from training.arrays import BoolArray, Float64Array

# Of cleanlab's multi-label methods, softmin with this temperature ranked wrong labels best.
_TEMPERATURE = 0.1


def self_confidence(probabilities: Float64Array, gold: BoolArray) -> Float64Array:
    """Return the probability of each label as it is, yes or no, (n, k); NaN stays NaN."""
    return np.where(gold, probabilities, 1 - probabilities)


def softmin(confidence: Float64Array) -> Float64Array:
    """Return a mean of each row of (n, k) to which the lowest values count most, (n,).

    NaN counts for nothing; a row of NaN alone gives NaN.

    Source: Thyagarajan et al. 2023, "Identifying Incorrect Annotations in Multi-Label
    Classification Data"; cleanlab's `softmin`.
    """
    weights = np.exp((1 - np.nan_to_num(confidence, nan=1)) / _TEMPERATURE)
    weights[np.isnan(confidence)] = 0
    total = weights.sum(axis=1)
    sums = (np.nan_to_num(confidence) * weights).sum(axis=1)
    return np.where(total > 0, sums / np.where(total > 0, total, 1), np.nan)
