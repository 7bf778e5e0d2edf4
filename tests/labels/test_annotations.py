"""Annotations on disk."""

from pathlib import Path

import pytest

from labels.annotations import Annotation, read_annotations, write_annotations
from seeds.base.errors import InputError


def test_every_field_of_an_annotation_is_read_back(tmp_path: Path) -> None:
    comment = "«ligne»\u2028 séparée\u0085\nsuite"
    annotations = [
        Annotation(
            "0" * 16, "a@b.fr", ("cinema",), "submitted", 3.5, True, "2026", comment, "2027"
        ),
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


def test_annotations_of_an_earlier_version_lack_the_time_of_their_change(tmp_path: Path) -> None:
    line = '{"document_id": "1", "annotator": "a", "categories": [], "created": "2026-11-01"}'
    (tmp_path / "annotations.jsonl").write_text(line)
    (annotation,) = read_annotations(tmp_path)
    assert (annotation.created, annotation.updated) == ("2026-11-01", "")


def test_the_last_change_is_the_update_and_else_the_making() -> None:
    times = [
        {"created": "2026-11-01T10:00:00Z"},
        {"created": "2026-11-01T09:00:00Z", "updated": "2026-11-01T10:00:00.5Z"},
        {"created": "2026-11-01T09:00:00Z", "updated": "2026-11-01T12:30:00+02:00"},
        {"created": "2026-11-01T11:00:00"},
    ]
    annotations = [Annotation("0" * 16, "a", (), **fields) for fields in times]
    assert sorted(annotations, key=lambda annotation: annotation.last_change) == annotations
