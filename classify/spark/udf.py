"""A Spark UDF that labels a column of texts, for your own Spark programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.prediction.records import prediction_record
from classify.spark.worker import worker_run
from seeds.base.errors import missing_extra
from seeds.base.storage import sha256
from training.runs.manifest import check_files
from training.runs.run import Run
from training.runtime import Runtime

if TYPE_CHECKING:
    import pyarrow as pa


_BATCH = 256  # articles scored together; bounds memory
_LABELS = "categories array<string>, probabilities map<string, double>, decision string"


def predict_udf(
    run: Run | str | Path, *, every: bool = False, runtime: Runtime | None = None
) -> Any:
    """Return a Spark UDF that labels a column of texts; each Python worker loads the model once.

        from pyspark.sql import SparkSession
        from classify import load
        from classify.spark import predict_udf

        spark = SparkSession.builder.getOrCreate()
        label = predict_udf(load())  # the current run of ./workspace; or a run's folder
        articles = spark.read.parquet("articles/")
        labelled = articles.withColumn("label", label("text"))
        labelled.select("id", "label.categories", "label.probabilities", "label.decision")

    The new column is a struct of categories (array<string>), probabilities (map<string, double>,
    six decimals) and decision (string), as `classify predict` gives them. A text that is null, or
    empty after cleaning, gives null. It is an Arrow UDF: pandas is not needed.

    Args:
        run: from `classify.load`, or a run's folder. The workers read it by the same path: it must
            be on storage that all of them see, and their Python must have classify installed.
        every: give every category's probability, not only those worth showing.
        runtime: where and how an encoder computes.

    Raises:
        seeds.base.errors.InputError: there is no such run, or pyspark is missing.
    """
    try:
        from pyspark.sql.pandas.functions import arrow_udf
    except ModuleNotFoundError as error:
        raise missing_extra("spark", "classify.spark") from error
    import pyarrow as pa  # Spark evaluates the type hints, which say "pa"

    path = (run.path if isinstance(run, Run) else Path(run)).resolve()
    check_files(path)
    manifest, computing = sha256(path / "manifest.json"), runtime or Runtime()

    def classify(columns: Iterator[pa.Array]) -> Iterator[pa.Array]:
        loaded = worker_run(path, manifest, computing)
        for texts in columns:
            yield _labels(texts, loaded, every)

    return arrow_udf(classify, _LABELS)  # type: ignore[call-overload]  # it reads the hints


def _labels(texts: "pa.Array", run: Run, every: bool) -> "pa.Array":
    """Return a struct for each text; null where there is nothing to label."""
    import pyarrow as pa

    from seeds.clean import clean

    cleaned = [clean(text).text if text else "" for text in texts.to_pylist()]
    positions = [n for n, text in enumerate(cleaned) if text.strip()]
    rows: list[dict[str, Any] | None] = [None] * len(cleaned)
    for start in range(0, len(positions), _BATCH):
        batch = positions[start : start + _BATCH]
        predictions = run.predict([cleaned[n] for n in batch])
        for n, prediction in zip(batch, predictions, strict=True):
            record = prediction_record(prediction, every=every)
            rows[n] = {**record, "probabilities": list(record["probabilities"].items())}
    strings, probabilities = pa.list_(pa.string()), pa.map_(pa.string(), pa.float64())
    fields = [("categories", strings), ("probabilities", probabilities), ("decision", pa.string())]
    return pa.array(rows, pa.struct(fields))
