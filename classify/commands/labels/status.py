"""`classify labels status`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from classify.commands.labels.disputes import describe_disputes, dispute_lines
from classify.options import text_format_option, workspace_option
from classify.terminal import answer, escape
from seeds.base.settings import workspace_path

_DISPUTES_SHOWN = 20  # in text; JSON has all


@click.command()
@text_format_option
@click.option("--offline", is_flag=True, help="Use the last pull; do not ask Label Studio.")
@workspace_option
def status(form: str, offline: bool, workspace: Path | None) -> None:
    """Show how many articles are annotated, by whom, and per category."""
    from classify.workspace.labels import count_progress, fetch_labels, load_labels

    folder = workspace_path(workspace)
    facts: dict[str, Any] = {}
    links: dict[str, str] = {}
    if offline:
        labels = load_labels(folder)
    else:
        fetched = fetch_labels(folder)
        labels, export, links = fetched.labels, fetched.export, fetched.links
        facts = {"project": fetched.project.url, "tasks": fetched.project.tasks}
        retired = labels.taxonomy.retired
        uncounted = (tasks for name, tasks in export.aside.items() if name not in retired)
        facts["set_aside"] = sum(map(len, [*export.rejected.values(), *uncounted]))
        facts["foreign_tasks"] = len(export.foreign)
    report = facts | count_progress(labels)
    report["disputes"] = describe_disputes(labels.agreed.disputes, labels, links)
    if form == "json":
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        answer("\n".join(_status_lines(report)))


def _status_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report as lines at most 80 characters wide."""
    if "project" in report:
        yield from (report["project"], "")
    yield f"{report['articles']:>6} articles"
    if "tasks" in report:
        yield f"{report['tasks']:>6} in Label Studio"
    yield f"{report['annotated']:>6} annotated"
    yield f"{report['agreed']:>6} with agreed labels"
    yield f"{report['to_adjudicate']:>6} to adjudicate"
    yield f"{report['waiting']:>6} waiting for more votes"
    if report.get("set_aside"):
        yield f"{report['set_aside']:>6} annotations set aside; `classify labels pull` says why"
    if report.get("foreign_tasks"):
        yield f"{report['foreign_tasks']:>6} tasks left out, not sent by `classify labels push`"
    states = ("submitted", "unsure", "skipped", "draft")
    annotators = [
        (name, [counts.get(state, 0) for state in states])
        for name, counts in report["annotators"].items()
    ]
    yield from ("", *_table_lines("annotator", states, annotators))
    if report["disputes"]:
        yield from ("", "to adjudicate")
        yield from dispute_lines(report["disputes"][:_DISPUTES_SHOWN])
        if (rest := len(report["disputes"]) - _DISPUTES_SHOWN) > 0:
            yield f"  … and {rest:,} more: see adjudicate.jsonl after a pull"
    categories = [(name, [count]) for name, count in report["categories"].items()]
    yield from ("", *_table_lines("category", ("agreed",), categories))


def _table_lines(
    heading: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]
) -> Iterator[str]:
    """Yield a table with a name in its first column and numbers in the others."""
    shown = [(escape(name)[:40], figures) for name, figures in rows]
    width = max(len(name) for name, _ in [(heading, ()), *shown])
    yield f"{heading:<{width}}" + "".join(f"  {column:>9}" for column in columns)
    for name, figures in shown:
        yield f"{name:<{width}}" + "".join(f"  {figure:>9}" for figure in figures)
