"""Many machines: the shards of a folder labelled by Apache Spark, and a UDF for one's own Spark."""

import functools
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from classify.progress import SECONDS_BETWEEN_LINES
from classify.spark.tables import (
    Done,
    Order,
    Shard,
    find_shards,
    refuse_strangers,
)
from classify.spark.worker import Outcome, article_count, count_work, finished_shard, label_shard
from classify.terminal import duration, quantity, say
from seeds.base.errors import Fault, InputError
from seeds.base.locks import locked
from seeds.base.storage import write_text
from training.runs.facts import read_facts

_SECONDS_BETWEEN_LOOKS = 0.5  # at how far a job is


def label_folder(source: Path, target: Path, order: Order, master: str | None) -> bool:
    """Label every shard of a folder that is not done yet; says how far it is, and what came of it.

    Args:
        source: the folder of the shards.
        target: the folder of the labels; it may not lie in the other, nor the other in it.
        order: the run and the options.
        master: of Spark; None finds it.

    Returns:
        Whether every article of every shard could be read.

    Raises:
        InputError: something the user can mend; what is done stays, and is not done again.
    """
    from classify.spark.context import spark_context

    _refuse_nested(source, target)
    read_facts(order.run)  # a run of another version is said here, not by a worker
    shards = find_shards(source, target, say)
    refuse_strangers(target, shards)
    with locked(target, "classify predict --engine spark"):
        _clear(target)
        threads = str(order.runtime.threads or 1)
        with spark_context(master, target / "_spark.log", {"spark.task.cpus": threads}) as spark:
            outcomes = _outcomes(spark, shards, order, target)
        return _concluded(outcomes, order, target)


def _refuse_nested(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise InputError(f"{source}: is no folder. Give a folder of shards, or leave out --engine.")
    inner, outer = target.resolve(), source.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise InputError(
            f"{target}: lies in {source}, or the other way round. Choose a folder of its own."
        )


def _clear(target: Path) -> None:
    """Make the folder ours, and remove what killed workers left half written."""
    (target / "_done").mkdir(exist_ok=True)
    for stale in target.rglob(".*.tmp"):
        stale.unlink(missing_ok=True)


def _outcomes(spark: Any, shards: list[Shard], order: Order, target: Path) -> list[Outcome]:
    """What there is of each shard, after labelling those that are not done."""
    recorded = [shard for shard in shards if shard.record.exists()]
    before = _run_job(
        spark, recorded, functools.partial(finished_shard, order=order), "Looking at what is done"
    )
    kept = [each for each in before if each is not None]
    names = {each.shard.name for each in kept}
    left = [shard for shard in shards if shard.name not in names]
    if left:
        (target / "_SUCCESS").unlink(missing_ok=True)
    if kept:
        say(f"Done before: {quantity(len(kept), 'shard')} of {len(shards):,}.")
    began = time.monotonic()
    new = _run_job(spark, left, functools.partial(label_shard, order=order), "Labelling")
    if new:
        _tell_rate([each for each in new if each is not None], time.monotonic() - began)
    return [*kept, *(each for each in new if each is not None)]


def _tell_rate(new: list[Outcome], seconds: float) -> None:
    articles = sum(article_count(each) for each in new)
    loaded = sum(each.loaded for each in new)
    say(
        f"Labelled {quantity(len(new), 'shard')} with {quantity(articles, 'article')} in "
        f"{duration(seconds)}: {articles / seconds:,.0f} a second; {quantity(loaded, 'worker')} "
        "loaded the model."
    )


def _concluded(outcomes: list[Outcome], order: Order, target: Path) -> bool:
    """Say what could not be read, and mark the folder as whole if every shard is done."""
    faults = [each.result for each in outcomes if isinstance(each.result, Fault)]
    done = [each.result for each in outcomes if isinstance(each.result, Done)]
    rejected = sum(each.rejected for each in done)
    for fault in sorted(faults, key=lambda fault: fault.where):
        say(f"{fault.where}: {fault.message}")
    if rejected:
        say(f"{quantity(rejected, 'record')} could not be read; see {target / '_rejects'}.")
    if faults:
        say(
            f"{quantity(len(faults), 'shard')} of {len(outcomes):,} could not be read, so there is "
            "no _SUCCESS. Mend or remove them and run this again; the others stay done."
        )
        return False
    if not (target / "_SUCCESS").exists():
        counts = {"shards": len(done), "articles": sum(each.articles for each in done)}
        text = _json({**counts, "rejected": rejected, "run": order.run.name})
        write_text(target / "_SUCCESS", text)
    return not rejected


def _json(record: dict[str, Any]) -> str:
    import json

    return json.dumps(record) + "\n"


# ---------------------------------------------------------------- the job, on the driver


def _run_job(
    spark: Any, shards: Sequence[Shard], work: Callable[[Shard], Outcome | None], title: str
) -> list[Outcome | None]:
    """Run a task a shard, and show how far it is. Ctrl-C stops the job."""
    if not shards:
        return []
    counts = tuple(spark.accumulator(0) for _ in ("shards", "articles", "bytes"))
    tasks = spark.parallelize(shards, len(shards)).map(functools.partial(count_work, work, counts))
    job = _Job(tasks.collect)
    job.start()
    size = sum(shard.size for shard in shards)
    _watch(job, counts, len(shards), size, title)
    return job.result()


class _Job(threading.Thread):
    """A call in a thread of its own, so that the first one can watch it and hear Ctrl-C."""

    def __init__(self, call: Callable[[], list[Any]]) -> None:
        super().__init__(daemon=True)
        self.call = call
        self.found: list[Any] | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        """Make the call, keep what comes of it."""
        try:
            self.found = self.call()
        except Exception as error:
            self.error = error

    def result(self) -> list[Any]:
        """What the call gave or raised, once it has ended."""
        self.join()
        if self.error is not None:
            raise self.error
        assert self.found is not None
        return self.found


def _watch(job: _Job, counts: Sequence[Any], shards: int, size: int, title: str) -> None:
    """Show how far a job is until it ends: one line renewed on a terminal, some lines elsewhere."""
    began = time.monotonic()
    terminal, last = sys.stderr.isatty(), began
    while job.is_alive():
        job.join(_SECONDS_BETWEEN_LOOKS)
        now = time.monotonic()
        if terminal or (now - last >= SECONDS_BETWEEN_LINES and job.is_alive()):
            last = now
            line = _progress([each.value for each in counts], shards, size, now - began)
            _show(f"{title}: {line}", terminal)
    if terminal:
        _show("", terminal)


def _progress(done: Sequence[int], shards: int, size: int, seconds: float) -> str:
    """How far a job is. done: shards, articles, bytes."""
    rate = f", {done[1] / seconds:,.0f} a second" if done[1] else ""
    left = f", about {duration(seconds * (size - done[2]) / done[2])} left" if done[2] else ""
    return f"{done[0]:,} of {quantity(shards, 'shard')}, {quantity(done[1], 'article')}{rate}{left}"


def _show(line: str, terminal: bool) -> None:
    if terminal:
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    else:
        say(line)
