"""The articles a run learned from, which it must not be measured on, and predictions of these."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labels.dataset import Dataset
from seeds.base.errors import InputError
from seeds.base.records import read_object, read_optional_object
from seeds.base.settings import parse
from training.arrays import BoolArray, IntArray
from training.splitting.split import By
from training.splitting.stratify import group_of

_REMEDY = "Restore the run from a copy, or train again."


@dataclass(frozen=True, slots=True)
class RunSplit:
    """The contents of a run's split.json: what it learned from and what it was measured on.

    Attributes:
        by: how the articles were split.
        learn: ids of the articles it learned from.
        groups: their groups of near-duplicates.
        test: ids of the articles it was measured on; () if that was out of fold.
    """

    by: By
    learn: tuple[str, ...]
    groups: tuple[str, ...]
    test: tuple[str, ...]

    @classmethod
    def of(cls, by: By, learned: Dataset, tested: Dataset) -> "RunSplit":
        """Record the ids of training and test set."""
        groups = dict.fromkeys(group_of(example.document) for example in learned.examples)
        return cls(by, _ids(learned), tuple(groups), _ids(tested))

    def find_unseen(self, dataset: Dataset) -> IntArray:
        """Return the positions of articles neither learned from nor near-duplicates of those."""
        learned = {*self.learn, *self.groups}
        documents = [example.document for example in dataset.examples]
        learned |= {group_of(document) for document in documents if document.id in learned}
        return np.flatnonzero(
            [not {document.id, group_of(document)} & learned for document in documents]
        )


@dataclass(frozen=True, slots=True)
class FoldPredictions:
    """The contents of a run's out_of_fold.json: its out-of-fold predictions.

    Attributes:
        ids: of articles the run itself learned from; all, or as many as calibration needed.
        categories: the ids of the categories predicted for each, in the same order.
    """

    ids: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.categories):
            raise InputError("ids and categories differ in number")

    @classmethod
    def of(cls, dataset: Dataset, predicted: BoolArray) -> "FoldPredictions":
        """Record the categories predicted for the articles of a dataset, (n, k)."""
        names = np.array(dataset.taxonomy.ids)
        ids = tuple(example.document.id for example in dataset.examples)
        return cls(ids, tuple(tuple(names[row].tolist()) for row in predicted))


def read_run_split(run: Path) -> RunSplit:
    """Read split.json of a run.

    Raises:
        InputError: the file is missing or not what it must be.
    """
    path = run / "split.json"
    return parse(read_object(path, _REMEDY), RunSplit, str(path))


def read_fold_predictions(run: Path) -> dict[str, tuple[str, ...]]:
    """Read the categories of out_of_fold.json, by article; {} for an older run without it.

    Raises:
        InputError: the file is not what it must be.
    """
    path = run / "out_of_fold.json"
    record = read_optional_object(path, _REMEDY)
    if record is None:
        return {}
    predictions = parse(record, FoldPredictions, str(path))
    return dict(zip(predictions.ids, predictions.categories, strict=True))


def _ids(dataset: Dataset) -> tuple[str, ...]:
    """Return the ids of a dataset's articles, each once."""
    return tuple(dict.fromkeys(example.document.id for example in dataset.examples))
