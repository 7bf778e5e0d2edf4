"""Scores of articles by models that did not learn from them; a killed training keeps its folds."""

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
from training.model import Fitting, Log, Track
from training.models import model_class
from training.recipe import Recipe
from training.splitting.split import Split
from training.splitting.stratify import make_folds


@dataclass(frozen=True, slots=True)
class FoldScores:
    """Scores of articles by models that did not learn from them.

    Attributes:
        positions: int (m,), the articles that were held out; all, or as many as calibration needs.
        scores: float32 (m, k).
        folds: int (m,), the fold of each.
        duration: the share of the planned passes that was best, the median of the folds; None for
            a kind without that choice.
    """

    positions: IntArray
    scores: Float32Array
    folds: IntArray
    duration: float | None


def score_out_of_fold(
    dataset: Dataset, kind: str, recipe: Recipe, settings: Any, fitting: Fitting
) -> FoldScores:
    """Score articles by models that learned neither from them nor from their near-duplicates."""
    positions: list[IntArray] = []
    scores, durations = [], []
    for n, (learn, validate) in enumerate(make_folds(dataset, recipe.folds, recipe.seed), 1):
        saved = subfolder(fitting.folder, f"fold-{n}.json")
        fold = _read_fold(saved, (len(validate), len(dataset.taxonomy.ids)), fitting.log)
        if fold is None:
            label = f"fold {n} of {recipe.folds}: "
            inside = replace(
                fitting,
                folder=subfolder(fitting.folder, f"fold-{n}"),
                track=_label_track(fitting.track, label),
            )
            fold = _score_fold(dataset, learn, validate, kind, settings, inside)
            if saved and model_class(kind).resumes:
                saved.parent.mkdir(parents=True, exist_ok=True)
                write_text(saved, json.dumps([fold[0].tolist(), fold[1]]))
                shutil.rmtree(saved.with_suffix(""), ignore_errors=True)
        positions.append(validate)
        scores.append(fold[0])
        durations += [fold[1]] if fold[1] is not None else []
        fitting.log(f"calibrating: fold {n} of {recipe.folds}")
        if sum(map(len, positions)) >= recipe.calibrate_on:
            break
    return FoldScores(
        np.concatenate(positions),
        np.concatenate(scores),
        np.repeat(np.arange(len(positions)), [len(fold_positions) for fold_positions in positions]),
        float(np.median(durations)) if durations else None,
    )


def _score_fold(
    dataset: Dataset,
    learn: IntArray,
    validate: IntArray,
    kind: str,
    settings: Any,
    fitting: Fitting,
) -> tuple[Float32Array, float | None]:
    """Return scores (m, k) of the held-out articles, and the share of the passes that was best."""
    ids, part = dataset.taxonomy.ids, dataset.subset(learn)
    learnable = part.learnable
    names = [name for name, ok in zip(ids, learnable.tolist(), strict=True) if ok]
    if not names:
        raise InputError(
            "dataset.jsonl: the articles of each category are near-duplicates of one another, so "
            "none can be held out to measure on. Label different articles."
        )
    held_out = dataset.subset(validate)
    model = model_class(kind).fit(
        part.restrict(names), settings, replace(fitting, held_out=held_out.restrict(names))
    )
    scores = np.zeros((len(validate), len(ids)), np.float32)
    scores[:, learnable] = model.scores(held_out.texts)
    if not learnable.all():  # a category this fold could not learn: as unlikely as any score
        scores[:, ~learnable] = scores.min(initial=-5)
    return scores, model.duration


def subfolder(folder: Path | None, name: str) -> Path | None:
    """Return a path in a folder; None where nothing is saved."""
    return folder / name if folder else None


def _read_fold(
    path: Path | None, shape: tuple[int, int], log: Log
) -> tuple[Float32Array, float | None] | None:
    """Read the scores of a fold of an interrupted training.

    Returns:
        None if the fold did not finish, or if its file is damaged, which is logged.
    """
    if path is None or not path.is_file():
        return None
    try:
        values, duration = json.loads(path.read_text(encoding="utf-8"))
        scores = np.array(values, np.float32)
        if scores.shape == shape and np.isfinite(scores).all() and _is_share(duration):
            return scores, duration
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        pass
    log(f"{path}: damaged, so the fold is made again")
    return None


def _is_share(duration: object) -> bool:
    """Tell whether a saved duration is what a model gives: a share of the passes, or None."""
    return duration is None or (isinstance(duration, float | int) and 0 < duration <= 1)


def _label_track(track: Track, label: str) -> Track:
    """Put a label before the name of each step that is tracked."""
    return lambda step, total: track(label + step, total)


def resume_folder(
    workspace: Path,
    dataset: Dataset,
    kind: str,
    recipe: Recipe,
    settings: Any,
    frozen: Split | None,
) -> Path:
    """Return the folder that a training resumes from: its own, the same after a kill.

    Folders of earlier trainings of the kind, with other labels or another recipe, are removed.
    """
    inputs = (dataset.fingerprint, dataset.texts, asdict(recipe), asdict(settings))
    record = json.dumps(
        [*inputs, asdict(frozen) if frozen else None, metadata.version(DISTRIBUTION)]
    )
    key = hashlib.sha256(record.encode("utf-8", "replace")).hexdigest()[:8]
    folder = workspace / "training" / f"{kind}-{key}"
    for stale in folder.parent.glob(f"{kind}-*"):
        if stale != folder and os.environ.get("RANK", "0") == "0":
            shutil.rmtree(stale, ignore_errors=True)
    return folder
