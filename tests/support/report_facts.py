"""Facts and predictions of a run, made up, for reports."""

import numpy as np

from labels.dataset import Dataset
from training.evaluation.measured import Measured
from training.runs.facts import RunFacts

NAMES = ("cinema", "trade", "sport")


def facts(**changes: object) -> RunFacts:
    """Make the facts of a run, with some of them changed; the one place that knows them all."""
    defaults: dict[str, object] = {
        "format": 3,
        "kind": "tfidf",
        "created": "2026-11-22T07:00:00Z",
        "classify": "0.1.0",
        "dataset": "0123abcd",
        "articles": 300,
        "test_articles": 60,
        "seconds": 12.5,
        "seed": 1,
        "left_out": ("category museum is left out: 2 of 4 articles",),
        "notes": ("7 % of the text lies beyond one window",),
        "versions": ("python 3.11.7", "numpy 2.2.6"),
    }
    return RunFacts(**{**defaults, **changes})  # type: ignore[arg-type]


def measured(data: Dataset, wrong: int) -> Measured:
    """Predict the gold labels, but for the first articles a next category with 0.9 instead."""
    predicted = data.gold.copy()
    predicted[:wrong] = np.roll(data.gold[:wrong], 1, axis=1)
    rng = np.random.default_rng(0)
    p = np.where(predicted, 0.7, 0.1) + rng.random(predicted.shape) * 0.2
    p[0] = np.where(predicted[0], 0.97, 0.02)
    if data.taxonomy.choice == "single":
        p /= p.sum(axis=1, keepdims=True)
    return Measured(data, p, predicted, np.where(predicted, p, 1 - p).prod(axis=1))
