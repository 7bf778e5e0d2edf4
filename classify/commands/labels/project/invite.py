"""`classify labels invite`."""

from pathlib import Path

import click

from classify.options import workspace_option
from classify.terminal import say
from seeds.base.settings import workspace_path


@click.command()
@workspace_option
def invite(workspace: Path | None) -> None:
    """Print the link by which annotators join, and the one at which they begin.

    Whoever has the first link can sign up. Label Studio's Community edition knows no roles: every
    user may change and delete the project.
    """
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import remember_project, require_own_project

    folder = workspace_path(workspace)
    studio, settings = connect_studio(folder)
    project = require_own_project(folder, studio, settings)
    remember_project(folder, studio, settings, project)
    click.echo(f"join:      {studio.invitation()}")
    click.echo(f"annotate:  {project.stream_url}")
    say(
        "Send both to your annotators: they sign up at the first link, once, and begin at the "
        "second each day."
    )
    say(
        "warning: everybody who signs up may change and delete the project, for this edition of "
        "Label Studio has no roles. Save it regularly with `classify labels backup FILE`."
    )
