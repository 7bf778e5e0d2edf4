"""The learning curve: how good the model is after so many articles, and what more would bring."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from labels.dataset import Dataset
from seeds.base.errors import InputError
from training.arrays import Float32Array, Float64Array
from training.decision import softmax
from training.evaluation.metrics import average_precision
from training.stratify import make_folds, stratify

Score = Callable[[Dataset, Sequence[str]], Float32Array]
Verdict = Literal["more labels help", "flat", "too early to say"]

_FEWEST = 8  # articles in the smallest part: fewer say nothing of what follows
_PARTS = 4  # a quarter is held out to measure on, so that three repeats see different articles
_DRAWS = 400  # the ends of a 95 % interval move by about 0.01 from seed to seed
_FEW_POSITIVES = 8  # below, one lucky article more or less would decide what is said
_WORTH = 0.01  # average precision gained by twice the labels that counts as help
_NOTHING = 0.02  # a gain that is surely smaller than this counts as flat
# Exponents of learning curves of text classifiers lie within; Hestness et al. 2017, "Deep Learning
# Scaling is Predictable, Empirically", found 0.07 to 0.35, linear models learn faster.
_EXPONENTS = np.linspace(0.1, 1.5, 57)


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Average precision on articles held out, by the number of articles learned from.

    Average precision asks only how well a category's articles are ranked before all others, so it
    needs no threshold: at ten articles a fitted threshold would be most of what is measured. It is
    the figure of the report's table too. A category that a part is too small to teach gets what
    ranking by chance would get, its share of the held-out articles.

    Attributes:
        articles: all there are; forecasts are for these and for twice these.
        sizes: (s,) articles learned from, ascending.
        precision: by category id, (s, r): average precision at each size, in each repeat.
        positives: by category id, (s,): articles of the category among those learned from.
        unmeasured: category ids with too few articles for each repeat to hold one out.
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
        """What twice the articles would bring to a category; without one, to the mean."""
        found = self.mean if category is None else np.array(self.precision[category])
        expected = forecast(np.array(self.sizes, float), found, self.articles, seed)
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
        """Average precision after so many articles, in [0, 1]."""
        return np.clip(1 - self.scale * articles**-self.exponent - self.floor, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a learning curve comes to.

    Attributes:
        articles: all there are.
        now: average precision with all of them, in [0, 1].
        doubled: with twice as many; never less than now.
        low, high: the 95 % interval of doubled.
        gain: the 95 % interval of what doubling adds; narrower, for much of the noise moves the
            whole curve up or down.
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
        held_out = make_folds(dataset, max(_PARTS, repeats), seed)[:repeats]
    except InputError:  # fewer groups than folds
        return None
    measured, counts, positives = [], [], []
    for n, (learn, validate) in enumerate(held_out):
        parts = _growing(dataset.subset(learn), sizes, seed + n)
        if not parts:
            return None
        held = dataset.subset(validate)
        measured.append([_precisions(part, held, score) for part in parts])
        counts.append([len(part.examples) for part in parts])
        positives.append([part.gold.sum(axis=0) for part in parts])
    values = np.array(measured).transpose(2, 1, 0)  # (k, s, r)
    known = np.isfinite(values).all(axis=(1, 2))
    if not known.any():
        return None
    means = np.mean(positives, axis=0)  # (s, k)
    ids = dataset.taxonomy.ids
    kept = [(n, name) for n, name in enumerate(ids) if known[n]]
    return LearningCurve(
        articles=len(dataset.examples),
        sizes=tuple(round(each) for each in np.mean(counts, axis=0).tolist()),
        precision={name: tuple(map(tuple, values[n].tolist())) for n, name in kept},
        positives={name: tuple(means[:, n].tolist()) for n, name in kept},
        unmeasured=tuple(name for n, name in enumerate(ids) if not known[n]),
    )


def forecast(sizes: Float64Array, measured: Float64Array, articles: int, seed: int = 0) -> Forecast:
    """A power law through a learning curve, and how far it can be trusted.

    sizes: (s,) articles learned from; measured: (s, r) in [0, 1] in r repeats; articles: how many
    there are now. The interval is a parametric bootstrap: curves with the noise found between
    repeats are fitted anew. What a repeat has in common at all sizes, its held-out articles, moves
    a curve up or down but does not bend it, so the two kinds of noise are drawn apart.
    """
    means = measured.mean(axis=1)
    law = _fitted(sizes, 1 - means[None])
    now, doubled = (float(law.at(n)[0]) for n in (articles, 2 * articles))
    one = Law(law.scale[0], law.exponent[0], law.floor[0])
    if measured.shape[1] < 2 or len(sizes) < 3:
        return Forecast(articles, now, doubled, 0.0, 1.0, (0.0, 1.0), "too early to say", one)
    drawn, shifts = _noise(measured, np.random.default_rng(seed))
    others = _fitted(sizes, 1 - means - drawn)
    gains = others.at(2 * articles) - others.at(articles)
    low, high = np.percentile(np.clip(others.at(2 * articles) + shifts, 0, 1), [2.5, 97.5])
    least, most = (float(each) for each in np.percentile(gains, [2.5, 97.5]))
    verdict: Verdict = "flat" if most <= _NOTHING else "too early to say"
    if least >= _WORTH:
        verdict = "more labels help"
    low, high = min(doubled, float(low)), max(doubled, float(high))
    return Forecast(articles, now, doubled, low, high, (least, most), verdict, one)


def _noise(measured: Float64Array, rng: np.random.Generator) -> tuple[Float64Array, Float64Array]:
    """Noise of the mean curve, (d, s), and of its height, (d,); measured (s, r)."""
    s, r = measured.shape
    height = measured.mean(axis=0) - measured.mean()
    rest = measured - height - measured.mean(axis=1, keepdims=True)
    bend = np.sqrt((rest**2).sum() / ((s - 1) * (r - 1)) / r)
    shift = np.sqrt((height**2).sum() / (r - 1) / r)
    # Student's t: how large the noise is has itself been learned from a few repeats.
    bends = bend * rng.standard_t((s - 1) * (r - 1), (_DRAWS, s))
    return bends, shift * rng.standard_t(r - 1, _DRAWS)


def _fitted(sizes: Float64Array, errors: Float64Array) -> Law:
    """The least-squares power law of each row of errors (d, s); scale and floor are 0 or more.

    Given the exponent the rest is a straight line, so each exponent of a grid is tried: unlike a
    search from a start, this finds the best one always, and all draws at once.
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
    left = errors[:, None] - slope[..., None] * x - floor[..., None]
    best = (left**2).sum(axis=2).argmin(axis=1)
    rows, exponent = np.arange(len(errors)), _EXPONENTS[best]
    return Law(slope[rows, best] * sizes[-1] ** exponent, exponent, floor[rows, best])


