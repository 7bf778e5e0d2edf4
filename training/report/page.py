"""report.html: what a person reads of a run, in one file that needs nothing else."""

from training.report import curve_sections, layout, sections
from training.report.html import tag
from training.report.mistakes import mistakes
from training.report.mix_ups import mix_ups
from training.runs.trained import Results


def html_report(results: Results) -> str:
    """Return a run's report.html: one file that needs nothing else and loads nothing."""
    facts = results.facts
    size = len(results.taxonomy.ids)
    return layout.document(
        f"{facts.kind} model, {facts.created[:10]}",
        tag(
            "header",
            tag("p", f"classify · {facts.kind} · {results.name}", class_="kicker"),
            tag("h1", f"{size} categories, learned from {facts.articles:,} articles"),
            sections.summary(results),
            layout.contents(),
        ),
        sections.key_figures(results),
        sections.advice(results),
        sections.categories(results),
        mix_ups(results),
        curve_sections.certainty(results),
        curve_sections.precision_recall(results),
        curve_sections.learning(results),
        mistakes(results),
        sections.data(results),
        sections.making(results),
    )
