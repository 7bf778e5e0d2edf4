"""`classify evaluate`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.options import (
    labelled_options,
    runtime_options,
    tell_computing,
    workspace_option,
)
from classify.terminal import escape, say
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from training.runtime import Runtime


@click.command()
@click.argument("run", required=False)
@labelled_options
@runtime_options
@workspace_option
def evaluate(
    run: str | None,
    on: Path | None,
    text_columns: str,
    label_column: str,
    separator: str,
    encoding: str | None,
    form: str,
    workspace: Path | None,
    runtime: "Runtime",
) -> None:
    """Measure RUN, the current one by default, on labelled articles it did not learn from.

    Without --on these are the articles of the workspace that are kept apart to measure on. Articles
    that the run learned from, and near-duplicates of them, are left out and counted.
    """
    from classify.workspace.evaluation import evaluation, labelled_articles, measurable, remarks
    from training.runs.registry import find_run
    from training.runs.run import load_run

    folder = workspace_path(workspace)
    loaded = load_run(find_run(folder / "runs", run), runtime)
    tell_computing(loaded, runtime)
    columns = (text_columns, label_column, separator)
    dataset, faults = labelled_articles(folder, on, columns, encoding, [loaded])
    measured = measurable(dataset, [loaded])
    for line in (*faults, *remarks(measured, [loaded])):
        say(line)
    found = evaluation(loaded, measured)
    if form == "json":
        record = {
            "run": loaded.name,
            "on": str(on) if on else "test part",
            "left_out": measured.learned,
            "unknown_categories": measured.unknown,
            "gone_categories": list(measured.gone),
            **found.record(),
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        _print(loaded.name, on, found)
    if faults:
        click.get_current_context().exit(1)


def _print(name: str, on: Path | None, found: object) -> None:
    """The key figures, a line a category, and the decisions."""
    from training.evaluation.metrics import Evaluation
    from training.report.model_card import key_figures

    assert isinstance(found, Evaluation)
    where = escape(str(on)) if on else "the frozen test part"
    click.echo(f"{name} on {found.articles} articles of {where}; intervals are 95 %")
    for label, value in key_figures(found):
        click.echo(f"{label:>18}  {value}")
    counts = ", ".join(f"{count} {label}" for label, count in found.decisions.items())
    click.echo(f"{'decisions':>18}  {counts}")
    if found.accepted_exact is not None:
        click.echo(f"{'without review':>18}  {found.accepted_exact:.0%} exactly right")
    width = max(len("category"), *map(len, found.categories))
    heads = ("precision", "recall", "F1", "AP", "articles")
    click.echo(f"\n{'category':<{width}}" + "".join(f"  {head:>9}" for head in heads))
    for label, score in found.categories.items():
        cells = (*score.shown, f"{score.support:,}")
        click.echo(f"{label:<{width}}" + "".join(f"  {cell:>9}" for cell in cells))
