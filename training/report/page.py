"""report.html: what a person reads of a run, in one file that needs nothing else."""

import base64
import hashlib
from pathlib import Path

from training.report import advice, curve_sections, mistakes, sections
from training.report.html import Html, join, tag
from training.report.model_card import how, measured_on
from training.runs.trained import Results


def html_report(results: Results) -> str:
    """The run's report.html: one file that needs nothing else and loads nothing."""
    facts, evaluation, rule = results.facts, results.evaluation, results.rule
    measured, learned, taxonomy = results.measured, results.learned, results.taxonomy
    recipe, curve = results.recipe, results.curve
    together = advice.confusion if rule.choice == "single" else advice.errors_together
    k = len(taxonomy.ids)
    pairs = advice.mixed_up(together(measured.predicted, measured.gold)[:k, :k], 3)
    todo = advice.next_steps(results, pairs)
    on = measured_on(facts)
    return _page(
        f"{facts.kind} model, {facts.created[:10]}",
        tag(
            "header",
            tag("p", f"classify · {facts.kind} · {results.name}", class_="kicker"),
            tag("h1", f"{k} categories, learned from {facts.articles:,} articles"),
            sections.summary(evaluation, measured, taxonomy),
            sections.contents(),
        ),
        sections.headline(evaluation, rule.choice == "single", on),
        sections.steps(todo),
        sections.categories(evaluation, rule, taxonomy, learned),
        sections.mixed_up(measured, taxonomy),
        curve_sections.certainty(measured, evaluation, rule, recipe, taxonomy),
        curve_sections.precision_recall(measured, evaluation, taxonomy),
        curve_sections.learning(curve, taxonomy, recipe, facts.articles),
        mistakes.mistakes(measured, taxonomy),
        sections.data(facts, learned, on),
        sections.making(facts, how(rule, recipe), results.cost),
    )


def _page(title: str, *content: Html) -> str:
    """A whole document; its policy lets nothing run but our own script, and nothing load."""
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