def _growing(dataset: Dataset, sizes: int, seed: int) -> list[Dataset]:
    """Stratified parts, each within the next and the last all; [] if there is too little."""
    total = len(dataset.examples)
    smallest = max(total // 16, len(dataset.taxonomy.ids), _FEWEST)
    if total < 2 * smallest:
        return []
    share = (smallest / total) ** (1 / (sizes - 1))
    parts = [dataset]
    for _ in range(sizes - 1):
        within = stratify(parts[0], (share, 1 - share), seed) == 0
        if not within.any() or within.all():  # a few groups of near-duplicates hold everything
            return []
        parts.insert(0, parts[0].subset(np.flatnonzero(within)))
    return parts


def _precisions(part: Dataset, held: Dataset, score: Score) -> list[float]:
    """The average precision of each category of `held`, (k,); NaN without a positive there."""
    gold, learned = held.gold, part.gold
    taught = np.asarray(learned.any(axis=0) & ~learned.all(axis=0))
    pairs = zip(part.taxonomy.ids, taught.tolist(), strict=True)
    names = [name for name, known in pairs if known]
    ranking = np.zeros(gold.shape)
    if taught.sum() >= (2 if part.taxonomy.choice == "single" else 1):
        found = score(part.restricted(names), held.texts).astype(np.float64)
        ranking[:, taught] = softmax(found) if part.taxonomy.choice == "single" else found
    precisions = [average_precision(ranking[:, n], gold[:, n]) for n in range(gold.shape[1])]
    return [np.nan if each is None else each for each in precisions]
