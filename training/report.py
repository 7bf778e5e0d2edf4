"""What a person reads of a run: the model card."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labels.taxonomy import Taxonomy
from training.metrics import Evaluation
from training.model import Rule

if TYPE_CHECKING:
    from training.run import RunFacts
    from training.train import Recipe


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
        rows.append((f"{taxonomy[name].fr} ({name})", *figures, str(score.support), ap, cut))
    return rows


def _how(rule: Rule, recipe: "Recipe") -> list[str]:
    scaling = "one temperature" if rule.choice == "single" else "Platt scaling, a line a category"
    return [
        f"Probabilities are calibrated on {recipe.folds}-fold out-of-fold scores ({scaling}). "
        "An article goes to a person (*needs review*) when all of its category decisions are right "
        f"with a probability below {rule.review_below:.2f}.",
    ]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return [f"| {' | '.join(row)} |" for row in lines]
