"""Annotations on disk."""

from pathlib import Path

import pytest

from labels.annotations import Annotation, read_annotations, write_annotations
from seeds.base.errors import InputError


def test_every_field_of_an_annotation_is_read_back(tmp_path: Path) -> None:
    comment = "«ligne»\u2028 séparée\u0085\nsuite"
    annotations = [
        Annotation("0" * 16, "a@b.fr", ("cinema",), "submitted", 3.5, True, "2026", comment),
        Annotation("1" * 16, "import:f.csv", (), "skipped"),
    ]
    assert read_annotations(tmp_path) == []
    write_annotations(tmp_path, annotations)
    assert read_annotations(tmp_path) == annotations


def test_a_damaged_annotations_file_names_the_line(tmp_path: Path) -> None:
    write_annotations(tmp_path, [Annotation("0" * 16, "a", ())])
    path = tmp_path / "annotations.jsonl"
    path.write_text(path.read_text() + '{"document_id": "1", "annot\n')
    with pytest.raises(InputError, match=r"annotations\.jsonl:2: not JSON"):
        read_annotations(tmp_path)
