"""Split, fit, calibrate, evaluate: a Dataset and a recipe become all that a run holds."""

import datetime as dt
import json
import platform
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labels.dataset import Dataset, Example
from labels.taxonomy import Taxonomy
from seeds import jsonl
from seeds.errors import DISTRIBUTION, InputError
from seeds.settings import parse, read_toml, workspace_config
from training import metrics
from training.calibration import Wanted, fit_rule
from training.model import Fitting, Floats, Model, Rule, Say
from training.models import model_class
from training.report import model_card
from training.run import FORMAT, RunFacts, facts_record
from training.split import Learned, Parts, draw, folds, refuse_leak, sides

_GOLDEN_TEXTS, _GOLDEN_CHARACTERS = 8, 1500


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train, but for the model's own settings; configs/tfidf.toml explains each key."""

    seed: int = 1
    folds: int = 5
    calibrate_on: int = 2000
    test: float = 0.2
    split: Literal["stratified", "date"] = "stratified"
    max_risk: float = 0.1
    precision: float = 0.0
    min_examples: int = 4

    def __post_init__(self) -> None:
        faults = []
        if self.seed < 0:
            faults.append(f"seed must be 0 or more, found {self.seed}")
        if self.folds < 2:
            faults.append(f"folds must be 2 or more, found {self.folds}")
        if self.calibrate_on < 1:
            faults.append(f"calibrate_on must be 1 or more, found {self.calibrate_on}")
        if not 0 <= self.test <= 0.9:
            faults.append(f"test must be from 0 to 0.9, found {self.test}")
        if not 0 < self.max_risk < 1:
            faults.append(f"max_risk must be between 0 and 1, found {self.max_risk}")
        if not 0 <= self.precision < 1:
            faults.append(f"precision must be from 0 to below 1, found {self.precision}")
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
    parts: Parts | None  # to be frozen; None: measured out of fold


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What models said of articles they did not learn from.

    Attributes:
        positions: int (m,), which articles were held out; all, or as many as calibrating needs.
        scores: float32 (m, k).
        parts: int (m,), the fold of each.
        duration: the share of the planned passes that was best, in the middle of the folds.
    """

    positions: NDArray[np.int64]
    scores: Floats
    parts: NDArray[np.int64]
    duration: float | None


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
    started = time.monotonic()
    fitting = replace(fitting or Fitting(), seed=recipe.seed)
    usable, left_out = learnable(dataset, recipe)
    for reason in left_out:
        fitting.say(reason)
    learn, test, parts = _split(usable, recipe, before, fitting.say)
    known = usable.subset(learn)
    ids = usable.taxonomy.ids
    wanted = Wanted(usable.taxonomy.choice, recipe.max_risk, recipe.precision or None)
    if wanted.precision and wanted.choice == "single":
        raise InputError("precision is for multiple choice; here max_risk says what is accepted.")
    fitting.say(f"learning {len(ids)} categories from {len(learn)} articles")
    outside = _out_of_fold(known, kind, recipe, settings, fitting)
    held_out = known.subset(outside.positions)
    scaling, rule = fit_rule(outside.scores, gold_labels(held_out), outside.parts, ids, wanted)
    last = replace(fitting, duration=outside.duration, folder=_within(fitting.folder, "all"))
    model = model_class(kind).fit(known, settings, last).rescaled(scaling)
    measured = usable.subset(test) if len(test) else held_out
    scores = model.scores(measured.texts) if len(test) else scaling.of(outside.scores)
    evaluation = evaluate(rule, scores, measured, recipe.seed)
    facts = _facts(dataset, model, recipe, left_out, len(learn), len(test), started)
    split = Learned.of(recipe.split, known, usable.subset(test))
    files = _files(known, model, rule, evaluation, facts, recipe, settings, split)
    name = f"{facts.created.translate(_COMPACT)}-{kind}-{dataset.fingerprint}"
    return Trained(name.lower(), model, rule, evaluation, facts, files, parts)


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


def _split(
    dataset: Dataset, recipe: Recipe, before: Parts | None, say: Say
) -> tuple[NDArray[Any], NDArray[Any], Parts | None]:
    """Positions to learn from and to test on; all to learn from where a test would starve both."""
    everything = np.arange(len(dataset.examples)), np.zeros(0, np.int64), None
    if not recipe.test:
        return everything
    parts, notes = draw(dataset, recipe.test, recipe.seed, recipe.split, before)
    learn, test = sides(dataset, parts)
    positives = gold_labels(dataset)[learn].sum(axis=0)
    if (positives < 2).any() or (len(learn) - positives < 1).any() or len(test) < 10:
        also = "; the frozen test part is learned from as well" if before else ""
        say(
            "too few articles for a test part: the figures are out of fold, on the training "
            f"articles{also}"
        )
        return everything
    for note in notes:
        say(note)
    refuse_leak(dataset.subset(learn), dataset.subset(test))
    return learn, test, parts


def _out_of_fold(
    dataset: Dataset, kind: str, recipe: Recipe, settings: Any, fitting: Fitting
) -> OutOfFold:
    """Scores of articles by models that did not learn from them or their groups."""
    positions: list[NDArray[np.int64]] = []
    scores, durations = [], []
    for n, (learn, validate) in enumerate(folds(dataset, recipe.folds, recipe.seed), 1):
        kept = _within(fitting.folder, f"fold-{n}.json")
        found = _read_fold(kept)
        if found is None:
            inside = replace(fitting, folder=_within(fitting.folder, f"fold-{n}"))
            found = _fold(dataset, learn, validate, kind, settings, inside)
            if kept and model_class(kind).resumes:
                kept.parent.mkdir(parents=True, exist_ok=True)
                jsonl.write_text(kept, json.dumps([found[0].tolist(), found[1]]))
        positions.append(validate)
        scores.append(found[0])
        durations += [found[1]] if found[1] is not None else []
        fitting.say(f"calibrating: fold {n} of {recipe.folds}")
        if sum(map(len, positions)) >= recipe.calibrate_on:
            break
    return OutOfFold(
        np.concatenate(positions),
        np.concatenate(scores),
        np.repeat(np.arange(len(positions)), [len(each) for each in positions]),
        float(np.median(durations)) if durations else None,
    )


def _fold(
    dataset: Dataset,
    learn: NDArray[np.int64],
    validate: NDArray[np.int64],
    kind: str,
    settings: Any,
    fitting: Fitting,
) -> tuple[Floats, float | None]:
    """Scores (m, k) of the held-out articles, and the share of the passes that was best."""
    gold, ids = gold_labels(dataset), dataset.taxonomy.ids
    seen = np.asarray(gold[learn].any(axis=0) & ~gold[learn].all(axis=0))
    taught = [name for name, ok in zip(ids, seen.tolist(), strict=True) if ok]
    if not taught:
        raise InputError(
            "dataset.jsonl: the articles of each category are nearly the same article, so "
            "nothing can be held back to measure on. Label different articles."
        )
    held_out = dataset.subset(validate)
    part = _restricted(dataset.subset(learn), taught)
    watched = replace(fitting, held_out=_restricted(held_out, taught))
    fitted = model_class(kind).fit(part, settings, watched)
    scores = np.zeros((len(validate), len(ids)), np.float32)
    scores[:, seen] = fitted.scores(held_out.texts)
    if not seen.all():  # a category that this fold could not learn: as unlikely as can be
        scores[:, ~seen] = scores.min(initial=-5)
    return scores, fitted.duration


def _within(folder: Path | None, name: str) -> Path | None:
    return folder / name if folder else None


def _read_fold(path: Path | None) -> tuple[Floats, float | None] | None:
    """What a fold of an interrupted training found; None if it did not end."""
    if path is None or not path.is_file():
        return None
    scores, duration = json.loads(path.read_text(encoding="utf-8"))
    return np.array(scores, np.float32), duration


def _facts(
    dataset: Dataset,
    model: Model,
    recipe: Recipe,
    left_out: list[str],
    learned: int,
    tested: int,
    started: float,
) -> RunFacts:
    return RunFacts(
        format=FORMAT,
        kind=model.kind,
        created=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        classify=metadata.version(DISTRIBUTION),
        dataset=dataset.fingerprint,
        articles=learned,
        test_articles=tested,
        seconds=round(time.monotonic() - started, 2),
        seed=recipe.seed,
        left_out=tuple(left_out),
        notes=model.notes,
        versions=(
            f"python {platform.python_version()}",
            *(f"{name} {metadata.version(name)}" for name in model.packages),
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
    split: Learned,
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
        "split.json": asdict(split),
        "README.md": model_card(facts, evaluation, rule, taxonomy, recipe),
    }
