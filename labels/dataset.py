"""Annotations as they came, and the Dataset of agreed labels a model learns from."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labels.taxonomy import Taxonomy, read_taxonomy
from seeds.base.errors import InputError
from seeds.base.records import read_records, write_records
from seeds.base.settings import parse
from seeds.document import Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Example:
    """An article with its agreed categories, in taxonomy order."""

    document: Document
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples in a fixed order, with the taxonomy their labels come from."""

    examples: tuple[Example, ...]
    taxonomy: Taxonomy

    def __post_init__(self) -> None:
        known = set(self.taxonomy.ids)
        for example in self.examples:
            for category in example.categories:
                if category not in known:
                    raise InputError(f"{example.document.id}: {self.taxonomy.unknown(category)}")
            if self.taxonomy.choice == "single" and len(example.categories) != 1:
                raise InputError(
                    f"{example.document.id}: the taxonomy is single choice, but the article has "
                    f"{len(example.categories)} categories. Correct its label."
                )

    @property
    def texts(self) -> list[str]:
        """The articles' texts, in order."""
        return [example.document.text for example in self.examples]

    @property
    def fingerprint(self) -> str:
        """8 hexadecimal digits over articles, labels and taxonomy."""
        pairs = [[each.document.id, *each.categories] for each in self.examples]
        text = json.dumps([self.taxonomy.fingerprint, pairs])
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def gold(self) -> "NDArray[np.bool_]":
        """Which categories each example has, bool (n, k), in taxonomy order."""
        import numpy as np

        ids = self.taxonomy.ids
        rows = [[name in each.categories for name in ids] for each in self.examples]
        return np.array(rows, np.bool_).reshape(len(rows), len(ids))

    def restricted(self, kept: Collection[str]) -> "Dataset":
        """The dataset with only some of its categories; for single choice, only their examples."""
        categories = tuple(each for each in self.taxonomy.categories if each.id in kept)
        taxonomy = replace(self.taxonomy, categories=categories)
        examples = (
            Example(each.document, tuple(name for name in each.categories if name in kept))
            for each in self.examples
        )
        single = taxonomy.choice == "single"
        return Dataset(tuple(e for e in examples if e.categories or not single), taxonomy)

    def subset(self, indices: Iterable[int]) -> "Dataset":
        """The examples at these positions, in that order."""
        return Dataset(tuple(self.examples[int(n)] for n in indices), self.taxonomy)


def read_dataset(workspace: Path) -> Dataset:
    """dataset.jsonl of the workspace with its taxonomy.

    Raises:
        InputError: there is none yet, or a line is not an example.
    """
    path = workspace / "dataset.jsonl"
    if not path.exists():
        raise InputError(
            f"{path}: no labels yet. Run `classify labels pull` after annotating, "
            "or `classify labels import FILE` for labels you already have."
        )
    return read_dataset_file(path, read_taxonomy(workspace))


def read_dataset_file(path: Path, taxonomy: Taxonomy) -> Dataset:
    """A dataset from JSONL: one object a line, a Document's fields and "labels".

    Raises:
        InputError: a line is not an example, or has a label outside the taxonomy.
    """
    examples = [_example(each, f"{path}:{n}") for n, each in read_records(path)]
    try:
        return Dataset(tuple(examples), taxonomy)
    except InputError as error:
        raise InputError(f"{path}: {error} Pull or import the labels again.") from error


def write_dataset(path: Path, dataset: Dataset) -> None:
    """Write a dataset as JSONL that `datasets.load_dataset("json", data_files=…)` reads."""
    write_records(
        path,
        ({**each.document.record(), "labels": list(each.categories)} for each in dataset.examples),
    )


def _example(record: dict[str, Any], where: str) -> Example:
    labels = record.pop("labels", None)
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
        raise InputError(f"{where}: 'labels' must be a list of category ids. Fix the line.")
    return Example(parse(record, Document, where), tuple(labels))
