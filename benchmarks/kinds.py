"""The three kinds of model on the same articles, several seeds each, in one table.

    python benchmarks/kinds.py --base-model FOLDER [--seeds 1,2,3]

Trains each kind with its shipped recipe on MasakhaNEWS (French; 5, 10, 20 and 50 articles a class)
and SIB-200 (French), and measures weighted F1 on their dev sets; `../shared/data` must hold them.
The folds that calibrate probabilities are left out: for single choice they do not change which
category is the most probable. FOLDER is the encoder of embedding and camembert. Figures are kept in
RESULTS.jsonl as they come, so that an interrupted run goes on; it takes hours.
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
from seeds.reading.tables import read_rows
from training.model import Fitting
from training.models import KINDS, model_class
from training.recipe import read_recipe

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
NEWS, SENTENCES = SHARED / "masakhanews-fra", SHARED / "sib200-fra"
KEPT = Path(__file__).with_name("RESULTS.jsonl")
CONFIGS = Path(__file__).resolve().parents[1] / "configs"
JOBS = {
    **{
        f"MasakhaNEWS, {n} a class": (NEWS / f"train-{n}-per-class.tsv", NEWS / "dev.tsv")
        for n in (5, 10, 20, 50)
    },
    "SIB-200, 701 sentences": (SENTENCES / "train.tsv", SENTENCES / "dev.tsv"),
}


def main() -> None:
    """Measure what is not measured yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-model", required=True)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which to measure now")
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of the figures")
    given = parser.parse_args()
    seeds = [int(each) for each in given.seeds.split(",")]
    kept = given.kept.read_text(encoding="utf-8") if given.kept.exists() else ""
    found = [json.loads(line) for line in kept.splitlines()]
    known = {(each["data"], each["kind"], each["seed"]) for each in found}
    for seed in seeds:
        for data, (train, dev) in JOBS.items():
            for kind in given.kinds.split(","):
                if (data, kind, seed) in known:
                    continue
                record = measure(kind, read(train), read(dev), given.base_model, seed)
                found.append({"data": data, "kind": kind, "seed": seed, **record})
                print(found[-1], file=sys.stderr, flush=True)
                with given.kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found[-1]) + "\n")
    print(table_of(found, seeds))


def read(path: Path) -> Dataset:
    """A labelled table as a Dataset."""
    examples = {}
    for _, row in read_rows(path):
        text = "\n\n".join(str(row[name]) for name in ("headline", "text") if row.get(name))
        document = Document.of(clean(text).text)
        examples[document.id] = Example(document, (category_id(str(row["category"])),))
    names = sorted({each.categories[0] for each in examples.values()})
    categories = tuple(Category(id=name, fr=name, en=name) for name in names)
    return Dataset(tuple(examples.values()), Taxonomy("benchmark", "single", categories))


def measure(kind: str, known: Dataset, unknown: Dataset, base: str, seed: int) -> dict[str, float]:
    """Weighted F1 on unknown articles, and the seconds it took to learn and to tell."""
    _, settings = read_recipe(CONFIGS / f"{kind}.toml", kind)
    if hasattr(settings, "base_model"):
        settings = replace(settings, base_model=base)
    started = time.perf_counter()
    model = model_class(kind).fit(known, settings, Fitting(seed=seed))
    learned = time.perf_counter()
    best = model.scores(unknown.texts).argmax(axis=1)
    told = time.perf_counter()
    gold = [each.categories[0] for each in unknown.examples]
    f1 = f1_score(gold, [known.taxonomy.ids[n] for n in best], average="weighted")
    return {"f1": float(f1), "learn_s": learned - started, "tell_s": told - learned}


def table_of(found: Sequence[Mapping[str, Any]], seeds: Sequence[int]) -> str:
    """The figures as Markdown: the mean of the seeds, and their range."""
    rows = []
    for data in JOBS:
        row = [data]
        for kind in KINDS:
            own = [
                each["f1"]
                for each in found
                if (each["data"], each["kind"]) == (data, kind) and each["seed"] in seeds
            ]
            spread = f"{min(own):.3f}–{max(own):.3f}" if len(own) > 1 else "1 seed"
            row.append(f"{statistics.mean(own):.3f} ({spread})" if own else "not measured")
        rows.append(row)
    return (
        "Weighted F1 on the dev sets of MasakhaNEWS (French, 211 articles) and SIB-200 (French, 99 "
        f"sentences): mean of seeds {', '.join(map(str, seeds))} (lowest to highest). Shipped "
        f"recipes.\n\n{table(['trained on', *KINDS], rows)}"
    )


if __name__ == "__main__":
    main()
