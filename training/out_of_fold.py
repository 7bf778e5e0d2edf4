"""What models say of articles they did not learn from; a killed training keeps its folds."""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from labels.dataset import Dataset
from seeds.base.errors import DISTRIBUTION, InputError
from seeds.base.storage import write_text
from training.arrays import Float32Array, IntArray
from training.model import Fitting, Track
from training.models import model_class
from training.recipe import Recipe
from training.split import Parts, folds


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What models said of articles they did not learn from.

    Attributes:
        positions: int (m,), which articles were held out; all, or as many as calibrating needs.
        scores: float32 (m, k).
        parts: int (m,), the fold of each.
        duration: the share of the planned passes that was best, in the middle of the folds.
    """

    positions: IntArray
    scores: Float32Array
    parts: IntArray
    duration: float | None


def out_of_fold(
    dataset: Dataset, kind: str, recipe: Recipe, settings: Any, fitting: Fitting
) -> OutOfFold:
    """Scores of articles by models that did not learn from them or their groups."""
    positions: list[IntArray] = []
    scores, durations = [], []
    for n, (learn, validate) in enumerate(folds(dataset, recipe.folds, recipe.seed), 1):
        kept = within(fitting.folder, f"fold-{n}.json")
        found = _read_fold(kept)
        if found is None:
            label = f"fold {n} of {recipe.folds}: "
            inside = replace(
                fitting,
                folder=within(fitting.folder, f"fold-{n}"),
                track=_labelled(fitting.track, label),
            )
            found = _fold(dataset, learn, validate, kind, settings, inside)
            if kept and model_class(kind).resumes:
                kept.parent.mkdir(parents=True, exist_ok=True)
                write_text(kept, json.dumps([found[0].tolist(), found[1]]))
                shutil.rmtree(kept.with_suffix(""), ignore_errors=True)
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
    learn: IntArray,
    validate: IntArray,
    kind: str,
    settings: Any,
    fitting: Fitting,
) -> tuple[Float32Array, float | None]:
    """Scores (m, k) of the held-out articles, and the share of the passes that was best."""
    gold, ids = dataset.gold, dataset.taxonomy.ids
    seen = np.asarray(gold[learn].any(axis=0) & ~gold[learn].all(axis=0))
    taught = [name for name, ok in zip(ids, seen.tolist(), strict=True) if ok]
    if not taught:
        raise InputError(
            "dataset.jsonl: the articles of each category are nearly the same article, so "
            "nothing can be held back to measure on. Label different articles."
        )
    held_out = dataset.subset(validate)
    part = dataset.subset(learn).restricted(taught)
    watched = replace(fitting, held_out=held_out.restricted(taught))
    fitted = model_class(kind).fit(part, settings, watched)
    scores = np.zeros((len(validate), len(ids)), np.float32)
    scores[:, seen] = fitted.scores(held_out.texts)
    if not seen.all():  # a category that this fold could not learn: as unlikely as can be
        scores[:, ~seen] = scores.min(initial=-5)
    return scores, fitted.duration


def within(folder: Path | None, name: str) -> Path | None:
    """A place in a folder; None where nothing is kept."""
    return folder / name if folder else None


def _read_fold(path: Path | None) -> tuple[Float32Array, float | None] | None:
    """What a fold of an interrupted training found; None if it did not end."""
    if path is None or not path.is_file():
        return None
    scores, duration = json.loads(path.read_text(encoding="utf-8"))
    return np.array(scores, np.float32), duration


def _labelled(track: Track, label: str) -> Track:
    """The same, with a label before what is being done."""
    return lambda what, of: track(label + what, of)


def unfinished(
    workspace: Path,
    dataset: Dataset,
    kind: str,
    recipe: Recipe,
    settings: Any,
    before: Parts | None,
) -> Path:
    """Where a training keeps what it goes on from: its own folder, the same after a kill.

    What an earlier training of the kind with other labels or another recipe left is removed.
    """
    asked = (dataset.fingerprint, dataset.texts, asdict(recipe), asdict(settings))
    record = json.dumps(
        [*asked, asdict(before) if before else None, metadata.version(DISTRIBUTION)]
    )
    key = hashlib.sha256(record.encode("utf-8", "replace")).hexdigest()[:8]
    folder = workspace / "training" / f"{kind}-{key}"
    for other in folder.parent.glob(f"{kind}-*"):
        if other != folder and os.environ.get("RANK", "0") == "0":
            shutil.rmtree(other, ignore_errors=True)
    return folder
