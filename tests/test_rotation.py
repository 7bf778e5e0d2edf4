"""Learning from the articles' products gives what learning from their features gives."""

import numpy as np
import pytest

from tests.corpus import dataset
from training.model import Fitting
from training.models import linear
from training.models.tfidf import Tfidf, TfidfSettings


@pytest.mark.parametrize("choice", ["multiple", "single"])
def test_both_ways_of_learning_agree(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, texts = dataset(60, choice), dataset(20, choice, seed=7).texts
    rotated = Tfidf.fit(data, TfidfSettings(buckets=14), Fitting())
    monkeypatch.setattr(linear, "_ROTATED", 0)
    direct = Tfidf.fit(data, TfidfSettings(buckets=14), Fitting())
    np.testing.assert_allclose(rotated.scores(texts), direct.scores(texts), atol=0.02)
