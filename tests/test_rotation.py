"""Learning from the articles' products gives what learning from their features gives."""

import numpy as np
import pytest

from tests.corpus import dataset
from training.model import Fitting
from training.models import lbfgs, linear
from training.models.tfidf import Tfidf, TfidfSettings


@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_both_ways_of_learning_agree(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, texts = dataset(60, choice), dataset(20, choice, seed=7).texts
    settings = TfidfSettings(buckets=14, C=3.0)
    rotated = Tfidf.fit(data, settings, Fitting())
    monkeypatch.setattr(linear, "_ROTATED", 0)
    monkeypatch.setattr(lbfgs, "_PASSES", 1000)
    direct = Tfidf.fit(data, settings, Fitting())
    np.testing.assert_allclose(rotated.scores(texts), direct.scores(texts), atol=0.02)
