"""What a run learned from and must not be measured on, and what was said of that out of fold."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labels.dataset import Dataset
from seeds.base.errors import InputError
from seeds.base.records import read_object, read_optional_object
from seeds.base.settings import parse
from training.arrays import BoolArray, IntArray
from training.split import By
from training.stratify import group_of

_REMEDY = "Restore the run from a copy, or train again."


@dataclass(frozen=True, slots=True)
class RunSplit:
    """split.json of a run: what it must not be measured on, and what it was.

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
    def of(cls, by: By, learned: Dataset, measured: Dataset) -> "RunSplit":
        """From the articles themselves."""
        groups = dict.fromkeys(group_of(each.document) for each in learned.examples)
        return cls(by, _ids(learned), tuple(groups), _ids(measured))

    def find_unseen(self, dataset: Dataset) -> IntArray:
        """The positions of articles that are neither learned from nor near-duplicates of those."""
        known = {*self.learn, *self.groups}
        documents = [each.document for each in dataset.examples]
        alike = {group_of(each) for each in documents if each.id in known}
        known |= alike
        return np.flatnonzero([not {each.id, group_of(each)} & known for each in documents])


@dataclass(frozen=True, slots=True)
class FoldPredictions:
    """out_of_fold.json of a run: the categories given by models that had not learned the article.

    Attributes:
        ids: of articles the run itself learned from; all, or as many as calibrating needed.
        categories: the ids of the categories each was given, in the same order.
    """

    ids: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.categories):
            raise InputError("ids and categories differ in number")

    @classmethod
    def of(cls, dataset: Dataset, held: BoolArray) -> "FoldPredictions":
        """From articles and which categories each was given, (n, k)."""
        names = np.array(dataset.taxonomy.ids)
        given = (tuple(names[row].tolist()) for row in held)
        return cls(tuple(each.document.id for each in dataset.examples), tuple(given))


def read_run_split(run: Path) -> RunSplit:
    """split.json of a run.

    Raises:
        InputError: the file is missing or not what it must be.
    """
    path = run / "split.json"
    return parse(read_object(path, _REMEDY), RunSplit, str(path))


def read_fold_predictions(run: Path) -> dict[str, tuple[str, ...]]:
    """The categories of out_of_fold.json by article; {} for a run from before there was one.

    Raises:
        InputError: the file is not what it must be.
    """
    path = run / "out_of_fold.json"
    record = read_optional_object(path, _REMEDY)
    if record is None:
        return {}
    found = parse(record, FoldPredictions, str(path))
    return dict(zip(found.ids, found.categories, strict=True))


def _ids(dataset: Dataset) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.document.id for each in dataset.examples))
