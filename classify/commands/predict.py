"""`classify predict`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from classify.options import (
    PredictOptions,
    add_options,
    file_encoding_option,
    max_size_option,
    note_left_out,
    note_precision,
    runtime_options,
    workspace_option,
)
from seeds.base.errors import InputError
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.prediction.local import Labelling

_NOT_FOR_TERMINALS = {"parquet": "Parquet", "html": "HTML"}

_predict_options = add_options(
    click.argument("paths", nargs=-1, required=True, metavar="PATH…"),
    click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", "jsonl", "html", "csv", "parquet"]),
        default="text",
        show_default=True,
        help="Output format.",
    ),
    click.option(
        "--explain",
        "explained",
        is_flag=True,
        help="Show the words that counted for and against each category.",
    ),
    click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Output file; replaced once the new one is complete.",
    ),
    click.option("--resume", is_flag=True, help="Continue an interrupted --output."),
    click.option(
        "--rejects",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File for records that can't be read.  [default: OUTPUT.rejects.jsonl]",
    ),
    click.option("--run", help="Name or folder of a run.  [default: the current run]"),
    click.option("--all", "every", is_flag=True, help="Output the probability of every category."),
    click.option("--recursive", "-r", is_flag=True, help="Read folders and their subfolders."),
    click.option("--text-columns", help="Columns of the text in tables, in order: a,b."),
    click.option("--id-column", default="", help="Column of the id.  [default: id]"),
    file_encoding_option,
    max_size_option,
    click.option(
        "--stdin-format",
        type=click.Choice(["txt", "md", "html", "jsonl", "csv", "tsv"]),
        default="txt",
        show_default=True,
        help="Format of standard input, if PATH is -.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "spark"]),
        default="local",
        show_default=True,
        help="spark: label every table of a folder, INPUT/ OUTPUT/.",
    ),
    click.option(
        "--master", help="Spark master URL.  [default: as of spark-submit, else local[*]]"
    ),
    click.option(
        "--processes",
        type=click.IntRange(1),
        help="Number of processes.  [default: all cores for tfidf, else 1]",
    ),
    runtime_options,
    workspace_option,
)


@click.command()
@_predict_options
def predict(**parameters: Any) -> None:
    """Label articles with a trained model.

    PATH is an article (.txt .md .html), a table of articles (.jsonl .csv .tsv .parquet), either of
    them compressed (.gz .bz2 .xz .zst), a folder with --recursive, or - for standard input. An
    article that can't be read is reported; the others are labelled and the exit code is 1.

    Inputs may be of any size: memory use does not grow with them. Use --resume to continue an
    interrupted --output (FILE.partial).

    --explain shows which words spoke for and against each category: coloured on a terminal, as
    "explanation" in JSON, and with --format html on one page.

    With --engine spark, Apache Spark labels every table of the folder INPUT/ and writes a file for
    each into OUTPUT/.
    """
    options = PredictOptions(**parameters)
    context = click.get_current_context()
    if options.engine == "spark":
        from classify.commands.spark import predict_folder

        complete = predict_folder(options, context)
    elif options.master is not None:
        raise InputError("--master needs --engine spark. Add that, or leave --master out.")
    else:
        complete = _predict_locally(options)
    if not complete:
        context.exit(1)


def _predict_locally(options: PredictOptions) -> bool:
    """Label articles on this machine; return whether everything could be read."""
    from classify.prediction.local import refuse_places, to_file, to_stream

    output = options.output
    _refuse_format(options, to_terminal=output is None and sys.stdout.isatty())
    labelling = _labelling(options)
    rejects = options.rejects and options.rejects.resolve()
    if output is None or (output.exists() and not output.is_file()):  # a pipe, /dev/null
        if options.resume:
            raise InputError("--resume needs a file to continue. Name it with --output.")
        refuse_places(options.paths, None, rejects)
        return to_stream(labelling, output, rejects)
    output = output.resolve()
    rejects = rejects or output.with_name(f"{output.name}.rejects.jsonl")
    refuse_places(options.paths, output, rejects)
    return to_file(labelling, output, rejects, options.resume)


def _labelling(options: PredictOptions) -> "Labelling":
    """Load the run and say what to label with it, and how."""
    from classify.prediction.formats import Format
    from classify.prediction.local import Labelling
    from classify.prediction.shards import Work
    from classify.terminal import Screen, size_in_bytes
    from seeds.base.cores import available_cores
    from seeds.reading.columns import Columns, parse_column_names
    from seeds.reading.raw_records import Reading
    from training.models import uses_encoder
    from training.runs.registry import find_run
    from training.runs.run import load_run

    reading = Reading(
        Columns(text=parse_column_names(options.text_columns), id=options.id_column),
        options.encoding,
        options.recursive,
        size_in_bytes(options.max_size),
        stdin_format=options.stdin_format,
    )
    folder = workspace_path(options.workspace) / "runs"
    run = load_run(find_run(folder, options.run), options.runtime)
    note_precision(run, options.runtime)
    note_left_out(run.name, run.rule)
    work = Work(
        run.path.absolute(),
        options.runtime,
        reading,
        cast(Format, options.form),
        options.every,
        explain=options.explained or options.form == "html",
        screen=Screen.detect() if options.explained and options.output is None else None,
    )
    processes = options.processes or (1 if uses_encoder(run.facts.kind) else available_cores())
    return Labelling(options.paths, run, work, processes)


def _refuse_format(options: PredictOptions, *, to_terminal: bool) -> None:
    """Refuse a format that can't hold explanations, or can't be shown on a terminal.

    Raises:
        InputError: says which formats or options to choose.
    """
    if options.explained and options.form in ("csv", "parquet"):
        raise InputError(
            f"--explain has no column in {options.form}. Choose --format jsonl, json, html or text."
        )
    if to_terminal and options.form in _NOT_FOR_TERMINALS:
        name = _NOT_FOR_TERMINALS[options.form]
        raise InputError(f"{name} can't be shown on a terminal. Name a file with --output.")
