"""How many labels `classify labels next` needs for what a random order reaches with 150.

    python benchmarks/next_articles.py [--draws 20] [--batch 25] [--strategies random,auto]

The pools are MasakhaNEWS (French, 50 articles a class) and SIB-200 (French, train); weighted F1 is
measured on their dev sets, with TF-IDF. `../shared/data` must have them. Each draw is a random 90 %
of a pool, from which articles are chosen batch by batch, their labels known once they are chosen.
N-grams are weighed by all articles of the pool, so that they are counted once.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.metrics import f1_score, label_ranking_average_precision_score

from benchmarks.kinds import NEWS, SENTENCES, read
from benchmarks.results import table
from labels.dataset import Dataset, Example
from training.arrays import Float64Array, IntArray
from training.decision import softmax
from training.models.tfidf.logistic import learn
from training.models.tfidf.model import TfidfSettings
from training.selection.choice import STRATEGIES, Pool, Strategy, choose
from training.selection.guesses import Guesses
from training.selection.saving import Saving, measure_saving
from training.selection.similarity import Similarities

JOBS = {
    "MasakhaNEWS": (NEWS / "train-50-per-class.tsv", NEWS / "dev.tsv"),
    "SIB-200": (SENTENCES / "train.tsv", SENTENCES / "dev.tsv"),
}
REPLAYED = 110  # labels of `auto` after which the printed saving is compared with the true one
REFERENCE = 150  # labels in random order, whose quality is to be reached
SIZES = range(50, REFERENCE + 1, 20)
SHARE = 0.9  # of a pool in each draw
BOOTSTRAP = 1000


@dataclass(frozen=True)
class Field:
    """A pool and its dev set, as rows of one table of weights.

    Attributes:
        pool: the articles to choose from, with the labels they would get.
        dev: the articles to measure on.
        rows: of the pool, then of the dev set.
        pairs: similarities of the pool's articles.
        places: text -> row.
    """

    pool: Dataset
    dev: Dataset
    rows: csr_matrix
    pairs: Float64Array
    places: dict[str, int]

    @classmethod
    def of(cls, pool: Dataset, dev: Dataset) -> "Field":
        """Count the n-grams of all articles, and weigh them as the pool alone says."""
        vectorizer = TfidfSettings().vectorizer()
        rows = vstack(
            [vectorizer.fit_transform(pool.texts), vectorizer.transform(dev.texts)]
        ).tocsr()
        of_pool = rows[: len(pool.examples)]
        products = rows @ rows.T
        # As rows over the articles instead of n-grams: the same products, far fewer columns.
        values, vectors = np.linalg.eigh(products.toarray().astype(np.float64))
        small = csr_matrix(vectors * np.sqrt(np.maximum(values, 0)))
        pairs = np.clip((of_pool @ of_pool.T).toarray(), 0, 1).astype(np.float32)
        texts = [*pool.texts, *dev.texts]
        return cls(pool, dev, small, pairs, {text: n for n, text in enumerate(texts)})

    def compare(self, texts: Sequence[str], known: Sequence[str]) -> Similarities:
        """Look the similarities up."""
        rows, others = self.find(texts), self.find(known)
        nearest = self.pairs[np.ix_(rows, others)].max(axis=1, initial=0)
        return Similarities(self.pairs[np.ix_(rows, rows)], nearest)

    def guess(self, dataset: Dataset, texts: Sequence[str]) -> Guesses | None:
        """Learn from a dataset, and return probabilities for other articles."""
        positives = dataset.gold.sum(axis=0)
        names = [name for name, n in zip(dataset.taxonomy.ids, positives, strict=True) if n]
        if len(names) < 2:
            return None
        part = dataset.restrict(names)
        (coefficients,), intercepts = learn([self.rows[self.find(part.texts)]], part, 300.0)
        scores = self.rows[self.find(texts)] @ coefficients + intercepts
        return Guesses(tuple(names), softmax(scores.astype(float)), positives[positives > 0], True)

    def find(self, texts: Sequence[str]) -> IntArray:
        """Return the rows of some texts."""
        return np.array([self.places[text] for text in texts], np.int64)

    def measure(self, dataset: Dataset) -> tuple[float, float]:
        """Return weighted F1 and label ranking average precision on the dev set."""
        guesses = self.guess(dataset, self.dev.texts)
        if guesses is None:
            return 0.0, 0.0
        scores = np.zeros(self.dev.gold.shape)
        scores[:, [self.pool.taxonomy.ids.index(name) for name in guesses.names]] = (
            guesses.probabilities
        )
        quality = label_ranking_average_precision_score(self.dev.gold, scores)
        best = [guesses.names[n] for n in guesses.probabilities.argmax(axis=1)]
        gold = [example.categories[0] for example in self.dev.examples]
        return float(f1_score(gold, best, average="weighted")), float(quality)


@dataclass(frozen=True)
class Replay:
    """A draw of a pool, labelled as one strategy says.

    Attributes:
        f1: weighted F1 on the dev set at each size.
        quality: label ranking average precision there at each size.
        saving: what `next` prints after REPLAYED labels; None for other strategies than `auto`.
    """

    f1: list[float]
    quality: list[float]
    saving: Saving | None


def main() -> None:
    """Measure the strategies on both pools, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first draw")
    parser.add_argument("--batch", type=int, default=25)
    parser.add_argument("--pools", default=",".join(JOBS))
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    options = parser.parse_args()
    strategies = ["random", *(s for s in options.strategies.split(",") if s != "random")]
    rows, covered = [], []
    for name in options.pools.split(","):
        field = Field.of(*map(read, JOBS[name]))
        replays: dict[str, list[Replay]] = {strategy: [] for strategy in strategies}
        for draw in range(options.first, options.first + options.draws):
            for strategy in strategies:
                replay = follow(field, strategy, options.batch, draw)
                replays[strategy].append(replay)
                print(name, draw, strategy, replay, file=sys.stderr, flush=True)
        f1 = {strategy: np.array([r.f1 for r in replays[strategy]]) for strategy in strategies}
        goal = f1["random"][:, -1].mean()
        for strategy in strategies:
            value, low, high = needed(f1[strategy], goal)
            rows.append([name, strategy, f"{goal:.3f}", f"{value:.0f} [{low:.0f}, {high:.0f}]"])
        if "auto" in strategies:
            covered.append([name, *describe_coverage(replays["random"], replays["auto"])])
    print(table(["pool", "strategy", "F1 of 150 random labels", "labels needed"], rows))
    print(table(["pool", "true", "median printed", "covers", "gain shown"], covered))


