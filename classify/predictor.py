"""Articles -> records of predictions, streamed; and the formats they are written in."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any, Literal

from seeds.encoding import replace_surrogates
from seeds.errors import missing_extra
from seeds.languages import LANGUAGE_SHARE, foreign_share
from seeds.sources import Article
from training.model import Prediction
from training.run import Run

Format = Literal["text", "json", "jsonl", "csv", "parquet"]
_AT_ONCE = 256  # articles scored together; bounds the memory of a stream
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_BAR = 20  # characters of a full bar


def records(articles: Iterable[Article], run: Run, *, every: bool) -> Iterator[dict[str, Any]]:
    """One record an article, in order.

    Args:
        articles: cleaned, any number; only some hundreds are held at once.
        run: the model.
        every: give every category's probability, not only those worth showing.

    Yields:
        {"id", "source", "categories", "probabilities", "decision", "run"}
    """
    stream = iter(articles)
    while batch := list(islice(stream, _AT_ONCE)):
        predictions = run.predict([each.document.text for each in batch])
        for article, prediction in zip(batch, predictions, strict=True):
            yield _record(article, prediction, run.name, every)


def unread(text: str) -> str:
    """What to say of an article in another script, which a model of French hardly reads; or ""."""
    share = foreign_share(text)
    if share < LANGUAGE_SHARE:
        return ""
    return f"{share:.0%} of its letters are not in Latin script; the model hardly reads those"


def _record(article: Article, prediction: Prediction, run: str, every: bool) -> dict[str, Any]:
    shown = prediction.probabilities if every else prediction.shown
    return {
        "id": replace_surrogates(article.own_id) or article.document.id,
        "source": article.document.source,
        "categories": list(prediction.categories),
        "probabilities": {name: round(p, 6) for name, p in shown.items()},
        "decision": prediction.decision,
        "run": run,
    }


def write(found: Iterable[dict[str, Any]], form: Format, run: Run, file: IO[bytes]) -> None:
    """Write records in a format as they come; Parquet needs the `seeds` extra."""
    if form == "parquet":
        _write_parquet(found, run, file)
        return
    writers = {"text": _text, "json": _json, "jsonl": _jsonl, "csv": _csv}
    for part in writers[form](found, run):
        file.write(part.encode("utf-8", "replace"))
        file.flush()


def _jsonl(found: Iterable[dict[str, Any]], run: Run) -> Iterator[str]:
    for record in found:
        yield json.dumps(record, ensure_ascii=False) + "\n"


def _json(found: Iterable[dict[str, Any]], run: Run) -> Iterator[str]:
    start = "[\n"
    for record in found:
        yield start + "  " + json.dumps(record, ensure_ascii=False)
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"


def _csv(found: Iterable[dict[str, Any]], run: Run) -> Iterator[str]:
    """Categories joined by ";", one p_… column a category; no cell can start a formula."""
    columns = ["id", "source", "categories", "decision", "run"]
    names = run.rule.categories
    yield _csv_line([*columns, *(f"p_{name}" for name in names)])
    for record in found:
        values = {**record, "categories": ";".join(record["categories"])}
        probabilities = [record["probabilities"].get(name, "") for name in names]
        yield _csv_line([*(_inert(values[name]) for name in columns), *probabilities])


def _csv_line(values: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(values)  # else it would not quote a bare \r
    return line.getvalue().removesuffix("\r\n") + "\n"


def _inert(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _text(found: Iterable[dict[str, Any]], run: Run) -> Iterator[str]:
    """For people: the decision, then the categories with a bar each."""
    from classify.terminal import escape

    names = {each.id: f"{each.fr} ({each.id})" for each in run.taxonomy.categories}
    width = max(len(name) for name in names.values())
    for record in found:
        lines = [f"{escape(record['source'] or record['id'])} — {record['decision']}"]
        for name, p in record["probabilities"].items():
            mark = "✓" if name in record["categories"] else " "
            lines.append(f"  {mark} {names[name]:<{width}}  {p:5.1%}  {'█' * round(p * _BAR)}")
        if not record["probabilities"]:
            lines.append("    no category comes near")
        yield "\n".join(line.rstrip() for line in lines) + "\n"


def _write_parquet(found: Iterable[dict[str, Any]], run: Run, file: IO[bytes]) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise missing_extra("seeds", "Writing Parquet") from error

    probabilities = pa.struct([(name, pa.float64()) for name in run.rule.categories])
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("categories", pa.list_(pa.string())),
            ("probabilities", probabilities),
            ("decision", pa.string()),
            ("run", pa.string()),
        ]
    )
    stream = iter(found)
    with pq.ParquetWriter(file, schema) as writer:
        while rows := list(islice(stream, 10_000)):  # one row group
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
