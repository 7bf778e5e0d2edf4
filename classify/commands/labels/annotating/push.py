"""`classify labels push`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.options import workspace_option
from classify.terminal import quantity, say
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.sending.push import PushPreview
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.push import Pushed


@click.command()
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@click.option("--limit", type=click.IntRange(0), help="Maximum number of articles to send.")
@click.option("--labelled", is_flag=True, help="Send articles that have labels, too.")
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
    labelled: bool,
    with_predictions: bool,
    run: str | None,
    new_project: bool,
    workspace: Path | None,
) -> None:
    """Send the articles that Label Studio does not have yet.

    Articles that have labels, imported or agreed on, are left out. Creates the project the first
    time, and brings its labelling interface up to date; people may rename it in Label Studio. The
    predictions of a run replace those of earlier runs; annotations stay as they are.
    """
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import find_own_project
    from classify.workspace.sending.push import (
        preview_push,
        push_articles,
        read_labelled_ids,
        update_project,
    )
    from classify.workspace.sending.suggestions import (
        load_suggesting_run,
        read_blind_ids,
        remove_blind_suggestions,
        send_predictions,
    )
    from labels.taxonomy import ensure_taxonomy
    from seeds.document import read_documents

    _refuse_combinations(dry_run=dry_run, with_predictions=with_predictions, run=run)
    folder = workspace_path(workspace)
    documents = read_documents(folder)
    if not documents:
        raise InputError(f"{folder}: no articles yet. Add some with `classify seeds add PATH`.")
    with locked(folder, "classify labels push"):
        taxonomy = ensure_taxonomy(folder)
        model = load_suggesting_run(folder, run, taxonomy) if with_predictions else None
        studio, settings = connect_studio(folder)
        left_out = frozenset() if labelled else read_labelled_ids(folder) & documents.keys()
        if dry_run:
            own = find_own_project(folder, studio, settings)
            preview = preview_push(studio, own, documents.keys(), limit, left_out)
            _print_preview(preview, studio, settings, folder)
            return
        project = update_project(folder, studio, settings, taxonomy, new=new_project)
        selected = [article for name, article in documents.items() if name not in left_out]
        pushed = push_articles(studio, project, selected, limit)
        present = len(pushed.project_ids & documents.keys())
        _print_pushed(pushed, present, len(left_out - pushed.project_ids))
        _warn_of_foreign(len(pushed.project_ids - documents.keys()), project.title, folder)
        click.echo(project.url)
        blind = read_blind_ids(folder)
        if model:
            send_predictions(studio, project, model, blind=blind)
        else:
            remove_blind_suggestions(studio, project, blind)


def _refuse_combinations(*, dry_run: bool, with_predictions: bool, run: str | None) -> None:
    if with_predictions and dry_run:
        raise InputError("--dry-run only counts articles. Leave --with-predictions out.")
    if run and not with_predictions:
        raise InputError("--run needs --with-predictions. Add that, or leave --run out.")


def _print_preview(
    preview: "PushPreview", studio: "Studio", settings: "StudioSettings", folder: Path
) -> None:
    """Print what a push would do."""
    if preview.creates_project:
        say(f"project {settings.title!r} would be created on {studio.url}")
    say(f"{quantity(preview.new, 'article')} would be sent, {preview.already:,} already there")
    _say_left_out(preview.left_out)
    _warn_of_foreign(preview.foreign, settings.title, folder)


def _print_pushed(pushed: "Pushed", present: int, left_out: int) -> None:
    """Print what a push did.

    Args:
        pushed: its outcome.
        present: how many articles of the workspace the project had.
        left_out: how many were not sent, for they have labels.
    """
    removed = f", {quantity(pushed.repaired, 'duplicate task')} removed" if pushed.repaired else ""
    say(f"{quantity(pushed.sent, 'article')} sent, {present:,} already there{removed}")
    _say_left_out(left_out)
    for name in pushed.doubled:
        say(f"article {name} has two tasks, both of them annotated; delete one in Label Studio")


def _say_left_out(count: int) -> None:
    """Say how many articles are not sent, for they have labels."""
    if count:
        verb, them = ("has", "it") if count == 1 else ("have", "them")
        articles = quantity(count, "article")
        say(f"{articles} left out that {verb} labels; --labelled sends {them}, too")


def _warn_of_foreign(count: int, title: str, folder: Path) -> None:
    """Warn of articles in the project that this workspace does not have."""
    if count:
        say(
            f"warning: project {title!r} also has {quantity(count, 'article')} that this workspace "
            f"does not have. If they belong to another workspace, set a different title in "
            f"{folder / 'labelstudio.toml'} and push again."
        )
