"""How fast and how good the embedding kind is beside sentence-transformers with scikit-learn.

    python benchmarks/embedding.py --base-model FOLDER [--a-class 50] [--threads 2] [--parts 4]

All use the encoder in FOLDER: ours with its shipped recipe, as a saved run predicts; the peer with
the mean of the tokens, the prefix "query: ", float32 and a logistic regression whose C is found by
cross-validation, once as shipped (an article's first 512 tokens) and, where articles are longer
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
PREFIX = "query: "  # E5 encoders expect it before a text
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
    options = parser.parse_args()
    rows: list[Measured] = []
    news = f"MasakhaNEWS, {options.a_class} a class"
    for data, limits in ((news, (512, 128)), (SENTENCES, (512,))):
        training, test = (read(path) for path in JOBS[data])
        contenders = {OURS: train_ours(training, options.base_model, options.threads)}
        for tokens in limits:
            name = f"sentence-transformers, the first {tokens} tokens"
            contenders[name] = train_peer(training, options.base_model, options.threads, tokens)
        rows += measure(data, contenders, test, options.parts)
    print(
        f"{options.threads} threads; the dev sets in {options.parts} parts, in turn; speeds and "
        f"ratios are medians of the parts. Weighted F1.\n\n{table_of(rows)}"
    )


def train_ours(training: Dataset, base: str, threads: int) -> Predict:
    """Train the embedding kind; it is saved and loaded as a run, so no vector is cached."""
    from training.model import Fitting
    from training.models.embedding import Embedding
    from training.recipe import read_recipe
    from training.runtime import Runtime

    _, settings = read_recipe(CONFIGS / "embedding.toml", "embedding")
    runtime, ids = Runtime(threads=threads), training.taxonomy.ids
    fitted = Embedding.fit(training, replace(settings, base_model=base), Fitting(runtime=runtime))
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        model = Embedding.load(Path(folder), runtime)
    return lambda texts: [ids[n] for n in model.scores(texts).argmax(axis=1)]


def train_peer(training: Dataset, base: str, threads: int, tokens: int) -> Predict:
    """Train on means of tokens in float32: float16, as the base is stored, is slow on CPUs."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    torch.set_num_threads(threads)
    encoder = SentenceTransformer(base, device="cpu", model_kwargs={"dtype": "float32"})
    encoder.max_seq_length = tokens
    encode = partial(
        encoder.encode, prompt=PREFIX, normalize_embeddings=True, show_progress_bar=False
    )
    learner = GridSearchCV(LogisticRegression(max_iter=1000), {"C": STRENGTHS}, cv=5)
    gold = [example.categories[0] for example in training.examples]
    learner.fit(encode(list(training.texts)), gold)
    return lambda texts: list(learner.predict(encode(list(texts))))


def measure(
    data: str, contenders: Mapping[str, Predict], test: Dataset, parts: int
) -> list[Measured]:
    """Return a row for each contender; each labels every article of the dev set once."""
    from sklearn.metrics import f1_score

    shares = [test.texts[n::parts] for n in range(parts)]
    gold = [example.categories[0] for n in range(parts) for example in test.examples[n::parts]]
    answers: dict[str, list[str]] = {name: [] for name in contenders}

    def label(predict: Predict, remaining: Iterator[Sequence[str]], labels: list[str]) -> None:
        labels += predict(next(remaining))

    seconds = interleaved(
        {
            name: partial(label, predict, iter(shares), answers[name])
            for name, predict in contenders.items()
        },
        parts,
    )
    return [
        Measured(
            data,
            name,
            len(gold) // parts,
            tuple(seconds[name]),
            float(f1_score(gold, answers[name], average="weighted")),
        )
        for name in contenders
    ]


def table_of(rows: Sequence[Measured]) -> str:
    """Return the figures as Markdown; each peer is compared with ours on the same data."""
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
