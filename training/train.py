"""Split, fit, calibrate, evaluate: a Dataset and a recipe become all that a run holds."""

import datetime as dt
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from typing import Any

import numpy as np

from labels.agreement.figures import CategoryAgreement
from labels.dataset import Dataset
from labels.taxonomy import Taxonomy
from seeds.base.errors import DISTRIBUTION, InputError
from training.arrays import Float32Array
from training.calibration import RuleTargets, fit_rule
from training.decision import Rule, Scaling
from training.evaluation.assistance import UNASSISTED, Assistance
from training.evaluation.learning_curve import LearningCurve, learning_curve
from training.evaluation.measured import Measured, describe_unmeasured
from training.model import Fitting, Log, Model
from training.models import model_class
from training.out_of_fold import FoldScores, score_out_of_fold, subfolder
from training.recipe import Recipe
from training.report.model_card import model_card, public_name
from training.report.page import html_report
from training.runs.cost import Cost, Meter
from training.runs.facts import FORMAT, RunFacts
from training.runs.provenance import FoldPredictions, RunSplit
from training.runs.trained import Results, Trained
from training.splitting.split import Split, draw_split, find_positions, refuse_leak

_GOLDEN_TEXTS, _GOLDEN_CHARACTERS = 8, 1500
_MIN_TESTED = 10  # articles; figures of fewer would say next to nothing
_NO_FOLD = -1  # of articles that no fold holds
_COMPACT = str.maketrans({"-": None, ":": None, "T": "-", "Z": None})


@dataclass(frozen=True, slots=True)
class _Articles:
    """The articles of a training.

    Attributes:
        learned: the training set, with the categories that can be learned.
        tested: the test set, of the same categories; empty: measured out of fold.
        split: where the two come from, to be frozen; None without a test set.
        left_out: notes on what is not learned, not predicted or not measured.
    """

    learned: Dataset
    tested: Dataset
    split: Split | None
    left_out: tuple[str, ...]


def train(
    dataset: Dataset,
    kind: str,
    recipe: Recipe,
    settings: Any,
    fitting: Fitting | None = None,
    frozen: Split | None = None,
    people: Mapping[str, CategoryAgreement] | None = None,
    assistance: Assistance = UNASSISTED,
) -> Trained:
    """Train and measure a model.

    Args:
        dataset: the agreed labels.
        kind: a key of training.models.KINDS.
        settings: the kind's own.
        fitting: where it computes, what it saves to resume from, and where progress is reported.
        frozen: the split of an earlier training.
        people: how far annotators agree on each category, by id, for the report.
        assistance: what annotators were shown while they labelled, for the report.

    Raises:
        InputError: there are too few labels to learn from; says what is missing.
    """
    meter = Meter()
    fitting = replace(fitting or Fitting(), seed=recipe.seed)
    _refuse_precision(dataset.taxonomy, recipe)
    articles = _choose_articles(dataset, recipe, frozen, fitting.log)
    learned, tested = articles.learned, articles.tested
    fold_scores = score_out_of_fold(learned, kind, recipe, settings, fitting)
    final = replace(fitting, duration=fold_scores.duration, folder=subfolder(fitting.folder, "all"))
    model = model_class(kind).fit(learned, settings, final)
    texts = _draw_unlearned(dataset, learned, len(fold_scores.positions), recipe.seed)
    unlearned = model.scores(texts) if texts else fold_scores.scores[:0]
    targets = _rule_targets(dataset, learned, recipe)
    scaling, rule, out_of_fold = _calibrate(learned, fold_scores, unlearned, targets)
    model = model.rescaled(scaling)
    measured = out_of_fold
    if tested.examples:
        measured = Measured.from_scores(rule, model.scores(tested.texts), tested)
    notes = [*_unreachable_thresholds(rule, recipe, len(out_of_fold.gold)), *_unmeasured(measured)]
    for note in notes:
        fitting.log(note)
    articles = replace(articles, left_out=(*articles.left_out, *notes))
    measured = measured.measurable
    curve = _learning_curve(learned, kind, recipe, settings, fitting)
    evaluation, cost = measured.evaluate(rule, recipe.seed), meter.read()
    facts = _facts(dataset, articles, model, recipe, settings, cost)
    name = f"{facts.created.translate(_COMPACT)}-{kind}-{dataset.fingerprint}".lower()
    judged = people or {}, assistance
    results = Results(
        name, facts, evaluation, rule, recipe, measured, learned, cost, curve, *judged
    )
    files = {
        **_files(results, model, settings),
        "split.json": asdict(RunSplit.of(recipe.split, learned, tested)),
        "out_of_fold.json": _describe_folds(out_of_fold),
        "report.html": html_report(results),
    }
    return Trained(name, model, rule, evaluation, facts, files, articles.split)


