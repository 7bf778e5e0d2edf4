"""`classify labels`: annotate in Label Studio, bring the labels back."""

import json
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from classify.commands.connect import connect as connect_command
from classify.options import Commands, workspace_option
from classify.progress import counting
from classify.terminal import escape, quantity, say
from classify.workspace.suggestions import fitting_run, send_predictions
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project
    from labels.taxonomy import Taxonomy

DISPUTES_SHOWN = 5  # lines; adjudicate.jsonl lists all
REASONS_SHOWN = 20  # lines of a pull; a category that was removed is one of them
ROWS_SHOWN = 20  # with a fault, of an import; more are counted
TASKS_SHOWN = 5  # ids in such a line: enough to look at some


@click.group(cls=Commands)
def labels() -> None:
    """Label articles in Label Studio: server, push, pull, status, import, connect."""


labels.add_command(connect_command)


@labels.group(cls=Commands)
def server() -> None:
    """The embedded Label Studio, on this machine only: start, stop, status."""


@server.command()
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    help="Of its page.  [default: the last one, else the first free one from 8080 on]",
)
@workspace_option
def start(port: int | None, workspace: Path | None) -> None:
    """Start the server; the first time installs it, which takes some minutes."""
    from classify.workspace.labels import check_extra
    from labels.server import server as embedded

    check_extra()
    found = embedded.start(workspace_path(workspace), port=port, notify=say)
    click.echo(found.url)
    own = f" --workspace {workspace}" if workspace else ""
    say(f"e-mail and password: classify labels server status --show-login{own}")


@server.command()
@workspace_option
def stop(workspace: Path | None) -> None:
    """Stop the server; articles and annotations stay."""
    from labels.server import server as embedded

    stopped = embedded.stop(workspace_path(workspace))
    say("stopped" if stopped else "was not running")


@server.command("status")
@click.option("--show-login", is_flag=True, help="Print the e-mail, password and token.")
@workspace_option
def server_status(show_login: bool, workspace: Path | None) -> None:
    """Say whether the server runs, and where."""
    from labels.server import server as embedded

    folder = workspace_path(workspace)
    found = embedded.status(folder)
    rows = {"state": found.state, "page": found.url, "version": found.version}
    if found.state == "running":
        rows |= {"process": str(found.pid), "since": found.since}
    if show_login:
        login = embedded.credentials(folder)
        if login is None:
            raise InputError(f"{folder}: no server yet. Run `classify labels server start`.")
        rows |= {"e-mail": login.email, "password": login.password, "token": login.token}
    for name, value in rows.items():
        if value:
            click.echo(f"{name:>9}  {value}")


@labels.command()
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--limit", type=click.IntRange(0), help="Send at most so many articles.")
@click.option(
    "--with-predictions",
    is_flag=True,
    help="Show annotators the model's categories ticked, in the articles sent before too.",
)
@click.option("--run", help="The model's run.  [default: the current run]")
@workspace_option
def push(
    dry_run: bool,
    limit: int | None,
    with_predictions: bool,
    run: str | None,
    workspace: Path | None,
) -> None:
    """Send the articles that Label Studio does not have yet.

    Makes the project the first time and brings its labelling interface up to date. The predictions
    of a run take the place of an earlier run's; annotations stay as they are.
    """
    from classify.workspace.labels import connect
    from labels.studio.project import list_task_ids
    from labels.taxonomy import ensure_taxonomy
    from seeds.document import read_documents

    if with_predictions and dry_run:
        raise InputError(
            "--dry-run says what articles would be sent. Leave --with-predictions out."
        )
    if run and not with_predictions:
        raise InputError("--run goes with --with-predictions. Add that, or leave --run out.")
    folder = workspace_path(workspace)
    documents = read_documents(folder)
    if not documents:
        raise InputError(f"{folder}: no articles yet. Add some with `classify seeds add PATH`.")
    with locked(folder, "classify labels push"):
        taxonomy = ensure_taxonomy(folder)
        model = fitting_run(folder, run, taxonomy) if with_predictions else None
        studio, settings = connect(folder)
        if dry_run:
            _say_what_is_new(studio, settings, documents.keys(), limit, folder)
            return
        project = prepare(studio, settings, taxonomy)
        chosen = list(documents)
        if limit is not None:
            there = list_task_ids(studio, project.id)
            chosen = [name for name in chosen if name not in there][:limit]
        send(studio, project, [documents[name] for name in chosen], documents.keys(), folder)
        if model:
            send_predictions(studio, project, model)


