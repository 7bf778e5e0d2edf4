"""Two runs on the same articles: is one better, and by how much; NumPy alone. Pure."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from labels.dataset import Example
from seeds.base.errors import InputError
from training.arrays import BoolArray, Float64Array
from training.evaluation.metrics import RESAMPLES

Verdict = Literal["A is better", "B is better", "no difference can be shown"]
_SWAPS = 5000  # a p-value of 0.05 is then good to ±0.006
_NUMBERS = 4_000_000  # in memory at once while resampling: 32 MB
_ALPHA = 0.05
_TITLE = 70  # characters


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two runs.

    Attributes:
        a, b: of each run, in [0, 1].
        value: B minus A.
        low, high: the 95 % interval of that, of a paired bootstrap over articles.
        p_value: how often a difference this large comes about when a coin decides, for each
            article, which run made which prediction.
    """

    a: float
    b: float
    value: float
    low: float
    high: float
    p_value: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs measured against the same gold labels.

    Attributes:
        articles: how many.
        micro_f1, macro_f1, weighted_f1, exact: as in `training.evaluation.metrics.Evaluation`.
        both, only_a, only_b: articles that both runs, or only one of them, have exactly right.
        mcnemar: the p-value of McNemar's exact test on those.
        categories: the difference in F1, by id.
        differ: articles for which they predict different categories.
    """

    articles: int
    micro_f1: Difference
    macro_f1: Difference
    weighted_f1: Difference
    exact: Difference
    both: int
    only_a: int
    only_b: int
    mcnemar: float
    categories: dict[str, Difference]
    differ: int

    @property
    def verdict(self) -> Verdict:
        """The better run by macro-F1, if interval and p-value both show it.

        The interval alone shows a difference too often where a category has few articles.
        """
        figure = self.macro_f1
        if figure.p_value < _ALPHA and figure.low > 0:
            return "B is better"
        if figure.p_value < _ALPHA and figure.high < 0:
            return "A is better"
        return "no difference can be shown"

    def record(self) -> dict[str, Any]:
        """Return the comparison as a JSON object."""
        return {"verdict": self.verdict, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Predictions:
    """A run's predictions for n articles and k categories.

    Attributes:
        probabilities: float (n, k).
        predicted: bool (n, k).
        certain: bool (n,), decided without review.
    """

    probabilities: Float64Array
    predicted: BoolArray
    certain: BoolArray


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An article for which two runs predict different categories.

    Attributes:
        id: the article's.
        title: its title, else its first words.
        gold: the right categories.
        a, b: the probability of each category that a run predicts, most probable first.
    """

    id: str
    title: str
    gold: tuple[str, ...]
    a: dict[str, float]
    b: dict[str, float]


def find_disagreements(
    examples: Sequence[Example], categories: tuple[str, ...], a: Predictions, b: Predictions
) -> list[Disagreement]:
    """Return the articles for which two runs predict different categories, in order."""
    disagreements = []
    for n in np.flatnonzero((a.predicted != b.predicted).any(axis=1)):
        document = examples[n].document
        gold = tuple(name for name in examples[n].categories if name in categories)
        title = document.title or textwrap.shorten(document.text[:500], _TITLE, placeholder="…")
        predicted = [
            {
                categories[k]: float(run.probabilities[n, k])
                for k in np.argsort(-run.probabilities[n], kind="stable")
                if run.predicted[n, k]
            }
            for run in (a, b)
        ]
        disagreements.append(Disagreement(document.id, title, gold, *predicted))
    return disagreements


