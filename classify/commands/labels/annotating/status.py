"""`classify labels status`."""

import datetime as dt
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from classify.commands.labels.disputes import describe_disputes, dispute_lines
from classify.csv_table import to_csv
from classify.options import table_format_option, workspace_option
from classify.terminal import answer, escape, quantity
from seeds.base.settings import workspace_path

_SHOWN = 20  # articles of a list in text; JSON has all
_STATES = ("submitted", "unsure", "skipped", "draft")
_COLUMNS = ("annotator", *_STATES, "seconds", "per_day", "last_day", "days_left")


@click.command()
@table_format_option
@click.option("--offline", is_flag=True, help="Use the last pull; do not ask Label Studio.")
@workspace_option
def status(form: str, offline: bool, workspace: Path | None) -> None:
    """Show what is done and what is left, who works how fast, and what to do next.

    CSV has a row for each annotator.
    """
    from classify.workspace.labels import fetch_labels, load_labels, read_studio_settings
    from classify.workspace.progress.overview import Seen, describe_progress

    folder = workspace_path(workspace)
    facts: dict[str, Any] = {}
    links: dict[str, str] = {}
    seen = None
    if offline:
        labels, settings = load_labels(folder), read_studio_settings(folder)
    else:
        fetched = fetch_labels(folder)
        labels, settings, export = fetched.labels, fetched.settings, fetched.export
        links = fetched.links
        facts = {"project": fetched.project.url, "tasks": fetched.project.tasks}
        retired = labels.taxonomy.retired
        uncounted = (tasks for name, tasks in export.aside.items() if name not in retired)
        facts["set_aside"] = sum(map(len, [*export.rejected.values(), *uncounted]))
        facts["foreign_tasks"] = len(export.foreign)
        seen = Seen(fetched.project.url, fetched.project.tasks, links)
    now = dt.datetime.now(dt.UTC)
    report = facts | describe_progress(folder, labels, settings, seen, now)
    report["disputes"] = describe_disputes(labels.agreed.disputes, labels, links)
    if form == "json":
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    elif form == "csv":
        click.echo(to_csv(_COLUMNS, _annotator_rows(report)), nl=False)
    else:
        answer("\n".join(_status_lines(report)))


def _annotator_rows(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each annotator."""
    paces = {pace["annotator"]: pace for pace in report["pace"]}
    for name, counts in report["annotators"].items():
        states = {state: counts.get(state, 0) for state in _STATES}
        yield dict.fromkeys(_COLUMNS) | paces.get(name, {}) | states | {"annotator": name}


def _status_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report as text."""
    if "project" in report:
        yield from (report["project"], "")
    yield f"{report['agreed']:>6} done"
    yield f"{report['to_do']:>6} to do"
    yield f"{report['waiting']:>6} waiting for more votes"
    yield f"{report['to_adjudicate']:>6} disputed"
    sent = f", {report['tasks']:,} of them in Label Studio" if "tasks" in report else ""
    yield f"of {quantity(report['articles'], 'article')}{sent}"
    if report.get("set_aside"):
        yield f"{report['set_aside']:>6} annotations set aside; `classify labels pull` says why"
    if report.get("foreign_tasks"):
        yield f"{report['foreign_tasks']:>6} tasks left out, not sent by `classify labels push`"
    annotators = [
        (name, [counts.get(state, 0) for state in _STATES])
        for name, counts in report["annotators"].items()
    ]
    yield from ("", *_table_lines("annotator", _STATES, annotators))
    if report["pace"]:
        yield from ("", *map(_describe_pace, report["pace"]))
    yield from _section("to adjudicate", report["disputes"], dispute_lines)
    yield from _section("skipped", report["skipped"], _note_lines)
    yield from _section("commented", report["commented"], _note_lines)
    names = report["names"]
    categories = [(names.get(name, name), [n]) for name, n in report["categories"].items()]
    yield from ("", *_table_lines("category", ("agreed",), categories))
    advice = report["next"]
    yield from ("", f"next: {advice['command']}", f"      {advice['reason']}")


def _describe_pace(pace: Mapping[str, Any]) -> str:
    """Say how fast an annotator works, and how long that will take."""
    parts = [quantity(pace["articles"], "article")]
    if pace["seconds"] is not None:
        parts.append(f"{pace['seconds']:.0f} s each (median)")
    if pace["per_day"] is not None:
        parts.append(f"{pace['per_day']:.0f} a day")
    text = f"{pace['annotator']}: {', '.join(parts)}"
    if pace["days_left"] is None:
        return f"{text}; last on {pace['last_day']}" if pace["last_day"] else text
    days = math.ceil(pace["days_left"])
    return f"{text}; " + (f"about {quantity(days, 'day')} left" if days else "nothing left")


def _section(
    heading: str,
    records: Sequence[Mapping[str, Any]],
    to_lines: Callable[[Sequence[Mapping[str, Any]]], Iterator[str]],
) -> Iterator[str]:
    """Yield a list of articles under a heading; nothing for an empty one."""
    if records:
        yield from ("", heading, *to_lines(records[:_SHOWN]))
        if (rest := len(records) - _SHOWN) > 0:
            yield f"  … and {rest:,} more: --format json lists all"


def _note_lines(notes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the articles that somebody skipped or commented: title, who, comment, page."""
    for note in notes:
        comment = f'  "{note["comment"]}"' if note["comment"] else ""
        remark = f" ({note['answer']})" if note.get("answer") == "unsure" else ""
        yield f"  {note['title']}"
        yield f"    {note['annotator']}{remark}{comment}"
        if note["link"]:
            yield f"    {note['link']}"


def _table_lines(
    heading: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]
) -> Iterator[str]:
    """Yield a table with a name in its first column and numbers in the others."""
    shown = [(escape(name)[:40], figures) for name, figures in rows]
    width = max(len(name) for name, _ in [(heading, ()), *shown])
    yield f"{heading:<{width}}" + "".join(f"  {column:>9}" for column in columns)
    for name, figures in shown:
        yield f"{name:<{width}}" + "".join(f"  {figure:>9}" for figure in figures)