@labels.command()
@workspace_option
def pull(workspace: Path | None) -> None:
    """Fetch the annotations and settle them by majority into dataset.jsonl.

    Articles on which the annotators are evenly split go to adjudicate.jsonl: let one more annotate
    them, or mark the right annotation as ground truth (the star) in Label Studio, and pull again.
    """
    from classify.workspace.labels import pull as pull_labels

    folder = workspace_path(workspace)
    with locked(folder, "classify labels pull"):
        kept, export = pull_labels(folder)
    _say_set_aside(export.rejected)
    _say_pulled(folder, kept, dict(export.counted))
    if export.rejected:
        click.get_current_context().exit(1)


@labels.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--offline", is_flag=True, help="Of the last pull, without asking Label Studio.")
@workspace_option
def status(form: str, offline: bool, workspace: Path | None) -> None:
    """Show how many articles are done, by whom, and per category."""
    from classify.workspace.labels import Labels, connect, fetch, progress_report
    from labels.annotations import IMPORTED, read_annotations
    from labels.studio.project import find_project
    from labels.taxonomy import read_taxonomy
    from seeds.document import read_documents

    folder = workspace_path(workspace)
    taxonomy, documents = read_taxonomy(folder), read_documents(folder)
    annotations = read_annotations(folder)
    facts: dict[str, Any] = {}
    if not offline:
        studio, settings = connect(folder)
        project = find_project(studio, settings.title)
        export = fetch(studio, project, taxonomy)
        documents = {**export.documents, **documents}
        imported = [each for each in annotations if each.annotator.startswith(IMPORTED)]
        annotations = [*imported, *export.annotations]
        facts = {"project": project.url, "tasks": project.tasks}
        facts["set_aside"] = sum(map(len, export.rejected.values()))
    report = facts | progress_report(Labels(documents, annotations, taxonomy))
    click.echo(
        json.dumps(report, indent=2, ensure_ascii=False) if form == "json" else _table(report)
    )


@labels.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-columns", default="", help="Columns that make the text, in order: a,b.")
@click.option("--label-column", default="", help="Column of the categories.")
@click.option("--separator", default=";", show_default=True, help="Between categories in a cell.")
@click.option("--date-column", default="", help="Column of the date.")
@click.option("--choice", type=click.Choice(["multiple", "single"]), help="Categories an article.")
@click.option("--create-categories", is_flag=True, help="Add those the taxonomy lacks.")
@click.option("--encoding", help="If the file is not UTF-8, such as cp1252.")
@workspace_option
def import_(
    file: Path,
    text_columns: str,
    label_column: str,
    separator: str,
    date_column: str,
    choice: Literal["multiple", "single"] | None,
    create_categories: bool,
    encoding: str | None,
    workspace: Path | None,
) -> None:
    """Take over labels from a CSV, TSV, JSONL or Parquet FILE.

    A label is a category's id or its French or English name; an empty cell means that none
    applies. Importing a file of the same name again updates its articles.
    """
    from classify.workspace.labels import take_over
    from labels.spreadsheet import Layout
    from seeds.reading.columns import parse_column_names

    folder = workspace_path(workspace)
    layout = Layout(parse_column_names(text_columns), label_column, separator, date_column)
    with locked(folder, "classify labels import"):
        done = take_over(
            folder, file, layout, choice=choice, create=create_categories, encoding=encoding
        )
    labelled = done.labelled
    for fault in labelled.faults[:ROWS_SHOWN]:
        say(fault)
    if rest := labelled.faults[ROWS_SHOWN:]:
        say(f"… and {len(rest):,} more")
    say(
        f"{file.name}: {quantity(len(labelled.annotations), 'labelled article')} taken over, "
        f"{labelled.repeated} repeated, {len(labelled.faults)} with faults"
    )
    own = folder / "taxonomy.toml"
    if done.made:
        say(f"{own}: added {', '.join(done.made)}; give each its names and a guideline there")
    _say_pulled(folder, done.labels, {})
    if labelled.faults:
        click.get_current_context().exit(1)


def prepare(studio: "Studio", settings: "StudioSettings", taxonomy: "Taxonomy") -> "Project":
    """The project, made or brought up to date."""
    from labels.studio.interface import render_guide, render_interface
    from labels.studio.project import prepare_project

    return prepare_project(
        studio,
        settings.title,
        render_interface(taxonomy),
        instruction=render_guide(taxonomy),
        overlap=settings.overlap,
    )


