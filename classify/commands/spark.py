"""`classify predict INPUT/ OUTPUT/ --engine spark`."""

from pathlib import Path
from typing import Any, cast

import click
from click.core import ParameterSource

from seeds.base.errors import InputError

_HONOURED = {
    *("engine", "master", "form", "run", "every", "text_columns", "id_column", "encoding"),
    *("max_size", "recursive", "workspace", "device", "batch_size", "threads", "dtype"),
    "resume",  # as ever
}


def predict_folder(context: click.Context) -> None:
    """Label a folder of shards, with the options that `classify predict` was given.

    Raises:
        InputError: an option means nothing here, or something in the folders must be mended.
    """
    from classify.spark.context import check_installation
    from classify.spark.driver import label_folder

    _refuse_others(context)
    check_installation()
    given = context.params
    if len(given["paths"]) != 2 or "-" in given["paths"]:
        raise InputError("--engine spark takes two folders: classify predict INPUT/ OUTPUT/.")
    source, target = (Path(each).absolute() for each in given["paths"])  # a worker is elsewhere
    if not label_folder(source, target, _order(context), given["master"]):
        context.exit(1)


def _refuse_others(context: click.Context) -> None:
    """No option is accepted and then forgotten."""
    for option in context.command.params:
        chosen = context.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if chosen and isinstance(option, click.Option) and option.name not in _HONOURED:
            raise InputError(f"{option.opts[0]} means nothing with --engine spark. Leave it out.")


def _order(context: click.Context) -> Any:
    """What is asked of every shard. The format is jsonl unless one is named."""
    from classify.prediction.formats import Format
    from classify.spark.tables import LabelJob, LabelOptions, sha256
    from classify.terminal import size_in_bytes
    from seeds.base.settings import workspace_path
    from seeds.reading.columns import Columns
    from seeds.reading.encoding import codec_name
    from training.runs.registry import find_run
    from training.runs.run import check_files
    from training.runtime import Runtime

    given = context.params
    named = context.get_parameter_source("form") is ParameterSource.COMMANDLINE
    form = given["form"] if named else "jsonl"
    if form == "html":
        raise InputError(
            "--engine spark makes tables. Choose --format jsonl, json, csv or parquet."
        )
    if given["encoding"] is not None:
        codec_name(given["encoding"])
    texts = tuple(filter(None, map(str.strip, (given["text_columns"] or "").split(","))))
    runtime = Runtime(given["device"], given["batch_size"], given["threads"], given["dtype"])
    answers = LabelOptions.of(
        form=cast(Format, form),
        every=given["every"],
        columns=Columns(text=texts, id=given["id_column"]),
        encoding=given["encoding"],
        max_bytes=size_in_bytes(given["max_size"]),
        runtime=runtime,
    )
    run = find_run(workspace_path(given["workspace"]) / "runs", given["run"]).resolve()
    check_files(run)
    return LabelJob(run, sha256(run / "manifest.json"), answers, runtime)
