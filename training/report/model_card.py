"""The model card: README.md of a run, with the front matter of the Hugging Face hub."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.base.records import read_object
from training.decision import Rule
from training.evaluation.metrics import Evaluation

if TYPE_CHECKING:
    from training.recipe import Recipe
    from training.runs.facts import RunFacts

_ON_THE_HUB = re.compile(r"[\w.-]+/[\w.-]+")  # a model's name there


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
    """The run's README.md."""
    return "\n".join(
        [
            *_front_matter(facts, evaluation),
            f"# {facts.kind} model for French news articles",
            "",
            f"Gives an article {_choice(taxonomy)} of {len(rule.categories)} categories. "
            f"Learned from {facts.articles} articles in {facts.seconds:.0f} s on {facts.created}, "
            f"dataset {facts.dataset}, seed {facts.seed}.{_base(facts)}",
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
            how(rule, recipe),
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


def public_name(base: str) -> str:
    """A base model's name for a card: of a folder not its path, which is this machine's.

    base: a name on the hub, or a folder. A folder that says it was made from a model of the hub
    (`_name_or_path` in its config.json) is called by that one.
    """
    folder = Path(base)
    if not folder.is_dir():
        return base
    try:
        origin = read_object(folder / "config.json").get("_name_or_path", "")
    except InputError:  # such a folder has its own name
        origin = ""
    known = isinstance(origin, str) and _ON_THE_HUB.fullmatch(origin)
    return origin if known and not Path(origin).exists() else folder.resolve().name


def _front_matter(facts: "RunFacts", evaluation: Evaluation) -> list[str]:
    """YAML as https://huggingface.co/docs/hub/model-cards has it; a text is quoted as in JSON."""
    source = "test" if facts.test_articles else "out-of-fold"
    figures = (
        ("f1", "Micro-F1", evaluation.micro_f1.value),
        ("f1", "Macro-F1", evaluation.macro_f1.value),
        ("f1", "Weighted F1", evaluation.weighted_f1.value),
        ("accuracy", "Exactly right", evaluation.exact.value),
        ("brier_score", "Brier score", evaluation.brier.value),
    )
    metrics = [
        line
        for kind, name, value in figures
        for line in (f"    - type: {kind}", f"      name: {name}", f"      value: {value:.4f}")
    ]
    return [
        "---",
        "language: fr",
        "pipeline_tag: text-classification",
        "library_name: classify",
        f"tags: [news, french, {facts.kind}]",
        *([f"base_model: {json.dumps(facts.base_model)}"] if facts.base_model else []),
        "metrics: [f1, accuracy, brier_score]",
        "model-index:",
        f"- name: {json.dumps(f'classify-{facts.kind}-{facts.dataset}')}",
        "  results:",
        "  - task:",
        "      type: text-classification",
        "      name: Text classification",
        "    dataset:",
        "      type: labelled-news-articles",
        f"      name: {json.dumps(f'{evaluation.articles} French news articles')}",
        f"      split: {source}",
        f"      revision: {json.dumps(facts.dataset)}",
        "    metrics:",
        *metrics,
        "---",
        "",
    ]


def _base(facts: "RunFacts") -> str:
    """The sentence on the base model, if there is one."""
    if not facts.base_model:
        return ""
    tuned = facts.kind == "camembert"
    return f" {'Fine-tuned from' if tuned else 'Its vectors are those of'} {facts.base_model}."


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
        *figures, ap = score.shown
        cut = "highest" if rule.choice == "single" else f"{threshold:.2f}"
        if threshold > 1:
            cut = "never"
        rows.append((f"{taxonomy[name].fr} ({name})", *figures, str(score.support), ap, cut))
    return rows


def how(rule: Rule, recipe: "Recipe") -> str:
    """How a run decides, in words, with the assumption its promise rests on."""
    scaling = "one temperature" if rule.choice == "single" else "Platt scaling, a line a category"
    review = (
        "when all of its category decisions are right with a probability below "
        f"{rule.review_below:.2f}"
        if rule.review_below <= 1
        else "whatever its probabilities: no certainty was found to be enough yet"
    )
    return (
        f"Probabilities are calibrated on {recipe.folds}-fold out-of-fold scores ({scaling}). "
        f"An article goes to a person (needs review) {review}. That bound keeps the expected share "
        f"of accepted articles that are not exactly right within {recipe.max_risk:.0%} (max_risk), "
        "as long as new articles come from where the labelled ones came from (they are "
        "exchangeable; conformal risk control)."
    )


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return [f"| {' | '.join(row)} |" for row in lines]
