"""Dawid–Skene for one category: how strict each annotator is, and how likely each article has it.

Source: Dawid and Skene 1979, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM
Algorithm"; two classes. crowd-kit computes the same (the tests compare), and needs scikit-learn,
pandas and transformers for it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PRIOR = 5.0  # answers (DECISIONS.md, 2026-11-28)
_RIGHT = 0.8  # of them: better than chance, which also keeps yes and no from changing places
_ITERATIONS = 1000
_TOLERANCE = 1e-6  # change of a probability at which the EM algorithm has converged
_SMALLEST = 1e-10  # keeps logarithms finite, as in crowd-kit

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers for one category: does the article belong to it?

    Attributes:
        yes: bool (m,), the answers.
        article, annotator: int (m,), of each answer, from 0.
        truth: float (n,), of each article: 1 or 0 if a person settled it, else NaN.
        annotators: how many there are.
    """

    yes: BoolArray
    article: IntArray
    annotator: IntArray
    truth: FloatArray
    annotators: int


@dataclass(frozen=True, slots=True)
class Fit:
    """A model of one category.

    Attributes:
        probability: float (n,), of each article to have the category.
        prevalence: share of the articles that have it.
        sensitivity: float (annotators,), the chance to choose it where it belongs; a strict
            annotator's is low.
        specificity: float (annotators,), the chance not to choose it where it does not belong.
    """

    probability: FloatArray
    prevalence: float
    sensitivity: FloatArray
    specificity: FloatArray


def fit(answers: Answers, prior: float = PRIOR) -> Fit:
    """Fit the model by expectation maximisation, beginning with each article's share of yes.

    prior: how many answers each annotator begins with, four of five of them right. Few answers say
        little of a person: without a prior (0), two of them can make somebody infallible.
    """
    n = len(answers.truth)
    votes = np.bincount(answers.article, minlength=n)
    share = np.bincount(answers.article, answers.yes, n) / np.maximum(votes, 1)
    probability = np.where(np.isnan(answers.truth), share, answers.truth)
    for _ in range(_ITERATIONS):
        estimate = _maximise(answers, probability, prior)
        expected = _expect(answers, estimate)
        change = np.abs(expected - probability).max(initial=0.0)
        probability = expected
        if change < _TOLERANCE:
            break
    prevalence, sensitivity, specificity = _maximise(answers, probability, prior)
    return Fit(probability, prevalence, sensitivity, specificity)


def _maximise(
    answers: Answers, probability: FloatArray, prior: float
) -> tuple[float, FloatArray, FloatArray]:
    """Return prevalence, sensitivities and specificities that fit the probabilities best."""
    has = probability[answers.article]
    rates = []
    for weight, right in ((has, answers.yes), (1 - has, ~answers.yes)):
        total = np.bincount(answers.annotator, weight, answers.annotators)
        hits = np.bincount(answers.annotator, weight * right, answers.annotators)
        rate = (hits + prior * _RIGHT) / np.maximum(total + prior, _SMALLEST)
        rates.append(np.clip(rate, _SMALLEST, 1 - _SMALLEST))
    return float(probability.mean()) if len(probability) else 0.0, rates[0], rates[1]


def _expect(answers: Answers, estimate: tuple[float, FloatArray, FloatArray]) -> FloatArray:
    """Return each article's probability to have the category."""
    prevalence, sensitivity, specificity = estimate
    prevalence = min(max(prevalence, _SMALLEST), 1 - _SMALLEST)
    sensitive, specific = sensitivity[answers.annotator], specificity[answers.annotator]
    ratio = np.where(
        answers.yes,
        np.log(sensitive) - np.log1p(-specific),
        np.log1p(-sensitive) - np.log(specific),
    )
    n = len(answers.truth)
    logit = np.log(prevalence / (1 - prevalence)) + np.bincount(answers.article, ratio, n)
    expected = 1 / (1 + np.exp(-np.clip(logit, -500, 500)))
    return np.where(np.isnan(answers.truth), expected, answers.truth)
