"""Where a third opinion helps most."""

import numpy as np
import pytest

from labels.agreement.dawid_skene import Fit
from labels.agreement.third_opinion import expected_gain, rank_third_opinions
from tests.support.panel import votes


def test_the_gain_is_the_chance_of_error_that_one_more_answer_takes_away() -> None:
    """p = .5, right 80 % of the time: after a yes p = .8, after a no .2; error .5 -> .2.

    p = .1: a yes makes it .08/(.08+.18) < .5, so that no answer changes the decision: no gain.
    """
    model = Fit(np.array([0.5, 0.1, 1.0]), 0.5, np.array([0.8]), np.array([0.8]))
    assert expected_gain(model) == pytest.approx([0.3, 0.0, 0.0], abs=1e-9)


def test_the_most_doubtful_article_comes_first_and_settled_or_lone_ones_never() -> None:
    shown = votes({"ann": ["a", "ab", "a", "a"], "bob": ["", "", "", None]}, names="ab")
    doubt = np.array([0.5, 0.5, 0.5, 0.5])
    sure = np.array([0.0, 0.45, 0.0, 0.0])
    fits = [Fit(p, 0.5, np.array([0.8, 0.8]), np.array([0.8, 0.8])) for p in (doubt, sure)]
    ranked = rank_third_opinions(shown, fits, settled={"d2"})
    assert [(opinion.document_id, opinion.categories) for opinion in ranked] == [
        ("d1", ("a", "b")),
        ("d0", ("a",)),
    ]
