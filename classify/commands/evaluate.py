"""`classify evaluate`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.options import (
    labelled_options,
    note_precision,
    runtime_options,
    text_format_option,
    workspace_option,
)
from classify.terminal import answer, say
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.labelled import LabelledSource
    from training.evaluation.metrics import Evaluation
    from training.runtime import Runtime


@click.command()
@click.argument("run", required=False)
@labelled_options
@text_format_option
@runtime_options
@workspace_option
def evaluate(
    run: str | None,
    source: "LabelledSource",
    form: str,
    workspace: Path | None,
    runtime: "Runtime",
) -> None:
    """Measure RUN, by default the current one, on labelled articles it was not trained on.

    Without --on, the articles are the frozen test set of the workspace. Articles that the run was
    trained on, and their near-duplicates, are left out and counted.
    """
    from classify.workspace.evaluation import (
        count_labelled,
        describe_exclusions,
        evaluate_run,
        select_measurable,
    )
    from classify.workspace.labelled import read_labelled_articles
    from training.runs.registry import find_run
    from training.runs.run import load_run

    folder = workspace_path(workspace)
    loaded = load_run(find_run(folder / "runs", run), runtime)
    note_precision(loaded, runtime)
    dataset, faults = read_labelled_articles(folder, source, [loaded])
    measured = select_measurable(dataset, [loaded])
    for line in (*faults, *describe_exclusions(measured, [loaded])):
        say(line)
    evaluation = evaluate_run(loaded, measured)
    if measured.unmeasured:
        labelled = count_labelled(loaded, measured.unmeasured)
        say(f"of these {len(measured.unmeasured):,}, {labelled:,} get another category")
    if form == "json":
        origin = {"run": loaded.name, "on": source.name}
        record = {**origin, **measured.record(), **evaluation.record()}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        _print_figures(loaded.name, source.file, evaluation)
    if faults:
        click.get_current_context().exit(1)


def _print_figures(run: str, file: Path | None, evaluation: "Evaluation") -> None:
    """Print the key figures, the decisions, and a line for each category."""
    from training.report.model_card import key_figures

    articles = str(file) if file else "the frozen test set"
    answer(f"{run} on {evaluation.articles} articles of {articles}; intervals are 95 %")
    for label, value in key_figures(evaluation):
        answer(f"{label:>18}  {value}")
    counts = ", ".join(f"{count} {label}" for label, count in evaluation.decisions.items())
    answer(f"{'decisions':>18}  {counts}")
    if evaluation.accepted_exact is not None:
        answer(f"{'without review':>18}  {evaluation.accepted_exact:.0%} exactly right")
    width = max(len("category"), *map(len, evaluation.categories))
    columns = ("precision", "recall", "F1", "AP", "articles")
    answer(f"\n{'category':<{width}}" + "".join(f"  {column:>9}" for column in columns))
    for category, score in evaluation.categories.items():
        cells = (*score.shown, f"{score.support:,}")
        answer(f"{category:<{width}}" + "".join(f"  {cell:>9}" for cell in cells))
