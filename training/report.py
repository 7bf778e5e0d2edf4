"""What a person reads of a run: the model card, and report.html."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labels.dataset import Dataset
from labels.taxonomy import Taxonomy
from training import findings, mistakes, sections
from training.cost import Cost
from training.curve import LearningCurve
from training.curves import Reliability, coverage_risk, reliability
from training.markup import Html, join, tag
from training.metrics import Evaluation
from training.model import Rule

if TYPE_CHECKING:
    from training.recipe import Recipe
    from training.run import RunFacts


@dataclass(frozen=True, slots=True)
class Measured:
    """The articles a run was measured on, with what it said of them.

    Attributes:
        dataset: n examples with k categories.
        probabilities: (n, k), calibrated, in the order of the dataset's taxonomy.
        held: (n, k), the categories the rule gave.
        certainty: (n,), the chance that all of an article's category decisions are right.
    """

    dataset: Dataset
    probabilities: NDArray[np.float64]
    held: NDArray[np.bool_]
    certainty: NDArray[np.float64]

    @property
    def gold(self) -> NDArray[np.bool_]:
        """Which categories each article has, (n, k)."""
        return self.dataset.gold

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which articles got exactly the right categories, (n,)."""
        return np.asarray((self.held == self.gold).all(axis=1))

    @property
    def reliability(self) -> Reliability:
        """Of each category's probability; for single choice, of the category given."""
        if self.dataset.taxonomy.choice == "single":
            return reliability(self.probabilities.max(axis=1), self.right)
        return reliability(self.probabilities.ravel(), self.gold.ravel())


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
    together = findings.confusion if rule.choice == "single" else findings.errors_together
    k = len(taxonomy.ids)
    pairs = findings.mixed_up(together(measured.held, measured.gold)[:k, :k], 3)
    todo = findings.next_steps(
        evaluation, covered, measured.reliability, pairs, taxonomy, recipe, curve
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
        sections.certainty(measured, evaluation, rule, recipe, taxonomy),
        sections.precision_recall(measured, evaluation, taxonomy),
        sections.learning(curve, taxonomy, recipe),
        mistakes.mistakes(measured, taxonomy),
        sections.data(facts, learned, on),
        sections.making(facts, " ".join(_how(rule, recipe)), cost),
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


def headline(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The key figures as (name, value with its 95 % interval)."""
    return [
        ("micro-F1", str(evaluation.micro_f1)),
        ("macro-F1", str(evaluation.macro_f1)),
        ("weighted F1", str(evaluation.weighted_f1)),
        ("exactly right", str(evaluation.exact)),
        ("Brier score", str(evaluation.brier)),
        ("calibration error", str(evaluation.calibration_error)),
    ]


def measured_on(facts: "RunFacts") -> str:
    """On what the figures were measured, in words."""
    if facts.test_articles:
        return f"{facts.test_articles} test articles the model never saw"
    return f"{facts.articles} articles, each scored out of fold (slightly optimistic)"


def model_card(
    facts: "RunFacts", evaluation: Evaluation, rule: Rule, taxonomy: Taxonomy, recipe: "Recipe"
) -> str:
    """The run's README.md, with the Hugging Face front matter."""
    return "\n".join(
        [
            *_front_matter(facts),
            f"# {facts.kind} model for French news articles",
            "",
            f"Gives an article {_choice(taxonomy)} of {len(rule.categories)} categories. "
            f"Learned from {facts.articles} articles in {facts.seconds:.0f} s on {facts.created}, "
            f"dataset {facts.dataset}, seed {facts.seed}.",
            "",
            "## How good it is",
            f"Measured on {measured_on(facts)}; 95 % bootstrap intervals over articles.",
            "",
            *_table(("figure", "value"), headline(evaluation)),
            "",
            *_decisions(evaluation),
            "",
            "## By category",
            *_table(
                ("category", "precision", "recall", "F1", "support", "AP", "threshold"),
                _category_rows(evaluation, rule, taxonomy),
            ),
            "",
            "## How it decides",
            *_how(rule, recipe),
            "",
            "## What it does not do",
            "It was measured on articles like those it learned from. On other subjects, periods or "
            "languages its probabilities may be wrong.",
            *(f"- {reason}" for reason in facts.left_out),
            "",
            "## Made with",
            f"classify {facts.classify}; {'; '.join(facts.versions)}.",
            "",
        ]
    )


def _front_matter(facts: "RunFacts") -> list[str]:
    return [
        "---",
        "language: fr",
        "pipeline_tag: text-classification",
        "library_name: classify",
        f"tags: [news, french, {facts.kind}]",
        "---",
        "",
    ]


def _choice(taxonomy: Taxonomy) -> str:
    return "exactly one" if taxonomy.choice == "single" else "any number"


def _decisions(evaluation: Evaluation) -> list[str]:
    shares = ", ".join(f"{name}: {count}" for name, count in evaluation.decisions.items())
    lines = [f"Of {evaluation.articles} articles — {shares}."]
    if evaluation.accepted_exact is not None:
        lines.append(f"Of those decided without review, {evaluation.accepted_exact:.0%} are exact.")
    return lines


def _category_rows(evaluation: Evaluation, rule: Rule, taxonomy: Taxonomy) -> list[tuple[str, ...]]:
    rows = []
    for name, threshold in zip(rule.categories, rule.thresholds, strict=True):
        score = evaluation.categories[name]
        ap = "–" if score.average_precision is None else f"{score.average_precision:.3f}"
        figures = [f"{each:.3f}" for each in (score.precision, score.recall, score.f1)]
        cut = "highest" if rule.choice == "single" else f"{threshold:.2f}"
        if threshold > 1:
            cut = "never"
        rows.append((f"{taxonomy[name].fr} ({name})", *figures, str(score.support), ap, cut))
    return rows


def _how(rule: Rule, recipe: "Recipe") -> list[str]:
    scaling = "one temperature" if rule.choice == "single" else "Platt scaling, a line a category"
    review = (
        "when all of its category decisions are right with a probability below "
        f"{rule.review_below:.2f}"
        if rule.review_below <= 1
        else "whatever its probabilities: no certainty was found to be enough yet"
    )
    return [
        f"Probabilities are calibrated on {recipe.folds}-fold out-of-fold scores ({scaling}). "
        f"An article goes to a person (needs review) {review}. That bound keeps the expected share "
        f"of accepted articles that are not exactly right within {recipe.max_risk:.0%} (max_risk), "
        "as long as new articles come from where the labelled ones came from (they are "
        "exchangeable; conformal risk control).",
    ]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return [f"| {' | '.join(row)} |" for row in lines]
