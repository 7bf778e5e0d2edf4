"""report.html: what a person reads of a run, in one file that needs nothing else."""

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from labels.dataset import Dataset
from labels.taxonomy import Taxonomy
from training.decision import Rule
from training.evaluation.curves import coverage_risk
from training.evaluation.learning_curve import LearningCurve
from training.evaluation.measured import Measured
from training.evaluation.metrics import Evaluation
from training.report import advice, curve_sections, mistakes, sections
from training.report.html import Html, join, tag
from training.report.model_card import how, measured_on
from training.runs.cost import Cost

if TYPE_CHECKING:
    from training.recipe import Recipe
    from training.runs.facts import RunFacts


def html_report(
    name: str,
    facts: "RunFacts",
    evaluation: Evaluation,
    rule: Rule,
    taxonomy: Taxonomy,
    recipe: "Recipe",
    measured: Measured,
    learned: Dataset,
    cost: Cost,
    curve: LearningCurve | None,
) -> str:
    """The run's report.html: one file that needs nothing else and loads nothing.

    Args:
        name: the run's.
        taxonomy: of the categories learned, in class order; measured and learned have the same.
        learned: the articles the model learned from.
        curve: None where the recipe wants none, or there were too few articles for one.
    """
    covered = coverage_risk(measured.certainty, measured.right)
    together = advice.confusion if rule.choice == "single" else advice.errors_together
    k = len(taxonomy.ids)
    pairs = advice.mixed_up(together(measured.held, measured.gold)[:k, :k], 3)
    todo = advice.next_steps(
        evaluation, covered, measured.reliability, pairs, taxonomy, recipe, curve, facts.articles
    )
    on = measured_on(facts)
    return _page(
        f"{facts.kind} model, {facts.created[:10]}",
        tag(
            "header",
            tag("p", f"classify · {facts.kind} · {name}", class_="kicker"),
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
        sections.making(facts, how(rule, recipe), cost),
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
