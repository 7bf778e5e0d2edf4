"""Split, fit, calibrate, evaluate: a Dataset and a recipe become all that a run holds."""

import datetime as dt
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib import metadata
from typing import Any

from labels.dataset import Dataset
from labels.taxonomy import Taxonomy
from seeds.base.errors import DISTRIBUTION, InputError
from training.arrays import Float32Array
from training.calibration import Wanted, fit_rule
from training.decision import Rule
from training.evaluation import metrics
from training.evaluation.learning_curve import LearningCurve, learning_curve
from training.evaluation.measured import Measured
from training.model import Fitting, Model, Say
from training.models import model_class
from training.out_of_fold import out_of_fold, within
from training.recipe import Recipe
from training.report.model_card import model_card, public_name
from training.report.page import html_report
from training.runs.cost import Cost, Meter
from training.runs.facts import FORMAT, RunFacts, facts_record
from training.runs.provenance import FoldAnswers, Learned
from training.runs.trained import Trained
from training.split import Parts, draw, refuse_leak, sides

_GOLDEN_TEXTS, _GOLDEN_CHARACTERS = 8, 1500
_FEWEST_TESTED = 10  # articles; with fewer the figures would say next to nothing


def train(
    dataset: Dataset,
    kind: str,
    recipe: Recipe,
    settings: Any,
    fitting: Fitting | None = None,
    before: Parts | None = None,
) -> Trained:
    """Train and measure a model.

    Args:
        dataset: the agreed labels.
        kind: a key of training.models.KINDS.
        settings: the kind's own.
        fitting: where it computes, what it keeps after a kill, and who hears of it.
        before: the parts frozen by an earlier training.

    Raises:
        InputError: there are too few labels to learn from; says which.
    """
    meter = Meter()
    fitting = replace(fitting or Fitting(), seed=recipe.seed)
    usable, left_out = learnable(dataset, recipe)
    for reason in left_out:
        fitting.say(reason)
    wanted = _wanted(usable, recipe)
    known, test, parts, rare = _split(usable, recipe, before, fitting.say)
    left_out += rare
    learned, tested = len(known.examples), len(test.examples)
    fitting.say(f"learning {len(known.taxonomy.ids)} categories from {learned} articles")
    outside = out_of_fold(known, kind, recipe, settings, fitting)
    held_out = known.subset(outside.positions)
    scaling, rule = fit_rule(
        outside.scores, held_out.gold, outside.parts, known.taxonomy.ids, wanted
    )
    never = [n for n, t in zip(rule.categories, rule.thresholds, strict=True) if t > 1]
    if never:
        left_out.append(
            f"never given, since no threshold reaches precision {recipe.precision:g} on "
            f"{len(held_out.examples)} articles: {', '.join(never)}. Label more of them, or lower "
            "--precision"
        )
        fitting.say(left_out[-1])
    last = replace(fitting, duration=outside.duration, folder=within(fitting.folder, "all"))
    model = model_class(kind).fit(known, settings, last).rescaled(scaling)
    measured = test if tested else held_out
    scores = model.scores(measured.texts) if tested else scaling.of(outside.scores)
    curve = _curve(known, kind, recipe, settings, fitting)
    evaluation = evaluate(rule, scores, measured, recipe.seed)
    cost = meter.read()
    facts = _facts(dataset, model, recipe, settings, left_out, learned, tested, cost)
    name = f"{facts.created.translate(_COMPACT)}-{kind}-{dataset.fingerprint}".lower()
    seen = _measured(rule, scores, measured)
    given = _measured(rule, scaling.of(outside.scores), held_out).held
    made = (name, facts, evaluation, rule, known.taxonomy, recipe, seen, known, cost, curve)
    files = {
        **_files(known, model, rule, evaluation, facts, recipe, settings),
        "split.json": asdict(Learned.of(recipe.split, known, test)),
        "out_of_fold.json": asdict(FoldAnswers.of(held_out, given)),
        "report.html": html_report(*made),
    }
    return Trained(name, model, rule, evaluation, facts, files, parts)


def _wanted(dataset: Dataset, recipe: Recipe) -> Wanted:
    """What the rule is to reach."""
    if recipe.precision and dataset.taxonomy.choice == "single":
        raise InputError("precision is for multiple choice; here max_risk says what is accepted.")
    return Wanted(dataset.taxonomy.choice, recipe.max_risk, recipe.precision or None)


def _curve(
    dataset: Dataset, kind: str, recipe: Recipe, settings: Any, fitting: Fitting
) -> LearningCurve | None:
    """Fits on growing parts of what was learned from; None if the recipe wants none, or too few."""
    if not recipe.wants_curve(len(dataset.examples)):
        return None
    fitting.say("learning curve: training on growing parts of the articles")
    quiet = Fitting(seed=recipe.seed, runtime=fitting.runtime)

    def score(part: Dataset, texts: Sequence[str]) -> Float32Array:
        """What a model says that learned from a part."""
        return model_class(kind).fit(part, settings, quiet).scores(texts)

    return learning_curve(dataset, score, recipe.seed, repeats=recipe.curve_repeats)


def _measured(rule: Rule, scores: Float32Array, dataset: Dataset) -> Measured:
    probabilities = rule.probabilities(scores)
    return Measured(
        dataset, probabilities, rule.holds(probabilities), rule.certainty(probabilities)
    )


_COMPACT = str.maketrans({"-": None, ":": None, "T": "-", "Z": None})


