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
_NUMBERS = 4_000_000  # held at once while resampling: 32 MB
_ALPHA = 0.05
_TITLE = 70  # characters


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two runs.

    Attributes:
        a, b: of each run, in [0, 1].
        value: B minus A.
        low, high: the 95 % interval of that, of a paired bootstrap over articles.
        p_value: how often a difference as large comes about where it is tossed up for each article
            which of the two runs said what.
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
    """Two runs held against the same gold labels.

    Attributes:
        articles: how many.
        micro_f1, macro_f1, weighted_f1, exact: as in `training.evaluation.metrics.Evaluation`.
        both, only_a, only_b: articles that both runs, or only one of them, have exactly right.
        mcnemar: the p-value of McNemar's exact test on those.
        categories: the difference in F1, by id.
        differ: articles to which they give different categories.
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
        """Which run is better: by macro-F1, where its interval and its p-value both say so.

        The interval alone finds a difference too often where a category has few articles.
        """
        found = self.macro_f1
        if found.p_value < _ALPHA and found.low > 0:
            return "B is better"
        if found.p_value < _ALPHA and found.high < 0:
            return "A is better"
        return "no difference can be shown"

    def record(self) -> dict[str, Any]:
        """The comparison as a JSON object."""
        return {"verdict": self.verdict, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a run says of n articles, on k categories.

    Attributes:
        probabilities: float (n, k).
        predicted: bool (n, k), which categories hold.
        certain: bool (n,), whether that is decided without review.
    """

    probabilities: Float64Array
    predicted: BoolArray
    certain: BoolArray


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An article to which two runs give different categories.

    Attributes:
        id: the article's.
        title: its title, else its first words.
        gold: the right categories.
        a, b: the probability of each category that a run gives it, most probable first.
    """

    id: str
    title: str
    gold: tuple[str, ...]
    a: dict[str, float]
    b: dict[str, float]


def find_disagreements(
    examples: Sequence[Example], categories: tuple[str, ...], a: Predictions, b: Predictions
) -> list[Disagreement]:
    """The articles to which two runs give different categories, in order."""
    found = []
    for n in np.flatnonzero((a.predicted != b.predicted).any(axis=1)):
        document = examples[n].document
        gold = tuple(name for name in examples[n].categories if name in categories)
        title = document.title or textwrap.shorten(document.text[:500], _TITLE, placeholder="…")
        given = [
            {
                categories[k]: float(run.probabilities[n, k])
                for k in np.argsort(-run.probabilities[n], kind="stable")
                if run.predicted[n, k]
            }
            for run in (a, b)
        ]
        found.append(Disagreement(document.id, title, gold, *given))
    return found


def compare(
    a: BoolArray, b: BoolArray, gold: BoolArray, categories: tuple[str, ...], seed: int = 0
) -> Comparison:
    """What two runs gave to the same articles, held against the truth.

    a, b, gold: (n, k), which categories hold; categories: the k ids; seed: of the resampling.
    Raises InputError if n == 0. Sources: Efron and Tibshirani 1993 (paired bootstrap); Noreen 1989
    and Yeh 2000 (approximate randomization, the p-values); McNemar 1947.
    """
    if not len(gold):
        raise InputError("there is no article to compare on. Label more articles.")
    rng = np.random.default_rng(seed)
    of_a, of_b = (_figures(*(each.sum(axis=0) for each in _parts(run, gold))) for run in (a, b))
    values = of_b - of_a
    low, high = np.percentile(_bootstrap(a, b, gold, rng), [2.5, 97.5], axis=0)
    p_values = _p_values(a, b, gold, values, rng)
    columns = np.stack([of_a, of_b, values, low, high, p_values], axis=1)
    found = [Difference(*each) for each in columns.tolist()]
    right_a, right_b = ((run == gold).all(axis=1) for run in (a, b))
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return Comparison(
        articles=len(gold),
        micro_f1=found[0],
        macro_f1=found[1],
        weighted_f1=found[2],
        exact=found[3],
        both=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        mcnemar=mcnemar(only_a, only_b),
        categories=dict(zip(categories, found[4:], strict=True)),
        differ=int((a != b).any(axis=1).sum()),
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """The two-sided exact p-value, in (0, 1], of two runs being right equally often.

    only_a, only_b: articles that only one of the two has right; half of them each are expected.
    """
    total = only_a + only_b
    fewer = sum(math.comb(total, n) for n in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * fewer / (1 << total))


def _bootstrap(
    a: BoolArray, b: BoolArray, gold: BoolArray, rng: np.random.Generator
) -> Float64Array:
    """Differences B minus A on articles drawn with replacement, (RESAMPLES, 4 + k)."""
    n = len(gold)
    rows = max(1, _NUMBERS // n)
    found = []
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        weights = rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)
        here = (_figures(*(weights @ each for each in _parts(run, gold))) for run in (b, a))
        found.append(np.subtract(*here))
    return np.concatenate(found)


def _p_values(
    a: BoolArray, b: BoolArray, gold: BoolArray, values: Float64Array, rng: np.random.Generator
) -> Float64Array:
    """How often differences are as large as the values when answers change hands, (4 + k,)."""
    apart = np.flatnonzero((a != b).any(axis=1))
    ones = np.ones(len(gold))
    sums = [[ones @ each for each in _parts(run, gold)] for run in (a, b)]
    parts = (_parts(run[apart], gold[apart]) for run in (a, b))
    moved = [other - one for one, other in zip(*parts, strict=True)]
    larger, total = np.zeros(len(values)), 0
    for swapped in _swaps(len(apart), rng):
        shifts = [swapped @ each for each in moved]
        one = _figures(*(each + shift for each, shift in zip(sums[0], shifts, strict=True)))
        other = _figures(*(each - shift for each, shift in zip(sums[1], shifts, strict=True)))
        larger += (np.abs(other - one) >= np.abs(values) - 1e-9).sum(axis=0)
        total += len(swapped)
    return larger / total


def _swaps(count: int, rng: np.random.Generator) -> Iterator[Float64Array]:
    """Which of the articles change hands, (rows, count): all ways, else many, nothing first."""
    if 2**count <= _SWAPS:
        ways = np.arange(2**count)[:, None] >> np.arange(count)
        yield (ways & 1).astype(np.float64)
        return
    yield np.zeros((1, count))  # what was found is one of the ways: no p-value is 0
    rows = max(1, _NUMBERS // count)
    for start in range(1, _SWAPS, rows):
        yield rng.integers(0, 2, (min(rows, _SWAPS - start), count)).astype(np.float64)


def _parts(held: BoolArray, gold: BoolArray) -> tuple[Float64Array, ...]:
    """What an article adds: hits, chosen, support, (n, k) each; exactly right and 1, (n,) each."""
    exact = (held == gold).all(axis=1)
    parts = (held & gold, held, gold, exact, np.ones(len(gold)))
    return tuple(each.astype(np.float64) for each in parts)


def _figures(
    hits: Float64Array,
    chosen: Float64Array,
    support: Float64Array,
    exact: Float64Array,
    articles: Float64Array,
) -> Float64Array:
    """Micro-, macro-, weighted F1, share exactly right, F1 of each category, (rows, 4 + k).

    hits, chosen, support: (rows, k); exact, articles: (rows,). A figure of one row has no rows.
    """
    f1 = 2 * hits / np.maximum(chosen + support, 1)
    named = np.where(support > 0, f1, 0.0)
    micro = 2 * hits.sum(axis=-1) / np.maximum((chosen + support).sum(axis=-1), 1)
    macro = named.sum(axis=-1) / np.maximum((support > 0).sum(axis=-1), 1)
    weighted = (named * support).sum(axis=-1) / np.maximum(support.sum(axis=-1), 1)
    overall = np.stack([micro, macro, weighted, exact / articles], axis=-1)
    return np.concatenate([overall, f1], axis=-1)
