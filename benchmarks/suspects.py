"""How many labels changed on purpose `classify labels suspects` finds, beside peers, several draws.

    python benchmarks/suspects.py [--draws 5]

Changes labels of MasakhaNEWS (French, 50 articles a class), SIB-200 (French) and the sample corpus:
in single choice 10 % of the articles get another category; in the sample corpus, which is multiple
choice, 10 % of the articles lose a category or get a wrong one. A method finds those that are in
the first 20 % of its list. The peers: scikit-learn's word TF-IDF with logistic regression,
cross_val_predict and the plain self-confidence of the labels (their lowest in multiple choice), as
cleanlab's guides have it; and a random order.
"""

import argparse
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from benchmarks.kinds import CONFIGS, JOBS, read
from benchmarks.results import table
from labels.dataset import Dataset, Example
from labels.taxonomy import read_taxonomy
from tests.support.reading import read_rows, split
from training.model import Fitting
from training.recipe import read_recipe
from training.suspects.find import find_suspects
from training.suspects.opinion import ask_folds

SAMPLE = Path(__file__).resolve().parents[1] / "seeds" / "sample"
SHARE, LOOKED_AT = 0.1, 0.2  # of the articles: changed, and looked at by a person
_FEWEST = 4  # articles of a category, as in the recipe


def main() -> None:
    """Print a table: the share of the changed labels that each method finds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=5)
    draws = parser.parse_args().draws
    data_sets = {name: read(JOBS[name][0]) for name in list(JOBS)[-2:]}
    data_sets["sample corpus, 16 categories"] = read_sample()
    rows = []
    for name, data in data_sets.items():
        figures = [measure(data, seed) for seed in range(draws)]
        cells = [
            f"{statistics.mean(column):.2f} ({min(column):.2f}–{max(column):.2f})"
            for column in zip(*figures, strict=True)
        ]
        rows.append([name, *cells])
        print(rows[-1], flush=True)
    print(table(["labels", "suspects", "plain self-confidence", "random"], rows))


def read_sample() -> Dataset:
    """Read the sample articles on which both annotators agree."""
    taxonomy = read_taxonomy(SAMPLE / "nowhere")
    articles, _ = split([SAMPLE / "articles"], recursive=True)
    documents = {Path(article.document.source).name: article.document for article in articles}
    examples = [
        Example(documents[str(row["source"])], taxonomy.sort(names))
        for _, row in read_rows(SAMPLE / "labels.csv")
        if row["annotator_a"] == row["annotator_b"] and row["source"] in documents
        for names in [filter(None, str(row["annotator_a"]).split(";"))]
    ]
    return Dataset(tuple(examples), taxonomy)


def measure(data: Dataset, seed: int) -> tuple[float, float, float]:
    """Return the share found by us, by the peer, and by a random order."""
    rng = np.random.default_rng(seed)
    size = len(data.examples)
    changed = rng.choice(size, round(SHARE * size), replace=False)
    examples = list(data.examples)
    for n in changed:
        examples[n] = change(examples[n], data, rng)
    data = replace(data, examples=tuple(examples))
    recipe, settings = read_recipe(CONFIGS / "tfidf.toml", "tfidf")
    opinion = ask_folds(data, "tfidf", recipe, settings, Fitting(seed=recipe.seed))
    ours = [suspect.position for suspect in find_suspects(data, opinion)]
    orders = ours, np.argsort(plain(data), kind="stable").tolist(), rng.permutation(size).tolist()
    first = round(LOOKED_AT * size)
    a, b, c = (len(set(order[:first]) & set(changed.tolist())) / len(changed) for order in orders)
    return a, b, c


def change(example: Example, data: Dataset, rng: np.random.Generator) -> Example:
    """Return an example with a wrong label."""
    used = np.flatnonzero(data.gold.sum(axis=0) >= _FEWEST)
    others = [data.taxonomy.ids[n] for n in used if data.taxonomy.ids[n] not in example.categories]
    wrong = str(rng.choice(others))
    if data.taxonomy.choice == "single":
        return replace(example, categories=(wrong,))
    if example.categories and rng.random() < 0.5:
        lost = str(rng.choice(example.categories))
        return replace(example, categories=tuple(n for n in example.categories if n != lost))
    return replace(example, categories=data.taxonomy.sort((*example.categories, wrong)))


def plain(data: Dataset) -> NDArray[np.float64]:
    """Return the plain self-confidence of each article's labels, (n,), by scikit-learn."""
    folds = KFold(5, shuffle=True, random_state=0)
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1000))
    if data.taxonomy.choice == "single":
        gold = data.gold.argmax(axis=1)
        p = cross_val_predict(model, data.texts, gold, cv=folds, method="predict_proba")
        return np.asarray(p[np.arange(len(gold)), np.searchsorted(np.unique(gold), gold)])
    gold = data.gold[:, data.gold.sum(axis=0) >= _FEWEST]
    model = make_pipeline(
        TfidfVectorizer(), OneVsRestClassifier(LogisticRegression(C=10, max_iter=1000))
    )
    p = cross_val_predict(model, data.texts, gold, cv=folds, method="predict_proba")
    return np.asarray(np.where(gold, p, 1 - p).min(axis=1))


if __name__ == "__main__":
    main()
