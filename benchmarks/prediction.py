"""How fast and how good TF-IDF predicts, beside scikit-learn, fastText and spaCy, in one run.

    python benchmarks/prediction.py [--articles 250] [--repeats 5]

Every contender learns MasakhaNEWS (French, 50 articles a class), labels the same articles of 4 KB
in turn, all on one core, and is held against the dev set; then it learns SIB-200 (French) and is
held against that dev set. The articles are the text of MasakhaNEWS dev, cut every 4,096 bytes.
`../shared/data` must hold the data. A peer that is not installed is left out aloud; the extra bench
has them all.
"""

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from benchmarks.kinds import CONFIGS, JOBS, read
from benchmarks.results import table
from benchmarks.timing import interleaved, one_core, times
from labels.dataset import Dataset

OURS = "classify tfidf"
NEWS, SENTENCES = "MasakhaNEWS, 50 a class", "SIB-200, 701 sentences"
ARTICLE = 4096  # bytes of UTF-8
# fastText's defaults learn next to nothing of 250 articles: its numbers a vector, its passes and
# the learning rate it tries first are the best of a few on these dev sets.
WIDTH, EPOCHS, RATES = 16, 50, (2.0, 1.0, 0.5, 0.2, 0.1)
PASSES = 20  # of spaCy over the articles: with 10 it was worse on SIB-200

Predict = Callable[[list[str]], Sequence[str]]
Learn = Callable[[Dataset], Predict]


@dataclass(frozen=True, slots=True)
class Measured:
    """A row of the table: seconds a repeat, and weighted F1 by data."""

    name: str
    seconds: tuple[float, ...]
    f1: dict[str, float]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=250, help="of 4 KB, at most 250")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    one_core()
    texts = articles(read(JOBS[NEWS][1]).texts, given.articles)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    print(table_of(measured(contenders(), texts, given.repeats), megabytes, len(texts)))


def articles(texts: Sequence[str], count: int) -> list[str]:
    """Real text, cut every 4 KB; a character that a cut would split is left out."""
    joined = "\n\n".join(texts).encode()
    starts = range(0, len(joined) - ARTICLE + 1, ARTICLE)
    return [joined[n : n + ARTICLE].decode(errors="ignore") for n in starts][:count]


def contenders() -> dict[str, Learn]:
    """Ours and the peers that are installed."""
    found: dict[str, Learn] = {
        OURS: ours,
        "scikit-learn char_wb(2,5), LinearSVC": char_wb,
        "scikit-learn char_wb(2,5), LogisticRegression": char_wb_logistic,
        "scikit-learn hashing, n-grams as long as ours, LinearSVC": hashed,
    }
    if installed("fasttext"):
        found["fastText, subwords of 2–5"] = lambda known: fasttext(known, minn=2, maxn=5)
        found["fastText, word pairs"] = lambda known: fasttext(known, wordNgrams=2)
    if installed("spacy"):
        found["spaCy textcat, bag of words"] = spacy
    return found


def installed(name: str) -> bool:
    """Whether a peer is there; says so when it is not."""
    there = find_spec(name) is not None
    if not there:
        print(f"{name} is left out: not installed (pip install -e '.[bench]')", file=sys.stderr)
    return there


def measured(learns: dict[str, Learn], texts: list[str], repeats: int) -> list[Measured]:
    """Seconds on the articles, F1 on both dev sets."""
    from sklearn.metrics import f1_score

    f1: dict[str, dict[str, float]] = {name: {} for name in learns}
    seconds: dict[str, list[float]] = {}
    for data in (NEWS, SENTENCES):
        known, unknown = (read(path) for path in JOBS[data])
        gold = [each.categories[0] for each in unknown.examples]
        taught = {name: learn(known) for name, learn in learns.items()}
        for name, predict in taught.items():
            f1[name][data] = float(f1_score(gold, list(predict(unknown.texts)), average="weighted"))
        if data == NEWS:
            jobs = {name: (lambda p=predict: p(texts)) for name, predict in taught.items()}
            seconds = interleaved(jobs, repeats)
    return [Measured(name, tuple(seconds[name]), f1[name]) for name in learns]


def table_of(rows: Sequence[Measured], megabytes: float, count: int) -> str:
    """The figures as Markdown; the first row is ours."""
    base = rows[0]
    cells = [
        [
            row.name,
            f"{megabytes / statistics.median(row.seconds):.2f}",
            "1" if row is base else f"{times(row.seconds, base.seconds):.1f}",
            *(f"{row.f1[data]:.3f}" for data in (NEWS, SENTENCES)),
        ]
        for row in rows
    ]
    head = ["", "MB/s", "ours is … times as fast", f"F1, {NEWS}", f"F1, {SENTENCES}"]
    return (
        f"{count} articles of 4 KB, {megabytes:.2f} MB of UTF-8, on one core; medians of "
        f"{len(base.seconds)}, in turn. Weighted F1 on the dev sets.\n\n{table(head, cells)}"
    )


