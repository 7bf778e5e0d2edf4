"""Options that several commands share."""

from pathlib import Path

import click

workspace_option = click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of articles, labels and runs.  [default: $CLASSIFY_WORKSPACE, else ./workspace]",
)
