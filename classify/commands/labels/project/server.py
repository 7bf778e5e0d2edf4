"""`classify labels server`: the embedded Label Studio."""

from pathlib import Path

import click

from classify.options import Commands, workspace_option
from classify.terminal import say
from seeds.base.errors import InputError
from seeds.base.settings import workspace_path


@click.group(cls=Commands)
def server() -> None:
    """Run the embedded Label Studio: start, stop, status.

    Only this machine can reach it.
    """


@server.command()
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    help="Port of the web page.  [default: the last one, else the first free one from 8080]",
)
@click.option(
    "--database",
    metavar="ADDRESS",
    envvar="CLASSIFY_DATABASE",
    show_envvar=True,
    help="A PostgreSQL for the data: postgresql://USER:PASSWORD@HOST:PORT/NAME.  "
    "[default: the last one, else SQLite]",
)
@workspace_option
def start(port: int | None, database: str | None, workspace: Path | None) -> None:
    """Start the server.

    The first start installs Label Studio, which takes a few minutes. Others can read a command
    line, so name a database with a password by the environment variable.
    """
    from classify.workspace.labels import require_label_studio
    from labels.server import server as embedded

    require_label_studio()
    started = embedded.start(workspace_path(workspace), port=port, database=database, notify=say)
    click.echo(started.url)
    option = f" --workspace {workspace}" if workspace else ""
    say(f"e-mail and password: classify labels server status --show-login{option}")


@server.command()
@workspace_option
def stop(workspace: Path | None) -> None:
    """Stop the server; articles and annotations stay."""
    from labels.server import server as embedded

    stopped = embedded.stop(workspace_path(workspace))
    say("stopped" if stopped else "was not running")


@server.command()
@click.option("--show-login", is_flag=True, help="Print the e-mail, password and token.")
@workspace_option
def status(show_login: bool, workspace: Path | None) -> None:
    """Tell whether the server runs, and where."""
    from labels.server import server as embedded

    folder = workspace_path(workspace)
    state = embedded.status(folder)
    rows = {"state": state.state, "page": state.url, "version": state.version}
    if state.state == "running":
        rows |= {"process": str(state.pid), "since": state.since}
    if show_login:
        login = embedded.credentials(folder)
        if login is None:
            raise InputError(f"{folder}: no server yet. Run `classify labels server start`.")
        rows |= {"e-mail": login.email, "password": login.password, "token": login.token}
    for name, value in rows.items():
        if value:
            click.echo(f"{name:>9}  {value}")
