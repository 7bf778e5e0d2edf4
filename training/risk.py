"""When to ask a person: conformal control of the share of errors among what is accepted."""

import numpy as np

from training.arrays import BoolArray, Float64Array

NEVER = 2.0  # a bound that no probability reaches


def safe_bound(certainty: Float64Array, right: BoolArray, max_risk: float) -> float:
    """The lowest certainty from which at most a share of max_risk is wrong; NEVER if there is none.

    certainty: (n,), in [0, 1], of articles the model did not learn from; right: (n,). The bound is
    the lowest b with (1 + wrong with certainty ≥ b) / (all with certainty ≥ b) ≤ max_risk. The one
    error added makes it conformal: as long as new articles come from where these came from
    (exchangeable), the expected share of errors among the accepted is at most max_risk, however
    few articles there are. So 1 / max_risk articles are needed before any is accepted.

    Source: Jin and Candès 2023, "Selection by prediction with conformal p-values", with these
    articles' own certainties in the place of a test batch's.
    """
    order = np.argsort(-certainty, kind="stable")
    ranked = certainty[order]
    wrong = np.cumsum(~right[order])
    share = (1 + wrong) / np.arange(1, len(ranked) + 1)
    last_of_tie = np.append(np.diff(ranked) != 0, True)[: len(ranked)]
    safe = np.flatnonzero((share <= max_risk) & last_of_tie)
    return float(ranked[safe[-1]]) if len(safe) else NEVER
