"""`classify labels suspects`."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from classify.csv_table import to_csv
from classify.options import table_format_option, workspace_option
from classify.terminal import answer, percent, quantity, say
from seeds.base.errors import InputError
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.suspects.findings import Findings

Record = Mapping[str, Any]

_COLUMNS = (
    *("rank", "part", "reason", "article", "title", "category", "name", "labelled", "probability"),
    *("score", "annotators", "duplicates", "url"),
)


@click.command()
@click.option(
    "--n", "limit", type=click.IntRange(1), default=50, show_default=True, help="Articles to list."
)
@table_format_option
@click.option("--push", is_flag=True, help="Send them to another annotator instead.")
@click.option("--show-label", is_flag=True, help="Show that annotator the labels as they are.")
@click.option("--show-model", is_flag=True, help="Show that annotator what the models say.")
@click.option("--offline", is_flag=True, help="Do not ask Label Studio for links to the articles.")
@workspace_option
def suspects(
    limit: int,
    form: str,
    push: bool,
    show_label: bool,
    show_model: bool,
    offline: bool,
    workspace: Path | None,
) -> None:
    """List the labels that are probably wrong, the worst first.

    Near-duplicates with different labels lead. The others are those that models least believe
    which did not learn from the article: the current run's, or new ones if the labels have changed
    since. Articles of the frozen test set are listed apart. Nothing is changed.

    With --push they go to a project of their own in Label Studio, whose title ends in "À revoir".
    Another annotator opens it and answers without seeing the labels; `classify labels pull` takes
    the answers as that annotator's votes.
    """
    if (show_label or show_model) and not push:
        raise InputError("--show-label and --show-model need --push. Add that, or leave them out.")
    if push and (offline or form != "text"):
        raise InputError("--push sends articles and lists none. Leave --offline and --format out.")
    folder = workspace_path(workspace)
    if push:
        _push(folder, limit, show_label=show_label, show_model=show_model)
    else:
        _list(folder, limit, form, offline=offline)


def _list(folder: Path, limit: int, form: str, *, offline: bool) -> None:
    """Print the labels in doubt of the worst articles."""
    from classify.progress import track_count
    from classify.workspace.suspects.findings import collect_findings, list_records

    findings = collect_findings(folder, say, track_count)
    listed = findings.open[:limit]
    ids = [findings.article(suspect).id for suspect in listed]
    links = {} if offline else _find_links(folder, ids)
    records = list_records(findings, listed, links)
    if form == "json":
        click.echo(json.dumps(_report(findings, records), indent=2, ensure_ascii=False))
    elif form == "csv":
        click.echo(to_csv(_COLUMNS, records), nl=False)
    else:
        answer("\n".join(_lines(findings, records)))


def _push(folder: Path, limit: int, *, show_label: bool, show_model: bool) -> None:
    """Send the worst articles to the project for them, but for those that are not to be changed."""
    from classify.progress import track_count
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import require_own_project
    from classify.workspace.suspects.findings import collect_findings
    from classify.workspace.suspects.review import send_suspects, update_review

    with locked(folder, "classify labels suspects"):
        studio, settings = connect_studio(folder)
        main = require_own_project(folder, studio, settings)
        findings = collect_findings(folder, say, track_count)
        tested = sum(map(findings.is_tested, findings.open))
        settled = sum(map(findings.is_settled, findings.open))
        sent = [s for s in findings.open if not (findings.is_tested(s) or findings.is_settled(s))]
        taxonomy = findings.dataset.taxonomy
        blind = not (show_label or show_model)
        project = update_review(folder, studio, settings, taxonomy, main, blind=blind)
        synced = send_suspects(
            studio,
            project,
            findings,
            sent[:limit],
            show_label=show_label,
            show_model=show_model,
        )
    say(f"{quantity(synced.sent, 'article')} sent, {synced.present:,} already there")
    if synced.removed:
        say(f"{quantity(synced.removed, 'article')} removed: no longer among these, and not begun")
    if tested:
        say(f"not sent: {quantity(tested, 'article')} of the frozen test set")
    if settled:
        say(f"not sent: {quantity(settled, 'article')} that a person settled")
    if len(findings.people) == 1:
        say(f"all labels are by {findings.people[0]}: let somebody else answer")
    click.echo(project.url)


def _find_links(folder: Path, ids: Sequence[str]) -> Mapping[str, str]:
    """Return the addresses of the articles' tasks; none, and a note, without Label Studio."""
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import require_own_project
    from labels.studio.project import list_copies
    from labels.studio.tasks import seed_id

    if not (folder / "project.json").exists():
        return {}
    try:
        studio, settings = connect_studio(folder)
        project = require_own_project(folder, studio, settings)
        tasks = list(list_copies(studio, project.id, ids))
    except InputError as error:
        say(f"without links: {error}")
        return {}
    return {seed_id(task): project.task_url(task["id"]) for task in reversed(tasks)}


def _report(findings: "Findings", records: Sequence[Record]) -> dict[str, Any]:
    """Return the findings as a JSON object."""
    return {
        "articles": len(findings.dataset.examples),
        "doubtful_articles": len(findings.open),
        "reviewed_articles": len(findings.suspects) - len(findings.open),
        "judge": findings.judge,
        "unchecked_categories": dict(findings.unchecked),
        "suspects": records,
    }


def _lines(findings: "Findings", records: Sequence[Record]) -> Iterator[str]:
    """Yield the findings as text."""
    total, found = len(findings.dataset.examples), len(findings.open)
    shown = len({record["article"] for record in records})
    more = f"; the {shown:,} most doubtful are listed" if shown < found else ""
    yield f"{quantity(total, 'labelled article')}, {found:,} with a label in doubt{more}"
    if reviewed := len(findings.suspects) - found:
        yield f"left out: {quantity(reviewed, 'article')} that another annotator has looked at"
    yield f"judged by {findings.judge}"
    yield from _article_blocks(record for record in records if record["part"] == "training")
    tested = [record for record in records if record["part"] == "test"]
    if tested:
        yield from ("", "In the frozen test set, by which runs are judged:")
        yield from _article_blocks(tested)
    if findings.unchecked:
        names = ", ".join(
            f"{findings.dataset.taxonomy[name].fr} ({count:,})"
            for name, count in findings.unchecked.items()
        )
        yield from ("", f"unchecked, with fewer than {findings.needed} articles: {names}")


def _article_blocks(records: Iterable[Record]) -> Iterator[str]:
    """Yield articles and their labels in doubt, a blank line before each."""
    for _, pairs in itertools.groupby(records, key=itemgetter("rank")):
        yield from ("", *_article_lines(list(pairs)))


def _article_lines(pairs: Sequence[Record]) -> Iterator[str]:
    """Yield an article and its labels in doubt."""
    first = pairs[0]
    yield f"{first['rank']:>3}. {first['title']}"
    yield f"     {first['url'] or first['article']}"
    for pair in pairs:
        state = "labelled" if pair["labelled"] else "not labelled"
        people = f" by {', '.join(pair['annotators'])}" if pair["annotators"] else ""
        if pair["probability"] is None:
            model = "no model knows it"
        else:
            model = f"the model says {percent(pair['probability'])}"
        yield f"     {pair['name']}: {state}{people}; {model}"
        if pair["duplicates"]:
            others = ", ".join(pair["duplicates"])
            yield f"       labelled otherwise in its near-duplicate {others}"
