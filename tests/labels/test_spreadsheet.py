"""`classify labels import`: labels one already has, in the files people have them in."""

import csv
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from labels.annotations import read_annotations
from labels.dataset import read_dataset
from labels.new_categories import Creation
from labels.spreadsheet import LabelledArticles, Layout, read_labelled, with_choice
from labels.taxonomy import Category, Taxonomy, read_taxonomy
from seeds.base.errors import InputError
from seeds.document import read_documents
from tests.support.command import SHARED, classify
from tests.support.corpus import taxonomy

NEWS = SHARED / "data" / "masakhanews-fra" / "train-50-per-class.tsv"
SENTENCES = SHARED / "data" / "sib200-fra" / "train.tsv"


def labelled(
    rows: list[dict[str, Any]],
    layout: Layout | None = None,
    names: Taxonomy | None = None,
    *,
    create: bool = False,
) -> LabelledArticles:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return read_labelled(
            path,
            layout or Layout(),
            names or taxonomy(),
            creation=Creation(every=create),
            remedy="add them with --create-categories",
        )


def labels_of(articles: LabelledArticles) -> list[tuple[str, ...]]:
    return [annotation.categories for annotation in articles.annotations]


def imported(workspace: Path, file: Path, *options: str) -> tuple[int, str, list[dict[str, Any]]]:
    finished = classify("labels", "import", file, "--workspace", workspace, *options)
    path = workspace / "dataset.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return finished.returncode, finished.stderr, [json.loads(line) for line in lines]


def contents(workspace: Path) -> dict[str, bytes]:
    """Every visible file of the workspace."""
    paths = [path for path in workspace.iterdir() if not path.name.startswith(".")]
    return {path.name: path.read_bytes() for path in paths}