def _describe_folds(measured: Measured) -> dict[str, Any]:
    """Return the predictions of the folds as JSON objects."""
    predicted = measured.predicted, measured.probabilities
    return asdict(FoldPredictions.of(measured.dataset, *predicted))


def _refuse_precision(taxonomy: Taxonomy, recipe: Recipe) -> None:
    """Refuse a target that single choice can't reach."""
    if recipe.precision and taxonomy.choice == "single":
        raise InputError(
            "precision is for multiple choice only; in single choice, max_risk decides what is "
            "accepted. Leave precision out."
        )


def _rule_targets(dataset: Dataset, learned: Dataset, recipe: Recipe) -> RuleTargets:
    """Return the targets of the rule: the recipe's, and the categories that were left out."""
    counts, known = _category_counts(dataset), learned.taxonomy.ids
    left_out = tuple(n for n in dataset.taxonomy.ids if counts[n] and n not in known)
    return RuleTargets(dataset.taxonomy.choice, recipe.max_risk, recipe.precision or None, left_out)


def _draw_unlearned(dataset: Dataset, learned: Dataset, held_out: int, seed: int) -> list[str]:
    """Draw texts that single choice left out with their categories, as many as were held out.

    What is predicted for them is wrong, which the review bound must know. For multiple choice they
    are among the articles learned from, without a category.
    """
    if dataset.taxonomy.choice == "multiple":
        return []
    known = learned.taxonomy.ids
    texts = [e.document.text for e in dataset.examples if e.categories[0] not in known]
    count = round(len(texts) * held_out / len(learned.examples))
    return [texts[n] for n in np.random.default_rng(seed).permutation(len(texts))[:count]]


def _calibrate(
    learned: Dataset, fold_scores: FoldScores, unlearned: Float32Array, targets: RuleTargets
) -> tuple[Scaling, Rule, Measured]:
    """Fit scaling and rule to out-of-fold scores, and measure them on the same articles.

    unlearned: raw scores of articles of no category that was learned, (m, k).
    """
    held_out = learned.subset(fold_scores.positions)
    scaling, rule = fit_rule(
        np.concatenate([fold_scores.scores, unlearned]),
        np.concatenate([held_out.gold, np.zeros(unlearned.shape, np.bool_)]),
        np.concatenate([fold_scores.folds, np.full(len(unlearned), _NO_FOLD)]),
        learned.taxonomy.ids,
        targets,
        np.concatenate([held_out.known, np.ones(unlearned.shape, np.bool_)]),
    )
    measured = Measured.from_scores(rule, scaling.apply(fold_scores.scores), held_out)
    return scaling, rule, measured


def _unreachable_thresholds(rule: Rule, recipe: Recipe, articles: int) -> list[str]:
    """Return a note on the categories that no threshold makes precise enough, if there are any."""
    thresholds = zip(rule.categories, rule.thresholds, strict=True)
    never = [name for name, threshold in thresholds if threshold > 1]
    if not never:
        return []
    return [
        f"never predicted: {', '.join(never)}. No threshold reaches precision "
        f"{recipe.precision:g} on {articles} articles. Label more articles in these categories, "
        "or lower --precision"
    ]


