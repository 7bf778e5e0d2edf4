"""Datasets and annotations on disk."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from labels.annotations import Annotation, read_annotations, write_annotations
from labels.dataset import Dataset, Example, read_dataset, read_dataset_file, write_dataset
from seeds.base.errors import InputError
from seeds.document import Document
from tests.support.corpus import dataset, taxonomy, write_taxonomy

TEXT = "Été à Cannes, «ligne»\u2028 séparée\u0085\nsuite"


def test_a_dataset_is_json_lines_of_id_text_title_date_and_labels(tmp_path: Path) -> None:
    article = Document.of(TEXT, title="Été", date="2024-05-01")
    path = tmp_path / "dataset.jsonl"
    write_dataset(path, Dataset((Example(article, ("cinema", "sport")),), taxonomy()))
    (line,) = path.read_bytes().removesuffix(b"\n").split(b"\n")
    record = json.loads(line)
    assert record["id"] == article.id
    assert record["text"] == TEXT
    assert record["title"] == "Été"
    assert record["date"] == "2024-05-01"
    assert record["labels"] == ["cinema", "sport"]
    assert "Été".encode() in line  # readable, not \u escapes


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    data = dataset(9)
    odd = Dataset((*data.examples, Example(Document.of(TEXT), ())), data.taxonomy)
    write_dataset(tmp_path / "dataset.jsonl", odd)
    write_taxonomy(tmp_path, odd.taxonomy)
    found = read_dataset(tmp_path)
    assert found == odd
    assert found.fingerprint == odd.fingerprint


def test_without_labels_it_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no labels yet.*labels pull.*labels import"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": ["opera"]}, "'opera' is not in the taxonomy"),
        ({"labels": "cinema"}, ":1: 'labels' must be a list"),
        ({"labels": [3]}, ":1: 'labels' must be a list"),
        ({"labels": None}, ":1: 'labels' must be a list"),
        ({"text": "Autre"}, "not that of the text"),
        ({"colour": "x"}, "unknown key 'colour'"),
        ({"date": "hier"}, "'hier'"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = tmp_path / "d.jsonl"
    record = {**Document.of("Un texte").record(), "labels": ["cinema"]}
    path.write_text(json.dumps({**record, **change}) + "\n")
    with pytest.raises(InputError) as caught:
        read_dataset_file(path, taxonomy())
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)


@pytest.mark.parametrize("categories", [(), ("cinema", "trade")])
def test_single_choice_needs_exactly_one_category(categories: tuple[str, ...]) -> None:
    article = Document.of("Un texte")
    with pytest.raises(InputError, match=rf"{article.id}.*{len(categories)} categories"):
        Dataset((Example(article, categories),), taxonomy("single"))


def test_the_fingerprint_follows_articles_labels_order_and_taxonomy() -> None:
    data = dataset(6)
    first, second, *rest = data.examples
    changed = [
        Dataset((second, first, *rest), data.taxonomy),
        Dataset((replace(first, categories=("sport",)), second, *rest), data.taxonomy),
        Dataset((first, second, *rest[:-1]), data.taxonomy),
        Dataset(data.examples, taxonomy("multiple", ("cinema", "trade", "sport", "opera"))),
    ]
    assert len({data.fingerprint, *(each.fingerprint for each in changed)}) == 5
    assert dataset(6).fingerprint == data.fingerprint


def test_a_subset_keeps_the_order_asked_for() -> None:
    data = dataset(6)
    assert data.subset([4, 0]).examples == (data.examples[4], data.examples[0])


def test_annotations_are_kept_in_full(tmp_path: Path) -> None:
    given = [
        Annotation("0" * 16, "a@b.fr", ("cinema",), "submitted", 3.5, True, "2026", TEXT),
        Annotation("1" * 16, "import:f.csv", (), "skipped"),
    ]
    assert read_annotations(tmp_path) == []
    write_annotations(tmp_path, given)
    assert read_annotations(tmp_path) == given


def test_a_damaged_annotations_file_names_the_line(tmp_path: Path) -> None:
    write_annotations(tmp_path, [Annotation("0" * 16, "a", ())])
    path = tmp_path / "annotations.jsonl"
    path.write_text(path.read_text() + '{"document_id": "1", "annot\n')
    with pytest.raises(InputError, match=r"annotations\.jsonl:2: not JSON"):
        read_annotations(tmp_path)
