"""Dawid–Skene: crowd-kit's values, and a case worked out by hand."""

import csv

import numpy as np
import pytest

from labels.agreement.dawid_skene import Answers, Fit, fit
from tests.support.command import SHARED

OBSINFOX = SHARED / "data" / "obsinfox" / "ratings.csv"


def answers_of(label: str, annotators: int) -> Answers:
    with OBSINFOX.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows = [row for row in rows if int(row["annotator"][5:]) <= annotators]
    return Answers(
        np.array([label in row["labels"].split(";") for row in rows]),
        np.array([int(row["article"][8:]) - 1 for row in rows]),
        np.array([int(row["annotator"][5:]) - 1 for row in rows]),
        np.full(100, np.nan),
        annotators,
    )


# Of crowd-kit 1.4.2, DawidSkene(n_iter=5000, tol=0): the sum of the probabilities, those of the
# first articles, and each annotator's sensitivity and specificity.
CROWD_KIT = {
    ("Fake News", 8): (
        37.56690,
        [0, 0, 0, 1, 0, 0, 0, 0.2252, 0, 1, 0.9993, 0],
        [0.4382, 0.6283, 0.9715, 0.7039, 1, 0.76, 0.6616, 0.8104],
        [0.9273, 0.9136, 0.5595, 0.8789, 0.8489, 0.9127, 0.9336, 0.7828],
    ),
    ("Fake News", 3): (
        34.02436,
        [0, 0, 0, 0.9929, 0, 0.1375, 0, 0.1375, 0, 0.9929, 0.7379, 0.1375],
        [0.5095, 0.7446, 1],
        [0.9444, 0.9444, 0.5457],
    ),
    ("Subjective", 8): (
        65.58624,
        [1, 0, 0, 1, 0.9634, 0.0008, 0, 1, 0, 1, 0.0047, 0.9991],
        [0.9855, 0.9848, 0.9276, 0.6999, 0.9538, 0.8316, 0.7018, 0.7151],
        [0.8151, 0.7265, 0.9372, 0.8229, 0.8709, 0.8414, 0.9717, 0.968],
    ),
}


@pytest.mark.parametrize(("label", "annotators"), CROWD_KIT)
def test_without_a_prior_it_gives_the_values_of_crowd_kit(label: str, annotators: int) -> None:
    total, first, sensitivity, specificity = CROWD_KIT[label, annotators]
    model = fit(answers_of(label, annotators), prior=0)
    assert model.probability.sum() == pytest.approx(total, abs=1e-3)
    assert model.probability[:12] == pytest.approx(first, abs=1e-4)
    assert model.sensitivity == pytest.approx(sensitivity, abs=1e-4)
    assert model.specificity == pytest.approx(specificity, abs=1e-4)


def unanimous(truth: float) -> Fit:
    """Two articles, each answered alike by two people; a third one's truth may be known."""
    yes = np.array([True, True, False, False, True, False])
    place = np.array([0, 0, 1, 1, 2, 2])
    who = np.array([0, 1, 0, 1, 0, 1])
    return fit(Answers(yes, place, who, np.array([np.nan, np.nan, truth]), 2), prior=0)


def test_a_settled_article_teaches_how_strict_each_is() -> None:
    """The third article has it, and the second annotator missed it: found 1 of 2, the first 2."""
    model = unanimous(1.0)
    assert model.probability == pytest.approx([1, 0, 1], abs=1e-6)
    assert model.sensitivity == pytest.approx([1, 0.5], abs=1e-6)
    assert model.specificity == pytest.approx([1, 1], abs=1e-6)
    assert model.prevalence == pytest.approx(2 / 3)


def test_a_prior_keeps_anybody_from_being_infallible() -> None:
    """With one answer more, of which 0.8 are right: (2 + 0.8) / 3 and (1 + 0.8) / 3."""
    yes = np.array([True, True, False, False, True, False])
    place, who = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    model = fit(Answers(yes, place, who, np.array([1.0, 0.0, 1.0]), 2), prior=1)
    assert model.sensitivity == pytest.approx([2.8 / 3, 1.8 / 3])
    assert model.specificity == pytest.approx([1.8 / 2, 1.8 / 2])


def test_nobody_or_everybody_choosing_it_gives_probabilities_still() -> None:
    for yes in (False, True):
        place, who = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
        model = fit(Answers(np.full(4, yes), place, who, np.full(2, np.nan), 2))
        assert model.probability == pytest.approx([float(yes)] * 2, abs=0.05)
        assert np.isfinite([*model.sensitivity, *model.specificity]).all()
