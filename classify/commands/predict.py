"""`classify predict`."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import click

from classify.options import runtime_options, workspace_option
from seeds.errors import Fault, InputError
from seeds.settings import workspace_path

if TYPE_CHECKING:
    from training.model import Runtime


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl", "csv", "parquet"]),
    default="text",
    show_default=True,
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@click.option("--run", help="A run's name or folder.  [default: the current run]")
@click.option("--all", "every", is_flag=True, help="Every category's probability.")
@click.option("--recursive", "-r", is_flag=True, help="Go into folders.")
@click.option("--text-columns", help="Columns of the text in JSONL, CSV, TSV or Parquet: a,b.")
@click.option("--id-column", default="", help="Column of the id.  [default: id]")
@click.option("--encoding", help="Of text files that are not UTF-8, such as cp1252.")
@click.option("--max-size", default="20MB", show_default=True, help="Of a single article.")
@click.option(
    "--stdin-format",
    type=click.Choice(["txt", "md", "html", "jsonl", "csv", "tsv"]),
    default="txt",
    show_default=True,
    help="What comes in when PATH is -.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Apache Spark labels a folder of shards: INPUT/ OUTPUT/.",
)
@click.option("--master", help="Of Spark.  [default: what spark-submit says, else local[*]]")
@runtime_options
@workspace_option
def predict(
    paths: tuple[str, ...],
    form: str,
    output: Path | None,
    run: str | None,
    every: bool,
    recursive: bool,
    text_columns: str | None,
    id_column: str,
    encoding: str | None,
    max_size: str,
    stdin_format: str,
    engine: str,
    master: str | None,
    workspace: Path | None,
    runtime: "Runtime",
) -> None:
    """Label articles with a trained model.

    PATH is an article (.txt .md .html), many of them (.jsonl .csv .tsv .parquet), a folder with
    --recursive, or - for standard input. An article that can't be read is named on standard error;
    the others are labelled and the exit code is 1.

    With --engine spark the paths are two folders, INPUT/ OUTPUT/: every table of the first is
    labelled by Apache Spark into a file of the second.
    """
    if engine == "spark":
        from classify.commands.spark import predict_folder

        predict_folder(click.get_current_context())
        return
    if master is not None:
        raise InputError("--master is of Spark. Add --engine spark, or leave it out.")
    from classify import predictor
    from classify.terminal import size_in_bytes
    from seeds.columns import Columns
    from seeds.sources import read
    from training.run import find_run, load_run

    if form == "parquet" and output is None and sys.stdout.isatty():
        raise InputError("Parquet is not for a terminal. Give --output FILE.")
    loaded = load_run(find_run(workspace_path(workspace) / "runs", run), runtime)
    names = tuple(each.strip() for each in (text_columns or "").split(",") if each.strip())
    found = read(
        paths,
        columns=Columns(text=names, id=id_column),
        encoding=encoding,
        recursive=recursive,
        max_bytes=size_in_bytes(max_size),
        detect_language=False,
        stdin_format=stdin_format,
    )
    reader = _Reader(found)
    records = predictor.records(reader.articles(), loaded, every=every)
    with _target(output) as file:
        predictor.write(records, cast(predictor.Format, form), loaded, file)
        if not reader.read:  # an earlier answer stays in its file
            click.get_current_context().exit(1)
    if reader.faults:
        click.get_current_context().exit(1)


def _target(output: Path | None) -> AbstractContextManager[IO[bytes]]:
    """Where the answer goes: standard output, or a file that appears when it is whole."""
    from seeds.jsonl import replacing

    if output is None:
        stdout: IO[bytes] = sys.stdout.buffer
        return nullcontext(stdout)
    if output.exists() and not output.is_file():  # /dev/null, a pipe: nothing to take the place of
        return output.open("wb")
    return replacing(output.resolve())


class _Reader:
    """Passes articles on, says what could not be read, and counts both."""

    def __init__(self, found: Iterator[Any]) -> None:
        self.found = found
        self.read = 0
        self.faults = 0

    def articles(self) -> Iterator[Any]:
        """The readable articles."""
        from classify.predictor import unread
        from classify.terminal import escape, say

        for each in self.found:
            if isinstance(each, Fault):
                self.faults += 1
                say(f"{each.where}: {each.message}")
                continue
            self.read += 1
            for note in filter(None, (*each.notes, unread(each.document.text))):
                say(f"{escape(each.document.source)}: {note}")
            yield each