def describe_coverage(random: Sequence[Replay], auto: Sequence[Replay]) -> list[str]:
    """Compare what `next` printed with how many random labels the replays really needed."""
    at = list(SIZES).index(REPLAYED)
    reached = np.mean([replay.quality[at] for replay in auto])
    curve = np.mean([replay.quality for replay in random], axis=0)
    slope, offset = np.polyfit(np.log(SIZES), curve, 1)
    truth = np.exp((reached - offset) / slope)
    savings = [replay.saving for replay in auto if replay.saving]
    covering = sum(saving.low <= truth <= saving.high for saving in savings)
    printed = [(s.random, s.low, s.high) for s in savings]
    middle, low, high = np.median(printed, axis=0)
    return [
        f"{truth:.0f} for {REPLAYED}",
        f"{middle:.0f} [{low:.0f}, {high:.0f}]",
        f"{covering} of {len(savings)}",
        f"{sum(saving.low > saving.labels for saving in savings)}",
    ]


def follow(field: Field, strategy: Strategy, batch: int, seed: int) -> Replay:
    """Label the articles a strategy chooses, batch by batch, and measure at each size."""
    rng = np.random.default_rng(seed)
    examples = list(field.pool.examples)
    order = rng.permutation(len(examples))[: round(SHARE * len(examples))]
    labelled: list[Example] = []
    by_id = {examples[n].document.id: examples[n] for n in order}
    left = [examples[n].document for n in order]
    place_of = {document.id: place for place, document in enumerate(left)}
    ranks: list[int] = []
    arms: list[str] = []
    while len(labelled) < max(SIZES):
        dataset = Dataset(tuple(labelled), field.pool.taxonomy) if labelled else None
        pool = Pool(left, [example.document.text for example in labelled], dataset)
        choices = choose(pool, batch, strategy, field.compare, field.guess)
        labelled += [by_id[choice.document.id] for choice in choices]
        ranks += [place_of[choice.document.id] for choice in choices]
        arms += [choice.arm for choice in choices]
        taken = {example.document.id for example in labelled}
        left = [document for document in left if document.id not in taken]
    parts = [Dataset(tuple(labelled[:n]), field.pool.taxonomy) for n in SIZES]
    measured = [field.measure(part) for part in parts]
    saving = None
    if strategy == "auto":
        reached = max(ranks[n] for n, arm in enumerate(arms[:REPLAYED]) if arm == "random")
        in_arm = np.array([place <= reached for place in ranks[:REPLAYED]])
        saving = measure_saving(parts[list(SIZES).index(REPLAYED)], in_arm, seed)
    return Replay([f1 for f1, _ in measured], [quality for _, quality in measured], saving)


def needed(curves: Float64Array, goal: float) -> tuple[float, float, float]:
    """Return the labels at which the mean curve reaches a goal, with a 95 % bootstrap interval."""
    rng = np.random.default_rng(0)
    draws = [curves[rng.integers(len(curves), size=len(curves))] for _ in range(BOOTSTRAP)]
    reached = [reach(draw.mean(axis=0), goal) for draw in draws]
    low, high = np.percentile(reached, [2.5, 97.5])
    return reach(curves.mean(axis=0), goal), float(low), float(high)


def reach(curve: Float64Array, goal: float) -> float:
    """Return at how many labels a curve reaches a goal for good; the last size if it does not."""
    below = np.flatnonzero(curve < goal)
    if not len(below):
        return float(SIZES[0])
    last = int(below[-1])
    if last == len(curve) - 1:
        return float(SIZES[-1])
    share = (goal - curve[last]) / (curve[last + 1] - curve[last])
    return float(SIZES[last] + share * (SIZES[last + 1] - SIZES[last]))


if __name__ == "__main__":
    main()