def compare(
    a: BoolArray,
    b: BoolArray,
    gold: BoolArray,
    categories: tuple[str, ...],
    seed: int = 0,
    known: BoolArray | None = None,
) -> Comparison:
    """Compare the predictions of two runs for the same articles.

    a, b, gold: (n, k), True where a category is predicted, or right; categories: the k ids; seed:
    of the resampling; known: (n, k), the pairs that count, None: all. Raises InputError if n == 0.
    Sources: Efron and Tibshirani 1993 (paired bootstrap); Noreen 1989 and Yeh 2000 (approximate
    randomization, the p-values); McNemar 1947.
    """
    if not len(gold):
        raise InputError("there is no article to compare on. Label more articles.")
    differ = int((a != b).any(axis=1).sum())
    a, b = (run if known is None else run & known for run in (a, b))
    rng = np.random.default_rng(seed)
    figures_a, figures_b = (
        _figures(*(count.sum(axis=0) for count in _counts(run, gold))) for run in (a, b)
    )
    values = figures_b - figures_a
    low, high = np.percentile(_bootstrap(a, b, gold, rng), [2.5, 97.5], axis=0)
    p_values = _p_values(a, b, gold, values, rng)
    columns = np.stack([figures_a, figures_b, values, low, high, p_values], axis=1)
    differences = [Difference(*row) for row in columns.tolist()]
    right_a, right_b = ((run == gold).all(axis=1) for run in (a, b))
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return Comparison(
        articles=len(gold),
        micro_f1=differences[0],
        macro_f1=differences[1],
        weighted_f1=differences[2],
        exact=differences[3],
        both=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        mcnemar=mcnemar(only_a, only_b),
        categories=dict(zip(categories, differences[4:], strict=True)),
        differ=differ,
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided exact p-value, in (0, 1], of two runs being right equally often.

    only_a, only_b: articles that only one of the two has right; half of them each are expected.
    """
    total = only_a + only_b
    fewer = sum(math.comb(total, n) for n in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * fewer / (1 << total))


def _bootstrap(
    a: BoolArray, b: BoolArray, gold: BoolArray, rng: np.random.Generator
) -> Float64Array:
    """Return differences B minus A on articles drawn with replacement, (RESAMPLES, 4 + k)."""
    n = len(gold)
    rows = max(1, _NUMBERS // n)
    differences = []
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        weights = rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)
        figures_b, figures_a = (
            _figures(*(weights @ count for count in _counts(run, gold))) for run in (b, a)
        )
        differences.append(figures_b - figures_a)
    return np.concatenate(differences)


def _p_values(
    a: BoolArray, b: BoolArray, gold: BoolArray, values: Float64Array, rng: np.random.Generator
) -> Float64Array:
    """Return how often swapping predictions gives differences as large as the values, (4 + k,)."""
    differing = np.flatnonzero((a != b).any(axis=1))
    ones = np.ones(len(gold))
    sums_a, sums_b = ([ones @ count for count in _counts(run, gold)] for run in (a, b))
    pairs = zip(
        *(_counts(run[differing], gold[differing]) for run in (a, b)),
        strict=True,
    )
    changes = [count_b - count_a for count_a, count_b in pairs]
    larger, total = np.zeros(len(values)), 0
    for swapped in _swaps(len(differing), rng):
        shifts = [swapped @ change for change in changes]
        figures_a = _figures(*(old + shift for old, shift in zip(sums_a, shifts, strict=True)))
        figures_b = _figures(*(old - shift for old, shift in zip(sums_b, shifts, strict=True)))
        larger += (np.abs(figures_b - figures_a) >= np.abs(values) - 1e-9).sum(axis=0)
        total += len(swapped)
    return larger / total


def _swaps(count: int, rng: np.random.Generator) -> Iterator[Float64Array]:
    """Yield ways to swap predictions, 1 where an article's are swapped, (rows, count).

    All ways if there are few; else many random ones, and first the one that swaps nothing.
    """
    if 2**count <= _SWAPS:
        ways = np.arange(2**count)[:, None] >> np.arange(count)
        yield (ways & 1).astype(np.float64)
        return
    yield np.zeros((1, count))  # the observed predictions are one of the ways: no p-value is 0
    rows = max(1, _NUMBERS // count)
    for start in range(1, _SWAPS, rows):
        yield rng.integers(0, 2, (min(rows, _SWAPS - start), count)).astype(np.float64)


def _counts(predicted: BoolArray, gold: BoolArray) -> tuple[Float64Array, ...]:
    """Return the counts of each article that `_figures` takes the sums of.

    Hits, predicted and support, (n, k) each; exactly right and 1, (n,) each.
    """
    exact = (predicted == gold).all(axis=1)
    counts = (predicted & gold, predicted, gold, exact, np.ones(len(gold)))
    return tuple(count.astype(np.float64) for count in counts)


def _figures(
    hits: Float64Array,
    predicted: Float64Array,
    support: Float64Array,
    exact: Float64Array,
    articles: Float64Array,
) -> Float64Array:
    """Return micro-, macro-, weighted F1, share exactly right, F1 by category, (rows, 4 + k).

    hits, predicted, support: (rows, k); exact, articles: (rows,). Without a rows dimension, so is
    the result.
    """
    f1 = 2 * hits / np.maximum(predicted + support, 1)
    supported = np.where(support > 0, f1, 0.0)
    micro = 2 * hits.sum(axis=-1) / np.maximum((predicted + support).sum(axis=-1), 1)
    macro = supported.sum(axis=-1) / np.maximum((support > 0).sum(axis=-1), 1)
    weighted = (supported * support).sum(axis=-1) / np.maximum(support.sum(axis=-1), 1)
    overall = np.stack([micro, macro, weighted, exact / articles], axis=-1)
    return np.concatenate([overall, f1], axis=-1)
