"""`classify labels agreement`."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from classify.options import workspace_option
from classify.terminal import answer, escape, quantity
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from classify.workspace.deciding.agreement import TeamAgreement
    from labels.agreement.alpha import Alpha
    from labels.agreement.figures import SetAgreement
    from labels.agreement.strictness import Strictness

_SHOWN = 5  # lines of a list; the JSON has all
_PAIRS_SHOWN = 15  # pairs of annotators: those of six people
_TITLE = 60  # characters of a title beside figures
_NOTABLE = 0.1  # how much more or less readily than the others a category is chosen to be named


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="Output format; JSON and CSV have every figure.",
)
@click.option(
    "--articles", "category", help="List the articles that differ on a category (its id)."
)
@click.option("--without", multiple=True, metavar="NAME", help="Leave an annotator out.")
@workspace_option
def agreement(
    form: str, category: str | None, without: tuple[str, ...], workspace: Path | None
) -> None:
    """Show how far annotators agree, and where not.

    Krippendorff's alpha with 95% intervals, by category and over whole label sets; which
    categories are confused; how strict each annotator is; where a third opinion helps most.
    """
    from classify.workspace.deciding.agreement import read_agreement

    team = read_agreement(workspace_path(workspace), without)
    if category is not None:
        _ = team.taxonomy[category]  # a name that is none is refused
        answer("\n".join(_article_lines(team, category)))
    elif form == "json":
        click.echo(json.dumps(_record(team), indent=2, ensure_ascii=False))
    elif form == "csv":
        click.echo(_csv(team), nl=False)
    else:
        answer("\n".join(_lines(team)))


def _lines(team: "TeamAgreement") -> Iterator[str]:
    """Yield the report for people."""
    figures = team.figures
    yield from _people_lines(team)
    yield from ("", "whole label sets", *_set_lines(figures.sets, team))
    yield from ("", *_category_lines(team))
    yield from _confusion_lines(team)
    yield from _group_lines(
        "annotators", [(f"{p.first}, {p.second}", p.sets) for p in figures.pairs]
    )
    if len(figures.months) > 1:
        months = [(entry.month or "unknown", entry.sets) for entry in figures.months]
        yield from _group_lines("month of the last answer", months)
    yield from _strictness_lines(team)
    yield from _third_opinion_lines(team)


def _people_lines(team: "TeamAgreement") -> Iterator[str]:
    """Yield who answered how often, and what makes the figures say less."""
    figures = team.figures
    for name, count in figures.answers.items():
        yield f"{count:>6} answers  {name}"
    yield f"{figures.sets.articles:>6} of {quantity(len(team.answers), 'article')} have two or more"
    if len(figures.answers) == 1:
        yield "undefined: there is one annotator only, and agreement takes two."
    elif not figures.sets.articles:
        yield "undefined: no article was answered by two annotators. Set overlap = 2 and push."
    for name, chosen in figures.uniform.items():
        names = _names(team, chosen) or "no category"
        yield f"note: {name} chose the same every time ({names}): such answers tell nothing."
    for name in figures.answers:
        if name.startswith("import:"):
            yield f"note: {name} is a file of labels, counted as a person; --without leaves it out"


def _set_lines(sets: "SetAgreement", team: "TeamAgreement") -> Iterator[str]:
    for name, alpha in (("nominal", sets.nominal), ("Jaccard", sets.jaccard), ("MASI", sets.masi)):
        yield f"  alpha, {name:<8} {alpha}"
    if sets.exact is not None:
        yield f"  exactly the same: {sets.exact:.0%} of pairs of answers"
    if team.figures.left_out:
        yield f"  without {_names(team, team.figures.left_out)}: added after some of the answers"


def _category_lines(team: "TeamAgreement") -> Iterator[str]:
    """Yield the table of categories, the least agreed first, and what its figures mean."""
    rows = sorted(
        team.figures.categories,
        key=lambda row: 2.0 if row.alpha.value is None else row.alpha.value,
    )
    width = max(len("category"), *(len(_name(team, row.category)) for row in rows))
    yield f"{'category':<{width}}  {'alpha':>5}  {'95% interval':<13}  same  chosen    F1  differ"
    for row in rows:
        name = f"{_name(team, row.category):<{width}}"
        if row.alpha.value is None:
            yield f"{name}  undefined: {row.alpha.undefined}"
            continue
        yield (
            f"{name}  {row.alpha.value:5.2f}  {_interval(row.alpha):<13}  {row.raw or 0:4.0%}  "
            f"{row.prevalence or 0:6.0%}  {row.f1 or 0:4.2f}  {len(row.disagreed):,} of "
            f"{row.articles:,}"
        )
    yield "alpha: 1 is perfect, 0 chance; .80 is reliable, below .67 look at the guideline."
    yield "same: pairs of answers that agree. F1: one annotator measured against another."
    yield "the articles behind a figure: classify labels agreement --articles CATEGORY"


def _confusion_lines(team: "TeamAgreement") -> Iterator[str]:
    confusions = team.figures.confusions
    if confusions:
        yield from ("", "confused: one annotator chose the first, another the second")
    for entry in confusions[:_SHOWN]:
        pair = f"{_name(team, entry.first)} / {_name(team, entry.second)}"
        first = entry.articles[0]
        example = f"{first}  {escape(team.titles.get(first, ''))[:_TITLE]}"
        yield f"  {quantity(len(entry.articles), 'article'):>12}  {pair}, such as {example}"


def _group_lines(title: str, rows: "Sequence[tuple[str, SetAgreement]]") -> Iterator[str]:
    """Yield a table over label sets of pairs of annotators, or of months."""
    if not rows:
        return
    yield from ("", title)
    for name, sets in sorted(rows, key=lambda row: -row[1].articles)[:_PAIRS_SHOWN]:
        yield (
            f"  {name}: MASI alpha {sets.masi}, the same in {sets.exact or 0:.0%} of "
            f"{quantity(sets.articles, 'article')}"
        )
    if len(rows) > _PAIRS_SHOWN:
        yield f"  … {len(rows) - _PAIRS_SHOWN:,} more with --format json or csv"


def _strictness_lines(team: "TeamAgreement") -> Iterator[str]:
    """Yield where each annotator is stricter or more generous than the others."""
    if len(team.strictness) < 2:
        return
    yield from ("", "strictness (Dawid–Skene), beside the average annotator")
    for person in team.strictness:
        deviations = _deviations(person, team.strictness)
        strict = [name for name, value in deviations if value <= -_NOTABLE][:3]
        generous = [name for name, value in reversed(deviations) if value >= _NOTABLE][:3]
        parts = [f"strict on {_names(team, strict)}"] if strict else []
        parts += [f"generous with {_names(team, generous)}"] if generous else []
        yield f"  {person.annotator}: {'; '.join(parts) or 'much like the others'}"


def _deviations(person: "Strictness", others: "Sequence[Strictness]") -> list[tuple[str, float]]:
    """Return the categories with how readily a person chooses them, the strictest first."""
    values = [(name, person.deviation(name, others)) for name in person.sensitivity]
    return sorted(values, key=lambda entry: entry[1])


def _third_opinion_lines(team: "TeamAgreement") -> Iterator[str]:
    if team.third_opinions:
        yield from ("", "ask a third person first about:")
    for opinion in team.third_opinions[:_SHOWN]:
        title = escape(team.titles.get(opinion.document_id, ""))[:_TITLE]
        names = _names(team, opinion.categories[:3])
        yield f"  {opinion.document_id}  {title}: {names}? (+{opinion.gain:.2f} decisions right)"
    if len(team.third_opinions) > _SHOWN:
        yield f"  … {len(team.third_opinions) - _SHOWN:,} more with --format json"


def _article_lines(team: "TeamAgreement", category: str) -> Iterator[str]:
    """Yield the articles on whose having a category the annotators differ: who said yes, who no."""
    [row] = [row for row in team.figures.categories if row.category == category]
    yield f"{_name(team, category)}: alpha {row.alpha}"
    yield f"{len(row.disagreed):,} of {quantity(row.articles, 'article')} differ"
    for document_id in row.disagreed:
        yield from ("", f"{document_id}  {team.titles.get(document_id, '')}")
        votes = team.answers[document_id].items()
        for said, holds in (("yes", True), ("no", False)):
            people = [name for name, chosen in votes if (category in chosen) is holds]
            yield f"  {said}: {', '.join(people)}"


def _record(team: "TeamAgreement") -> dict[str, Any]:
    """Return everything as a JSON object."""
    return {
        **asdict(team.figures),
        "strictness": [asdict(person) for person in team.strictness],
        "third_opinions": [asdict(opinion) for opinion in team.third_opinions],
        "names": {category.id: category.fr for category in team.taxonomy.categories},
        "titles": team.titles,
    }


_COLUMNS = [
    "figure",
    "of",
    "alpha",
    "low",
    "high",
    "undefined",
    "same",
    "prevalence",
    "f1",
    "articles",
    "differ",
]


def _csv(team: "TeamAgreement") -> str:
    """Return a table with a line a figure."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    figures = team.figures
    groups = [("", figures.sets)]
    groups += [(f"{pair.first} {pair.second}", pair.sets) for pair in figures.pairs]
    groups += [(entry.month or "unknown", entry.sets) for entry in figures.months]
    for of, sets in groups:
        for name in ("nominal", "jaccard", "masi"):
            counts = (sets.articles, len(sets.disagreed))
            shares = (sets.exact, "", "")
            writer.writerow((f"sets {name}", of, *_cells(getattr(sets, name)), *shares, *counts))
    for row in figures.categories:
        figure = ("category", row.category, *_cells(row.alpha), row.raw, row.prevalence, row.f1)
        writer.writerow((*figure, row.articles, len(row.disagreed)))
    return file.getvalue()


def _cells(alpha: "Alpha") -> tuple[float | str | None, ...]:
    return alpha.value, alpha.low, alpha.high, alpha.undefined


def _interval(alpha: "Alpha") -> str:
    return "too rare" if alpha.low is None else f"[{alpha.low:.2f}, {alpha.high:.2f}]"


def _name(team: "TeamAgreement", category: str) -> str:
    return escape(team.taxonomy[category].fr)


def _names(team: "TeamAgreement", categories: Sequence[str]) -> str:
    return ", ".join(_name(team, category) for category in categories)
