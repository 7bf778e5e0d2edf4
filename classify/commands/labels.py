"""`classify labels`: annotate in Label Studio, bring the labels back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from classify.commands.labels_connect import connect
from classify.commands.server import server
from classify.faults import first_lines
from classify.options import (
    Commands,
    file_encoding_option,
    max_size_option,
    text_format_option,
    workspace_option,
)
from classify.terminal import answer, escape, quantity, say, size_in_bytes
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.labels import ImportedLabels, Labels
    from classify.workspace.push import PushPreview
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project
    from labels.studio.push import Pushed

_DISPUTES_SHOWN = 5  # lines; adjudicate.jsonl lists all
_REASONS_SHOWN = 20  # lines of a pull; a removed category is one reason
_TASKS_SHOWN = 5  # ids in a line: enough to look at some


@click.group(cls=Commands)
def labels() -> None:
    """Annotate in Label Studio: server, push, pull, status, import, connect."""


labels.add_command(server)


@labels.command()
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@click.option("--limit", type=click.IntRange(0), help="Maximum number of articles to send.")
@click.option(
    "--with-predictions",
    is_flag=True,
    help="Show annotators the model's categories ticked, also in articles sent before.",
)
@click.option("--run", help="Run that predicts.  [default: the current run]")
@click.option(
    "--new-project",
    is_flag=True,
    help="Create a project again if the one this workspace had was deleted.",
)
@workspace_option
def push(
    dry_run: bool,
    limit: int | None,
    with_predictions: bool,
    run: str | None,
    new_project: bool,
    workspace: Path | None,
) -> None:
    """Send the articles that Label Studio does not have yet.

    Creates the project the first time, and brings its labelling interface up to date; people may
    rename it in Label Studio. The predictions of a run replace those of earlier runs; annotations
    stay as they are.
    """
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import find_own_project
    from classify.workspace.push import preview_push, push_articles, update_project
    from classify.workspace.suggestions import load_suggesting_run, send_predictions
    from labels.taxonomy import ensure_taxonomy
    from seeds.document import read_documents

    if with_predictions and dry_run:
        raise InputError("--dry-run only counts articles. Leave --with-predictions out.")
    if run and not with_predictions:
        raise InputError("--run needs --with-predictions. Add that, or leave --run out.")
    folder = workspace_path(workspace)
    documents = read_documents(folder)
    if not documents:
        raise InputError(f"{folder}: no articles yet. Add some with `classify seeds add PATH`.")
    with locked(folder, "classify labels push"):
        taxonomy = ensure_taxonomy(folder)
        model = load_suggesting_run(folder, run, taxonomy) if with_predictions else None
        studio, settings = connect_studio(folder)
        if dry_run:
            own = find_own_project(folder, studio, settings)
            preview = preview_push(studio, own, documents.keys(), limit)
            _print_preview(preview, studio, settings, folder)
            return
        project = update_project(folder, studio, settings, taxonomy, new=new_project)
        pushed = push_articles(studio, project, documents, limit)
        _print_pushed(pushed, len(pushed.project_ids - documents.keys()), project, folder)
        if model:
            send_predictions(studio, project, model)


@labels.command()
@workspace_option
def pull(workspace: Path | None) -> None:
    """Fetch the annotations and settle them by majority.

    Agreed labels go to dataset.jsonl. Articles on which the annotators are evenly split go to
    adjudicate.jsonl: one of them changes the annotation, or a third person opens the article from
    the list in Label Studio and adds one with "+"; then pull again.
    """
    from classify.workspace.labels import pull_annotations

    folder = workspace_path(workspace)
    with locked(folder, "classify labels pull"):
        pulled, export = pull_annotations(folder)
    _print_set_aside(export.rejected)
    _print_foreign(export.foreign)
    _print_labels(folder, pulled, export.counted)
    if export.rejected:
        click.get_current_context().exit(1)


@labels.command()
@text_format_option
@click.option("--offline", is_flag=True, help="Use the last pull; do not ask Label Studio.")
@workspace_option
def status(form: str, offline: bool, workspace: Path | None) -> None:
    """Show how many articles are annotated, by whom, and per category."""
    from classify.workspace.labels import (
        Labels,
        connect_studio,
        count_progress,
        fetch_export,
        select_imported,
    )
    from classify.workspace.project import require_own_project
    from labels.annotations import read_annotations
    from labels.taxonomy import read_taxonomy
    from seeds.document import read_documents

    folder = workspace_path(workspace)
    taxonomy, documents = read_taxonomy(folder), read_documents(folder)
    annotations = read_annotations(folder)
    facts: dict[str, Any] = {}
    if not offline:
        studio, settings = connect_studio(folder)
        project = require_own_project(folder, studio, settings)
        export = fetch_export(studio, project, taxonomy)
        documents = {**export.documents, **documents}
        annotations = [*select_imported(annotations), *export.annotations]
        facts = {"project": project.url, "tasks": project.tasks}
        facts["set_aside"] = sum(map(len, export.rejected.values()))
        facts["foreign_tasks"] = len(export.foreign)
    report = facts | count_progress(Labels(documents, annotations, taxonomy))
    if form == "json":
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        answer("\n".join(_status_lines(report)))


@labels.command("import")
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
    _print_labels(folder, imported.labels, {})
    if imported.labelled.faults:
        click.get_current_context().exit(1)


labels.add_command(connect)  # last, as people use it


# ---------------------------------------------------------------- notes


def _print_preview(
    preview: "PushPreview", studio: "Studio", settings: "StudioSettings", folder: Path
) -> None:
    """Print what a push would do."""
    if preview.creates_project:
        say(f"project {settings.title!r} would be created on {studio.url}")
    say(f"{quantity(preview.new, 'article')} would be sent, {preview.already:,} already there")
    _warn_of_foreign(preview.foreign, settings.title, folder)


def _print_pushed(pushed: "Pushed", foreign: int, project: "Project", folder: Path) -> None:
    """Print what a push did, and the project's address."""
    removed = f", {quantity(pushed.repaired, 'duplicate task')} removed" if pushed.repaired else ""
    say(f"{quantity(pushed.sent, 'article')} sent, {pushed.present:,} already there{removed}")
    _warn_of_foreign(foreign, project.title, folder)
    for name in pushed.doubled:
        say(f"article {name} has two tasks, both of them annotated; delete one in Label Studio")
    click.echo(project.url)


