"""`classify demo`: the whole loop on the sample corpus, with nothing simulated."""

import csv
import json
import os
import secrets
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.options import Folder
from classify.progress import track_count
from classify.terminal import say
from seeds.base.errors import InputError, missing_extra

if TYPE_CHECKING:
    from labels.studio.client import Studio

SAMPLE = Path(__file__).resolve().parents[2] / "seeds" / "sample"
NEW_ARTICLE = SAMPLE / "unseen" / "semaine-du-film-tachkent.txt"
INTRODUCTION = """\
The whole loop on the sample corpus: articles invented for this project, labelled beforehand by
two annotators. Their labels are submitted through Label Studio's API, as if they worked now.
This takes about a minute; the first time longer, because Label Studio (1 GB) is installed."""


@click.command()
@click.option(
    "--workspace",
    type=Folder(),
    default="demo",
    show_default=True,
    help="Folder of the demo, separate from your own articles.",
)
def demo(workspace: Path) -> None:
    """Run the whole loop on the sample corpus.

    Adds the sample articles, starts Label Studio, submits the labels of two annotators, pulls
    them, trains a model and labels an article the model has not seen. Running it again adds
    nothing.
    """
    from classify.commands.labels.group import labels
    from classify.commands.predict import predict
    from classify.commands.seeds import seeds
    from classify.commands.train import train
    from classify.workspace.labels import connect_studio

    if not (find_spec("label_studio_sdk") and find_spec("scipy")):
        raise missing_extra("labels,train", "The demo")
    for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"):
        os.environ.pop(name, None)  # no samples on a server that people work with
    say(INTRODUCTION)
    _run(workspace, seeds, "seeds", "add", _shorten(SAMPLE / "articles"))
    _run(workspace, labels, "labels", "server", "start")
    _run(workspace, labels, "labels", "push")
    _annotate(workspace, *connect_studio(workspace))
    _run(workspace, labels, "labels", "pull")
    _run(workspace, train, "train")
    say("\nAn article the model has not seen:")
    _run(workspace, predict, "predict", _shorten(NEW_ARTICLE))
    _print_farewell(workspace)


def _run(workspace: Path, command: click.Command, *words: str) -> None:
    """Run a command and show it as a person would type it; exit if it fails."""
    arguments = [*words[1:], "--workspace", str(workspace)]
    click.secho(f"\n$ classify {shlex.join([words[0], *arguments])}", err=True, bold=True)
    code = command.main(arguments, standalone_mode=False)
    if code:
        click.get_current_context().exit(code)


def _shorten(path: Path) -> str:
    """Return a path as short as it can be typed in the current folder."""
    current = Path.cwd()
    return str(path.relative_to(current) if path.is_relative_to(current) else path)


def _annotate(workspace: Path, studio: "Studio", settings: object) -> None:
    """Submit the sample labels of the two annotators that Label Studio does not have yet."""
    from classify.workspace.project import require_own_project
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import annotate_task, export_tasks, list_task_ids
    from labels.studio.tasks import to_result

    assert isinstance(settings, StudioSettings)
    say("\nTwo annotators join by the invitation link and submit the sample labels.")
    project = require_own_project(workspace, studio, settings)
    tasks = list_task_ids(studio, project.id)
    submitted = {
        (str(task["data"]["seed_id"]), annotation["completed_by"])
        for task in export_tasks(studio, project.id)
        for annotation in task["annotations"]
    }
    for email, password in _annotators(workspace).items():
        labels = dict(_sample_labels(email.partition("@")[0]))
        missing = [name for name in labels if (name, email) not in submitted and name in tasks]
        annotator = Studio.connect(studio.url, studio.invite(email, password), settings)
        with track_count(f"{email} annotates", len(missing)) as count:
            for n, name in enumerate(missing, 1):
                annotate_task(annotator, tasks[name][0], to_result(labels[name]), lead_time=0.0)
                count(n, len(missing))
        already = len(labels) - len(missing)
        say(f"{email}: {len(missing)} annotations submitted, {already} already there")


def _annotators(workspace: Path) -> dict[str, str]:
    """Return password by e-mail address of the two annotators; a private file keeps them."""
    from seeds.base.records import read_optional_object
    from seeds.base.storage import replacing

    path = workspace / "label-studio" / "annotators.json"
    remedy = "Restore the file, or start over in another folder with --workspace."
    logins = read_optional_object(path, remedy)
    if logins is not None:
        return logins
    names = ("annotator_a", "annotator_b")
    logins = {f"{name}@classify.localhost": secrets.token_urlsafe(16) for name in names}
    with replacing(path, mode=0o600) as file:
        file.write(json.dumps(logins).encode())
    return logins


def _sample_labels(annotator: str) -> Iterator[tuple[str, list[str]]]:
    """Yield document id and categories of every sample article, as one annotator chose them."""
    from seeds.reading.sources import Article, read_articles

    with (SAMPLE / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            row["source"]: [name for name in row[annotator].split(";") if name]
            for row in csv.DictReader(file)
        }
    for path in sorted((SAMPLE / "articles").iterdir()):
        for number, article in enumerate(read_articles([path]), 1):
            if not isinstance(article, Article):
                raise InputError(f"{article.where}: {article.message}")
            source = path.name if path.name in rows else f"{path.name}:{number}"
            yield article.document.id, rows[source]


def _print_farewell(workspace: Path) -> None:
    """Print where to look next, and how to stop the server."""
    from labels.server import server

    option = f"--workspace {shlex.quote(str(workspace))}"
    say(
        f"\nLabel Studio is still running at {server.status(workspace).url}\n"
        f"  log in there:      classify labels server status --show-login {option}\n"
        f"  label an article:  classify predict YOUR_ARTICLE.txt {option}\n"
        f"  open the web page: classify serve {option}\n"
        f"  judge the model:   classify runs show {option}\n"
        f"  stop the server:   classify labels server stop {option}"
    )
