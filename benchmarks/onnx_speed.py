"""How fast and how good `classify runs export` makes an encoder's run, all in one run.

    python benchmarks/onnx_speed.py RUN DEV --text-columns headline,text --label-column category

RUN is the folder of a camembert or embedding run of single choice, DEV a labelled table (TSV, CSV,
JSONL) of articles it did not learn from. The run is exported in float32 and int8 to a temporary
folder; then the windows of the same articles go through these networks, PyTorch's and the one that
`classify predict RUN` takes by default, in turn and on the same number of threads, so that whatever
else the machine does slows each alike. Speeds are medians.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from benchmarks.results import table
from benchmarks.timing import times
from labels.taxonomy import category_id
from seeds.reading.tables import read_rows
from training.export import export_run
from training.models.camembert.model import Camembert
from training.models.embedding import Embedding
from training.models.encoders.batching import Network
from training.runs.run import Run, load_run
from training.runtime import Runtime

PEER, DEFAULT = "PyTorch float32", "the default"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("dev", type=Path)
    parser.add_argument("--text-columns", default="headline,text")
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    found = [row for _, row in read_rows(given.dev)]
    columns = given.text_columns.split(",")
    texts = ["\n\n".join(str(row[name]) for name in columns) for row in found]
    gold = [category_id(str(row[given.label_column])) for row in found]
    with tempfile.TemporaryDirectory() as folder:
        source, threads = given.run.resolve(), given.threads
        paths = {
            PEER: source,
            "ONNX float32": export_run(source, Path(folder), "none").path,
            "ONNX int8": export_run(source, Path(folder), "int8").path,
            DEFAULT: source,
        }
        exact = {PEER: "exact"}  # as transformers computes it
        runs = {
            name: load_run(path, Runtime(threads=threads, dtype=exact.get(name, "auto")))
            for name, path in paths.items()
        }
        sizes = {name: size(path) for name, path in paths.items()}
    seconds = timings(runs, texts[: given.articles], given.repeats)
    print(f"{given.threads} threads; seconds are medians of {given.repeats}, taken in turn.\n")
    print(table_of(runs, sizes, seconds, texts, gold))


def table_of(
    runs: Mapping[str, Run],
    sizes: Mapping[str, float],
    seconds: Mapping[str, Sequence[float]],
    texts: Sequence[str],
    gold: Sequence[str],
) -> str:
    """The figures as Markdown, beside the peer's; texts: all there are, gold: their categories."""
    scores = {name: run.model.scores(texts) for name, run in runs.items()}
    peer = scores[PEER]
    cells = []
    for name, run in runs.items():
        best, gap = scores[name].argmax(axis=1), np.abs(scores[name] - peer)
        said = [run.rule.categories[n] for n in best]
        cells.append(
            [
                f"{name}: {network(run).computing}" if name == DEFAULT else name,
                f"{sizes[name]:.0f}",
                f"{statistics.median(seconds[name]):.2f}",
                f"{times(seconds[PEER], seconds[name]):.2f}",
                f"{f1_score(gold, said, average='weighted'):.3f}",
                f"{(best == peer.argmax(axis=1)).mean():.1%}",
                f"{gap.mean():.2g}",
                f"{gap.max():.2g}",
            ]
        )
    head = ["", "MB", "s", "times as fast", "F1", "same category", "mean gap", "largest gap"]
    return table(head, cells)


def timings(runs: dict[str, Run], texts: list[str], repeats: int) -> dict[str, list[float]]:
    """Seconds of each run's network for the windows of the same texts, repeat by repeat."""
    networks = {name: network(run) for name, run in runs.items()}
    windows = cut(next(iter(runs.values())), texts)
    print(
        f"{len(texts)} articles, {len(windows)} windows, {sum(map(len, windows)):,} pieces,",
        end=" ",
    )
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
