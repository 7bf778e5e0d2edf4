"""The learning curve: how good the model is after so many articles, and a forecast for twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from labels.dataset import Dataset
from seeds.base.errors import InputError
from training.arrays import Float32Array, Float64Array
from training.decision import softmax
from training.evaluation.metrics import average_precision
from training.splitting.stratify import make_folds, stratify

Score = Callable[[Dataset, Sequence[str]], Float32Array]
Verdict = Literal["more labels help", "flat", "too early to say"]

_MIN_PART = 8  # articles in the smallest part: fewer say nothing about the rest of the curve
_PARTS = 4  # a quarter is held out to measure on, so that three repeats see different articles
_DRAWS = 400  # the ends of a 95 % interval move by about 0.01 from seed to seed
_FEW_POSITIVES = 8  # below, one lucky article more or less would decide the verdict
_HELPS = 0.01  # average precision: twice the labels help if they surely gain this much
_FLAT = 0.02  # a curve is flat if twice the labels surely gain no more than this
# The exponents tried. Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically",
# found 0.07 to 0.35 for text classifiers; linear models learn faster.
_EXPONENTS = np.linspace(0.1, 1.5, 57)


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Average precision on held-out articles, by the number of articles learned from.

    Average precision asks only how well a category's articles are ranked before all others, so it
    needs no threshold: at ten articles a fitted threshold would be most of what is measured. The
    report's table shows it too. A category that a part is too small to teach gets what ranking by
    chance would get, its share of the held-out articles.

    Attributes:
        articles: in the whole training set; forecasts are for these and for twice these.
        sizes: (s,) articles learned from, ascending.
        precision: by category id, (s, r): average precision at each size, in each repeat.
        positives: by category id, (s,): articles of the category among those learned from.
        unmeasured: ids of categories with too few articles to hold one out in each repeat.
    """

    articles: int
    sizes: tuple[int, ...]
    precision: dict[str, tuple[tuple[float, ...], ...]]
    positives: dict[str, tuple[float, ...]]
    unmeasured: tuple[str, ...] = ()

    @property
    def mean(self) -> Float64Array:
        """The mean over categories, (s, r)."""
        return np.asarray(np.mean([*self.precision.values()], axis=0))

    def forecast(self, category: str | None = None, seed: int = 0) -> "Forecast":
        """Forecast a category with twice the articles; without a category, the mean."""
        precision = self.mean if category is None else np.array(self.precision[category])
        expected = forecast(np.array(self.sizes, float), precision, self.articles, seed)
        if category and self.positives[category][-1] < _FEW_POSITIVES:
            return replace(expected, verdict="too early to say")
        return expected


