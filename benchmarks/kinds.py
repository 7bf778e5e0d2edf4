"""The three kinds of model on the same articles, several seeds each, in one table.

    python benchmarks/kinds.py --base-model FOLDER [--seeds 1,2,3]

Trains each kind with its shipped recipe on MasakhaNEWS (French; 5, 10, 20 and 50 articles a class)
and SIB-200 (French), and measures weighted F1 on their dev sets; `../shared/data` must have them.
The folds that calibrate probabilities are left out: for single choice they do not change which
category is the most probable. FOLDER is the encoder of embedding and camembert. Figures are
appended to RESULTS.jsonl as they come, so that an interrupted run resumes; it takes hours.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sklearn.metrics import f1_score

from benchmarks.results import table
from labels.dataset import Dataset, Example
from labels.taxonomy import Category, Taxonomy, category_id
from seeds.clean import clean
from seeds.document import Document
from tests.support.reading import read_rows
from training.model import Fitting
from training.models import KINDS, model_class
from training.recipe import read_recipe

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
NEWS, SENTENCES = SHARED / "masakhanews-fra", SHARED / "sib200-fra"
FIGURES = Path(__file__).with_name("RESULTS.jsonl")
CONFIGS = Path(__file__).resolve().parents[1] / "configs"
JOBS = {
    **{
        f"MasakhaNEWS, {n} a class": (NEWS / f"train-{n}-per-class.tsv", NEWS / "dev.tsv")
        for n in (5, 10, 20, 50)
    },
    "SIB-200, 701 sentences": (SENTENCES / "train.tsv", SENTENCES / "dev.tsv"),
}


def main() -> None:
    """Measure whatever has no figure yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-model", required=True)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which to measure now")
    parser.add_argument("--figures", type=Path, default=FIGURES, help="file of the figures")
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    lines = options.figures.read_text(encoding="utf-8") if options.figures.exists() else ""
    records = [json.loads(line) for line in lines.splitlines()]
    measured = {(record["data"], record["kind"], record["seed"]) for record in records}
    for seed in seeds:
        for data, (train, dev) in JOBS.items():
            for kind in options.kinds.split(","):
                if (data, kind, seed) in measured:
                    continue
                figures = measure(kind, read(train), read(dev), options.base_model, seed)
                records.append({"data": data, "kind": kind, "seed": seed, **figures})
                print(records[-1], file=sys.stderr, flush=True)
                with options.figures.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(records[-1]) + "\n")
    print(table_of(records, seeds))


def read(path: Path) -> Dataset:
    """Read a labelled table as a Dataset."""
    examples = {}
    for _, row in read_rows(path):
        text = "\n\n".join(str(row[name]) for name in ("headline", "text") if row.get(name))
        document = Document.of(clean(text).text)
        examples[document.id] = Example(document, (category_id(str(row["category"])),))
    names = sorted({example.categories[0] for example in examples.values()})
    categories = tuple(Category(id=name, fr=name, en=name) for name in names)
    return Dataset(tuple(examples.values()), Taxonomy("benchmark", "single", categories))


def measure(kind: str, training: Dataset, test: Dataset, base: str, seed: int) -> dict[str, float]:
    """Return weighted F1 on the test set, and the seconds it took to learn and to predict."""
    _, settings = read_recipe(CONFIGS / f"{kind}.toml", kind)
    if hasattr(settings, "base_model"):
        settings = replace(settings, base_model=base)
    start = time.perf_counter()
    model = model_class(kind).fit(training, settings, Fitting(seed=seed))
    fitted = time.perf_counter()
    best = model.scores(test.texts).argmax(axis=1)
    end = time.perf_counter()
    gold = [example.categories[0] for example in test.examples]
    f1 = f1_score(gold, [training.taxonomy.ids[n] for n in best], average="weighted")
    return {"f1": float(f1), "learn_s": fitted - start, "tell_s": end - fitted}


def table_of(records: Sequence[Mapping[str, Any]], seeds: Sequence[int]) -> str:
    """Return the figures as Markdown: the mean of the seeds, and their range."""
    rows = []
    for data in JOBS:
        row = [data]
        for kind in KINDS:
            figures = [
                record["f1"]
                for record in records
                if (record["data"], record["kind"]) == (data, kind) and record["seed"] in seeds
            ]
            spread = f"{min(figures):.3f}–{max(figures):.3f}" if len(figures) > 1 else "1 seed"
            row.append(f"{statistics.mean(figures):.3f} ({spread})" if figures else "not measured")
        rows.append(row)
    return (
        "Weighted F1 on the dev sets of MasakhaNEWS (French, 211 articles) and SIB-200 (French, 99 "
        f"sentences): mean of seeds {', '.join(map(str, seeds))} (lowest to highest). Shipped "
        f"recipes.\n\n{table(['trained on', *KINDS], rows)}"
    )


if __name__ == "__main__":
    main()
