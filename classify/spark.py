"""Many machines: the shards of a folder labelled by Apache Spark, and a UDF for one's own Spark."""

import functools
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.shards import (
    Done,
    Order,
    Shard,
    find_shards,
    is_done,
    label,
    refuse_strangers,
    sha256,
)
from classify.terminal import SECONDS_BETWEEN_LINES, duration, quantity, say
from seeds.base.errors import Fault, InputError, missing_extra
from seeds.base.locks import locked
from seeds.base.storage import write_text
from training.runs.facts import read_facts
from training.runs.run import Run, check_files, load_run
from training.runtime import Runtime

if TYPE_CHECKING:
    import pyarrow as pa

_SECONDS_BETWEEN_LOOKS = 0.5  # at how far a job is
_AT_ONCE = 256  # articles of a UDF scored together; bounds memory
_LABELS = "categories array<string>, probabilities map<string, double>, decision string"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a shard. loaded: whether the worker had to load the model for it."""

    shard: Shard
    result: Done | Fault
    loaded: bool = False


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
    from classify.cluster import spark_context

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
        spark, recorded, functools.partial(_checked, order=order), "Looking at what is done"
    )
    kept = [each for each in before if each is not None]
    names = {each.shard.name for each in kept}
    left = [shard for shard in shards if shard.name not in names]
    if left:
        (target / "_SUCCESS").unlink(missing_ok=True)
    if kept:
        say(f"Done before: {quantity(len(kept), 'shard')} of {len(shards):,}.")
    began = time.monotonic()
    new = _run_job(spark, left, functools.partial(_labelled, order=order), "Labelling")
    if new:
        _tell_rate([each for each in new if each is not None], time.monotonic() - began)
    return [*kept, *(each for each in new if each is not None)]


def _tell_rate(new: list[Outcome], seconds: float) -> None:
    articles = sum(_articles(each) for each in new)
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
    tasks = spark.parallelize(shards, len(shards)).map(functools.partial(_counted, work, counts))
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


# ---------------------------------------------------------------- the tasks, on the workers


def _counted(
    work: Callable[[Shard], Outcome | None], counts: Sequence[Any], shard: Shard
) -> Outcome | None:
    """Do a shard's work and count it; Spark counts each shard once, however often it is tried."""
    outcome = work(shard)
    for count, more in zip(counts, (1, _articles(outcome), shard.size), strict=True):
        count.add(more)
    return outcome


def _articles(outcome: Outcome | None) -> int:
    return outcome.result.articles if outcome and isinstance(outcome.result, Done) else 0


def _checked(shard: Shard, order: Order) -> Outcome | None:
    """A shard that is done already, or None."""
    done = is_done(shard, order)
    return Outcome(shard, done) if done else None


def _labelled(shard: Shard, order: Order) -> Outcome:
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


# ---------------------------------------------------------------- for a cluster of one's own


def predict_udf(
    run: Run | str | Path, *, every: bool = False, runtime: Runtime | None = None
) -> Any:
    """A Spark UDF that labels a column of texts; each Python worker loads the model once.

        from pyspark.sql import SparkSession
        from classify import load
        from classify.spark import predict_udf

        spark = SparkSession.builder.getOrCreate()
        label = predict_udf(load())  # the current run of ./workspace; or a run's folder
        articles = spark.read.parquet("articles/")
        labelled = articles.withColumn("label", label("text"))
        labelled.select("id", "label.categories", "label.probabilities", "label.decision")

    The column it makes is a struct of categories (array<string>), probabilities (map<string,
    double>, six decimals) and decision (string), as `classify predict` gives them. A text that is
    null, or holds nothing to label, gives null. It is an Arrow UDF: pandas is not needed.

    Args:
        run: from `classify.load`, or a run's folder. The workers read it by the same path, so it
            must be on storage that all of them see, and classify be installed for their Python.
        every: give every category's probability, not only those worth showing.
        runtime: where and how an encoder computes.

    Raises:
        seeds.base.errors.InputError: there is no such run, or pyspark is missing.
    """
    try:
        from pyspark.sql.pandas.functions import arrow_udf
    except ModuleNotFoundError as error:
        raise missing_extra("spark", "classify.spark") from error
    import pyarrow as pa  # by name: the type hints tell Spark which kind of UDF this is

    path = (run.path if isinstance(run, Run) else Path(run)).resolve()
    check_files(path)
    manifest, computing = sha256(path / "manifest.json"), runtime or Runtime()

    def classify(columns: Iterator[pa.Array]) -> Iterator[pa.Array]:
        loaded = worker_run(path, manifest, computing)
        for texts in columns:
            yield _labels(texts, loaded, every)

    return arrow_udf(classify, _LABELS)  # type: ignore[call-overload]  # the hints say which kind


def _labels(texts: "pa.Array", run: Run, every: bool) -> "pa.Array":
    """A struct a text, null where there is nothing to label."""
    import pyarrow as pa

    from seeds.clean import clean

    cleaned = [clean(text).text if text else "" for text in texts.to_pylist()]
    places = [n for n, text in enumerate(cleaned) if text.strip()]
    rows: list[dict[str, Any] | None] = [None] * len(cleaned)
    for start in range(0, len(places), _AT_ONCE):
        at = places[start : start + _AT_ONCE]
        for n, found in zip(at, run.predict([cleaned[n] for n in at]), strict=True):
            shown = found.probabilities if every else found.shown
            rows[n] = {
                "categories": found.categories,
                "probabilities": [(name, round(p, 6)) for name, p in shown.items()],
                "decision": found.decision,
            }
    strings, chances = pa.list_(pa.string()), pa.map_(pa.string(), pa.float64())
    fields = [("categories", strings), ("probabilities", chances), ("decision", pa.string())]
    return pa.array(rows, pa.struct(fields))
