"""What a Spark worker does with a shard: it loads the run once and labels."""

import functools
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from classify.spark.tables import (
    Done,
    Order,
    Shard,
    is_done,
    label,
    sha256,
)
from seeds.base.errors import Fault, InputError
from training.runs.facts import read_facts
from training.runs.run import Run, load_run
from training.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a shard. loaded: whether the worker had to load the model for it."""

    shard: Shard
    result: Done | Fault
    loaded: bool = False


# ---------------------------------------------------------------- the tasks, on the workers


def count_work(
    work: Callable[[Shard], Outcome | None], counts: Sequence[Any], shard: Shard
) -> Outcome | None:
    """Do a shard's work and count it; Spark counts each shard once, however often it is tried."""
    outcome = work(shard)
    for count, more in zip(counts, (1, article_count(outcome), shard.size), strict=True):
        count.add(more)
    return outcome


def article_count(outcome: Outcome | None) -> int:
    """Return how many articles a shard had; 0 if it could not be labelled."""
    return outcome.result.articles if outcome and isinstance(outcome.result, Done) else 0


def finished_shard(shard: Shard, order: Order) -> Outcome | None:
    """A shard that is done already, or None."""
    done = is_done(shard, order)
    return Outcome(shard, done) if done else None


def label_shard(shard: Shard, order: Order) -> Outcome:
    """Label a shard with the run of this worker, loading it if need be."""
    loads = worker_run.cache_info().misses
    run = worker_run(order.run, order.manifest, order.runtime)
    loaded = worker_run.cache_info().misses > loads
    return Outcome(shard, label(shard, order, run), loaded)


@functools.lru_cache(maxsize=1)
def worker_run(path: Path, manifest: str, runtime: Runtime) -> Run:
    """The run of this Python process: Spark keeps its workers, so each loads it once.

    Raises:
        InputError: it is missing here, or not the one that the driver sees.
    """
    here = f"{path} on {socket.gethostname()}"
    try:
        found = sha256(path / "manifest.json")
    except OSError as error:
        raise InputError(
            f"{here}: {error.strerror or error}. Put the run on storage that every worker sees."
        ) from error
    if found != manifest:
        raise InputError(f"{here}: is not the run that the driver sees. Copy it there again.")
    if read_facts(path).kind != "tfidf":  # an encoder takes every core unless it is told not to
        runtime = replace(runtime, threads=runtime.threads or _task_cpus())
    return load_run(path, runtime)


def _task_cpus() -> int:
    """The cores of one task, which Spark tells its Python workers in this variable."""
    return int(os.environ.get("OMP_NUM_THREADS") or 1)
