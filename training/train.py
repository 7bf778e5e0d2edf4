"""Split, fit, calibrate, evaluate: a Dataset and a recipe become all that a run holds."""

import datetime as dt
import platform
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labels.dataset import Dataset, Example
from labels.taxonomy import Taxonomy
from seeds.errors import DISTRIBUTION, InputError
from seeds.settings import parse, read_toml, workspace_config
from training import metrics
from training.calibration import fit_rule
from training.model import Floats, Model, Rule
from training.models import model_class
from training.report import model_card
from training.run import FORMAT, RunFacts, facts_record
from training.split import folds, hold_out

Say = Callable[[str], None]
_GOLDEN_TEXTS, _GOLDEN_CHARACTERS = 8, 1500


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train, but for the model's own settings; configs/tfidf.toml explains each key."""

    seed: int = 1
    folds: int = 5
    test: float = 0.2
    review_below: float = 0.6
    min_examples: int = 4

    def __post_init__(self) -> None:
        faults = []
        if self.seed < 0:
            faults.append(f"seed must be 0 or more, found {self.seed}")
        if self.folds < 2:
            faults.append(f"folds must be 2 or more, found {self.folds}")
        if not 0 <= self.test <= 0.9:
            faults.append(f"test must be from 0 to 0.9, found {self.test}")
        if not 0.5 <= self.review_below <= 1:
            faults.append(f"review_below must be from 0.5 to 1, found {self.review_below}")
        if self.min_examples < 2:
            faults.append(f"min_examples must be 2 or more, found {self.min_examples}")
        if faults:
            raise InputError("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Trained:
    """A run in memory, ready for `training.run.save_run`."""

    name: str
    model: Model
    rule: Rule
    evaluation: metrics.Evaluation
    facts: RunFacts
    files: dict[str, Any]  # file name -> text, or what becomes JSON


def read_recipe(path: Path, kind: str) -> tuple[Recipe, Any]:
    """The recipe of a TOML file and the settings of its [model] table.

    Raises:
        InputError: an unknown key, a wrong type or a value out of range; all named at once.
    """
    data = read_toml(path)
    table = data.pop("model", {})
    parsed: list[Any] = []
    faults = []
    parts = ((data, Recipe, str(path)), (table, model_class(kind).settings, f"{path} [model]"))
    for values, target, where in parts:
        try:
            parsed.append(parse(values, target, where))
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError(" ".join(faults))
    return parsed[0], parsed[1]


def default_recipe(workspace: Path, kind: str) -> Path:
    """The workspace's own recipe of a kind, else the shipped one."""
    return workspace_config(workspace, f"{kind}.toml")


def train(dataset: Dataset, kind: str, recipe: Recipe, settings: Any, say: Say) -> Trained:
    """Train and measure a model.

    Args:
        dataset: the agreed labels.
        kind: a key of training.models.KINDS.
        settings: the kind's own.
        say: hears what is left out and how far it is.

    Raises:
        InputError: there are too few labels to learn from; says which.
    """
    started = time.monotonic()
    usable, left_out = learnable(dataset, recipe)
    for reason in left_out:
        say(reason)
    learn, test = _split(usable, recipe, say)
    known = usable.subset(learn)
    say(f"learning {len(usable.taxonomy.ids)} categories from {len(learn)} articles")
    fit = model_class(kind).fit
    outside = _out_of_fold(known, fit, recipe, settings, say)
    gold = gold_labels(known)
    rule = fit_rule(
        outside,
        gold,
        usable.taxonomy.ids,
        choice=usable.taxonomy.choice,
        review_below=recipe.review_below,
    )
    model = fit(known, settings, seed=recipe.seed)
    measured = usable.subset(test) if len(test) else known
    scores = model.scores(measured.texts) if len(test) else outside
    evaluation = evaluate(rule, scores, measured, recipe.seed)
    facts = _facts(dataset, kind, recipe, left_out, len(learn), len(test), started)
    files = _files(known, model, rule, evaluation, facts, recipe, settings)
    name = f"{facts.created.translate(_COMPACT)}-{kind}-{dataset.fingerprint}"
    return Trained(name.lower(), model, rule, evaluation, facts, files)


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
    if len(kept) < (2 if dataset.taxonomy.choice == "single" else 1):
        seen = ", ".join(f"{name} ({count})" for name, count in found.most_common()) or "none"
        raise InputError(
            f"dataset.jsonl: too little to tell categories apart. Labels there are: {seen}. "
            f"Label at least {recipe.min_examples} articles in each of two categories."
        )
    unused = [name for name in dataset.taxonomy.ids if not found[name]]
    if unused:
        left_out.append(f"without any article yet: {', '.join(unused)}")
    return _restricted(dataset, kept), left_out


def gold_labels(dataset: Dataset) -> NDArray[np.bool_]:
    """Which categories each example has, bool (n, k)."""
    ids = dataset.taxonomy.ids
    return np.array([[name in each.categories for name in ids] for each in dataset.examples])


def evaluate(rule: Rule, scores: Floats, dataset: Dataset, seed: int) -> metrics.Evaluation:
    """Hold a rule's decisions against a dataset of the same categories; scores (n, k)."""
    probabilities = rule.probabilities(scores)
    return metrics.evaluate(
        probabilities,
        rule.holds(probabilities),
        gold_labels(dataset),
        rule.certainty(probabilities) >= rule.review_below,
        rule.categories,
        single=rule.choice == "single",
        seed=seed,
    )


def _restricted(dataset: Dataset, kept: list[str]) -> Dataset:
    """The dataset with only some of its categories."""
    categories = tuple(each for each in dataset.taxonomy.categories if each.id in kept)
    taxonomy = replace(dataset.taxonomy, categories=categories)
    examples = [
        Example(each.document, tuple(name for name in each.categories if name in kept))
        for each in dataset.examples
    ]
    if taxonomy.choice == "single":
        examples = [each for each in examples if each.categories]
    return Dataset(tuple(examples), taxonomy)


def _split(dataset: Dataset, recipe: Recipe, say: Say) -> tuple[NDArray[Any], NDArray[Any]]:
    """Positions to learn from and to test on; all to learn from where a test would starve both."""
    learn, test = hold_out(dataset, recipe.test, recipe.seed)
    if not len(test):
        return learn, test
    positives = gold_labels(dataset)[learn].sum(axis=0)
    if (positives >= 2).all() and (len(learn) - positives >= 1).all() and len(test) >= 10:
        return learn, test
    say("too few articles for a test part: the figures are out of fold, on the training articles")
    return hold_out(dataset, 0, recipe.seed)


def _out_of_fold(
    dataset: Dataset, fit: Callable[..., Model], recipe: Recipe, settings: Any, say: Say
) -> Floats:
    """Scores (n, k) of every article by a model that did not learn from it or its group."""
    gold = gold_labels(dataset)
    scores = np.zeros(gold.shape, np.float32)
    for n, (learn, validate) in enumerate(folds(dataset, recipe.folds, recipe.seed), 1):
        seen = np.asarray(gold[learn].any(axis=0) & ~gold[learn].all(axis=0))
        taught = [name for name, ok in zip(dataset.taxonomy.ids, seen.tolist(), strict=True) if ok]
        if not taught:
            raise InputError(
                "dataset.jsonl: the articles of each category are nearly the same article, so "
                "nothing can be held back to measure on. Label different articles."
            )
        part = _restricted(dataset.subset(learn), taught)
        fitted = fit(part, settings, seed=recipe.seed)
        columns = np.flatnonzero(seen)
        scores[np.ix_(validate, columns)] = fitted.scores(dataset.subset(validate).texts)
        if not seen.all():  # a category that this fold could not learn: as unlikely as can be
            scores[np.ix_(validate, np.flatnonzero(~seen))] = scores[validate].min(initial=-5)
        say(f"calibrating: fold {n} of {recipe.folds}")
    return scores


def _facts(
    dataset: Dataset,
    kind: str,
    recipe: Recipe,
    left_out: list[str],
    learned: int,
    tested: int,
    started: float,
) -> RunFacts:
    return RunFacts(
        format=FORMAT,
        kind=kind,
        created=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        classify=metadata.version(DISTRIBUTION),
        dataset=dataset.fingerprint,
        articles=learned,
        test_articles=tested,
        seconds=round(time.monotonic() - started, 2),
        seed=recipe.seed,
        left_out=tuple(left_out),
        versions=(
            f"python {platform.python_version()}",
            *(f"{name} {metadata.version(name)}" for name in model_class(kind).packages),
        ),
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
