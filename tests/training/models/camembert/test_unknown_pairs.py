"""Fine-tuning: a pair of article and category that is not known teaches nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from labels.dataset import Dataset
from tests.support.corpus import dataset
from tests.support.tiny import quick_settings
from training.model import Fitting
from training.models.camembert.batches import token_table
from training.models.camembert.callback import macro_f1
from training.models.camembert.model import Camembert
from training.models.camembert.trainer import Objective


def without(data: Dataset, name: str, step: int) -> Dataset:
    """Make a category unknown in some of its articles and of the others."""
    examples = tuple(
        replace(e, categories=tuple(c for c in e.categories if c != name), unknown=(name,))
        if n % step == 0
        else e
        for n, e in enumerate(data.examples)
    )
    return replace(data, examples=examples)


@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_the_loss_is_that_of_the_known_pairs(tmp_path: Path, weights: str) -> None:
    data = without(dataset(6), "trade", 2)
    gold, known = data.gold, data.known
    table = token_table([[[5, 6]]] * 6, gold, known, tmp_path)
    labels = torch.tensor(table["labels"])
    objective = Objective.of(data, quick_settings(Path("base"), class_weights=weights))
    logits = torch.linspace(-2, 2, 18).reshape(6, 3).requires_grad_()
    loss = objective.loss(logits, labels, torch.ones(6))
    loss.backward()
    assert logits.grad is not None
    assert (logits.grad.numpy() == 0).tolist() == (~known).tolist()
    positive = np.ones(3)
    if weights == "balanced":
        positive = np.sqrt((known & ~gold).sum(axis=0) / np.maximum(gold.sum(axis=0), 1))
    chances = 1 / (1 + np.exp(-logits.detach().numpy()))
    by_pair = -np.where(gold, positive * np.log(chances), np.log(1 - chances))
    assert loss.item() == pytest.approx(by_pair[known].sum() / 18, rel=1e-5)


def test_early_stopping_looks_at_known_pairs_alone() -> None:
    gold = np.array([[True], [False], [False]])
    known = np.array([[True], [False], [True]])
    scores = np.array([[2.0], [3.0], [-1.0]], np.float32)
    assert macro_f1(scores, gold, known, single=False) == 1.0
    assert macro_f1(scores, gold, known | True, single=False) < 1.0


def test_what_an_unknown_pair_would_have_taught_is_not_learned(tiny_base: Path) -> None:
    data = dataset(24)
    settings = quick_settings(tiny_base, epochs=1)
    every, some = (
        Camembert.fit(part, settings, Fitting()) for part in (data, without(data, "sport", 2))
    )
    assert not np.allclose(every.scores(data.texts)[:, 2], some.scores(data.texts)[:, 2], atol=1e-6)
    assert np.isfinite(some.scores(data.texts)).all()
