"""`classify labels settle`."""

from dataclasses import replace
from pathlib import Path

import click

from classify.commands.labels.summary import print_labels
from classify.options import workspace_option
from classify.terminal import escape, say
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path


@click.command()
@click.argument("article", metavar="ID")
@click.option("--categories", metavar="A,B", help="Its categories: ids, or names in a language.")
@click.option("--none", "none_applies", is_flag=True, help="No category applies.")
@click.option("--undo", is_flag=True, help="Take back what was settled so.")
@workspace_option
def settle(
    article: str, categories: str | None, none_applies: bool, undo: bool, workspace: Path | None
) -> None:
    """Settle one article by hand, whatever its annotators answered.

    ID is that of the article, or its first characters. The decision is kept in the workspace: a
    pull leaves it there, and of it and an answer in the project for disputes the later one counts.
    """
    from classify.workspace.deciding.by_hand import (
        find_article,
        find_categories,
        settle_article,
        unsettle_article,
    )
    from classify.workspace.labels import load_labels, store_labels
    from labels.taxonomy import ensure_taxonomy

    if (categories is not None) + none_applies + undo != 1:
        raise InputError("settle: give one of --categories A,B, --none and --undo.")
    folder = workspace_path(workspace)
    with locked(folder, "classify labels settle"):
        ensure_taxonomy(folder)
        labels = load_labels(folder)
        document = find_article(labels.documents, article)
        if undo:
            annotations = unsettle_article(labels.annotations, document.id)
            done = "taken back" if len(annotations) < len(labels.annotations) else "was not settled"
        else:
            chosen = find_categories(categories, labels.taxonomy) if categories is not None else ()
            annotations = settle_article(labels.annotations, document.id, chosen, labels.taxonomy)
            names = [labels.taxonomy[name] for name in chosen]
            done = ", ".join(f"{name.fr} / {name.en}" for name in names) or "no category"
        labels = replace(labels, annotations=annotations)
        store_labels(folder, labels)
    say(f"{document.id}  {escape(document.text.partition(chr(10))[0])}: {escape(done)}")
    print_labels(folder, labels, {})
