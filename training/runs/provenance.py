"""The articles a run learned from, which it must not be measured on, and predictions of these."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labels.dataset import Dataset
from seeds.base.errors import InputError
from seeds.base.records import read_object, read_optional_object
from seeds.base.settings import parse
from training.arrays import BoolArray, Float64Array, IntArray
from training.splitting.split import By
from training.splitting.stratify import group_of

_REMEDY = "Restore the run from a copy, or train again."
_MOST_PROBABILITIES = 1_000_000  # kept in a run, some 10 MB; with thousands of categories none are


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
        probabilities: of each, a row of those of the run's categories, in their order; () in older
            runs, and where they would be too many.
    """

    ids: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    probabilities: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.categories):
            raise InputError("ids and categories differ in number")
        if len({len(row) for row in self.probabilities}) > 1:
            raise InputError("the rows of probabilities differ in length")
        if self.probabilities and len(self.probabilities) != len(self.ids):
            raise InputError("ids and probabilities differ in number")

    @property
    def by_article(self) -> dict[str, tuple[str, ...]]:
        """The categories predicted for each article, by its id."""
        return dict(zip(self.ids, self.categories, strict=True))

    @classmethod
    def of(
        cls, dataset: Dataset, predicted: BoolArray, probabilities: Float64Array
    ) -> "FoldPredictions":
        """Record what was predicted for the articles of a dataset; both arrays are (n, k)."""
        names = np.array(dataset.taxonomy.ids)
        ids = tuple(example.document.id for example in dataset.examples)
        rows = np.round(probabilities, 6) if probabilities.size <= _MOST_PROBABILITIES else ()
        return cls(
            ids,
            tuple(tuple(names[row].tolist()) for row in predicted),
            tuple(tuple(row.tolist()) for row in rows),
        )


def read_run_split(run: Path) -> RunSplit:
    """Read split.json of a run.

    Raises:
        InputError: the file is missing or not what it must be.
    """
    path = run / "split.json"
    return parse(read_object(path, _REMEDY), RunSplit, str(path))


def read_fold_predictions(run: Path) -> FoldPredictions:
    """Read out_of_fold.json of a run; without any article for an older run that lacks it.

    Raises:
        InputError: the file is not what it must be.
    """
    path = run / "out_of_fold.json"
    record = read_optional_object(path, _REMEDY)
    return FoldPredictions((), ()) if record is None else parse(record, FoldPredictions, str(path))


def _ids(dataset: Dataset) -> tuple[str, ...]:
    """Return the ids of a dataset's articles, each once."""
    return tuple(dict.fromkeys(example.document.id for example in dataset.examples))
