"""The model card: README.md of a run, with the front matter of the Hugging Face hub."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.base.records import read_object
from training.decision import Rule
from training.evaluation.metrics import Evaluation
from training.recipe import Recipe
from training.runs.facts import RunFacts

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def key_figures(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return the key figures as (name, value with its 95 % interval)."""
    return [
        ("micro-F1", str(evaluation.micro_f1)),
        ("macro-F1", str(evaluation.macro_f1)),
        ("weighted F1", str(evaluation.weighted_f1)),
        ("exactly right", str(evaluation.exact)),
        ("Brier score", str(evaluation.brier)),
        ("calibration error", str(evaluation.calibration_error)),
    ]


def measured_on(facts: RunFacts, evaluation: Evaluation) -> str:
    """Say in words which articles the figures were measured on."""
    if facts.test_articles:
        return f"{evaluation.articles} test articles the model never saw"
    return f"{evaluation.articles} articles, each scored out of fold (slightly optimistic)"


def model_card(
    facts: RunFacts, evaluation: Evaluation, rule: Rule, taxonomy: Taxonomy, recipe: Recipe
) -> str:
    """Return the run's README.md."""
    return "\n".join(
        [
            *_front_matter(facts, evaluation),
            f"# {facts.kind} model for French news articles",
            "",
            f"Predicts {_choice(taxonomy)} of {len(rule.categories)} categories for an article. "
            f"Trained on {facts.articles} articles in {facts.seconds:.0f} s on {facts.created}, "
            f"dataset {facts.dataset}, seed {facts.seed}.{_base(facts)}",
            "",
            "## How good it is",
            f"Measured on {measured_on(facts, evaluation)}; 95% bootstrap intervals over articles.",
            "",
            *_table(("figure", "value"), key_figures(evaluation)),
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
            describe_rule(rule, recipe),
            "",
            "## What it does not do",
            "It was measured on articles like those it learned from. On other subjects, periods or "
            "languages, its probabilities may be wrong.",
            *(f"- {note}" for note in facts.left_out),
            *_blind_spot(rule),
            "",
            "## Made with",
            f"classify {facts.classify}; {'; '.join(facts.versions)}.",
            "",
        ]
    )


def public_name(base: str) -> str:
    """Return a base model's name for the card, without the path of a folder on this machine.

    base: a name on the hub, with "@REVISION" or without, or a folder. A folder whose config.json
    says which model of the hub it was made from (`_name_or_path`) goes by that name, else by its
    own.
    """
    folder = Path(base)
    if not folder.is_dir():
        return base.partition("@")[0]
    try:
        origin = read_object(folder / "config.json").get("_name_or_path", "")
    except InputError:  # such a folder has its own name
        origin = ""
    on_hub = isinstance(origin, str) and _HUB_NAME.fullmatch(origin)
    return origin if on_hub and not Path(origin).exists() else folder.resolve().name


def _front_matter(facts: RunFacts, evaluation: Evaluation) -> list[str]:
    """Write YAML as in https://huggingface.co/docs/hub/model-cards; texts are quoted as in JSON."""
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


def _base(facts: RunFacts) -> str:
    """Write the sentence on the base model, if there is one."""
    if not facts.base_model:
        return ""
    use = "Fine-tuned from" if facts.kind == "camembert" else "It uses the vectors of"
    commit = f" (commit {facts.base_revision})" if facts.base_revision else ""
    return f" {use} {facts.base_model}{commit}."


def _choice(taxonomy: Taxonomy) -> str:
    return "exactly one" if taxonomy.choice == "single" else "any number"


def _decisions(evaluation: Evaluation) -> list[str]:
    counts = ", ".join(f"{count} {name}" for name, count in evaluation.decisions.items())
    lines = [f"Decisions on {evaluation.articles} articles: {counts}."]
    if evaluation.accepted_exact is not None:
        share = f"{evaluation.accepted_exact:.0%}"
        lines.append(f"Of those decided without review, {share} are exactly right.")
    return lines


def _category_rows(evaluation: Evaluation, rule: Rule, taxonomy: Taxonomy) -> list[tuple[str, ...]]:
    rows = []
    for name, threshold in zip(rule.categories, rule.thresholds, strict=True):
        score = evaluation.categories[name]
        *figures, ap = score.shown
        written = "highest" if rule.choice == "single" else f"{threshold:.2f}"
        if threshold > 1:
            written = "never"
        rows.append((f"{taxonomy[name].fr} ({name})", *figures, str(score.support), ap, written))
    return rows


def describe_rule(rule: Rule, recipe: Recipe) -> str:
    """Say in words how a run decides, with the assumption its promise rests on."""
    single = rule.choice == "single"
    scaling = "one temperature" if single else "Platt scaling, one line per category"
    review = (
        f"if the probability that all of its decisions are right is below {rule.review_below:.3g}"
        if rule.review_below <= 1
        else "whatever its probabilities: no certainty is high enough yet"
    )
    return (
        f"Probabilities are calibrated on out-of-fold scores of {recipe.folds} folds ({scaling}). "
        f"An article needs review {review}. This keeps the expected share of accepted articles "
        f"that are not exactly right within {recipe.max_risk:.0%} (max_risk), as long as new "
        "articles come from the same source as the labelled ones (they are exchangeable; conformal "
        "risk control)."
    )


def _blind_spot(rule: Rule) -> list[str]:
    """Say what follows from the categories left out, as a paragraph, if there are any."""
    if not rule.left_out:
        return []
    return [
        "",
        f"It {rule.caveat}. In what max_risk promises, an accepted article that has only such "
        "categories counts as wrong; whether one has such a category beside those predicted is "
        "not promised.",
    ]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return [f"| {' | '.join(row)} |" for row in lines]
