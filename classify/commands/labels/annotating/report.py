"""`classify labels report`."""

import datetime as dt
import json
from pathlib import Path

import click

from classify.options import workspace_option
from seeds.base.settings import workspace_path


@click.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write.  [default: desk.html in the workspace; JSON goes to standard output]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "json"]),
    default="html",
    show_default=True,
    help="Output format.",
)
@workspace_option
def report(output: Path | None, form: str, workspace: Path | None) -> None:
    """Write one page on how the annotation goes: progress, agreement, disputes, doubts.

    It is made from the last pull, without Label Studio; one HTML file that loads nothing, in French
    and English.
    """
    from classify.progress import track_count
    from classify.workspace.desk.facts import read_desk
    from classify.workspace.desk.page import desk_page
    from seeds.base.storage import write_text

    folder = workspace_path(workspace)
    desk = read_desk(folder, dt.datetime.now(dt.UTC), track_count)
    if form == "html":
        text = desk_page(desk)
        output = output or folder / "desk.html"
    else:
        text = json.dumps(desk.record(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    write_text(output, text)
    click.echo(str(output))