def table(path: Path, rows: list[list[str]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def test_a_label_may_be_the_id_or_a_name_in_any_case_composed_or_not() -> None:
    names = Taxonomy("1", "multiple", (Category("economy", "Économie", "Economy (en)"),))
    decomposed = "E\u0301conomie"
    labels = ["economy", "ÉCONOMIE", " économie ", "economy (EN)", decomposed]
    rows = [{"text": f"Texte {n}", "label": label} for n, label in enumerate(labels)]
    assert labels_of(labelled(rows, names=names)) == [("economy",)] * 5


def test_an_id_means_its_own_category_even_where_another_has_that_name() -> None:
    names = Taxonomy(
        "1", "multiple", (Category("culture", "A", "A2"), Category("arts", "Arts", "Culture"))
    )
    articles = labelled([{"text": "Un texte", "label": "culture"}], names=names)
    assert labels_of(articles) == [("culture",)]


def test_several_categories_come_in_a_cell_or_a_list_and_in_the_taxonomys_order() -> None:
    rows: list[dict[str, Any]] = [
        {"text": "Un", "label": "sport; cinema ;"},
        {"text": "Deux", "label": ["trade", "cinema", "trade"]},
        {"text": "Trois", "label": ""},
        {"text": "Quatre", "label": []},
    ]
    assert labels_of(labelled(rows)) == [("cinema", "sport"), ("cinema", "trade"), (), ()]
    piped = labelled([{"text": "Un", "label": "sport|cinema"}], Layout(separator="|"))
    assert labels_of(piped) == [("cinema", "sport")]


def test_without_a_separator_a_cell_is_one_category() -> None:
    articles = labelled([{"text": "Un", "label": "a; b"}], Layout(separator=""), create=True)
    assert labels_of(articles) == [("a-b",)]


def test_a_label_that_is_the_number_zero_is_a_label() -> None:
    rows: list[dict[str, Any]] = [{"text": "Un", "label": 0}, {"text": "Deux", "label": 1}]
    assert labels_of(labelled(rows, create=True)) == [("0",), ("1",)]


def test_unknown_labels_are_all_named_with_the_number_of_their_rows() -> None:
    labels = ["opera", "opera", "jeux"]
    rows = [{"text": f"T{n}", "label": label} for n, label in enumerate(labels)]
    listed = r"jeux \(1 article\) in row 3, opera \(2 articles\) first in row 1"
    with pytest.raises(InputError, match=rf"f\.jsonl: not in the taxonomy: {listed}\..*--create"):
        labelled(rows)


def test_create_categories_adds_each_once_after_the_known_ones() -> None:
    labels = ["Opéra", "opera", "cinema", "science/technology"]
    rows = [{"text": f"T{n}", "label": label} for n, label in enumerate(labels)]
    articles = labelled(rows, create=True)
    assert articles.taxonomy.ids[:3] == ("cinema", "trade", "sport")
    assert sorted(articles.taxonomy.ids[3:]) == ["opera", "science-technology"]
    assert labels_of(articles) == [("opera",), ("opera",), ("cinema",), ("science-technology",)]
    assert articles.taxonomy["science-technology"].en == "science/technology"


def test_a_label_without_letters_names_the_file() -> None:
    with pytest.raises(InputError, match=r"f\.jsonl: row 1: category '\?\?' has no letter"):
        labelled([{"text": "T", "label": "??"}], create=True)


@pytest.mark.parametrize(
    ("row", "layout", "message"),
    [
        ({"x": "1", "label": "cinema"}, Layout(), r"no column of the text .*'x', 'label'"),
        ({"text": "1", "x": "cinema"}, Layout(), r"no column of the labels .*'text', 'x'"),
        ({"text": "1", "label": ""}, Layout(label="thème"), r"no column 'thème'.*--label-column"),
        ({"text": "1", "label": ""}, Layout(text=("a", "text")), r"no column 'a'.*--text-columns"),
    ],
)
def test_a_column_that_is_not_there_is_named_with_those_that_are(
    row: dict[str, str], layout: Layout, message: str
) -> None:
    with pytest.raises(InputError, match=rf"f\.jsonl: .*{message}"):
        labelled([row], layout)


def test_a_file_without_rows_is_refused() -> None:
    with pytest.raises(InputError, match=r"f\.jsonl: is empty: it has no record"):
        labelled([])


def test_bad_rows_are_named_and_the_others_kept_and_a_repeated_article_counts_once() -> None:
    rows = [
        {"text": "Un film", "label": "cinema"},
        {"text": "  ", "label": "cinema"},
        {"text": "Un  film ", "label": "trade"},
        {"text": "Un port", "label": "trade"},
    ]
    articles = labelled(rows)
    texts = [article.text for article in articles.documents.values()]
    assert texts == ["Un film", "Un port"]
    assert labels_of(articles) == [("cinema",), ("trade",)]
    assert articles.repeated == 1
    assert [fault.where for fault in articles.faults] == ["f.jsonl:2", "f.jsonl:3"]
    assert "with other categories" in articles.faults[1].message


def test_a_row_repeated_with_the_same_categories_is_no_fault() -> None:
    articles = labelled([{"text": "Un film", "label": "cinema"}] * 2)
    assert (articles.repeated, articles.faults) == (1, [])


def test_single_choice_refuses_rows_without_exactly_one_category() -> None:
    labels = ["", "cinema", "cinema;trade"]
    rows = [{"text": f"T{n}", "label": label} for n, label in enumerate(labels)]
    articles = labelled(rows, names=taxonomy("single"))
    assert labels_of(articles) == [("cinema",)]
    assert [fault.where for fault in articles.faults] == ["f.jsonl:1", "f.jsonl:3"]


def test_labels_of_the_workspace_may_forbid_single_choice() -> None:
    rows = [{"text": "T", "label": "cinema;trade"}]
    annotations = labelled(rows).annotations
    with pytest.raises(InputError, match="1 annotations"):
        with_choice(taxonomy(), "single", annotations)
    assert with_choice(taxonomy(), None, annotations) == taxonomy()
    assert with_choice(taxonomy(), "single", []).choice == "single"


@pytest.mark.slow
def test_an_article_of_a_table_is_the_one_that_seeds_add_makes_of_it(tmp_path: Path) -> None:
    """Else labels would go to copies of the workspace's articles."""
    rows = [
        ["id", "titre", "texte", "date", "label"],
        [
            "1",
            "Un festival s'ouvre à Cannes",
            "Le festival commence mardi.",
            "2024-05-14",
            "cinema",
        ],
        ["2", "", "Date 2021-03 Le port du Havre exporte davantage.", "", "trade"],
    ]
    file = table(tmp_path / "a.csv", rows, ";")
    assert classify("seeds", "add", file, "--workspace", tmp_path / "w").returncode == 0
    articles = read_documents(tmp_path / "w")
    code, _, records = imported(tmp_path / "w", file)
    assert code == 0
    assert read_documents(tmp_path / "w") == articles
    assert [record["id"] for record in records] == list(articles)
    assert records[0]["date"].strip() == "2024-05-14"
    assert records[0]["text"] == "Un festival s'ouvre à Cannes\n\nLe festival commence mardi."


@pytest.mark.slow
def test_importing_again_updates_the_files_articles_and_loses_no_label(
    tmp_path: Path,
) -> None:
    workspace = tmp_path / "w"
    a = table(tmp_path / "a.csv", [["text", "label"], ["Un", "cinema"], ["Deux", "trade"]])
    b = table(tmp_path / "b.csv", [["text", "label"], ["Trois", "sport"]])
    for file in (a, b):
        assert imported(workspace, file)[0] == 0
    table(a, [["text", "label"], ["Un", "sport"]])
    _, _, records = imported(workspace, a)
    assert [(record["text"], record["labels"]) for record in records] == [
        ("Un", ["sport"]),
        ("Deux", ["trade"]),
        ("Trois", ["sport"]),
    ]
    assert {annotation.annotator for annotation in read_annotations(workspace)} == {
        "import:a.csv",
        "import:b.csv",
    }


@pytest.mark.slow
def test_a_refused_import_changes_nothing_and_says_why_in_one_line(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    good = table(tmp_path / "a.csv", [["text", "label"], ["Un", "cinema"]])
    assert imported(workspace, good)[0] == 0
    original = contents(workspace)
    bad = table(tmp_path / "b.csv", [["text", "label"], ["Deux", "opera"]])
    for file, part in (
        (bad, "opera (1 article) in row 1"),
        (tmp_path / "none.csv", "does not exist"),
    ):
        code, message, _ = imported(workspace, file)
        assert code == 1
        assert message.startswith("Error: ")
        assert message.count("\n") == 1
        assert part in message
    assert contents(workspace) == original


@pytest.mark.slow
def test_many_contradicting_rows_are_named_in_part_and_counted(tmp_path: Path) -> None:
    rows = [[f"Texte {n}", label] for label in ("cinema", "trade") for n in range(30)]
    file = table(tmp_path / "a.csv", [["text", "label"], *rows])
    code, output, records = imported(tmp_path / "w", file)
    assert code == 1
    assert {record["labels"][0] for record in records} == {"cinema"}
    lines = output.splitlines()
    faults = [line for line in lines if "with other categories" in line]
    assert len(faults) == 20
    assert "a.csv:31: repeats the article of row 1 " in faults[0]
    assert "… and 10 more" in lines


@pytest.mark.slow
def test_an_import_names_the_categories_it_added_and_the_taxonomys_comments_survive(
    tmp_path: Path,
) -> None:
    workspace, path = tmp_path / "w", tmp_path / "w" / "taxonomy.toml"
    labels = table(tmp_path / "a.csv", [["text", "label"], ["Un", "cinema"]])
    assert "added" not in imported(workspace, labels)[1]
    written = path.read_text("utf-8") + "# Relu par le service culture.\n"
    assert written.startswith("#")
    path.write_text(written, "utf-8")
    rows = [["text", "label"], ["Deux", "opéra"], ["Trois", "jeux"], ["Quatre", "cinema"]]
    options = ("--create-categories", "--choice", "single")
    code, output, _ = imported(workspace, table(tmp_path / "b.csv", rows), *options)
    assert code == 0
    assert f"{path}: added jeux, opera" in output
    single = written.replace('choice = "multiple"', 'choice = "single"')
    assert path.read_text("utf-8").startswith(single)
    assert read_taxonomy(workspace).ids[-2:] == ("jeux", "opera")


@pytest.mark.slow
def test_imported_articles_get_the_language_that_seeds_add_gives_them(tmp_path: Path) -> None:
    texts = [
        "Le ministre de la culture a ouvert le festival de Cannes devant des cinéastes du monde.",
        "The minister of culture opened the festival in front of film makers from all the world.",
        "Le salon du livre a ouvert ses portes à Paris. "
        "电影节在巴黎开幕，许多导演参加了开幕式并发表讲话。",
    ]
    file = table(tmp_path / "a.csv", [["text", "label"], *([text, "culture"] for text in texts)])
    assert imported(tmp_path / "w", file)[0] == 0
    documents = read_documents(tmp_path / "w").values()
    languages = {document.text: document.language for document in documents}
    assert languages == dict(zip(texts, ["fr", "en", "fr+zh"], strict=True))
    assert classify("seeds", "add", file, "--workspace", tmp_path / "v").returncode == 0
    added = read_documents(tmp_path / "v").values()
    assert languages == {document.text: document.language for document in added}


@pytest.mark.slow
def test_bad_rows_are_named_and_the_exit_code_is_1(tmp_path: Path) -> None:
    rows = [["text", "label"], ["Un", "cinema"], ["", "cinema"]]
    code, output, records = imported(tmp_path / "w", table(tmp_path / "a.csv", rows))
    assert code == 1
    assert "a.csv:2: " in output
    assert "1 labelled article imported, 0 repeated, 1 with faults" in output
    assert len(records) == 1


@pytest.mark.slow
@pytest.mark.skipif(not NEWS.exists(), reason=f"{NEWS} is not beside this checkout")
def test_masakhanews_is_imported_in_full(tmp_path: Path) -> None:
    with NEWS.open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file, delimiter="\t"))
    code, output, records = imported(
        tmp_path / "w",
        NEWS,
        *("--text-columns", "headline,text", "--label-column", "category"),
        *("--choice", "single", "--create-categories"),
    )
    assert code == 0, output
    assert len(records) == len(expected)
    assert Counter(record["labels"][0] for record in records) == Counter(
        row["category"] for row in expected
    )
    assert all(len(record["labels"]) == 1 for record in records)
    assert records[0]["text"].startswith("L'ancienne méthode perse pour rester au frais\n\nDans la")
    assert records[0]["title"] == "L'ancienne méthode perse pour rester au frais"
    taxonomy = read_taxonomy(tmp_path / "w")
    assert taxonomy.choice == "single"
    assert taxonomy.ids[-2:] == ("business", "sports")  # the other three are default categories
    assert read_dataset(tmp_path / "w").taxonomy == taxonomy


@pytest.mark.slow
@pytest.mark.skipif(not SENTENCES.exists(), reason=f"{SENTENCES} is not beside this checkout")
def test_sib200s_science_technology_gets_an_id(tmp_path: Path) -> None:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    science = sum(row["category"] == "science/technology" for row in rows)
    assert science > 100
    options = ("--label-column", "category", "--choice", "single", "--create-categories")
    code, output, records = imported(tmp_path / "w", SENTENCES, *options)
    assert code == 0, output
    counts = Counter(record["labels"][0] for record in records)
    assert counts["science-technology"] == science
    assert len(records) == len(rows) == 701
    assert set(counts) == {row["category"].replace("/", "-") for row in rows}
