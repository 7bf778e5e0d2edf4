"""How much better unknown pairs are masked than their articles dropped, several draws.

    python benchmarks/masks.py [--draws 20] [--kind tfidf | --kind embedding --base-model FOLDER]

Makes 10, 20 and 30 % of the pairs of article and category of the training articles unknown, at
random: once of all pairs, once of those that hold, as disputes do, which begin with somebody's
tick. Then it trains on the same articles in three ways, and ranks others, whose labels are whole:
the pairs masked, as `classify train` does; articles with an unknown pair dropped; unknown pairs
taken for "does not have it". The figure is the mean average precision of the categories.

The data: the sample corpus (16 categories), of the articles on which its annotators agree, and
SIB-200 (French) from `../shared/data`, three sentences an article with the topics of all three.
"""

import argparse
import itertools
import statistics
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kinds import CONFIGS, JOBS, read
from benchmarks.results import table
from benchmarks.suspects import read_sample
from labels.dataset import Dataset, Example
from seeds.document import Document
from training.evaluation.metrics import average_precision
from training.model import Fitting
from training.models import model_class
from training.recipe import read_recipe
from training.splitting.stratify import stratify

SHARES = (0.1, 0.2, 0.3)  # of the pairs that become unknown
TESTED = 0.3  # of the articles
TOGETHER = 3  # sentences of an article
WAYS = ("masked", "dropped", "taken for no")
HEAD = (
    "data",
    "unknown",
    "articles left whole",
    "all known",
    *WAYS,
    "masked − dropped",
    "worse in",
)
Pairs = NDArray[np.bool_]


def main() -> None:
    """Print a table, a row for each data set, kind of pairs and share of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--kind", default="tfidf")
    parser.add_argument("--base-model")
    options = parser.parse_args()
    _, settings = read_recipe(CONFIGS / f"{options.kind}.toml", options.kind)
    if options.base_model:
        settings = replace(settings, base_model=options.base_model)
    data_sets = {"sample corpus": read_sample(), "SIB-200 in threes": read_threes()}
    rows = []
    for name, data in data_sets.items():
        for cells in measure(data, options.kind, settings, options.draws):
            rows.append([name, *cells])
            print(rows[-1], flush=True)
    print(table(HEAD, rows))


def read_threes() -> Dataset:
    """Read SIB-200's sentences, three at a time: an article with the topics of all three."""
    single = read(next(train for name, (train, _) in JOBS.items() if name.startswith("SIB")))
    order = np.random.default_rng(0).permutation(len(single.examples))
    sentences = [single.examples[n] for n in order]
    taxonomy = replace(single.taxonomy, choice="multiple")
    examples = []
    for start in range(0, len(sentences) - TOGETHER + 1, TOGETHER):
        part = sentences[start : start + TOGETHER]
        text = "\n\n".join(example.document.text for example in part)
        topics = {name for example in part for name in example.categories}
        examples.append(Example(Document.of(text), taxonomy.sort(topics)))
    return Dataset(tuple(examples), taxonomy)


def measure(data: Dataset, kind: str, settings: Any, draws: int) -> Iterator[list[str]]:
    """Yield the cells of a row for each kind of pairs and share of them."""
    splits = [stratify(data, (1 - TESTED, TESTED), seed) for seed in range(draws)]
    sides = [[data.subset(np.flatnonzero(split == n)) for n in (0, 1)] for split in splits]
    whole = [rank(learned, tested, kind, settings) for learned, tested in sides]
    for pairs, share in itertools.product(("pairs", "labels"), SHARES):
        figures, left = [], []
        for seed, (learned, tested) in enumerate(sides):
            drawn = np.random.default_rng(seed).random(learned.gold.shape) < share
            unknown = drawn if pairs == "pairs" else drawn & learned.gold
            left.append(1 - unknown.any(axis=1).mean())
            parts = hide(learned, unknown), drop(learned, unknown), hide(learned, unknown, no=True)
            figures.append([rank(part, tested, kind, settings) for part in parts])
        gains = [masked - dropped for masked, dropped, _ in figures]
        means = [statistics.mean(column) for column in (whole, *zip(*figures, strict=True))]
        error = statistics.stdev(gains) / len(gains) ** 0.5
        yield [
            f"{share:.0%} of the {pairs}",
            f"{statistics.mean(left):.0%}",
            *(f"{mean:.3f}" for mean in means),
            f"{statistics.mean(gains):+.3f} ± {1.96 * error:.3f}",
            f"{sum(gain < 0 for gain in gains)} of {draws}",
        ]


def hide(data: Dataset, unknown: Pairs, *, no: bool = False) -> Dataset:
    """Return a dataset with some pairs, (n, k), unknown; no: they are taken for negative."""
    names = np.array(data.taxonomy.ids)
    kept = data.gold & ~unknown
    examples = tuple(
        Example(e.document, tuple(names[has].tolist()), () if no else tuple(names[open_].tolist()))
        for e, has, open_ in zip(data.examples, kept, unknown, strict=True)
    )
    return replace(data, examples=examples)


def drop(data: Dataset, unknown: Pairs) -> Dataset:
    """Return the articles of which every pair, (n, k), is known."""
    return data.subset(np.flatnonzero(~unknown.any(axis=1)))


def rank(learned: Dataset, tested: Dataset, kind: str, settings: Any) -> float:
    """Return the mean average precision of the categories of the tested articles.

    One that can't be learned from what is left ranks all articles alike, as one guesses.
    """
    learnable, gold = learned.learnable, tested.gold
    names = [name for name, ok in zip(learned.taxonomy.ids, learnable, strict=True) if ok]
    scores = np.zeros(gold.shape)
    if names:
        model = model_class(kind).fit(learned.restrict(names), settings, Fitting())
        scores[:, learnable] = model.scores(tested.texts)
    precisions = (average_precision(scores[:, n], gold[:, n]) for n in range(gold.shape[1]))
    return statistics.mean(precision for precision in precisions if precision is not None)


if __name__ == "__main__":
    main()
