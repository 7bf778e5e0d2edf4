"""How fast and how good the embedding kind is beside sentence-transformers with scikit-learn.

    python benchmarks/embedding.py --base-model FOLDER [--a-class 50] [--threads 2] [--parts 4]

All use the encoder in FOLDER: ours with its shipped recipe, as a saved run predicts; the peer with
the mean of the pieces, the prefix "query: ", float32 and a logistic regression whose C is found by
cross-validation, once as shipped (an article's first 512 pieces) and, where articles are longer
than a window of ours, once with the first window. They learn MasakhaNEWS and SIB-200 (French) from
`../shared/data`; then each labels the same part of the dev set in turn, part by part.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.kinds import CONFIGS, JOBS, read
from benchmarks.results import table
from benchmarks.timing import interleaved, times
from labels.dataset import Dataset

SENTENCES = "SIB-200, 701 sentences"  # all shorter than any window
OURS = "classify embedding, the whole article"
PREFIX = "query: "  # E5 encoders want it before a text
STRENGTHS = (1.0, 10.0, 100.0, 1000.0)

Predict = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A row of the table: articles and seconds of each part, and weighted F1 of all."""

    data: str
    name: str
    articles: int
    seconds: tuple[float, ...]
    f1: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-model", required=True)
    parser.add_argument("--a-class", type=int, choices=(5, 10, 20, 50), default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parts", type=int, default=4)
    given = parser.parse_args()
    rows: list[Measured] = []
    news = f"MasakhaNEWS, {given.a_class} a class"
    for data, first in ((news, (512, 128)), (SENTENCES, (512,))):
        known, unknown = (read(path) for path in JOBS[data])
        taught = {OURS: ours(known, given.base_model, given.threads)}
        for pieces in first:
            name = f"sentence-transformers, the first {pieces} pieces"
            taught[name] = peer(known, given.base_model, given.threads, pieces)
        rows += measured(data, taught, unknown, given.parts)
    print(
        f"{given.threads} threads; the dev sets in {given.parts} parts, in turn; speeds and ratios "
        f"are medians of the parts. Weighted F1.\n\n{table_of(rows)}"
    )


def ours(known: Dataset, base: str, threads: int) -> Predict:
    """The embedding kind, saved and loaded as a run is: no vector comes from a cache."""
    from training.model import Fitting
    from training.models.embedding import Embedding
    from training.recipe import read_recipe
    from training.runtime import Runtime

    _, settings = read_recipe(CONFIGS / "embedding.toml", "embedding")
    runtime, ids = Runtime(threads=threads), known.taxonomy.ids
    fitted = Embedding.fit(known, replace(settings, base_model=base), Fitting(runtime=runtime))
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        model = Embedding.load(Path(folder), runtime)
    return lambda texts: [ids[n] for n in model.scores(texts).argmax(axis=1)]


def peer(known: Dataset, base: str, threads: int, pieces: int) -> Predict:
    """The mean of the first pieces, in float32: float16, as it is stored, is slow on CPUs."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    torch.set_num_threads(threads)
    encoder = SentenceTransformer(base, device="cpu", model_kwargs={"dtype": "float32"})
    encoder.max_seq_length = pieces
    encode = partial(
        encoder.encode, prompt=PREFIX, normalize_embeddings=True, show_progress_bar=False
    )
    learner = GridSearchCV(LogisticRegression(max_iter=1000), {"C": STRENGTHS}, cv=5)
    learner.fit(encode(list(known.texts)), [each.categories[0] for each in known.examples])
    return lambda texts: list(learner.predict(encode(list(texts))))


def measured(
    data: str, taught: Mapping[str, Predict], unknown: Dataset, parts: int
) -> list[Measured]:
    """A row a contender; each labels every article of the dev set once."""
    from sklearn.metrics import f1_score

    shares = [unknown.texts[n::parts] for n in range(parts)]
    gold = [each.categories[0] for n in range(parts) for each in unknown.examples[n::parts]]
    said: dict[str, list[str]] = {name: [] for name in taught}

    def label(predict: Predict, share: Iterator[Sequence[str]], answers: list[str]) -> None:
        answers += predict(next(share))

    seconds = interleaved(
        {name: partial(label, each, iter(shares), said[name]) for name, each in taught.items()},
        parts,
    )
    return [
        Measured(
            data,
            name,
            len(gold) // parts,
            tuple(seconds[name]),
            float(f1_score(gold, said[name], average="weighted")),
        )
        for name in taught
    ]


def table_of(rows: Sequence[Measured]) -> str:
    """The figures as Markdown; of each data set the row of ours stands beside its peers'."""
    base = {row.data: row.seconds for row in rows if row.name == OURS}
    cells = [
        [
            row.data,
            row.name,
            f"{row.articles / statistics.median(row.seconds):.1f}",
            "1" if row.name == OURS else f"{times(row.seconds, base[row.data]):.2f}",
            f"{row.f1:.3f}",
        ]
        for row in rows
    ]
    return table(["trained on", "", "articles/s", "ours is … times as fast", "F1"], cells)


if __name__ == "__main__":
    main()
