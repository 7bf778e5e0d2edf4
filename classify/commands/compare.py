"""`classify compare`."""

import json
from dataclasses import asdict
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
    from training.evaluation.comparison import Comparison, Difference, Disagreement
    from training.runtime import Runtime

_SHOWN = 20  # articles on which the runs differ: as many as one reads


@click.command()
@click.argument("run_a")
@click.argument("run_b")
@labelled_options
@runtime_options
@workspace_option
def compare(
    run_a: str,
    run_b: str,
    on: Path | None,
    text_columns: str,
    label_column: str,
    separator: str,
    encoding: str | None,
    form: str,
    workspace: Path | None,
    runtime: "Runtime",
) -> None:
    """Say whether RUN_B is better than RUN_A, on labelled articles that neither learned from.

    Without --on these are the articles of the workspace that are kept apart to measure on. A run is
    called better when its macro-F1 is, and both the 95 % interval and the p-value of the difference
    say that this is no accident of these articles.
    """
    from classify.workspace.evaluation import answers, labelled_articles, measurable, remarks
    from training.evaluation.comparison import compare as hold_against
    from training.evaluation.comparison import find_disagreements
    from training.runs.facts import read_facts
    from training.runs.registry import find_run
    from training.runs.run import load_run
    from training.runtime import Runtime as Plain

    folder = workspace_path(workspace)
    paths = [find_run(folder / "runs", name) for name in (run_a, run_b)]
    # A model on one CPU core beside an encoder is no reason to refuse what the encoder is told.
    simple = [read_facts(path).kind == "tfidf" for path in paths]
    told = [Plain() if each and not all(simple) else runtime for each in simple]
    runs = [load_run(path, each) for path, each in zip(paths, told, strict=True)]
    for each in runs:
        tell_computing(each, runtime)
    columns = (text_columns, label_column, separator)
    dataset, faults = labelled_articles(folder, on, columns, encoding, runs)
    measured = measurable(dataset, runs)
    for line in (*faults, *remarks(measured, runs)):
        say(line)
    a, b = (answers(run, measured.examples, measured.categories) for run in runs)
    found = hold_against(a.predicted, b.predicted, measured.gold, measured.categories)
    apart = find_disagreements(measured.examples, measured.categories, a, b)
    names = (runs[0].name, runs[1].name)
    if form == "json":
        record = {
            "a": names[0],
            "b": names[1],
            "on": str(on) if on else "test part",
            "left_out": measured.learned,
            "unknown_categories": measured.unknown,
            "gone_categories": list(measured.gone),
            **found.record(),
            "disagreements": [asdict(each) for each in apart],
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join((*_figures(names, found), *_articles(apart))))
    if faults:
        click.get_current_context().exit(1)


def _figures(names: tuple[str, str], found: "Comparison") -> list[str]:
    """The verdict in words, then the figures of both runs."""
    overall = {
        "micro-F1": found.micro_f1,
        "macro-F1": found.macro_f1,
        "weighted F1": found.weighted_f1,
        "exactly right": found.exact,
    }
    width = max(map(len, (*overall, *found.categories)))
    heading = f"{'':<{width}}  {'A':>5}  {'B':>5}  {'B − A, with its 95 % interval':<30}  {'p':>5}"
    neither = found.articles - found.both - found.only_a - found.only_b
    return [
        f"A  {names[0]}",
        f"B  {names[1]}",
        f"{found.verdict} on {found.articles} articles: macro-F1 of B minus A {found.macro_f1}",
        "",
        heading,
        *(_row(name, figure, width) for name, figure in overall.items()),
        "",
        f"exactly right: both {found.both}, only A {found.only_a}, only B {found.only_b}, "
        f"neither {neither}; McNemar p {_chance(found.mcnemar)}",
        "",
        f"{'F1 by category':<{width}}",
        *(_row(name, figure, width) for name, figure in found.categories.items()),
    ]


def _chance(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _row(name: str, figure: "Difference", width: int) -> str:
    values = f"{figure.a:.3f}  {figure.b:.3f}  {figure!s:<30}"
    return f"{name:<{width}}  {values}  {_chance(figure.p_value)}"


def _articles(apart: "list[Disagreement]") -> list[str]:
    """The articles on which the runs differ, the first of them."""
    lines = ["", f"articles with different categories: {len(apart)}"]
    for each in apart[:_SHOWN]:
        lines.append(f"{each.id}  {escape(each.title)}")
        lines.append(f"    gold  {', '.join(each.gold) or 'none'}")
        for name, given in (("A", each.a), ("B", each.b)):
            said = ", ".join(f"{category} {p:.0%}" for category, p in given.items())
            lines.append(f"    {name}     {said or 'none'}")
    if len(apart) > _SHOWN:
        lines.append(f"and {len(apart) - _SHOWN} more; --format json has them all")
    return lines
