"""Whether a run may take the place of the current one: not if it is shown to be worse."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify.terminal import quantity
from classify.workspace.evaluation import EvaluationSet, answers, frozen_test_part, shared, unseen
from labels.dataset import read_dataset
from seeds.base.errors import InputError
from training.evaluation.comparison import Comparison, compare
from training.runs.provenance import read_fold_predictions
from training.runs.registry import find_run, list_promotions
from training.runs.run import Run, load_run
from training.split import read_split

_FEWEST = 10  # shared articles: with fewer, no difference could be shown
_Given = dict[str, tuple[str, ...]]  # article -> the categories it was given out of fold


def worse_than_current(workspace: Path, run: Run, log: Callable[[str], None]) -> str:
    """How a run is worse than the current one; "" if it is not shown to be.

    They are held against each other on the frozen test part, else on all labelled articles. Of an
    article that a run learned from counts what its own folds said, out of fold; so a run that
    learned from the test part too does not slip by. Where the two can't be compared that is said.
    """
    name = next(iter(list_promotions(workspace / "runs")[-1:]), "")
    if name in ("", run.name):
        return ""
    try:
        current = load_run(find_run(workspace / "runs", name))
        return _worse(workspace, (current, run))
    except InputError as error:
        log(f"not compared with the current run {name}: {error}")
        return ""


def _worse(workspace: Path, runs: tuple[Run, Run]) -> str:
    """How the second run is worse than the first.

    Raises:
        InputError: there is too little to compare them on.
    """
    frozen = read_split(workspace) is not None
    dataset = frozen_test_part(workspace) if frozen else read_dataset(workspace)
    given = [read_fold_predictions(each.path) for each in runs]
    ids = [each.document.id for each in dataset.examples]
    kept = np.ones(len(ids), np.bool_)
    for run, outside in zip(runs, given, strict=True):
        kept &= unseen(dataset, [run]) | np.array([each in outside for each in ids], np.bool_)
    ground = shared(dataset, runs, kept)
    noun = "test article" if frozen else "labelled article"
    count = quantity(len(ground.examples), noun)
    if len(ground.examples) < _FEWEST:
        raise InputError(f"only {count} to compare on")
    held = [_held(*each, ground) for each in zip(runs, given, strict=True)]
    found = compare(held[0], held[1], ground.gold, ground.categories)
    if found.verdict != "A is better":
        return ""
    return _in_words(found, runs, f"{count}{_out_of_fold(ground, given)}")


def _held(run: Run, given: _Given, ground: EvaluationSet) -> NDArray[np.bool_]:
    """Which categories a run gives, (n, k): out of fold to what it learned from."""
    outside = np.array([each.document.id in given for each in ground.examples], np.bool_)
    held = np.zeros(ground.gold.shape, np.bool_)
    for n in np.flatnonzero(outside):
        names = given[ground.examples[n].document.id]
        held[n] = [category in names for category in ground.categories]
    fresh = [ground.examples[n] for n in np.flatnonzero(~outside)]
    if fresh:
        held[~outside] = answers(run, fresh, ground.categories).predicted
    return held


def _out_of_fold(ground: EvaluationSet, given: Sequence[_Given]) -> str:
    learned = any(each.document.id in outside for each in ground.examples for outside in given)
    return " (out of fold where a run learned from them)" if learned else ""


def _in_words(found: Comparison, runs: tuple[Run, Run], articles: str) -> str:
    figure = found.macro_f1
    return (
        f"{runs[1].name} is worse than the current run {runs[0].name} on {articles}: "
        f"macro-F1 {figure.b:.3f} against {figure.a:.3f}, a difference of {figure}"
    )
