"""Labelled articles to measure runs on: the frozen test set, or a file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classify.faults import first_lines
from classify.terminal import say
from labels.dataset import Dataset, Example, read_dataset, read_dataset_file
from labels.spreadsheet import Layout, read_labelled
from labels.taxonomy import Taxonomy, read_taxonomy
from seeds.base.errors import InputError
from seeds.document import Document, content_id, read_documents
from training.runs.provenance import read_run_split
from training.runs.run import Run
from training.splitting.split import find_positions, read_split


@dataclass(frozen=True, slots=True)
class LabelledSource:
    """Where labelled articles come from.

    Attributes:
        file: a table, or a dataset.jsonl; None: the frozen test set of the workspace.
        layout: how to read a table.
    """

    file: Path | None
    layout: Layout

    @property
    def name(self) -> str:
        """The source, as in the JSON of `classify evaluate`."""
        return str(self.file) if self.file else "test part"


def read_labelled_articles(
    workspace: Path, source: LabelledSource, runs: Sequence[Run]
) -> tuple[Dataset, list[str]]:
    """Read labelled articles; return them and a line for each row that can't be used.

    The categories of a file are the workspace's if it has a taxonomy, else those of the first run.
    An article that resembles one a run was trained on joins its group.

    Raises:
        InputError: no test set is frozen, the file can't be read, or labels are not in the
            taxonomy; names them all.
    """
    if source.file is None:
        return read_test_set(workspace), []
    has_taxonomy = (workspace / "taxonomy.toml").is_file()
    taxonomy = read_taxonomy(workspace) if has_taxonomy else runs[0].taxonomy
    if _is_dataset(source.file):
        dataset = read_dataset_file(source.file, taxonomy)
        faults: list[str] = []
    else:
        dataset, faults = _read_table(workspace, source.file, source.layout, taxonomy)
    return _group_with_learned(workspace, dataset, runs), faults


def read_test_set(workspace: Path) -> Dataset:
    """Read the frozen test set: the articles of dataset.jsonl that no training learns from.

    Raises:
        InputError: no test set is frozen.
    """
    parts = read_split(workspace)
    if parts is None:
        raise InputError(
            f"{workspace / 'split.json'}: no test set is frozen yet. Run `classify train` with a "
            "--test share above 0, or name labelled articles with --on FILE."
        )
    dataset = read_dataset(workspace)
    return dataset.subset(find_positions(dataset, parts)[1])


def _read_table(
    workspace: Path, file: Path, layout: Layout, taxonomy: Taxonomy
) -> tuple[Dataset, list[str]]:
    """Read a table of labelled articles and the faults of its rows; what was assumed is said."""
    remedy = f"add them to {workspace / 'taxonomy.toml'}"
    labelled = read_labelled(file, layout, taxonomy, remedy=remedy)
    for line in first_lines(labelled.notes):
        say(line)
    examples = tuple(
        Example(labelled.documents[annotation.document_id], annotation.categories)
        for annotation in labelled.annotations
    )
    return Dataset(examples, taxonomy), first_lines(labelled.faults)


def _is_dataset(file: Path) -> bool:
    """Recognise a file written by `labels.dataset.write_dataset` by its first record."""
    if file.suffix != ".jsonl":
        return False
    try:
        with file.open(encoding="utf-8") as lines:
            record = json.loads(next(lines, ""))
        return bool(
            record.keys() - {"unknown"} == {*Document.__dataclass_fields__, "labels"}
            and record["id"] == content_id(record["text"])
        )
    except (OSError, ValueError, AttributeError, RecursionError):
        return False  # reading it as a table reports the fault


def _group_with_learned(workspace: Path, dataset: Dataset, runs: Sequence[Run]) -> Dataset:
    """Return the dataset with articles that resemble training articles in the group of those."""
    from seeds.duplicates import assign_groups
    from seeds.signatures import read_signatures

    learned_ids = {name for run in runs for name in read_run_split(run.path).learn}
    stored = read_documents(workspace)
    learned = [document for name, document in stored.items() if name in learned_ids]
    new = [example.document for example in dataset.examples if example.document.id not in stored]
    kept = read_signatures(workspace)
    grouped = assign_groups([*learned, *new], kept)[len(learned) :] if learned else []
    groups = {document.id: document.group for document in stored.values()}
    groups |= {document.id: document.group for document in grouped if document.group in learned_ids}
    examples = tuple(
        replace(example, document=replace(document, group=groups.get(document.id, document.group)))
        for example in dataset.examples
        for document in (example.document,)
    )
    return replace(dataset, examples=examples)
