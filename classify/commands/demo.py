"""`classify demo`: the whole loop on the sample corpus, every part of it real."""

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
from classify.progress import counting
from classify.terminal import say
from seeds.base.errors import InputError, missing_extra

if TYPE_CHECKING:
    from labels.studio.client import Studio

SAMPLE = Path(__file__).resolve().parents[2] / "seeds" / "sample"
NEW_ARTICLE = SAMPLE / "unseen" / "semaine-du-film-tachkent.txt"
INTRODUCTION = """\
The whole loop on the sample corpus: articles invented for this project, labelled by two
annotators. No person labels anything now: their labels go in through Label Studio's API.
This takes about a minute; the first time some more, for it installs Label Studio (1 GB)."""


@click.command()
@click.option(
    "--workspace",
    type=Folder(),
    default="demo",
    show_default=True,
    help="Folder of the demo, apart from your own articles.",
)
def demo(workspace: Path) -> None:
    """Run the whole loop on the sample corpus, for real.

    Adds the sample articles, starts Label Studio, has two annotators submit the sample labels,
    pulls them, trains a model and labels an article it never saw. Run again, it adds nothing.
    """
    from classify.commands.labels import labels
    from classify.commands.predict import predict
    from classify.commands.seeds import seeds
    from classify.commands.train import train
    from classify.workspace.labels import connect

    if not (find_spec("label_studio_sdk") and find_spec("scipy")):
        raise missing_extra("labels,train", "The demo")
    for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"):
        os.environ.pop(name, None)  # samples have no business on the server people work with
    say(INTRODUCTION)
    _run(workspace, seeds, "seeds", "add", _near(SAMPLE / "articles"))
    _run(workspace, labels, "labels", "server", "start")
    _run(workspace, labels, "labels", "push")
    _annotate(workspace, *connect(workspace))
    _run(workspace, labels, "labels", "pull")
    _run(workspace, train, "train")
    say("\nAn article that was in no training:")
    _run(workspace, predict, "predict", _near(NEW_ARTICLE))
    _farewell(workspace)


def _run(workspace: Path, command: click.Command, *words: str) -> None:
    """Run a command of ours as a person would, showing what to type; end with it if it fails."""
    arguments = [*words[1:], "--workspace", str(workspace)]
    click.secho(f"\n$ classify {shlex.join([words[0], *arguments])}", err=True, bold=True)
    code = command.main(arguments, standalone_mode=False)
    if code:
        click.get_current_context().exit(code)


def _near(path: Path) -> str:
    """A path as short as it can be typed from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _annotate(workspace: Path, studio: "Studio", settings: object) -> None:
    """Have the two annotators submit the sample labels that Label Studio does not have yet."""
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import (
        annotate_task,
        export_tasks,
        find_project,
        list_task_ids,
    )
    from labels.studio.tasks import to_result

    assert isinstance(settings, StudioSettings)
    say("\nTwo annotators join by the invitation link and submit the sample labels.")
    project = find_project(studio, settings.title)
    tasks = list_task_ids(studio, project.id)
    done = {
        (str(task["data"]["seed_id"]), annotation["completed_by"])
        for task in export_tasks(studio, project.id)
        for annotation in task["annotations"]
    }
    for email, password in _annotators(workspace).items():
        given = dict(_sample_labels(email.partition("@")[0]))
        missing = [name for name in given if (name, email) not in done and name in tasks]
        annotator = Studio.connect(studio.url, studio.invite(email, password), settings)
        with counting(f"{email} annotates", len(missing)) as count:
            for n, name in enumerate(missing, 1):
                annotate_task(annotator, tasks[name][0], to_result(given[name]), lead_time=0.0)
                count(n, len(missing))
        say(f"{email}: {len(missing)} annotations submitted, {len(given) - len(missing)} there")


def _annotators(workspace: Path) -> dict[str, str]:
    """E-mail and password of the two annotators, kept as private as the server's own."""
    from seeds.base.records import read_optional_object
    from seeds.base.storage import replacing

    path = workspace / "label-studio" / "annotators.json"
    remedy = "Restore the file, or start over in another folder with --workspace."
    passwords = read_optional_object(path, remedy)
    if passwords is not None:
        return passwords
    names = ("annotator_a", "annotator_b")
    made = {f"{name}@classify.localhost": secrets.token_urlsafe(16) for name in names}
    with replacing(path, mode=0o600) as file:
        file.write(json.dumps(made).encode())
    return made


def _sample_labels(annotator: str) -> Iterator[tuple[str, list[str]]]:
    """Document id and categories of every sample article, as one annotator gave them."""
    from seeds.reading.sources import Article, read_articles

    with (SAMPLE / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            row["source"]: [each for each in row[annotator].split(";") if each]
            for row in csv.DictReader(file)
        }
    for path in sorted((SAMPLE / "articles").iterdir()):
        for number, article in enumerate(read_articles([path]), 1):
            if not isinstance(article, Article):
                raise InputError(f"{article.where}: {article.message}")
            source = path.name if path.name in rows else f"{path.name}:{number}"
            yield article.document.id, rows[source]


def _farewell(workspace: Path) -> None:
    """Where to look next, and how to stop."""
    from labels.server import server

    own = f"--workspace {workspace}"
    say(
        f"\nLabel Studio is still running, so that you can look: {server.status(workspace).url}\n"
        f"  log in:    classify labels server status --show-login {own}\n"
        f"  try it:    classify predict YOUR_ARTICLE.txt {own}\n"
        f"  on a page: classify serve {own}\n"
        f"  the model: classify runs show {own}\n"
        f"  stop it:   classify labels server stop {own}"
    )