def settings() -> Any:
    """Of the shipped recipe."""
    from training.recipe import read_recipe

    return read_recipe(CONFIGS / "tfidf.toml", "tfidf")[1]


def labels(known: Dataset) -> list[str]:
    """The category of each article."""
    return [each.categories[0] for each in known.examples]


def ours(known: Dataset) -> Predict:
    """The tfidf kind with its shipped recipe."""
    from training.model import Fitting
    from training.models.tfidf.model import Tfidf

    model, ids = Tfidf.fit(known, settings(), Fitting(seed=1)), known.taxonomy.ids
    return lambda texts: [ids[n] for n in model.scores(texts).argmax(axis=1)]


def char_wb(known: Dataset) -> Predict:
    """scikit-learn's character n-grams and its strongest linear model for them."""
    from sklearn.svm import LinearSVC

    return sklearn(known, LinearSVC())


def char_wb_logistic(known: Dataset) -> Predict:
    """The same n-grams with the learner of ours, as strong as ours."""
    from sklearn.linear_model import LogisticRegression

    return sklearn(known, LogisticRegression(C=settings().C, max_iter=1000))


def sklearn(known: Dataset, learner: Any) -> Predict:
    """scikit-learn's character n-grams within words, sublinear."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    model = make_pipeline(vectoriser, learner).fit(known.texts, labels(known))
    return lambda texts: list(model.predict(texts))


def hashed(known: Dataset) -> Predict:
    """scikit-learn's hashing of n-grams as long as ours, into as many buckets."""
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    recipe = settings()
    spans = {"char_wb": recipe.char_ngrams, "word": recipe.word_ngrams}
    shared = {"n_features": 2**recipe.buckets, "norm": None, "alternate_sign": False}
    vectorisers = [
        HashingVectorizer(analyzer=analyser, ngram_range=tuple(span), **shared)
        for analyser, span in spans.items()
        if any(span)  # (0, 0) means none
    ]
    model = make_pipeline(
        make_union(*vectorisers), TfidfTransformer(sublinear_tf=True), LinearSVC()
    )
    model.fit(known.texts, labels(known))
    return lambda texts: list(model.predict(texts))


def fasttext(known: Dataset, **options: int) -> Predict:
    """The library on one thread, so that it learns the same every time; a line an article."""
    import fasttext as library

    pairs = list(zip(labels(known), known.texts, strict=True))
    random.Random(1).shuffle(pairs)  # it learns in the order of the file, which is by class
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(f"__label__{label} {line(text)}\n" for label, text in pairs)
        file.flush()
        model = learned(library, file.name, options)

    def predict(texts: list[str]) -> list[str]:
        # Its answer for a single text fails on NumPy 2, for a list it does not.
        found, _ = model.predict([line(text) for text in texts])
        return [first.removeprefix("__label__") for (first,) in found]

    return predict


def learned(library: Any, path: str, options: dict[str, int]) -> Any:
    """A model at the highest learning rate at which fastText does not meet a NaN."""
    for rate in RATES:
        try:
            return library.train_supervised(
                path, lr=rate, dim=WIDTH, epoch=EPOCHS, thread=1, seed=1, verbose=0, **options
            )
        except RuntimeError as error:
            print(f"fastText {options}, learning rate {rate}: {error}", file=sys.stderr)
    raise RuntimeError(f"fastText {options}: no learning rate of {RATES} will do")


def line(text: str) -> str:
    """A text in one line."""
    return " ".join(text.split())


def spacy(known: Dataset) -> Predict:
    """The library's French tokenizer and bag-of-words classifier."""
    import spacy as library
    from spacy.training import Example
    from spacy.util import fix_random_seed, minibatch

    fix_random_seed(1)
    model: dict[str, Any] = {"@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": True}
    model |= {"ngram_size": 1, "no_output_layer": False, "length": 2**18}
    nlp = library.blank("fr")
    nlp.add_pipe("textcat", config={"model": model})
    ids = known.taxonomy.ids
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": {name: float(name == own) for name in ids}})
        for text, own in zip(known.texts, labels(known), strict=True)
    ]
    optimiser, order = nlp.initialize(lambda: examples), random.Random(1)
    for _ in range(PASSES):
        order.shuffle(examples)
        for batch in minibatch(examples, 16):
            nlp.update(batch, sgd=optimiser)
    return lambda texts: [max(doc.cats, key=doc.cats.get) for doc in nlp.pipe(texts)]


if __name__ == "__main__":
    main()
