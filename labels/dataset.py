"""The agreed labels a model learns from, on disk as JSON lines."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable
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

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T][\d:.,TZ+ -]{1,40})?")  # what Arrow reads as one
_BEGINNING = 500_000  # characters; some readers look at the first megabyte


@dataclass(frozen=True, slots=True)
class Example:
    """An article with its agreed categories, in taxonomy order.

    Attributes:
        unknown: the categories of which nobody knows whether it has them: its annotators are
            evenly split, or were not asked. It has none of the others.
        left_out: its agreed categories that a restricted dataset leaves out.
    """

    document: Document
    categories: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def is_measurable(self) -> bool:
        """Whether a prediction can be right: it has a category that is left, or none at all."""
        return bool(self.categories) or not self.left_out


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples in a fixed order, with the taxonomy their labels come from."""

    examples: tuple[Example, ...]
    taxonomy: Taxonomy

    def __post_init__(self) -> None:
        ids = set(self.taxonomy.ids)
        for example in self.examples:
            for category in (*example.categories, *example.unknown):
                if category not in ids:
                    problem = self.taxonomy.describe_unknown(category)
                    raise InputError(f"{example.document.id}: {problem}")
            if example.unknown:
                self._refuse_contradiction(example)
            if self.taxonomy.choice == "single" and len(example.categories) != 1:
                raise InputError(
                    f"{example.document.id}: the taxonomy is single choice, but the article has "
                    f"{len(example.categories)} categories. Correct its label."
                )

    def _refuse_contradiction(self, example: Example) -> None:
        """Refuse categories that are both known and not, and unknown ones of single choice."""
        both = sorted(set(example.categories) & set(example.unknown))
        if both:
            raise InputError(
                f"{example.document.id}: {', '.join(both)} can't be among its labels and unknown."
            )
        if self.taxonomy.choice == "single":
            raise InputError(
                f"{example.document.id}: the taxonomy is single choice, in which the one category "
                "of an article is known, and none can be unknown. Leave the article out."
            )

    @property
    def texts(self) -> list[str]:
        """The articles' texts, in order."""
        return [example.document.text for example in self.examples]

    @property
    def fingerprint(self) -> str:
        """8 hexadecimal digits over articles, labels, unknown pairs and taxonomy."""
        pairs = [
            [example.document.id, *example.categories, *filter(None, [list(example.unknown)])]
            for example in self.examples
        ]
        text = json.dumps([self.taxonomy.fingerprint, pairs])
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def gold(self) -> "NDArray[np.bool_]":
        """The gold labels, bool (n, k), categories in taxonomy order."""
        import numpy as np

        ids = self.taxonomy.ids
        rows = [[name in example.categories for name in ids] for example in self.examples]
        return np.array(rows, np.bool_).reshape(len(rows), len(ids))

    @property
    def known(self) -> "NDArray[np.bool_]":
        """Which pairs of article and category are known, bool (n, k); gold is False elsewhere."""
        import numpy as np

        known = np.ones((len(self.examples), len(self.taxonomy.ids)), np.bool_)
        for n, example in enumerate(self.examples):
            known[n, [self.taxonomy.places[name] for name in example.unknown]] = False
        return known

    @property
    def learnable(self) -> "NDArray[np.bool_]":
        """Which categories some articles are known to have and others to lack, bool (k,)."""
        import numpy as np

        gold = self.gold
        return np.asarray(gold.any(axis=0) & (self.known & ~gold).any(axis=0))

    @property
    def unknown_pairs(self) -> int:
        """How many pairs of article and category are unknown."""
        return sum(len(example.unknown) for example in self.examples)

    def restrict(self, ids: Collection[str]) -> "Dataset":
        """Return the dataset with only these categories; for single choice, their examples.

        For multiple choice every example stays; its other categories are left out.
        """
        categories = tuple(category for category in self.taxonomy.categories if category.id in ids)
        taxonomy = replace(self.taxonomy, categories=categories)
        examples = (_restrict_example(example, ids) for example in self.examples)
        single = taxonomy.choice == "single"
        return Dataset(tuple(e for e in examples if e.categories or not single), taxonomy)

    def subset(self, indices: Iterable[int]) -> "Dataset":
        """Return the examples at these positions, in that order."""
        return Dataset(tuple(self.examples[int(n)] for n in indices), self.taxonomy)


def read_dataset(workspace: Path) -> Dataset:
    """Return the workspace's dataset.jsonl with its taxonomy.

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
    """Return a dataset from JSONL: an object a line, a Document's fields, "labels", "unknown".

    "unknown" may be missing, as in files of earlier versions.

    Raises:
        InputError: a line is not an example, or has a label outside the taxonomy.
    """
    examples = [_read_example(record, f"{path}:{line}") for line, record in read_records(path)]
    try:
        return Dataset(tuple(examples), taxonomy)
    except InputError as error:
        raise InputError(f"{path}: {error} Pull or import the labels again.") from error


def write_dataset(path: Path, dataset: Dataset) -> None:
    """Write a dataset as JSONL that `datasets.load_dataset("json", data_files=…)` reads.

    Arrow, which reads it there, tells a field's type from the first megabytes alone: an article
    with categories and one with unknown ones are among the first lines if there are any, and what
    it would take for a point in time ends in a space.
    """
    examples = _begin_with(dataset.examples, lambda example: example.unknown)
    examples = _begin_with(examples, lambda example: example.categories)
    records = (
        {name: _mark(value) for name, value in example.document.record().items()}
        | {"labels": list(map(_mark, example.categories))}
        | {"unknown": list(map(_mark, example.unknown))}
        for example in examples
    )
    write_records(path, records)


def _restrict_example(example: Example, ids: Collection[str]) -> Example:
    kept = tuple(name for name in example.categories if name in ids)
    unknown = tuple(name for name in example.unknown if name in ids)
    others = (name for name in example.categories if name not in ids)
    return Example(example.document, kept, unknown, (*example.left_out, *others))


def _begin_with(
    examples: tuple[Example, ...], names: Callable[[Example], tuple[str, ...]]
) -> tuple[Example, ...]:
    """Put the first example that has such names first, unless it stands near the beginning."""
    size = 0
    for n, example in enumerate(examples):
        if names(example):
            return (example, *examples[:n], *examples[n + 1 :]) if size > _BEGINNING else examples
        size += len(example.document.text)
    return examples


def _mark(text: str) -> str:
    """Mark a text that looks like a point in time as text, by a space at its end."""
    return f"{text} " if _TIME.fullmatch(text) else text


def _unmark(text: Any) -> Any:
    """Return a text as it was before `_mark`."""
    marked = isinstance(text, str) and text.endswith(" ") and _TIME.fullmatch(text[:-1])
    return text[:-1] if marked else text


def _read_example(record: dict[str, Any], where: str) -> Example:
    labels = _pop_names(record, "labels", where)
    unknown = _pop_names(record, "unknown", where) if "unknown" in record else ()
    values = {name: _unmark(value) for name, value in record.items()}
    return Example(parse(values, Document, where), labels, unknown)


def _pop_names(record: dict[str, Any], field: str, where: str) -> tuple[str, ...]:
    names = record.pop(field, None)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{where}: {field!r} must be a list of category ids. Fix the line.")
    return tuple(map(_unmark, names))
