"""The driver of `--engine spark`: hands out the shards of a folder, and watches them."""

import functools
import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from classify.faults import FaultCounter
from classify.progress import show_progress
from classify.spark.tables import DoneRecord, LabelJob, Shard, find_shards, refuse_other_files
from classify.spark.worker import Outcome, article_count, check_shard, count_work, label_shard
from classify.terminal import duration, quantity, say
from seeds.base.errors import Fault, InputError
from seeds.base.locks import locked
from seeds.base.storage import write_text
from training.runs.facts import read_facts
from training.runs.run import read_rule

_SECONDS_BETWEEN_LOOKS = 0.5  # at how far a job is


def label_folder(source: Path, target: Path, job: LabelJob, master: str | None) -> bool:
    """Label every shard of a folder that is not done yet; report progress and the outcome.

    Args:
        source: the input folder.
        target: the output folder; neither may lie in the other.
        job: the run and the options.
        master: the Spark master URL; None finds it.

    Returns:
        Whether every article of every shard could be read.

    Raises:
        InputError: something the user can fix; what is done stays, and is not done again.
    """
    from classify.spark.context import spark_context

    _refuse_nested(source, target)
    # A run of another version is refused here, not by each worker.
    if caveat := read_rule(job.run, read_facts(job.run)).caveat:
        say(f"{job.run.name} {caveat}")
    shards = find_shards(source, target, say)
    refuse_other_files(target, shards)
    with locked(target, "classify predict --engine spark"):
        _prepare(target)
        threads = str(job.runtime.threads or 1)
        with spark_context(master, target / "_spark.log", {"spark.task.cpus": threads}) as spark:
            outcomes = _label_shards(spark, shards, job, target)
        return _conclude(outcomes, job, target)


def _refuse_nested(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise InputError(
            f"{source}: is not a folder. Give a folder of tables, or leave out --engine spark."
        )
    inner, outer = target.resolve(), source.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise InputError(
            f"{target}: lies in {source}, or the other way round. Choose a separate folder."
        )


def _prepare(target: Path) -> None:
    """Mark the folder as ours, and remove the unfinished files of killed workers."""
    (target / "_done").mkdir(exist_ok=True)
    for stale in target.rglob(".*.tmp"):
        stale.unlink(missing_ok=True)


def _label_shards(spark: Any, shards: list[Shard], job: LabelJob, target: Path) -> list[Outcome]:
    """Label the shards that are not done; return the outcome of every shard."""
    recorded = [shard for shard in shards if shard.record.exists()]
    check = functools.partial(check_shard, job=job)
    finished = _run_job(spark, recorded, check, "Checking what is done")
    names = {outcome.shard.name for outcome in finished}
    remaining = [shard for shard in shards if shard.name not in names]
    if remaining:
        (target / "_SUCCESS").unlink(missing_ok=True)
    if finished:
        say(f"Already done: {quantity(len(finished), 'shard')} of {len(shards):,}.")
    began = time.monotonic()
    labelled = _run_job(spark, remaining, functools.partial(label_shard, job=job), "Labelling")
    if labelled:
        _say_rate(labelled, time.monotonic() - began)
    return [*finished, *labelled]


def _say_rate(outcomes: list[Outcome], seconds: float) -> None:
    articles = sum(map(article_count, outcomes))
    loaded = sum(outcome.loaded for outcome in outcomes)
    say(
        f"Labelled {quantity(len(outcomes), 'shard')} with {quantity(articles, 'article')} in "
        f"{duration(seconds)}: {articles / seconds:,.0f} a second; {quantity(loaded, 'worker')} "
        "loaded the model."
    )


def _conclude(outcomes: list[Outcome], job: LabelJob, target: Path) -> bool:
    """Report what could not be read, and mark the folder as complete if every shard is done."""
    faults = [outcome.result for outcome in outcomes if isinstance(outcome.result, Fault)]
    records = [outcome.result for outcome in outcomes if isinstance(outcome.result, DoneRecord)]
    shard_counter, counter = FaultCounter(), FaultCounter()
    for fault in sorted(faults, key=lambda fault: fault.where):
        shard_counter.add_fault(fault)
    for record in records:
        counter.add_counts(record.articles, record.rejected, 0)
    counter.conclude(target / "_rejects")
    if faults:
        say(
            f"{quantity(len(faults), 'shard')} of {len(outcomes):,} could not be read, so there is "
            "no _SUCCESS. Fix or remove them and run this again; the others stay done."
        )
        return False
    if not (target / "_SUCCESS").exists():
        summary = {
            "shards": len(records),
            "articles": counter.articles,
            "rejected": counter.faults,
            "run": job.run.name,
        }
        write_text(target / "_SUCCESS", json.dumps(summary) + "\n")
    return not counter.faults


def _run_job(
    spark: Any, shards: Sequence[Shard], work: Callable[[Shard], Outcome | None], title: str
) -> list[Outcome]:
    """Run a task a shard, and show how far it is. Ctrl-C stops the job."""
    if not shards:
        return []
    counts = tuple(spark.accumulator(0) for _ in ("shards", "articles", "bytes"))
    tasks = spark.parallelize(shards, len(shards)).map(functools.partial(count_work, work, counts))
    call = _BackgroundCall(tasks.collect)
    call.start()
    _watch(call, counts, shards, title)
    return [outcome for outcome in call.result() if outcome is not None]


class _BackgroundCall(threading.Thread):
    """A call in its own thread, so that the main one can watch it and receive Ctrl-C."""

    def __init__(self, call: Callable[[], list[Any]]) -> None:
        super().__init__(daemon=True)
        self.call = call
        self.value: list[Any] | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        """Make the call, and keep its value or its error."""
        try:
            self.value = self.call()
        except Exception as error:
            self.error = error

    def result(self) -> list[Any]:
        """Wait for the call; return its value or raise its error."""
        self.join()
        if self.error is not None:
            raise self.error
        assert self.value is not None
        return self.value


def _watch(
    call: _BackgroundCall, counts: Sequence[Any], shards: Sequence[Shard], title: str
) -> None:
    """Show how far a job is until it ends."""
    size = sum(shard.size for shard in shards)
    with show_progress(title, size) as progress:
        while call.is_alive():
            call.join(_SECONDS_BETWEEN_LOOKS)
            if progress.due and call.is_alive():
                finished, articles, read = (count.value for count in counts)
                details = [
                    f"{finished:,} of {quantity(len(shards), 'shard')}",
                    quantity(articles, "article"),
                ]
                if articles:
                    details.append(f"{articles / progress.seconds:,.0f} a second")
                progress.show(read, size, *details)
