"""`classify labels adjudicate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.options import workspace_option
from classify.terminal import quantity, say
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from labels.studio.adjudication.sync import Synced


@click.command()
@click.option("--show-votes", is_flag=True, help="Show who answered what beside each article.")
@workspace_option
def adjudicate(show_votes: bool, workspace: Path | None) -> None:
    """Ask one more person about the articles on which the annotators are evenly split.

    They go to a project of their own in Label Studio, whose title ends in "À arbitrer", those first
    on which one more answer is worth most. Anybody
    with an account opens it, presses Label All Tasks and answers without seeing the others'
    answers; `classify labels pull` then takes these answers as settling. Run it again after more
    annotations: what is new is sent, and what was settled otherwise leaves the project, unless
    somebody has begun on it. Nobody's annotation is changed.
    """
    from classify.workspace.deciding.agreement import order_disputes
    from classify.workspace.deciding.disputes_project import send_disputes, update_adjudication
    from classify.workspace.labels import pull_annotations

    folder = workspace_path(workspace)
    with locked(folder, "classify labels adjudicate"):
        fetched = pull_annotations(folder)
        labels = fetched.labels
        project = update_adjudication(
            folder,
            fetched.studio,
            fetched.settings,
            labels.taxonomy,
            fetched.project,
            with_votes=show_votes,
        )
        synced = send_disputes(
            fetched.studio,
            project,
            order_disputes(labels.agreed.disputes, labels.annotations, labels.taxonomy),
            labels.documents,
            labels.annotations,
            labels.taxonomy,
            with_votes=show_votes,
        )
    _print_synced(synced)
    click.echo(f"{project.url}")


def _print_synced(synced: "Synced") -> None:
    """Print what was sent to the project for disputes, and what left it."""
    say(f"{quantity(synced.sent, 'dispute')} sent, {synced.present:,} already there")
    if synced.changed:
        say(f"{quantity(synced.changed, 'task')} changed: the votes shown are others now")
    if synced.removed:
        say(f"{quantity(synced.removed, 'task')} removed: settled meanwhile, and not begun")