def learnable(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, list[str]]:
    """The part of a dataset that can be learned, and what was left out and why.

    Raises:
        InputError: nothing is left to tell apart; says which categories there are.
    """
    if not dataset.examples:
        raise InputError("dataset.jsonl: no labels yet. Annotate some articles, then pull.")
    found = Counter(name for example in dataset.examples for name in example.categories)
    total = len(dataset.examples)
    kept, left_out = [], []
    for name in dataset.taxonomy.ids:
        if 0 < found[name] < recipe.min_examples:
            left_out.append(
                f"category {name} is left out: {found[name]} of {recipe.min_examples} articles"
            )
        elif dataset.taxonomy.choice == "multiple" and total - found[name] < recipe.min_examples:
            left_out.append(f"category {name} is left out: nearly every article has it")
        elif found[name]:
            kept.append(name)
    if len(kept) < _fewest(dataset.taxonomy):
        seen = ", ".join(f"{name} ({count})" for name, count in found.most_common()) or "none"
        raise InputError(
            f"dataset.jsonl: too little to tell categories apart. Labels there are: {seen}. "
            f"Label at least {recipe.min_examples} articles in each of two categories."
        )
    unused = [name for name in dataset.taxonomy.ids if not found[name]]
    if unused:
        left_out.append(f"without any article yet: {', '.join(unused)}")
    return dataset.restricted(kept), left_out


def evaluate(rule: Rule, scores: Float32Array, dataset: Dataset, seed: int) -> metrics.Evaluation:
    """Hold a rule's decisions against a dataset of the same categories; scores (n, k)."""
    probabilities = rule.probabilities(scores)
    return metrics.evaluate(
        probabilities,
        rule.holds(probabilities),
        dataset.gold,
        rule.certainty(probabilities) >= rule.review_below,
        rule.categories,
        single=rule.choice == "single",
        seed=seed,
    )


def _split(
    dataset: Dataset, recipe: Recipe, before: Parts | None, say: Say
) -> tuple[Dataset, Dataset, Parts | None, list[str]]:
    """What to learn from, what to test on, the parts, and which categories are left out for them.

    All is learned from, and nothing left out, where a test would starve both.
    """
    if not recipe.test:
        return dataset, dataset.subset([]), None, []
    parts, notes = draw(dataset, recipe.test, recipe.seed, recipe.split, before)
    taught, rare = _taught(dataset, parts)
    if len(taught) >= _fewest(dataset.taxonomy):
        used = dataset.restricted(taught)
        learn, test = (used.subset(each) for each in sides(used, parts))
        if len(test.examples) >= _FEWEST_TESTED:
            for note in (*notes, *rare):
                say(note)
            refuse_leak(learn, test)
            return learn, test, parts, rare
    also = "; the frozen test part is learned from as well" if before else ""
    say(
        "too few articles for a test part: the figures are out of fold, on the training "
        f"articles{also}"
    )
    return dataset, dataset.subset([]), None, []


def _taught(dataset: Dataset, parts: Parts) -> tuple[list[str], list[str]]:
    """The categories that the learning part has examples for and against, and notes on others."""
    learn = dataset.subset(sides(dataset, parts)[0])
    found = dict(zip(dataset.taxonomy.ids, learn.gold.sum(axis=0).tolist(), strict=True))
    taught = [name for name, count in found.items() if 2 <= count < len(learn.examples)]
    total = Counter(name for example in dataset.examples for name in example.categories)
    rare = [
        f"category {name} is left out: {found[name]} of its {total[name]} articles are among the "
        f"{len(learn.examples)} to learn from. Label more, or draw another test part (--new-split)"
        for name in found
        if name not in taught
    ]
    return taught, rare


def _fewest(taxonomy: Taxonomy) -> int:
    """How many categories there must be at least, so that something can be told apart."""
    return 2 if taxonomy.choice == "single" else 1


def _facts(
    dataset: Dataset,
    model: Model,
    recipe: Recipe,
    settings: Any,
    left_out: list[str],
    learned: int,
    tested: int,
    cost: Cost,
) -> RunFacts:
    return RunFacts(
        format=FORMAT,
        kind=model.kind,
        created=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        classify=metadata.version(DISTRIBUTION),
        dataset=dataset.fingerprint,
        articles=learned,
        test_articles=tested,
        seconds=cost.seconds,
        seed=recipe.seed,
        left_out=tuple(left_out),
        notes=model.notes,
        versions=(
            f"python {platform.python_version()}",
            *(f"{name} {metadata.version(name)}" for name in model.packages),
        ),
        base_model=public_name(settings.base_model) if hasattr(settings, "base_model") else "",
    )


def _files(
    known: Dataset,
    model: Model,
    rule: Rule,
    evaluation: metrics.Evaluation,
    facts: RunFacts,
    recipe: Recipe,
    settings: Any,
) -> dict[str, Any]:
    texts = [text[:_GOLDEN_CHARACTERS] for text in known.texts[:_GOLDEN_TEXTS]]
    taxonomy: Taxonomy = known.taxonomy
    return {
        "rule.json": asdict(rule),
        "taxonomy.json": taxonomy.record(),
        "golden.json": {"texts": texts, "scores": model.scores(texts).tolist()},
        "metrics.json": evaluation.record(),
        "recipe.json": {**asdict(recipe), "model": asdict(settings)},
        "run.json": facts_record(facts),
        "README.md": model_card(facts, evaluation, rule, taxonomy, recipe),
    }
