"""Datasets: on disk, their fingerprint, parts of them."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from pyarrow.json import read_json

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
    assert record["unknown"] == []
    assert "Été".encode() in line  # readable, not \u escapes


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    data = dataset(9)
    added = Example(Document.of(TEXT), ()), Example(Document.of("Deux"), ("trade",), ("sport",))
    odd = Dataset((*data.examples, *added), data.taxonomy)
    write_dataset(tmp_path / "dataset.jsonl", odd)
    write_taxonomy(tmp_path, odd.taxonomy)
    read_back = read_dataset(tmp_path)
    assert read_back == odd
    assert read_back.fingerprint == odd.fingerprint


# What `datasets` does: it reads 10 MB at a time, and tells the types from each by itself.
def arrow_types(lines: bytes) -> dict[str, str]:
    return {field.name: str(field.type) for field in read_json(io.BytesIO(lines)).schema}


TEXTS = dict.fromkeys(("id", "text", "title", "date", "language", "source", "group"), "string")


@pytest.mark.parametrize(
    "value",
    [
        *("2023-08-12", "2023-08", "2023", ""),
        *("2023-08-12 10:00", "2023-08-12T10:00:00Z", "2023-08-12T10:00:00+02:00", "0000-01-01"),
    ],
)
def test_no_field_reads_as_a_point_in_time(tmp_path: Path, value: str) -> None:
    """Else the next block, in which an article has no date, could not be read."""
    date = value if len(value) < 11 else ""
    article = Document.of("Un texte", title=value, date=date, source=value)
    path = tmp_path / "dataset.jsonl"
    names = taxonomy("multiple", ("2023-08-12",))
    other = Example(Document.of("Un autre texte"), (), ("2023-08-12",))
    data = Dataset((Example(article, ("2023-08-12",)), other), names)
    write_dataset(path, data)
    types = arrow_types(path.read_bytes())
    for name in ("labels", "unknown"):
        assert types.pop(name) in ("list<item: string>", "list<element: string>")
    assert types == TEXTS
    assert read_dataset_file(path, names) == data


def test_an_article_with_categories_is_among_the_first_lines(tmp_path: Path) -> None:
    """Else its categories would be of another type than those of the articles above."""
    text = "Le film. " * 1000
    examples = [Example(Document.of(f"{text}{n}"), ()) for n in range(200)]
    examples += [Example(Document.of(f"{text}film {n}"), ("cinema",)) for n in range(3)]
    path = tmp_path / "dataset.jsonl"
    write_dataset(path, Dataset(tuple(examples), taxonomy()))
    first = json.loads(path.read_bytes().partition(b"\n")[0])
    assert (first["id"], first["labels"]) == (examples[200].document.id, ["cinema"])
    read_back = read_dataset_file(path, taxonomy()).examples
    assert sorted(read_back, key=str) == sorted(examples, key=str)
    write_dataset(path, Dataset(tuple(examples[150:]), taxonomy()))
    assert read_dataset_file(path, taxonomy()).examples == tuple(examples[150:])
    examples.append(Example(Document.of(f"{text}divers"), (), ("trade",)))
    write_dataset(path, Dataset(tuple(examples), taxonomy()))
    first, second = map(json.loads, path.read_bytes().splitlines()[:2])
    assert (first["labels"], second["unknown"]) == (["cinema"], ["trade"])


@pytest.mark.slow
def test_the_datasets_library_reads_any_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    datasets = pytest.importorskip("datasets", reason="of an extra: camembert")
    text = "Le film. " * 1400
    dates = ["2023-08-12"] * 1000 + ["", "2023-08", "2023"] + ["2023-08-13"] * 1000
    examples = tuple(
        Example(
            Document.of(f"{text}{n}", date=date),
            ("cinema",) if n > 1500 else (),
            ("trade",) if n > 1900 else (),
        )
        for n, date in enumerate(dates)
    )
    path = tmp_path / "dataset.jsonl"
    write_dataset(path, Dataset(examples, taxonomy()))
    assert path.stat().st_size > 20_000_000
    rows = datasets.load_dataset(
        "json", data_files=str(path), cache_dir=str(tmp_path / "cache"), split="train"
    )
    assert len(rows) == 2003
    assert {name: rows.features[name].dtype for name in TEXTS} == TEXTS
    assert sorted(rows["labels"]) == sorted(list(example.categories) for example in examples)
    assert sorted(rows["unknown"]) == sorted(list(example.unknown) for example in examples)
    assert sorted(date.strip() for date in rows["date"]) == sorted(dates)


def test_a_dataset_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    record = {**Document.of("Un texte", date="2023-08-12").record(), "labels": ["cinema"]}
    path = tmp_path / "dataset.jsonl"
    path.write_text(json.dumps(record) + "\n")
    (example,) = read_dataset_file(path, taxonomy()).examples
    assert example.document.date == "2023-08-12"


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
        ({"unknown": ["opera"]}, "'opera' is not in the taxonomy"),
        ({"unknown": "trade"}, ":1: 'unknown' must be a list"),
        ({"unknown": None}, ":1: 'unknown' must be a list"),
        ({"unknown": ["trade", "cinema"]}, "cinema can't be among its labels and unknown"),
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


def test_single_choice_has_no_unknown_categories() -> None:
    article = Document.of("Un texte")
    with pytest.raises(InputError, match=rf"{article.id}.*none can be unknown"):
        Dataset((Example(article, ("cinema",), ("trade",)),), taxonomy("single"))


def test_a_dataset_without_unknown_pairs_has_the_fingerprint_it_had_before_there_were_any() -> None:
    assert dataset(6).fingerprint == "f4a2858b"


def test_the_fingerprint_follows_articles_labels_order_and_taxonomy() -> None:
    data = dataset(6)
    a, b, *rest = data.examples
    variants = [
        Dataset((b, a, *rest), data.taxonomy),
        Dataset((replace(a, categories=("sport",)), b, *rest), data.taxonomy),
        Dataset((replace(a, unknown=("sport",)), b, *rest), data.taxonomy),
        Dataset((replace(a, categories=(*a.categories, "sport")), b, *rest), data.taxonomy),
        Dataset((a, b, *rest[:-1]), data.taxonomy),
        Dataset(data.examples, taxonomy("multiple", ("cinema", "trade", "sport", "opera"))),
    ]
    assert len({data.fingerprint, *(variant.fingerprint for variant in variants)}) == 7
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
    open_ = replace(examples[0], unknown=("trade", "sport"))
    (rest,) = Dataset((open_,), taxonomy()).restrict(["trade"]).examples
    assert (rest.categories, rest.unknown, rest.left_out) == ((), ("trade",), ("cinema",))
    single = Dataset(examples, taxonomy("single")).restrict(["cinema"])
    assert [example.document for example in single.examples] == [film]


def test_gold_labels_are_a_row_for_each_example_in_taxonomy_order() -> None:
    examples = (Example(Document.of("Un"), ("trade",)), Example(Document.of("Deux"), ()))
    gold = Dataset(examples, taxonomy()).gold
    assert gold.tolist() == [[False, True, False], [False, False, False]]
    assert Dataset((), taxonomy()).gold.shape == (0, 3)


def test_known_pairs_are_all_but_the_unknown_ones() -> None:
    examples = (Example(Document.of("Un"), ("trade",), ("cinema", "sport")),)
    data = Dataset((*examples, Example(Document.of("Deux"), ())), taxonomy())
    assert data.known.tolist() == [[False, True, False], [True, True, True]]
    assert data.unknown_pairs == 2
    assert Dataset((), taxonomy()).known.shape == (0, 3)
