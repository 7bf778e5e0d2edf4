"""Labels of a workspace, imported from a file."""

import os
from dataclasses import replace
from pathlib import Path

from classify.workspace.labels import import_labels
from labels.dataset import Example
from labels.spreadsheet import Layout
from labels.taxonomy import Taxonomy
from tests.support.corpus import taxonomy, write_taxonomy


def since(added: str) -> Taxonomy:
    """The usual taxonomy, whose last category was added at some time."""
    *rest, last = taxonomy().categories
    return replace(taxonomy(), categories=(*rest, replace(last, added=added)))


def test_labels_from_a_file_do_not_answer_for_a_category_added_after_it(tmp_path: Path) -> None:
    folder, file = tmp_path / "w", tmp_path / "labels.csv"
    file.write_text("text,label\nLe port accueille un navire chargé de conteneurs,trade\n")
    layout = Layout(text=("text",), label="label")

    def imported() -> Example:
        (example,) = import_labels(
            folder, file, layout, choice=None, create=False
        ).labels.agreed.dataset.examples
        return example

    os.utime(file, (1_780_000_000, 1_780_000_000))  # 28 May 2026
    write_taxonomy(folder, since(""))
    assert (imported().categories, imported().unknown) == (("trade",), ())
    before = (folder / "annotations.jsonl").read_bytes()
    write_taxonomy(folder, since("2026-06-01T00:00:00Z"))
    assert (imported().categories, imported().unknown) == (("trade",), ("sport",))
    assert (folder / "annotations.jsonl").read_bytes() == before, "twice is once"
    os.utime(file, (1_790_000_000, 1_790_000_000))
    assert imported().unknown == ()
