"""The tasks of Spark's workers: each loads the run once, then checks or labels shards."""

import functools
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from classify.spark.tables import DoneRecord, LabelJob, Shard, label_table, read_done
from seeds.base.errors import Fault, InputError
from seeds.base.storage import sha256
from training.models import uses_encoder
from training.runs.facts import read_facts
from training.runs.run import Run, load_run
from training.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a shard. loaded: whether the worker had to load the model for it."""

    shard: Shard
    result: DoneRecord | Fault
    loaded: bool = False


def count_work(
    work: Callable[[Shard], Outcome | None], counts: Sequence[Any], shard: Shard
) -> Outcome | None:
    """Work on a shard and count it. counts: of shards, articles and bytes."""
    outcome = work(shard)
    for count, number in zip(counts, (1, article_count(outcome), shard.size), strict=True):
        count.add(number)
    return outcome


def article_count(outcome: Outcome | None) -> int:
    """Return how many articles a shard had; 0 if it could not be labelled."""
    return outcome.result.articles if outcome and isinstance(outcome.result, DoneRecord) else 0


def check_shard(shard: Shard, job: LabelJob) -> Outcome | None:
    """Return the outcome of a shard that is done already, else None."""
    record = read_done(shard, job)
    return Outcome(shard, record) if record else None


def label_shard(shard: Shard, job: LabelJob) -> Outcome:
    """Label a shard with the run of this worker, which is loaded if need be."""
    loads = worker_run.cache_info().misses
    run = worker_run(job.run, job.manifest, job.runtime)
    loaded = worker_run.cache_info().misses > loads
    return Outcome(shard, label_table(shard, job, run), loaded)


@functools.lru_cache(maxsize=1)
def worker_run(path: Path, manifest: str, runtime: Runtime) -> Run:
    """Return the run of this Python process: Spark keeps its workers, so each loads it once.

    Raises:
        InputError: it is missing here, or differs from the driver's.
    """
    place = f"{path} on {socket.gethostname()}"
    try:
        local_manifest = sha256(path / "manifest.json")
    except OSError as error:
        raise InputError(
            f"{place}: {error.strerror or error}. Put the run on storage that every worker sees."
        ) from error
    if local_manifest != manifest:
        raise InputError(f"{place}: differs from the driver's run. Copy the run there again.")
    if uses_encoder(read_facts(path).kind):  # by default an encoder takes every core
        runtime = replace(runtime, threads=runtime.threads or _task_cpus())
    return load_run(path, runtime)


def _task_cpus() -> int:
    """Return the cores of one task, which Spark gives its Python workers in this variable."""
    return int(os.environ.get("OMP_NUM_THREADS") or 1)
