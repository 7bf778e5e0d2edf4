"""The formats that records of predictions are written in, all of them streamed."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Literal

from classify.csv_table import csv_line, defuse
from seeds.base.errors import missing_extra
from training.runs.run import Run

if TYPE_CHECKING:
    from classify.terminal import Screen


Format = Literal["text", "json", "jsonl", "html", "csv", "parquet"]
_BAR_WIDTH = 20  # characters of a full bar
_ROW_GROUP = 10_000  # records of a row group of Parquet


@dataclass(frozen=True, slots=True)
class Layout:
    """How a format arranges records in a file.

    Attributes:
        record: returns the bytes of a record.
        head, between, tail: written before the first record, between two, after the last.
        nothing: written instead if there is no record.
    """

    record: Callable[[dict[str, Any]], bytes]
    head: bytes = b""
    between: bytes = b""
    tail: bytes = b""
    nothing: bytes = b""

    @classmethod
    def of(cls, form: Format, run: Run, screen: "Screen | None" = None) -> "Layout":
        """Return the layout of a format. Parquet is converted from JSON lines at the end.

        screen: the terminal that text will be shown on; None: text goes to a file or a pipe.
        """
        if form == "text":
            return cls(_text_writer(run, screen))
        if form == "html":
            from classify.prediction import html_page

            head, tail = html_page.head_and_tail(run)
            article, empty = html_page.article_writer(run), head + html_page.NO_ARTICLE + tail
            return cls(article, head, b"\n", tail, empty)
        if form == "csv":
            head = _csv_line([*_COLUMNS, *(f"p_{name}" for name in run.rule.categories)])
            return cls(_csv_writer(run), head=head, nothing=head)
        if form == "json":
            return cls(_to_json, b"[\n", b",\n", b"\n]\n", b"[]\n")
        return cls(_to_jsonl)


def write(records: Iterable[dict[str, Any]], form: Format, run: Run, file: IO[bytes]) -> None:
    """Write records in a format as they come; Parquet needs the `seeds` extra."""
    if form == "parquet":
        _write_parquet(records, run, file)
        return
    to_bytes = Layout.of(form, run).record
    write_parts(map(to_bytes, records), form, run, file)


def write_parts(parts: Iterable[bytes], form: Format, run: Run, file: IO[bytes]) -> None:
    """Write records as they come, some at a time, already in the bytes of their Layout."""
    if form == "parquet":
        _write_parquet(_parse_records(parts), run, file)
        return
    layout = Layout.of(form, run)
    empty = True
    for part in filter(None, parts):
        file.write((layout.head if empty else layout.between) + part)
        file.flush()
        empty = False
    file.write(layout.nothing if empty else layout.tail)
    file.flush()


def converter(form: Format, run: Run) -> Callable[[IO[bytes], IO[bytes]], None] | None:
    """Return the function that makes the output from appended records; None if they are it.

    Raises:
        InputError: Parquet can't be written here.
    """
    if form != "parquet":
        return None
    _arrow_schema(run)
    return lambda lines, file: _write_parquet(_parse_records(lines), run, file)


def _parse_records(parts: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Parse records from complete lines of JSON."""
    for part in parts:
        yield from (json.loads(line) for line in part.split(b"\n") if line)


def _to_jsonl(record: dict[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _to_json(record: dict[str, Any]) -> bytes:
    return ("  " + json.dumps(record, ensure_ascii=False)).encode("utf-8", "replace")


_COLUMNS = ("id", "source", "categories", "decision", "run")  # of CSV, before the probabilities


def _csv_writer(run: Run) -> Callable[[dict[str, Any]], bytes]:
    """Return the writer of a row: categories joined by ";", a p_… column for each category."""

    def row(record: dict[str, Any]) -> bytes:
        """Return the line of a record."""
        values = {**record, "categories": ";".join(record["categories"])}
        probabilities = [record["probabilities"].get(name, "") for name in run.rule.categories]
        return _csv_line([*(defuse(values[name]) for name in _COLUMNS), *probabilities])

    return row


def _csv_line(values: list[Any]) -> bytes:
    return csv_line(values).encode("utf-8", "replace")


def _text_writer(run: Run, screen: "Screen | None") -> Callable[[dict[str, Any]], bytes]:
    """Return the writer for people: the decision, a bar for each category, any explanation."""
    from classify.terminal import escape, percent

    names = {category.id: f"{category.fr} ({category.id})" for category in run.taxonomy.categories}
    width = max(len(name) for name in names.values())

    def block(record: dict[str, Any]) -> bytes:
        """Return the lines of a record."""
        lines = [f"{escape(record['source'] or record['id'])} — {record['decision']}"]
        for name, p in record["probabilities"].items():
            mark = "✓" if name in record["categories"] else " "
            lines.append(
                f"  {mark} {names[name]:<{width}}  {percent(p):>6}  {'█' * round(p * _BAR_WIDTH)}"
            )
            if "explanation" in record:
                lines += _listed(record, name)
        if not record["probabilities"]:
            lines.append("    no category comes near")
        if "explanation" in record and screen:
            lines += _coloured(record, names, screen)
        return ("\n".join(line.rstrip() for line in lines) + "\n").encode("utf-8", "replace")

    return block


def _listed(record: dict[str, Any], name: str) -> list[str]:
    from classify.prediction.explanations import list_words

    return list_words(record["explanation"], name)


def _coloured(record: dict[str, Any], names: dict[str, str], screen: "Screen") -> list[str]:
    from classify.prediction.explanations import colour_article

    return colour_article(record, names, screen)


def _write_parquet(records: Iterable[dict[str, Any]], run: Run, file: IO[bytes]) -> None:
    schema = _arrow_schema(run)
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = iter(records)
    with pq.ParquetWriter(file, schema) as writer:
        while rows := list(islice(stream, _ROW_GROUP)):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _arrow_schema(run: Run) -> Any:
    """Return the Arrow schema of the records.

    Raises:
        InputError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ModuleNotFoundError as error:
        raise missing_extra("seeds", "Writing Parquet") from error
    probabilities = pa.struct([(name, pa.float64()) for name in run.rule.categories])
    return pa.schema(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("categories", pa.list_(pa.string())),
            ("probabilities", probabilities),
            ("decision", pa.string()),
            ("run", pa.string()),
        ]
    )
