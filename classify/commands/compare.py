"""`classify compare`."""

import json
from collections.abc import Iterator, Sequence
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
from classify.terminal import answer, escape, say
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.comparison import RunComparison
    from classify.workspace.labelled import LabelledSource
    from training.evaluation.comparison import Comparison, Difference, Disagreement
    from training.runtime import Runtime

_ARTICLES_SHOWN = 20  # that the runs label differently: as many as a person reads


@click.command()
@click.argument("run_a")
@click.argument("run_b")
@labelled_options
@text_format_option
@runtime_options
@workspace_option
def compare(
    run_a: str,
    run_b: str,
    source: "LabelledSource",
    form: str,
    workspace: Path | None,
    runtime: "Runtime",
) -> None:
    """Tell whether RUN_B is better than RUN_A on labelled articles.

    Without --on, the articles are the frozen test set of the workspace. Articles that either run
    was trained on are left out. A run is better if its macro-F1 is higher and both the 95 %
    interval and the p-value of the difference rule out chance.
    """
    from classify.workspace.comparison import compare_runs, load_pair
    from classify.workspace.evaluation import describe_exclusions

    folder = workspace_path(workspace)
    runs = load_pair(folder, (run_a, run_b), runtime)
    for run in runs:
        note_precision(run, runtime)
    result = compare_runs(folder, runs, source)
    for line in (*result.faults, *describe_exclusions(result.measured, runs)):
        say(line)
    if form == "json":
        click.echo(json.dumps(result.record(), indent=2, ensure_ascii=False))
    else:
        answer("\n".join((*_figure_lines(result), *_article_lines(result.disagreements))))
    if result.faults:
        click.get_current_context().exit(1)


def _figure_lines(result: "RunComparison") -> Iterator[str]:
    """Yield the verdict in words, then the figures of both runs."""
    figures = result.comparison
    overall = {
        "micro-F1": figures.micro_f1,
        "macro-F1": figures.macro_f1,
        "weighted F1": figures.weighted_f1,
        "exactly right": figures.exact,
    }
    width = max(map(len, (*overall, *figures.categories)))
    for letter, run in zip("AB", result.runs, strict=True):
        yield f"{letter}  {run.name}"
    yield (
        f"{figures.verdict} on {figures.articles} articles: macro-F1 of B minus A "
        f"{figures.macro_f1}"
    )
    yield ""
    yield f"{'':<{width}}  {'A':>5}  {'B':>5}  {'B − A, with its 95 % interval':<30}  {'p':>5}"
    for name, difference in overall.items():
        yield _figure_line(name, difference, width)
    yield from ("", _counts(figures), "", f"{'F1 by category':<{width}}")
    for name, difference in figures.categories.items():
        yield _figure_line(name, difference, width)


def _counts(figures: "Comparison") -> str:
    """Return how many articles both, one or none of the runs got exactly right."""
    neither = figures.articles - figures.both - figures.only_a - figures.only_b
    return (
        f"exactly right: both {figures.both}, only A {figures.only_a}, only B {figures.only_b}, "
        f"neither {neither}; McNemar p {_format_p(figures.mcnemar)}"
    )


def _figure_line(name: str, figure: "Difference", width: int) -> str:
    values = f"{figure.a:.3f}  {figure.b:.3f}  {figure!s:<30}"
    return f"{name:<{width}}  {values}  {_format_p(figure.p_value)}"


def _format_p(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _article_lines(disagreements: "Sequence[Disagreement]") -> Iterator[str]:
    """Yield the first articles that the runs label differently, with both predictions."""
    yield ""
    yield f"articles labelled differently: {len(disagreements)}"
    for article in disagreements[:_ARTICLES_SHOWN]:
        yield f"{article.id}  {escape(article.title)}"
        yield f"    gold  {', '.join(article.gold) or 'none'}"
        for letter, predicted in (("A", article.a), ("B", article.b)):
            categories = ", ".join(f"{name} {p:.0%}" for name, p in predicted.items())
            yield f"    {letter}     {categories or 'none'}"
    if len(disagreements) > _ARTICLES_SHOWN:
        yield f"… and {len(disagreements) - _ARTICLES_SHOWN} more; --format json lists them all"