def _unmeasured(measured: Measured) -> list[str]:
    """Return a note on the articles that have only categories left out, if there are any."""
    examples = measured.dataset.examples
    rows = [n for n, example in enumerate(examples) if not example.is_measurable]
    if not rows:
        return []
    names = dict.fromkeys(name for n in rows for name in examples[n].left_out)
    labelled = int(measured.predicted[rows].any(axis=1).sum())
    return [f"{describe_unmeasured(len(rows), names)}; {labelled:,} of these get another category"]


def _learning_curve(
    dataset: Dataset, kind: str, recipe: Recipe, settings: Any, fitting: Fitting
) -> LearningCurve | None:
    """Fit on growing parts of the training set; None without enough articles, or if not wanted."""
    if not recipe.wants_curve(len(dataset.examples)):
        return None
    fitting.log("learning curve: training on growing parts of the articles")
    quiet = Fitting(seed=recipe.seed, runtime=fitting.runtime)

    def score(part: Dataset, texts: Sequence[str]) -> Float32Array:
        """Score texts by a model that learned from a part."""
        return model_class(kind).fit(part, settings, quiet).scores(texts)

    return learning_curve(dataset, score, recipe.seed, repeats=recipe.curve_repeats)


def _choose_articles(dataset: Dataset, recipe: Recipe, frozen: Split | None, log: Log) -> _Articles:
    """Leave out what can't be learned, and set articles apart for the test.

    Raises:
        InputError: there are too few labels to tell categories apart.
    """
    usable, left_out = drop_unlearnable(dataset, recipe)
    for note in left_out:
        log(note)
    articles = _set_test_apart(usable, recipe, frozen, log)
    names, learned = articles.learned.taxonomy.ids, articles.learned.examples
    log(f"learning {len(names)} categories from {len(learned)} articles")
    return replace(articles, left_out=(*left_out, *articles.left_out))


def drop_unlearnable(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, list[str]]:
    """Return the dataset with the categories that can be learned, and notes on the others.

    Raises:
        InputError: too few categories remain; says which categories there are.
    """
    if not dataset.examples:
        raise InputError(
            "dataset.jsonl: no labels yet. Annotate some articles, then pull; `classify labels "
            "status` says how many articles wait for more votes."
        )
    counts = _category_counts(dataset)
    multiple = dataset.taxonomy.choice == "multiple"
    without = (dataset.known & ~dataset.gold).sum(axis=0).tolist()
    names, notes = [], _describe_unknown(dataset)
    for name, lacking in zip(dataset.taxonomy.ids, without, strict=True):
        if 0 < counts[name] < recipe.min_examples:
            notes.append(
                f"category {name} is left out: {counts[name]} of the {recipe.min_examples} "
                "articles it needs"
            )
        elif multiple and lacking < recipe.min_examples:
            notes.append(f"category {name} is left out: nearly every article has it")
        elif counts[name]:
            names.append(name)
    if len(names) < _min_categories(dataset.taxonomy):
        listed = ", ".join(f"{name} ({count})" for name, count in counts.most_common()) or "none"
        raise InputError(
            f"dataset.jsonl: too few labels to tell categories apart. There are: {listed}. "
            f"Label at least {recipe.min_examples} articles in each of two categories."
        )
    unused = [name for name in dataset.taxonomy.ids if not counts[name]]
    if unused:
        notes.append(f"no article yet in {', '.join(unused)}")
    return dataset.restrict(names), notes


def _describe_unknown(dataset: Dataset) -> list[str]:
    """Return a note on the pairs that are not known, if there are any."""
    if not dataset.unknown_pairs:
        return []
    total = len(dataset.examples) * len(dataset.taxonomy.ids)
    return [
        f"unknown pairs: {dataset.unknown_pairs:,} of {total:,} pairs of article and category are "
        "disputed or were not asked; they are neither learned from nor measured"
    ]


