"""Datasets: on disk, their fingerprint, parts of them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

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
    assert record["date"] == "2024-05-01 ", "without the space, Arrow reads a point in time"
    assert record["labels"] == ["cinema", "sport"]
    assert "Été".encode() in line  # readable, not \u escapes


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    data = dataset(9)
    odd = Dataset((*data.examples, Example(Document.of(TEXT), ())), data.taxonomy)
    write_dataset(tmp_path / "dataset.jsonl", odd)
    write_taxonomy(tmp_path, odd.taxonomy)
    read_back = read_dataset(tmp_path)
    assert read_back == odd
    assert read_back.fingerprint == odd.fingerprint


def test_without_labels_it_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no labels yet.*labels pull.*labels import"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
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
def test_a_wrong_line_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "d.jsonl"
    record = {**Document.of("Un texte").record(), "labels": ["cinema"]}
    path.write_text(json.dumps({**record, **change}) + "\n")
    with pytest.raises(InputError) as caught:
        read_dataset_file(path, taxonomy())
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


@pytest.mark.parametrize("categories", [(), ("cinema", "trade")])
def test_single_choice_needs_exactly_one_category(categories: tuple[str, ...]) -> None:
    article = Document.of("Un texte")
    with pytest.raises(InputError, match=rf"{article.id}.*{len(categories)} categories"):
        Dataset((Example(article, categories),), taxonomy("single"))


def test_the_fingerprint_follows_articles_labels_order_and_taxonomy() -> None:
    data = dataset(6)
    a, b, *rest = data.examples
    variants = [
        Dataset((b, a, *rest), data.taxonomy),
        Dataset((replace(a, categories=("sport",)), b, *rest), data.taxonomy),
        Dataset((a, b, *rest[:-1]), data.taxonomy),
        Dataset(data.examples, taxonomy("multiple", ("cinema", "trade", "sport", "opera"))),
    ]
    assert len({data.fingerprint, *(variant.fingerprint for variant in variants)}) == 5
    assert dataset(6).fingerprint == data.fingerprint


def test_a_subset_keeps_the_order_asked_for() -> None:
    data = dataset(6)
    assert data.subset([4, 0]).examples == (data.examples[4], data.examples[0])


def test_a_restricted_dataset_has_only_some_categories_and_single_choice_only_their_examples() -> (
    None
):
    film, port = Document.of("Un film"), Document.of("Un port")
    examples = (Example(film, ("cinema",)), Example(port, ("trade",)))
    multiple = Dataset(examples, taxonomy()).restrict(["cinema"])
    assert multiple.taxonomy.ids == ("cinema",)
    assert [example.categories for example in multiple.examples] == [("cinema",), ()]
    single = Dataset(examples, taxonomy("single")).restrict(["cinema"])
    assert [example.document for example in single.examples] == [film]


def test_gold_labels_are_a_row_for_each_example_in_taxonomy_order() -> None:
    examples = (Example(Document.of("Un"), ("trade",)), Example(Document.of("Deux"), ()))
    gold = Dataset(examples, taxonomy()).gold
    assert gold.tolist() == [[False, True, False], [False, False, False]]
    assert Dataset((), taxonomy()).gold.shape == (0, 3)
