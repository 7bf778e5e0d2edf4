"""report.html: what a person reads of a run, in one file that needs nothing else."""

import base64
import hashlib
from pathlib import Path

from training.report import curve_sections, layout, sections
from training.report.html import Html, join, tag
from training.report.mistakes import mistakes
from training.report.mix_ups import mix_ups
from training.runs.trained import Results


def html_report(results: Results) -> str:
    """Return a run's report.html: one file that needs nothing else and loads nothing."""
    facts = results.facts
    size = len(results.taxonomy.ids)
    return _page(
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


def _page(title: str, *content: Html) -> str:
    """Make a whole document; its policy lets no script run but our own, and nothing load."""
    style, script = (
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("report.css", "report.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    policy += f"script-src 'sha256-{digest}'"
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Html(style)),
    )
    body = join(tag("main", *content), tag("script", Html(script)))
    return "<!doctype html>\n" + tag("html", tag("head", head), tag("body", body), lang="en") + "\n"
