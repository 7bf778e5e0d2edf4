"""Tell whether a run may become the current one: not if it is significantly worse."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify.terminal import quantity
from classify.workspace.evaluation import (
    EvaluationSet,
    mask_unseen,
    predict_examples,
    restrict_to_shared,
)
from classify.workspace.labelled import read_test_set
from labels.dataset import read_dataset
from seeds.base.errors import InputError
from training.evaluation.comparison import Comparison, compare
from training.runs.provenance import read_fold_predictions
from training.runs.registry import find_run, list_promotions
from training.runs.run import Run, load_run
from training.splitting.split import read_split

_FEWEST = 10  # shared articles: with fewer, no difference could be shown
_FoldPredictions = Mapping[str, tuple[str, ...]]  # article id -> categories, out of fold


def worse_than_current(workspace: Path, run: Run, log: Callable[[str], None]) -> str:
    """Say how a run is worse than the current one; "" if it is not significantly worse.

    The runs are compared on the frozen test set, or on all labelled articles if there is none.
    Articles a run was trained on are judged by its out-of-fold predictions, so that training on
    the test set is no way past the comparison. If the runs can't be compared, that is logged.
    """
    name = next(iter(list_promotions(workspace / "runs")[-1:]), "")
    if name in ("", run.name):
        return ""
    try:
        current = load_run(find_run(workspace / "runs", name))
        if lost := [left for left in run.rule.left_out if left in current.rule.categories]:
            log(f"{run.name} left out {', '.join(lost)}, which the current run {name} knows")
        return _compare(workspace, (current, run))
    except InputError as error:
        log(f"not compared with the current run {name}: {error}")
        return ""


def _compare(workspace: Path, runs: tuple[Run, Run]) -> str:
    """Say how the second run is worse than the first; "" if it is not.

    Raises:
        InputError: there are too few articles to compare them on.
    """
    frozen = read_split(workspace) is not None
    dataset = read_test_set(workspace) if frozen else read_dataset(workspace)
    predictions = [read_fold_predictions(run.path).by_article for run in runs]
    ids = [example.document.id for example in dataset.examples]
    usable = np.ones(len(ids), np.bool_)
    for run, by_folds in zip(runs, predictions, strict=True):
        out_of_fold = np.array([name in by_folds for name in ids], np.bool_)
        usable &= mask_unseen(dataset, [run]) | out_of_fold
    ground = restrict_to_shared(dataset, runs, usable)
    count = quantity(len(ground.examples), "test article" if frozen else "labelled article")
    if len(ground.examples) < _FEWEST:
        raise InputError(f"only {count} to compare on")
    current, new = (
        _predict(run, by_folds, ground) for run, by_folds in zip(runs, predictions, strict=True)
    )
    comparison = compare(current, new, ground.gold, ground.categories, known=ground.known)
    if comparison.verdict != "A is better":
        return ""
    return _describe(comparison, runs, f"{count}{_note_folds(ground, predictions)}")


def _predict(run: Run, by_folds: _FoldPredictions, ground: EvaluationSet) -> NDArray[np.bool_]:
    """Return the categories a run predicts, (n, k): out of fold for its training articles."""
    out_of_fold = np.array([e.document.id in by_folds for e in ground.examples], np.bool_)
    predicted = np.zeros(ground.gold.shape, np.bool_)
    for n in np.flatnonzero(out_of_fold):
        categories = by_folds[ground.examples[n].document.id]
        predicted[n] = [category in categories for category in ground.categories]
    unseen = [ground.examples[n] for n in np.flatnonzero(~out_of_fold)]
    if unseen:
        predicted[~out_of_fold] = predict_examples(run, unseen, ground.categories).predicted
    return predicted


def _note_folds(ground: EvaluationSet, predictions: Sequence[_FoldPredictions]) -> str:
    """Return a remark if out-of-fold predictions are among those compared, else ""."""
    ids = [example.document.id for example in ground.examples]
    trained_on = any(name in by_folds for name in ids for by_folds in predictions)
    return " (out of fold where a run was trained on them)" if trained_on else ""


def _describe(comparison: Comparison, runs: tuple[Run, Run], articles: str) -> str:
    """Say by how much the second run is worse, and on which articles."""
    figure = comparison.macro_f1
    return (
        f"{runs[1].name} is worse than the current run {runs[0].name} on {articles}: "
        f"macro-F1 {figure.b:.3f} against {figure.a:.3f}, a difference of {figure}"
    )
