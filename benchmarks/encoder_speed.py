"""How fast a fine-tuned encoder predicts on a CPU beside the transformers pipeline, in one run.

    python benchmarks/encoder_speed.py --base-model FOLDER [--models FOLDER] [--articles 400]

The base is fine-tuned on MasakhaNEWS (50 a class) and on SIB-200 (French) from `../shared/data`, or
taken from `--models`, where it is kept. Then each contender labels the same texts, part by part in
turn: the pipeline (float32, 16 texts at once, truncated), and the loaded run in each precision. All
read the first window of a text from its characters on; the last row reads every window. F1 is
weighted, of the texts of dev, from which nothing was learned.
"""

import argparse
import contextlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.kinds import CONFIGS, JOBS, read
from benchmarks.results import table
from benchmarks.timing import interleaved, times
from labels.dataset import Dataset

if TYPE_CHECKING:
    from training.models.camembert.model import Camembert

DATA = {"news": "MasakhaNEWS, 50 a class", "sentences": "SIB-200, 701 sentences"}
PIPELINE = "transformers pipeline, float32"
EVERY = ", every window"

Predict = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A row of the table.

    Attributes:
        data, name: what was read, and by what.
        pieces: token ids read, special ones included.
        seconds: of each part.
        f1: weighted, on the texts of dev.
        same: share of all texts with the category that the pipeline gives.
    """

    data: str
    name: str
    pieces: int
    seconds: tuple[float, ...]
    f1: float
    same: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-model", required=True)
    parser.add_argument("--models", type=Path, help="where fine-tuned models are, or are kept")
    parser.add_argument("--articles", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parts", type=int, default=5)
    given = parser.parse_args()
    rows: list[Measured] = []
    with (
        TemporaryDirectory()
        if given.models is None
        else contextlib.nullcontext(given.models) as folder
    ):
        for name, data in DATA.items():
            known, unknown = (read(path) for path in JOBS[data])
            model = fine_tuned(Path(folder) / name, known, given.base_model)
            rows += measured(data, model, known, unknown, given)
    print(
        f"{given.articles} texts, {given.threads} threads, in {given.parts} parts, in turn; "
        f"ratios are medians of the parts.\n\n{table_of(rows)}"
    )


def fine_tuned(folder: Path, known: Dataset, base: str) -> Path:
    """A model that reads the first window of a text; made if it is not there."""
    from training.model import Fitting
    from training.models.camembert.model import Camembert
    from training.recipe import read_recipe

    if not folder.is_dir():
        _, settings = read_recipe(CONFIGS / "camembert.toml", "camembert")
        made = Camembert.fit(known, replace(settings, base_model=base, windows="head"), Fitting())
        folder.mkdir(parents=True)
        made.save(folder)
    return folder


def measured(
    data: str, folder: Path, known: Dataset, unknown: Dataset, given: argparse.Namespace
) -> list[Measured]:
    """A row a contender; each labels every text once."""
    from sklearn.metrics import f1_score

    texts = [*unknown.texts, *known.texts][: given.articles]
    gold = [each.categories[0] for each in unknown.examples][: given.articles]
    shares = [list(range(len(texts)))[n :: given.parts] for n in range(given.parts)]
    predicts = contenders(folder, known.taxonomy.ids, given.threads)
    said: dict[str, dict[int, str]] = {name: {} for name in predicts}

    def label(predict: Predict, places: Iterator[list[int]], answers: dict[int, str]) -> None:
        """Label the next part."""
        part = next(places)
        answers.update(zip(part, predict([texts[n] for n in part]), strict=True))

    jobs = {name: partial(label, each, iter(shares), said[name]) for name, each in predicts.items()}
    for each in predicts.values():
        each(texts[:4])  # what is made once is made now
    seconds = interleaved(jobs, given.parts)
    return [
        Measured(
            data,
            name,
            pieces(folder, texts, name),
            tuple(seconds[name]),
            float(f1_score(gold, [said[name][n] for n in range(len(gold))], average="weighted")),
            statistics.mean(said[name][n] == said[PIPELINE][n] for n in range(len(texts))),
        )
        for name in predicts
    ]


def contenders(folder: Path, ids: Sequence[str], threads: int) -> dict[str, Predict]:
    """What labels texts, by name."""
    import torch
    import transformers

    from training.models.camembert.model import Camembert
    from training.runtime import Runtime

    torch.set_num_threads(threads)
    pipeline = transformers.pipeline("text-classification", model=str(folder), device="cpu")

    def piped(texts: Sequence[str]) -> list[str]:
        """By the pipeline."""
        return [each["label"] for each in pipeline(list(texts), batch_size=16, truncation=True)]

    def scored(model: "Camembert", texts: Sequence[str]) -> list[str]:
        """By a model of ours."""
        return [ids[n] for n in model.scores(texts).argmax(axis=1)]

    found: dict[str, Predict] = {PIPELINE: piped}
    for dtype in ("float32", "bfloat16", "int8", "auto"):
        model = Camembert.load(folder, Runtime("cpu", None, threads, dtype))
        name = (
            f"classify, the default: {model.computing}" if dtype == "auto" else f"classify, {dtype}"
        )
        found[name] = partial(scored, model)
    every = replace(model, recipe=replace(model.recipe, windows="all"))
    found[name + EVERY] = partial(scored, every)
    return found


def pieces(folder: Path, texts: Sequence[str], name: str) -> int:
    """How many token ids are read of some texts, special ones included."""
    from training.models.camembert.model import Camembert
    from training.runtime import Runtime

    model = Camembert.load(folder, Runtime("cpu", dtype="exact"))
    plan = replace(model.recipe, windows="all" if name.endswith(EVERY) else "head").plan
    return sum(len(each) for several in model.pieces.windows(texts, plan) for each in several)


def table_of(rows: Sequence[Measured]) -> str:
    """The figures as Markdown, beside the pipeline's on the same texts."""
    base = {row.data: row for row in rows if row.name == PIPELINE}
    cells = [
        [
            row.data,
            row.name,
            f"{row.pieces / sum(row.seconds):,.0f}",
            f"{times(base[row.data].seconds, row.seconds):.2f}",
            f"{row.f1:.3f}",
            f"{row.same:.1%}",
        ]
        for row in rows
    ]
    return table(["trained on", "", "pieces/s", "times as fast", "F1", "same category"], cells)


if __name__ == "__main__":
    main()
