"""`classify predict`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from classify.options import runtime_options, tell_computing, workspace_option
from seeds.base.errors import InputError
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from training.runtime import Runtime

_NOT_SHOWN = {"parquet": "Parquet", "html": "HTML"}


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl", "html", "csv", "parquet"]),
    default="text",
    show_default=True,
)
@click.option("--explain", "explained", is_flag=True, help="Which words counted; html always does.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a file, which is replaced once the new one is whole.",
)
@click.option("--resume", is_flag=True, help="Go on with the --output of a killed command.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where what can't be read goes.  [default: OUTPUT.rejects.jsonl]",
)
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
@click.option(
    "--processes",
    type=click.IntRange(1),
    help="That label at once.  [default: all cores for tfidf, else 1]",
)
@runtime_options
@workspace_option
def predict(
    paths: tuple[str, ...],
    form: str,
    explained: bool,
    output: Path | None,
    resume: bool,
    rejects: Path | None,
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
    processes: int | None,
    workspace: Path | None,
    runtime: "Runtime",
) -> None:
    """Label articles with a trained model.

    PATH is an article (.txt .md .html), many of them (.jsonl .csv .tsv .parquet), any of these
    compressed (.gz .bz2 .xz .zst), a folder with --recursive, or - for standard input. An article
    that can't be read is named on standard error; the others are labelled and the exit code is 1.

    Inputs may be of any size: memory does not grow with them. An --output that a killed command
    left as FILE.partial is gone on with by the same command and --resume.

    --explain tells which words spoke for and against each category: on a terminal the articles have
    them coloured, JSON has them in "explanation", and --format html makes one page of it all.

    With --engine spark the paths are two folders, INPUT/ OUTPUT/: every table of the first is
    labelled by Apache Spark into a file of the second.
    """
    if engine == "spark":
        from classify.commands.spark import predict_folder

        predict_folder(click.get_current_context())
        return
    if master is not None:
        raise InputError("--master is of Spark. Add --engine spark, or leave it out.")
    from classify.prediction.formats import Format
    from classify.prediction.local import Labelling, refuse_places, to_file, to_stream
    from classify.prediction.shards import Work
    from classify.terminal import Screen, size_in_bytes
    from seeds.base.cores import available_cores
    from seeds.reading.columns import Columns, parse_column_names
    from seeds.reading.raw_records import Reading
    from training.runs.registry import find_run
    from training.runs.run import load_run

    _refuse_form(form, explained=explained, shown=output is None and sys.stdout.isatty())
    columns = Columns(text=parse_column_names(text_columns), id=id_column)
    limit = size_in_bytes(max_size)
    reading = Reading(columns, encoding, recursive, limit, stdin_format=stdin_format)
    loaded = load_run(find_run(workspace_path(workspace) / "runs", run), runtime)
    tell_computing(loaded, runtime)
    work = Work(
        loaded.path.absolute(),
        runtime,
        reading,
        cast(Format, form),
        every,
        explain=explained or form == "html",
        screen=Screen.detect() if explained and output is None else None,
    )
    several = processes or (available_cores() if loaded.facts.kind == "tfidf" else 1)
    job = Labelling(paths, loaded, work, several)
    rejects = rejects and rejects.resolve()
    if output is None or (output.exists() and not output.is_file()):  # a pipe, /dev/null
        if resume:
            raise InputError("--resume goes on with a file. Name it with --output.")
        refuse_places(paths, None, rejects)
        whole = to_stream(job, output, rejects)
    else:
        output = output.resolve()
        rejects = rejects or output.with_name(f"{output.name}.rejects.jsonl")
        refuse_places(paths, output, rejects)
        whole = to_file(job, output, rejects, resume)
    if not whole:
        click.get_current_context().exit(1)


def _refuse_form(form: str, *, explained: bool, shown: bool) -> None:
    """Refuse a format that can't hold what is asked of it. shown: it would go to a terminal."""
    if explained and form in ("csv", "parquet"):
        raise InputError(
            f"--explain has no column in {form}. Choose --format jsonl, json, html or text."
        )
    if shown and form in _NOT_SHOWN:
        raise InputError(f"{_NOT_SHOWN[form]} is not for a terminal. Give --output FILE.")
