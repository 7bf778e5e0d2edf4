"""How fast and how good `classify runs export` makes an encoder's run, all in one run.

    python benchmarks/onnx_speed.py RUN DEV --text-columns headline,text --label-column category

RUN is the folder of a camembert or embedding run of single choice, DEV a labelled table (TSV, CSV,
JSONL) of articles it did not learn from. The run is exported in float32 and int8 to a temporary
folder; then the windows of the same articles go through the three networks in turn, on the same
number of threads, so that whatever else the machine does slows each alike. Speeds are medians.
"""

import argparse
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from labels.taxonomy import category_id
from seeds.tables import rows
from training.export import export_run
from training.model import Runtime
from training.models.camembert import Camembert
from training.models.embedding import Embedding
from training.models.network import Network
from training.run import Run, load_run


def main() -> None:
    """Print a line for each network: size, seconds, ratio, weighted F1, agreement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("dev", type=Path)
    parser.add_argument("--text-columns", default="headline,text")
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    found = [row for _, row in rows(given.dev)]
    columns = given.text_columns.split(",")
    texts = ["\n\n".join(str(row[name]) for name in columns) for row in found]
    gold = [category_id(str(row[given.label_column])) for row in found]
    with tempfile.TemporaryDirectory() as folder:
        source, runtime = given.run.resolve(), Runtime(threads=given.threads)
        paths = {
            "PyTorch float32": source,
            "ONNX float32": export_run(source, Path(folder), "none").path,
            "ONNX int8": export_run(source, Path(folder), "int8").path,
        }
        runs = {name: load_run(path, runtime) for name, path in paths.items()}
        sizes = {name: size(path) for name, path in paths.items()}
    seconds = timings(runs, texts[: given.articles], given.repeats)
    print(f"{platform.machine()}, {given.threads} threads, median of {given.repeats}, interleaved")
    print(
        f"{'':<16}{'MB':>6}{'s':>8}{'ratio':>7}{'F1':>7}{'same':>7}{'mean gap':>10}{'max gap':>9}"
    )
    scores = {name: run.model.scores(texts) for name, run in runs.items()}
    before = scores["PyTorch float32"]
    for name, run in runs.items():
        ratio = statistics.median(
            a / b for a, b in zip(seconds["PyTorch float32"], seconds[name], strict=True)
        )
        said = [run.rule.categories[n] for n in scores[name].argmax(axis=1)]
        same = (scores[name].argmax(axis=1) == before.argmax(axis=1)).mean()
        gap = np.abs(scores[name] - before)
        figures = f"{sizes[name]:>6.0f}{statistics.median(seconds[name]):>8.2f}{ratio:>7.2f}"
        figures += f"{f1_score(gold, said, average='weighted'):>7.3f}{same:>7.1%}"
        print(f"{name:<16}{figures}{gap.mean():>10.2g}{gap.max():>9.2g}", flush=True)


def timings(runs: dict[str, Run], texts: list[str], repeats: int) -> dict[str, list[float]]:
    """Seconds of each run's network for the windows of the same texts, repeat by repeat."""
    networks = {name: network(run) for name, run in runs.items()}
    windows = cut(next(iter(runs.values())), texts)
    print(f"{len(texts)} articles, {len(windows)} windows, {sum(map(len, windows)):,} pieces")
    seconds: dict[str, list[float]] = {name: [] for name in networks}
    for each in networks.values():
        each.outputs(windows[:20])
    for _ in range(repeats):
        for name, each in networks.items():
            started = time.perf_counter()
            each.outputs(windows)
            seconds[name].append(time.perf_counter() - started)
    return seconds


def network(run: Run) -> Network:
    """The network of a run."""
    assert isinstance(run.model, Camembert | Embedding)
    return run.model.encoder.network if isinstance(run.model, Embedding) else run.model.network


def cut(run: Run, texts: list[str]) -> list[list[int]]:
    """The windows of all texts."""
    model = run.model
    assert isinstance(model, Camembert | Embedding)
    pieces = model.encoder.pieces if isinstance(model, Embedding) else model.pieces
    return [each for some in pieces.windows(texts, model.recipe.plan) for each in some]


def size(path: Path) -> float:
    """MB of a run's network."""
    files = [*path.rglob("model.onnx"), *path.glob("encoder/model.safetensors")]
    files = files or [path / "model.safetensors"]
    return sum(each.stat().st_size for each in files) / 1e6


if __name__ == "__main__":
    main()