def _warn_of_foreign(count: int, title: str, folder: Path) -> None:
    """Warn of articles in the project that this workspace does not have."""
    if count:
        say(
            f"warning: project {title!r} also has {quantity(count, 'article')} that this workspace "
            f"does not have. If they belong to another workspace, set a different title in "
            f"{folder / 'labelstudio.toml'} and push again."
        )


def _print_set_aside(rejected: Mapping[str, Sequence[int]]) -> None:
    """Print the annotations a pull could not use, a line a reason."""
    reasons = sorted(rejected.items(), key=lambda pair: -len(pair[1]))
    for reason, tasks in reasons[:_REASONS_SHOWN]:
        say(f"set aside: {quantity(len(tasks), 'annotation')} ({_name_tasks(tasks)}): {reason}")
    if rest := reasons[_REASONS_SHOWN:]:
        say(f"set aside: … and {sum(len(tasks) for _, tasks in rest):,} more, for other reasons")


def _print_foreign(tasks: Sequence[int]) -> None:
    """Print which annotated tasks are not of this workspace, which takes nothing from them."""
    if tasks:
        was, them = ("was", "it") if len(tasks) == 1 else ("were", "them")
        say(
            f"left out: {_name_tasks(tasks)} {was} not sent by `classify labels push`, so that no "
            f"article is known for {them}. To use such a text, add it with `classify seeds add`, "
            "push, and annotate it there; else delete the task in Label Studio."
        )


def _name_tasks(tasks: Sequence[int]) -> str:
    """Return the ids of tasks, each once: "task 7", "tasks 7, 9"."""
    ids = list(dict.fromkeys(tasks))  # two annotators of a task are two annotations
    shown = ", ".join(map(str, ids[:_TASKS_SHOWN])) + (", …" if len(ids) > _TASKS_SHOWN else "")
    return f"{'task' if len(ids) == 1 else 'tasks'} {shown}"


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


def _print_labels(folder: Path, settled: "Labels", counted: Mapping[str, int]) -> None:
    """Print the agreed labels, the disputes, and the path of the dataset."""
    dataset, disputes = settled.agreed
    if counted:
        say("annotations: " + ", ".join(f"{n:,} {name}" for name, n in sorted(counted.items())))
    agreed = quantity(len(dataset.examples), "article")
    say(f"{agreed} with agreed labels, {len(disputes):,} to adjudicate")
    for dispute in disputes[:_DISPUTES_SHOWN]:
        title = settled.documents[dispute.document_id].text.partition("\n")[0]
        say(f"  {dispute.document_id}  {escape(title)[:44]:<44}  {', '.join(dispute.disputed)}?")
    if len(disputes) > _DISPUTES_SHOWN:
        say(f"  … the full list: {folder / 'adjudicate.jsonl'}")
    click.echo(f"{folder / 'dataset.jsonl'}")


# ---------------------------------------------------------------- status


def _status_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report as lines at most 80 characters wide."""
    if "project" in report:
        yield from (report["project"], "")
    yield f"{report['articles']:>6} articles"
    if "tasks" in report:
        yield f"{report['tasks']:>6} in Label Studio"
    yield f"{report['annotated']:>6} annotated"
    yield f"{report['agreed']:>6} with agreed labels"
    yield f"{report['to_adjudicate']:>6} to adjudicate"
    if report.get("set_aside"):
        yield f"{report['set_aside']:>6} annotations set aside; `classify labels pull` says why"
    if report.get("foreign_tasks"):
        yield f"{report['foreign_tasks']:>6} tasks left out, not sent by `classify labels push`"
    states = ("submitted", "skipped", "draft")
    annotators = [
        (name, [counts.get(state, 0) for state in states])
        for name, counts in report["annotators"].items()
    ]
    yield from ("", *_table_lines("annotator", states, annotators))
    categories = [(name, [count]) for name, count in report["categories"].items()]
    yield from ("", *_table_lines("category", ("agreed",), categories))


def _table_lines(
    heading: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]
) -> Iterator[str]:
    """Yield a table with a name in its first column and numbers in the others."""
    shown = [(escape(name)[:40], figures) for name, figures in rows]
    width = max(len(name) for name, _ in [(heading, ()), *shown])
    yield f"{heading:<{width}}" + "".join(f"  {column:>9}" for column in columns)
    for name, figures in shown:
        yield f"{name:<{width}}" + "".join(f"  {figure:>9}" for figure in figures)
