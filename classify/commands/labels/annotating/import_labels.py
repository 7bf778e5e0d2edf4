"""`classify labels import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from classify.commands.labels.summary import print_labels
from classify.faults import first_lines
from classify.options import file_encoding_option, max_size_option, workspace_option
from classify.terminal import quantity, say, size_in_bytes
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.labels import ImportedLabels


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-columns", default="", help="Columns of the text, in order: a,b.")
@click.option("--label-column", default="", help="Column of the categories.")
@click.option(
    "--separator", default=";", show_default=True, help="Separator of categories in a cell."
)
@click.option("--date-column", default="", help="Column of the date.")
@click.option(
    "--choice",
    type=click.Choice(["multiple", "single"]),
    help="Categories an article can have.  [default: as in taxonomy.toml]",
)
@click.option("--create-categories", is_flag=True, help="Add missing categories to taxonomy.toml.")
@click.option(
    "--new-category",
    "new_categories",
    multiple=True,
    metavar="NAME",
    help="Add a category of this name, whatever name it resembles.",
)
@file_encoding_option
@max_size_option
@workspace_option
def import_(
    file: Path,
    text_columns: str,
    label_column: str,
    separator: str,
    date_column: str,
    choice: Literal["multiple", "single"] | None,
    create_categories: bool,
    new_categories: tuple[str, ...],
    encoding: str | None,
    max_size: str,
    workspace: Path | None,
) -> None:
    """Import labelled articles from a file.

    FILE is CSV, TSV, JSONL or Parquet. A label is a category's id or its French or English name,
    with or without accents; an empty cell means that no category applies. Importing a file of the
    same name again updates its articles. A row that can't be used is reported; the others are
    imported and the exit code is 1.
    """
    from classify.workspace.labels import import_labels
    from labels.spreadsheet import Layout
    from seeds.reading.columns import parse_column_names

    folder = workspace_path(workspace)
    layout = Layout(
        parse_column_names(text_columns),
        label_column,
        separator,
        date_column,
        encoding,
        size_in_bytes(max_size),
    )
    with locked(folder, "classify labels import"):
        imported = import_labels(
            folder, file, layout, choice=choice, create=create_categories, new=new_categories
        )
    _print_imported(folder, file, imported)
    print_labels(folder, imported.labels, {})
    if imported.labelled.faults:
        click.get_current_context().exit(1)


def _print_imported(folder: Path, file: Path, imported: "ImportedLabels") -> None:
    """Print the notes and faults of a file, what was imported, and the categories added."""
    labelled = imported.labelled
    for line in (*first_lines(labelled.notes), *first_lines(labelled.faults)):
        say(line)
    say(
        f"{file.name}: {quantity(len(labelled.annotations), 'labelled article')} imported, "
        f"{labelled.repeated} repeated, {len(labelled.faults)} with faults"
    )
    if imported.added:
        say(
            f"{folder / 'taxonomy.toml'}: added {', '.join(imported.added)}; write their names and "
            "guidelines there"
        )