@dataclass(frozen=True, slots=True)
class Law:
    """1 - average precision = scale · articles^-exponent + floor; (d,) each, or one number each."""

    scale: Float64Array
    exponent: Float64Array
    floor: Float64Array

    def at(self, articles: float) -> Float64Array:
        """Return the average precision after so many articles, in [0, 1]."""
        return np.clip(1 - self.scale * articles**-self.exponent - self.floor, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The continuation of a learning curve.

    Attributes:
        articles: in the whole training set.
        now: average precision with all of them, in [0, 1].
        doubled: with twice as many; never less than now.
        low, high: the 95 % interval of doubled.
        gain: the 95 % interval of what doubling adds; narrower, since much of the noise moves the
            curve up or down as a whole.
        verdict: whether more labels help, in words.
        law: the curve itself, of one number each.
    """

    articles: int
    now: float
    doubled: float
    low: float
    high: float
    gain: tuple[float, float]
    verdict: Verdict
    law: Law


def learning_curve(
    dataset: Dataset, score: Score, seed: int, *, sizes: int = 5, repeats: int = 3
) -> LearningCurve | None:
    """Fit models on growing parts of a dataset, each part within the next, and measure each.

    Args:
        dataset: the agreed labels.
        score: fits a model on a part, whose taxonomy has the categories that can be learned from
            it, and gives float32 (n, k of the part) scores of n texts.
        seed: of the parts.
        sizes: how many parts, growing by the same factor; 2 or more.
        repeats: how often, with other articles held out. Near-duplicates stay on one side.

    Returns:
        None if there are too few different articles for a curve.
    """
    try:
        folds = make_folds(dataset, max(_PARTS, repeats), seed)[:repeats]
    except InputError:  # fewer groups than folds
        return None
    precisions, counts, positives = [], [], []
    for n, (learn, validate) in enumerate(folds):
        parts = _growing_parts(dataset.subset(learn), sizes, seed + n)
        if not parts:
            return None
        held_out = dataset.subset(validate)
        precisions.append([_precisions(part, held_out, score) for part in parts])
        counts.append([len(part.examples) for part in parts])
        positives.append([part.gold.sum(axis=0) for part in parts])
    values = np.array(precisions).transpose(2, 1, 0)  # (k, s, r)
    measured = np.isfinite(values).all(axis=(1, 2))
    if not measured.any():
        return None
    means = np.mean(positives, axis=0)  # (s, k)
    ids = dataset.taxonomy.ids
    rows = [(n, name) for n, name in enumerate(ids) if measured[n]]
    return LearningCurve(
        articles=len(dataset.examples),
        sizes=tuple(round(size) for size in np.mean(counts, axis=0).tolist()),
        precision={name: tuple(map(tuple, values[n].tolist())) for n, name in rows},
        positives={name: tuple(means[:, n].tolist()) for n, name in rows},
        unmeasured=tuple(name for n, name in enumerate(ids) if not measured[n]),
    )


def forecast(sizes: Float64Array, measured: Float64Array, articles: int, seed: int = 0) -> Forecast:
    """Fit a power law to a learning curve, and estimate how far it can be trusted.

    sizes: (s,) articles learned from; measured: (s, r) in [0, 1] in r repeats; articles: how many
    there are now. The interval is a parametric bootstrap: laws are fitted to curves with noise
    like that between repeats. The held-out articles, which a repeat has in common at all sizes,
    move a curve up or down but do not bend it, so the two kinds of noise are drawn apart.
    """
    means = measured.mean(axis=1)
    laws = _fit_laws(sizes, 1 - means[None])
    now, doubled = (float(laws.at(n)[0]) for n in (articles, 2 * articles))
    law = Law(laws.scale[0], laws.exponent[0], laws.floor[0])
    if measured.shape[1] < 2 or len(sizes) < 3:
        return Forecast(articles, now, doubled, 0.0, 1.0, (0.0, 1.0), "too early to say", law)
    bends, shifts = _draw_noise(measured, np.random.default_rng(seed))
    drawn = _fit_laws(sizes, 1 - means - bends)
    gains = drawn.at(2 * articles) - drawn.at(articles)
    low, high = np.percentile(np.clip(drawn.at(2 * articles) + shifts, 0, 1), [2.5, 97.5])
    lowest_gain, highest_gain = (float(gain) for gain in np.percentile(gains, [2.5, 97.5]))
    verdict: Verdict = "flat" if highest_gain <= _FLAT else "too early to say"
    if lowest_gain >= _HELPS:
        verdict = "more labels help"
    low, high = min(doubled, float(low)), max(doubled, float(high))
    gain_interval = (lowest_gain, highest_gain)
    return Forecast(articles, now, doubled, low, high, gain_interval, verdict, law)


def _draw_noise(
    measured: Float64Array, rng: np.random.Generator
) -> tuple[Float64Array, Float64Array]:
    """Draw noise of the mean curve's points, (d, s), and of its height, (d,); measured (s, r)."""
    s, r = measured.shape
    height = measured.mean(axis=0) - measured.mean()
    residuals = measured - height - measured.mean(axis=1, keepdims=True)
    bend = np.sqrt((residuals**2).sum() / ((s - 1) * (r - 1)) / r)
    shift = np.sqrt((height**2).sum() / (r - 1) / r)
    # Student's t, since the size of the noise is itself estimated from a few repeats.
    bends = bend * rng.standard_t((s - 1) * (r - 1), (_DRAWS, s))
    return bends, shift * rng.standard_t(r - 1, _DRAWS)


def _fit_laws(sizes: Float64Array, errors: Float64Array) -> Law:
    """Fit a power law to each row of errors, (d, s), by least squares; scale and floor are ≥ 0.

    Given the exponent, the rest is a straight line, so each exponent of a grid is tried: unlike a
    search from a start, this always finds the best one, and for all draws at once.
    """
    x = (sizes / sizes[-1]) ** -_EXPONENTS[:, None]  # (g, s)
    centred = x - x.mean(axis=1, keepdims=True)
    means = errors.mean(axis=1, keepdims=True)
    slope = (errors - means) @ centred.T / (centred**2).sum(axis=1)  # (d, g)
    floor = means - slope * x.mean(axis=1)
    through_zero = np.maximum(errors @ x.T / (x**2).sum(axis=1), 0)
    slope, floor = (
        np.where(floor < 0, through_zero, np.maximum(slope, 0)),
        np.where(slope < 0, means, np.maximum(floor, 0)),
    )
    residuals = errors[:, None] - slope[..., None] * x - floor[..., None]
    best = (residuals**2).sum(axis=2).argmin(axis=1)
    rows, exponent = np.arange(len(errors)), _EXPONENTS[best]
    return Law(slope[rows, best] * sizes[-1] ** exponent, exponent, floor[rows, best])


def _growing_parts(dataset: Dataset, sizes: int, seed: int) -> list[Dataset]:
    """Return stratified parts, each within the next, up to the whole dataset; [] if it is small."""
    total = len(dataset.examples)
    smallest = max(total // 16, len(dataset.taxonomy.ids), _MIN_PART)
    if total < 2 * smallest:
        return []
    share = (smallest / total) ** (1 / (sizes - 1))
    parts = [dataset]
    for _ in range(sizes - 1):
        within = stratify(parts[0], (share, 1 - share), seed) == 0
        if not within.any() or within.all():  # a few groups of near-duplicates make up everything
            return []
        parts.insert(0, parts[0].subset(np.flatnonzero(within)))
    return parts


def _precisions(part: Dataset, held_out: Dataset, score: Score) -> list[float]:
    """Return the average precision of each category, (k,); NaN without a held-out article of it."""
    gold, known, learnable = held_out.gold, held_out.known, part.learnable
    pairs = zip(part.taxonomy.ids, learnable.tolist(), strict=True)
    names = [name for name, ok in pairs if ok]
    ranking = np.zeros(gold.shape)
    single = part.taxonomy.choice == "single"
    if len(names) >= (2 if single else 1):
        scores = score(part.restrict(names), held_out.texts).astype(np.float64)
        ranking[:, learnable] = softmax(scores) if single else scores
    precisions = [
        average_precision(ranking[rows, n], gold[rows, n]) for n, rows in enumerate(known.T)
    ]
    return [np.nan if precision is None else precision for precision in precisions]