def send(
    studio: "Studio", project: "Project", documents: list[Any], known: Set[str], folder: Path
) -> None:
    """Push articles and say what was done. known: the ids of all articles of the workspace."""
    from labels.studio.push import push
    from labels.studio.tasks import to_task

    with counting("Sending", len(documents)) as count:
        pushed = push(studio, project.id, [to_task(each) for each in documents], progress=count)
    repaired = f", {pushed.repaired} surplus copies removed" if pushed.repaired else ""
    say(f"{quantity(pushed.sent, 'article')} sent, {pushed.present:,} already there{repaired}")
    _say_foreign(len(pushed.project_ids - known), project.title, folder)
    for name in pushed.doubled:
        say(f"article {name} stands twice, and people worked on both copies; delete one by hand")
    click.echo(project.url)


def _say_foreign(count: int, title: str, folder: Path) -> None:
    """Warn of articles in the project that this workspace does not have."""
    if count:
        say(
            f"warning: project {title!r} also holds {quantity(count, 'article')} that this "
            f"workspace does not know. If they are another workspace's, set a title of its own in "
            f"{folder / 'labelstudio.toml'} and push again."
        )


def _say_what_is_new(
    studio: "Studio",
    settings: "StudioSettings",
    names: Set[str],
    limit: int | None,
    folder: Path,
) -> None:
    from labels.studio.errors import MissingError
    from labels.studio.project import find_project, list_task_ids

    try:
        there = set(list_task_ids(studio, find_project(studio, settings.title).id))
    except MissingError:
        there = set()
        say(f"project {settings.title!r} would be made on {studio.url}")
    new = len(names - there)
    count = new if limit is None else min(new, limit)
    say(f"{quantity(count, 'article')} would be sent, {len(names & there):,} already there")
    _say_foreign(len(there - names), settings.title, folder)


def _say_set_aside(rejected: dict[str, list[int]]) -> None:
    """What a pull could not use, a line a reason."""
    reasons = sorted(rejected.items(), key=lambda pair: -len(pair[1]))
    for reason, tasks in reasons[:REASONS_SHOWN]:
        ids = list(dict.fromkeys(tasks))  # two annotators of a task are two annotations
        more = ", …" if len(ids) > TASKS_SHOWN else ""
        where = f"task{'' if len(ids) == 1 else 's'} {', '.join(map(str, ids[:TASKS_SHOWN]))}{more}"
        say(f"set aside: {quantity(len(tasks), 'annotation')} ({where}): {reason}")
    if rest := reasons[REASONS_SHOWN:]:
        say(f"set aside: … and {sum(len(tasks) for _, tasks in rest):,} more, for other reasons")


def _say_pulled(folder: Path, kept: Any, counted: dict[str, int]) -> None:
    """What there is now, and what a person must settle."""
    dataset, disputes = kept.agreed
    if counted:
        say("annotations: " + ", ".join(f"{n:,} {name}" for name, n in sorted(counted.items())))
    agreed = quantity(len(dataset.examples), "article")
    say(f"{agreed} with agreed labels, {len(disputes):,} to adjudicate")
    for dispute in disputes[:DISPUTES_SHOWN]:
        title = kept.documents[dispute.document_id].text.partition("\n")[0]
        say(f"  {dispute.document_id}  {escape(title)[:44]:<44}  {', '.join(dispute.disputed)}?")
    if len(disputes) > DISPUTES_SHOWN:
        say(f"  … all of them: {folder / 'adjudicate.jsonl'}")
    click.echo(f"{folder / 'dataset.jsonl'}")


def _table(report: dict[str, Any]) -> str:
    """The report as lines for a person, at most 80 characters wide."""
    lines = [report["project"], ""] if "project" in report else []
    lines.append(f"{report['articles']:>6} articles")
    if "tasks" in report:
        lines.append(f"{report['tasks']:>6} in Label Studio")
    lines += [
        f"{report['annotated']:>6} annotated",
        f"{report['agreed']:>6} with agreed labels",
        f"{report['to_adjudicate']:>6} to adjudicate",
    ]
    if report.get("set_aside"):
        lines.append(
            f"{report['set_aside']:>6} annotations set aside; `classify labels pull` says why"
        )
    states = ("submitted", "skipped", "draft")
    people = [
        (name, [counts.get(each, 0) for each in states])
        for name, counts in report["annotators"].items()
    ]
    lines += ["", *_columns("annotator", states, people)]
    found = [(name, [count]) for name, count in report["categories"].items()]
    return "\n".join([*lines, "", *_columns("category", ("agreed",), found)])


def _columns(
    head: str, names: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]
) -> Iterator[str]:
    """A table with a name in its first column and numbers in the others."""
    shown = [(escape(name)[:40], figures) for name, figures in rows]
    width = max(len(name) for name, _ in [(head, ()), *shown])
    yield f"{head:<{width}}" + "".join(f"  {name:>9}" for name in names)
    for name, figures in shown:
        yield f"{name:<{width}}" + "".join(f"  {figure:>9}" for figure in figures)
