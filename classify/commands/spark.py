"""`classify predict INPUT/ OUTPUT/ --engine spark`."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from click.core import ParameterSource

from classify.options import PredictOptions
from seeds.base.errors import InputError

if TYPE_CHECKING:
    from classify.spark.tables import LabelJob

_HONOURED = {
    *("engine", "master", "form", "run", "every", "text_columns", "id_column", "encoding"),
    *("max_size", "recursive", "workspace", "device", "batch_size", "threads", "dtype"),
    "resume",  # a folder is always resumed
}


def predict_folder(options: PredictOptions, context: click.Context) -> bool:
    """Label a folder of tables; return whether everything could be read.

    Raises:
        InputError: an option has no effect here, or something in the folders must be fixed.
    """
    from classify.spark.context import check_installation
    from classify.spark.driver import label_folder

    _refuse_others(context)
    check_installation()
    if len(options.paths) != 2 or "-" in options.paths:
        raise InputError("--engine spark takes two folders: classify predict INPUT/ OUTPUT/.")
    # Absolute, since the workers run in another folder.
    source, target = (Path(path).absolute() for path in options.paths)
    form_chosen = context.get_parameter_source("form") is ParameterSource.COMMANDLINE
    job = _job(options, options.form if form_chosen else "jsonl")
    return label_folder(source, target, job, options.master)


def _refuse_others(context: click.Context) -> None:
    """Refuse the options that have no effect, so that none is silently ignored."""
    for option in context.command.params:
        chosen = context.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if chosen and isinstance(option, click.Option) and option.name not in _HONOURED:
            raise InputError(f"{option.opts[0]} has no effect with --engine spark. Leave it out.")


def _job(options: PredictOptions, form: str) -> "LabelJob":
    """Return the run and the options that every table is labelled with."""
    from classify.prediction.formats import Format
    from classify.spark.tables import LabelJob, LabelOptions
    from classify.terminal import size_in_bytes
    from seeds.base.settings import workspace_path
    from seeds.base.storage import sha256
    from seeds.reading.columns import Columns, parse_column_names
    from seeds.reading.encoding import codec_name
    from training.runs.manifest import check_files
    from training.runs.registry import find_run

    if form == "html":
        raise InputError(
            "--engine spark writes tables. Choose --format jsonl, json, csv or parquet."
        )
    if options.encoding is not None:
        codec_name(options.encoding)
    label_options = LabelOptions.of(
        form=cast(Format, form),
        every=options.every,
        columns=Columns(text=parse_column_names(options.text_columns), id=options.id_column),
        encoding=options.encoding,
        max_bytes=size_in_bytes(options.max_size),
        runtime=options.runtime,
    )
    run = find_run(workspace_path(options.workspace) / "runs", options.run).resolve()
    check_files(run)
    return LabelJob(run, sha256(run / "manifest.json"), label_options, options.runtime)