def _set_test_apart(dataset: Dataset, recipe: Recipe, frozen: Split | None, log: Log) -> _Articles:
    """Divide a dataset into training and test set; leave out categories too rare in the former.

    If a test set would leave too little on either side, everything is learned from.
    """
    everything = _Articles(dataset, dataset.subset([]), None, ())
    if not recipe.test:
        return everything
    split, notes = draw_split(dataset, recipe.test, recipe.seed, recipe.split, frozen)
    names, too_rare = _names_in_training_set(dataset, split)
    if len(names) >= _min_categories(dataset.taxonomy):
        usable = dataset.restrict(names)
        learned, tested = (usable.subset(side) for side in find_positions(usable, split))
        if sum(example.is_measurable for example in tested.examples) >= _MIN_TESTED:
            for note in (*notes, *too_rare):
                log(note)
            refuse_leak(learned, tested)
            return _Articles(learned, tested, split, tuple(too_rare))
    also = "; the frozen test set is learned from as well" if frozen else ""
    log(f"too few articles for a test set: the figures are out of fold, on the training set{also}")
    return everything


def _names_in_training_set(dataset: Dataset, split: Split) -> tuple[list[str], list[str]]:
    """Return the categories with examples for and against in the training set; notes on others."""
    learned = dataset.subset(find_positions(dataset, split)[0])
    counts, total = _category_counts(learned), _category_counts(dataset)
    size, learnable = len(learned.examples), learned.learnable
    names = [
        n for n, ok in zip(learned.taxonomy.ids, learnable, strict=True) if ok and counts[n] > 1
    ]
    notes = [
        f"category {name} is left out: {counts[name]} of its {total[name]} articles are among the "
        f"{size} of the training set. Label more, or draw another test set with --new-split"
        for name in dataset.taxonomy.ids
        if name not in names
    ]
    return names, notes


def _category_counts(dataset: Dataset) -> Counter[str]:
    """Count the articles of each category."""
    return Counter(name for example in dataset.examples for name in example.categories)


def _min_categories(taxonomy: Taxonomy) -> int:
    """Return how many categories there must be, so that there is something to tell apart."""
    return 2 if taxonomy.choice == "single" else 1


def _facts(
    dataset: Dataset,
    articles: _Articles,
    model: Model,
    recipe: Recipe,
    settings: Any,
    cost: Cost,
) -> RunFacts:
    """Return what run.json records."""
    return RunFacts(
        format=FORMAT,
        kind=model.kind,
        created=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        classify=metadata.version(DISTRIBUTION),
        dataset=dataset.fingerprint,
        articles=len(articles.learned.examples),
        test_articles=len(articles.tested.examples),
        seconds=cost.seconds,
        seed=recipe.seed,
        left_out=articles.left_out,
        notes=model.notes,
        versions=(
            f"python {platform.python_version()}",
            *(f"{name} {metadata.version(name)}" for name in model.packages),
        ),
        base_model=public_name(settings.base_model) if hasattr(settings, "base_model") else "",
        base_revision=_base_revision(settings),
    )


def _base_revision(settings: Any) -> str:
    """Return the commit of the encoder that a model began with; "" if it is not from the hub."""
    if not hasattr(settings, "base_model"):
        return ""
    from training.models.encoders.hub import read_commit

    return read_commit(settings.base_model)


def _files(results: Results, model: Model, settings: Any) -> dict[str, Any]:
    """Return the run's small files: name -> text, or what becomes JSON."""
    facts, evaluation, rule = results.facts, results.evaluation, results.rule
    taxonomy, recipe = results.taxonomy, results.recipe
    texts = [text[:_GOLDEN_CHARACTERS] for text in results.learned.texts[:_GOLDEN_TEXTS]]
    return {
        "rule.json": rule.record(),
        "taxonomy.json": taxonomy.record(),
        "golden.json": {"texts": texts, "scores": model.scores(texts).tolist()},
        "metrics.json": evaluation.record(),
        "recipe.json": {**asdict(recipe), "model": asdict(settings)},
        "run.json": asdict(facts),
        "README.md": model_card(facts, evaluation, rule, taxonomy, recipe),
    }
