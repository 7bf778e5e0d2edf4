"""`classify labels next`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.options import text_format_option, workspace_option
from classify.terminal import answer, quantity, say
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.sending.selection import Next
    from labels.studio.project import Project
    from training.selection.choice import Strategy
    from training.selection.saving import Saving

_TITLE = 60  # characters of a title in a line


@click.command("next")
@click.option(
    "--n", "count", type=click.IntRange(1), default=50, show_default=True, help="How many articles."
)
@click.option(
    "--strategy",
    type=click.Choice(["auto", "diverse", "uncertain", "rare", "random"]),
    default="auto",
    show_default=True,
    help="Which articles to choose.",
)
@click.option("--dry-run", is_flag=True, help="Print the articles, and send nothing.")
@text_format_option
@workspace_option
def next_articles(
    count: int, strategy: "Strategy", dry_run: bool, form: str, workspace: Path | None
) -> None:
    """Choose the articles to annotate next, say why, and send exactly these.

    `auto` begins with articles that stand for many others, then takes those the labels leave in
    doubt and those of rare categories. A fifth is random, and measures what choosing saves. *Label
    All Tasks* serves them in this order.
    """
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import find_own_project
    from classify.workspace.sending.push import push_articles, update_project
    from classify.workspace.sending.selection import (
        choose_next,
        mark_sent,
        measure_chosen,
        remember_chosen,
    )
    from labels.studio.project import list_task_ids
    from labels.studio.push import serve_in_order
    from labels.taxonomy import ensure_taxonomy
    from seeds.document import read_documents

    folder = workspace_path(workspace)
    documents = read_documents(folder)
    with locked(folder, "classify labels next"):
        taxonomy = ensure_taxonomy(folder)
        studio, settings = connect_studio(folder)
        project = find_own_project(folder, studio, settings)
        waiting = list_task_ids(studio, project.id).keys() if project else set()
        chosen = choose_next(folder, documents, waiting, count, strategy)
        if not dry_run:
            records = [record for _, record in chosen.articles]
            remember_chosen(folder, records)
            project = update_project(folder, studio, settings, taxonomy)
            if serve_in_order(studio, project.id):
                say("annotators now get the articles in the order in which they were sent")
            push_articles(studio, project, [article for article, _ in chosen.articles])
            remember_chosen(folder, mark_sent(records))
    if strategy in ("uncertain", "rare") and {r.arm for _, r in chosen.articles} == {"diverse"}:
        say(f"there are too few labels for {strategy!r}: diverse articles were chosen")
    saving = measure_chosen(folder)
    _print(chosen, saving, form)
    if not dry_run and project:
        _print_outcome(chosen, project)


def _print(chosen: "Next", saving: "Saving | None", form: str) -> None:
    """Print the articles in order, each with the reason, and what choosing saved so far."""
    if form == "json":
        records = [
            {"id": article.id, "title": article.title, "arm": record.arm, "reason": record.reason}
            for article, record in chosen.articles
        ]
        figures = asdict(saving) if saving else None
        click.echo(
            json.dumps({"articles": records, "saving": figures}, indent=2, ensure_ascii=False)
        )
        return
    for number, (article, record) in enumerate(chosen.articles, 1):
        title = article.title or article.text.partition("\n")[0]
        short = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
        answer(f"{number:>3}  {short}\n     {record.reason}")
    if saving:
        answer(f"\n{saving}")


def _print_outcome(chosen: "Next", project: "Project") -> None:
    """Print what was sent, and what annotators get before it."""
    waiting = project.tasks - project.finished
    if waiting > 0:
        say(f"{quantity(waiting, 'article')} sent earlier and not annotated yet come first")
    left = chosen.available - len(chosen.articles)
    say(f"{quantity(len(chosen.articles), 'article')} sent, {left:,} left to choose from")
    say(project.url)
