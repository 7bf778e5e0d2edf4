"""Labels in the tables that newsrooms and other programs have: read as they were meant."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from labels.annotations import read_annotations
from labels.new_categories import Creation
from labels.spreadsheet import LabelledArticles, Layout, read_labelled
from labels.taxonomy import read_taxonomy
from seeds.base.errors import InputError
from tests.support.command import SHARED, classify
from tests.support.reading import split, write

CASES = SHARED / "cases"
needs_cases = pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not beside this checkout")


def labelled(file: Path, *, create: bool = False, layout: Layout | None = None) -> LabelledArticles:
    """Read a file with the categories that every new workspace has."""
    taxonomy = read_taxonomy(file.parent / "no workspace")
    creation = Creation(every=create)
    return read_labelled(
        file, layout or Layout(), taxonomy, creation=creation, remedy="add them to taxonomy.toml"
    )


def labels_of(articles: LabelledArticles) -> list[tuple[str, ...]]:
    return [annotation.categories for annotation in articles.annotations]


def ids_of(file: Path) -> list[str]:
    """The ids of the articles that `classify seeds add` reads."""
    return [article.document.id for article in split([file])[0]]


# ---------------------------------------------------------------- reported of other tools


@needs_cases
def test_binary_strings_of_parquet_are_text() -> None:
    file = CASES / "binary_parquet" / "pq_binary.parquet"
    articles = labelled(file)
    assert articles.faults == articles.notes == []
    assert [document.text for document in articles.documents.values()] == [
        "Le festival de Cannes ouvre avec un film roumain et un jury de onze cinéastes.",
        "Le ministre signe un accord de commerce sur le café avec la délégation de Hanoï.",
        "Le musée de Lyon restitue trois masques à Cotonou après des années de demandes.",
    ]
    assert list(articles.documents) == ids_of(file)


@needs_cases
@pytest.mark.parametrize(
    ("case", "labels"),
    [
        ("blank_rows/blank.csv", [("cinema",)]),
        ("columns_of_first_row/rows.jsonl", [("cinema",), ("trade",), ("museum",)]),
        ("french_plural_column/cat.csv", [("cinema",)]),
        ("label_names/names.csv", [("museum",), ("museum",), ("health",), ("trade",)]),
        ("list_cells/pandas.csv", [("trade", "diplomacy"), ("cinema",)]),
        ("list_cells/pandas2.csv", [("trade", "diplomacy"), ()]),
        ("list_cells/label_studio.csv", [("cinema",), ("trade", "diplomacy")]),
    ],
)
@pytest.mark.parametrize("create", [False, True])
def test_a_case_is_read_without_a_word(
    case: str, labels: list[tuple[str, ...]], create: bool
) -> None:
    articles = labelled(CASES / case, create=create)
    assert labels_of(articles) == labels
    assert articles.faults == articles.notes == []
    assert len(articles.taxonomy.ids) == 16
    assert list(articles.documents) == ids_of(CASES / case)


@needs_cases
@pytest.mark.parametrize(
    ("case", "where", "message", "labels"),
    [
        ("bad.jsonl", "bad.jsonl:2", "not JSON", [("cinema",), ("trade",)]),
        ("open_quote.csv", "open_quote.csv:1", "a quote is left open", [("trade",), ("museum",)]),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_are_read(
    case: str, where: str, message: str, labels: list[tuple[str, ...]]
) -> None:
    articles = labelled(CASES / "one_bad_row" / case)
    assert labels_of(articles) == labels
    (fault,) = articles.faults
    assert fault.where == where
    assert fault.message.startswith(message)


@needs_cases
def test_an_assumed_encoding_is_said() -> None:
    (note,) = labelled(CASES / "import_encoding_note" / "mac.csv").notes
    assert note.where == "mac.csv:1"
    assert note.message == (
        "cp1252 assumed, mac-roman possible: check the accents, or name it with --encoding"
    )
    (note,) = labelled(CASES / "import_encoding_note" / "cp850.csv").notes
    assert "possible: check the accents" in note.message


@needs_cases
def test_objects_in_a_title_or_a_source_cost_no_article() -> None:
    articles = labelled(CASES / "object_columns" / "posts_flat.jsonl")
    (article,) = articles.documents.values()
    assert (article.title, article.date) == ("Un accord signé", "2023-08-12")
    assert article.text.startswith("Un accord signé\n\nLe ministre du commerce a signé")
    [news], faults = split([CASES / "object_columns" / "newsapi.jsonl"])
    assert faults == []
    assert (news.document.title, news.document.date) == ("Un accord signé", "2023-08-12")
    assert news.notes == ("column 'source' holds an object, not text: left out",)
    assert len(labelled(CASES / "object_columns" / "export.jsonl").annotations) == 2


@needs_cases
def test_names_that_are_no_category_are_listed_as_they_stand_in_the_file() -> None:
    file = CASES / "unknown_label_slug" / "unk.csv"
    with pytest.raises(InputError, match=r"unk\.csv: not in the taxonomy: Médecine \(1 article\)"):
        labelled(file)
    lists = labelled(CASES / "unknown_label_slug" / "plist2.csv")
    assert ("cinema", "trade") in labels_of(lists)


@needs_cases
def test_html_in_a_cell_is_no_text() -> None:
    file = CASES / "html_in_cells" / "html_cell.csv"
    articles = labelled(file)
    (article,) = articles.documents.values()
    assert article.text.startswith("L’accord\n\nLe ministre signe l’accord.")
    assert not set("<>&[") & set(article.text)
    assert list(articles.documents) == ids_of(file)


# ---------------------------------------------------------------- of our own


def rows_of(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("name", "content", "labels"),
    [
        # Excel, LibreOffice
        (
            "a.csv",
            "\ufeffTexte;Catégories\r\nUn.;Cinéma\r\nDeux.;\r\n",
            [("cinema",), ()],
        ),
        ("a.csv", "sep=;\r\nTEXTE;CATÉGORIE\r\nUn.;CINÉMA\r\n;\r\n;\r\n", [("cinema",)]),
        ("a.csv", "Texte;Cate\u0301gories;;\nUn.;Cine\u0301ma;;\n;;;\n", [("cinema",)]),
        ("a.tsv", "texte\tthèmes\nUn.\tSport;Santé\n\t\n", [("sport", "health")]),
        ("a.csv", "texte,étiquettes\nUn.,Sport\n\x1a", [("sport",)]),
        # pandas, polars, R
        ("a.csv", ",text,label\n0,Un.,\"['sport']\"\n1,Deux.,[]\n", [("sport",), ()]),
        ("a.csv", "text,label\nUn.,\"['sport' 'health']\"\n", [("sport", "health")]),
        (
            "a.jsonl",
            rows_of({"text": "Un.", "label": ["sport"]}, {"text": "Deux.", "label": []}),
            [("sport",), ()],
        ),
        (
            "a.csv",
            '"","text","label"\n"1","Un.","Sport"\n"2","Deux.",""\n',
            [("sport",), ()],
        ),
        # Label Studio: CSV, and JSON_MIN written as lines
        (
            "a.csv",
            'id,text,topics,annotator\n1,Un.,"{""choices"":[""sport"",""health""]}",2\n',
            [("sport", "health")],
        ),
        (
            "a.jsonl",
            rows_of({"id": 1, "text": "Un.", "label": {"choices": ["sport", "health"]}}),
            [("sport", "health")],
        ),
        # doccano
        (
            "a.jsonl",
            rows_of({"id": 1, "text": "Un.", "label": ["Sport", "Santé"], "Comments": []}),
            [("sport", "health")],
        ),
        # columns of another name in each record
        (
            "a.jsonl",
            rows_of({"text": "Un.", "label": "sport"}, {"contenu": "Deux.", "Rubriques": "Santé"}),
            [("sport",), ("health",)],
        ),
        # typographic names, mojibake, entities
        (
            "a.csv",
            "texte;thème\nUn.;Conflit,\xa0guerre et\u202fpaix\nDeux.;Economie et finances\n",
            [("conflict",), ("economy",)],
        ),
        ("a.csv", "texte;catégorie\nUn.;SantÃ©\n", [("health",)]),
        ("a.csv", 'texte;catégorie\nUn.;"Sant&eacute;"\n', [("health",)]),
    ],
)
def test_a_table_is_read_as_its_program_meant_it(
    tmp_path: Path, name: str, content: str, labels: list[tuple[str, ...]]
) -> None:
    file = write(tmp_path / name, content)
    articles = labelled(file)
    assert labels_of(articles) == labels
    assert articles.faults == articles.notes == []
    assert list(articles.documents) == ids_of(file)


def test_a_row_that_ends_before_its_label_is_a_fault(tmp_path: Path) -> None:
    lines = "Texte,Catégorie,Date\nLe conseil a voté.\nLes cheminots.,Sport\nUn.,\n"
    articles = labelled(write(tmp_path / "a.csv", lines))
    assert labels_of(articles) == [("sport",), ()]
    (fault,) = articles.faults
    assert (fault.where, fault.message) == (
        "a.csv:1",
        "has 1 field where the header has 3. Write a delimiter for each field, empty ones too.",
    )


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (pa.array([["sport", "health"], []]), [("sport", "health"), ()]),
        (pa.array([b"Sant\xc3\xa9", b"sport"]), [("health",), ("sport",)]),
        (pa.array(["sport", ""]), [("sport",), ()]),
        (pa.array(["sport", "health"]).dictionary_encode(), [("sport",), ("health",)]),
        (pa.array([{"choices": ["sport"]}, {"choices": []}]), [("sport",), ()]),
        (pa.array([["sport"], ["health"]], pa.list_(pa.string(), 1)), [("sport",), ("health",)]),
    ],
)
def test_labels_of_parquet_are_read_however_they_are_stored(
    tmp_path: Path, column: pa.Array, labels: list[tuple[str, ...]]
) -> None:
    file = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["Un.", "Deux."], "labels": column}), file)
    assert labels_of(labelled(file)) == labels


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "Deux.", "label": {"nom": "a"}}, "column 'label' holds an object, not names"),
        ({"text": "Deux.", "label": None}, "no label: column 'label' holds null. Leave the"),
        ({"text": "Deux.", "label": "NaN"}, "no label: column 'label' holds NaN. Leave the"),
        ({"text": "#REF!", "label": "sport"}, "is empty: the cell holds #REF!. Add a text"),
        ({"text": "Deux.", "label": True}, "column 'label' holds true or false, not names"),
        ({"text": "Deux.", "label": 0.5}, "column 'label' holds a number, not names"),
        ({"text": "Deux.", "label": [["sport"]]}, "column 'label' holds a list, not names"),
        ({"text": "Deux.", "label": "mot " * 100}, "column 'label' holds a long text, not names"),
        ({"text": "Deux."}, "has no column of the labels (labels, label"),
        ({"label": "sport"}, "has no column of the text (text, texte"),
        ({"text": {"html": "Deux."}, "label": "a"}, "column 'text' holds an object, not text"),
        ({"text": 2, "label": "sport"}, "column 'text' holds a number, not text"),
        ({"text": "", "label": "sport"}, "is empty. Add a text"),
        ({"text": "© AFP", "label": "sport"}, "holds nothing but credits"),
        ([], "expected a JSON object"),
    ],
)
def test_a_row_that_can_not_be_used_costs_no_other(tmp_path: Path, row: Any, message: str) -> None:
    first, last = {"text": "Un.", "label": "sport"}, {"text": "Trois.", "label": "health"}
    articles = labelled(write(tmp_path / "a.jsonl", rows_of(first, row, last)))
    assert labels_of(articles) == [("sport",), ("health",)]
    (fault,) = articles.faults
    assert fault.where == "a.jsonl:2"
    assert fault.message.startswith(message)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "text,x\nUn.,sport\n", "has no column of the labels"),
        ("a.csv", "x,label\nUn.,sport\n", "has no column of the text"),
        ("a.csv", "text,label\n,\n , \n", "is empty: it has no record"),
        ("a.csv", "text,label,label\nUn.,sport,x\n", "has the column 'label' twice"),
        ("a.jsonl", '[{"text":"Un.","label":"a"}]', "no usable row: a.jsonl:1: begins like"),
        ("a.txt", "Un.", "not a table. Give a .csv"),
        (
            "a.csv",
            "text,label\nUn.,Médecine\n",
            "not in the taxonomy: Médecine (1 article) in row 1",
        ),
    ],
)
def test_a_file_that_can_not_be_used_is_one_line(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        labelled(write(tmp_path / name, content))
    assert str(caught.value).startswith(f"{tmp_path / name}: {message}")


def test_a_named_column_of_the_date_must_be_there(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "text,label\nUn.,sport\n")
    with pytest.raises(InputError, match=r"no column 'jour'.*--date-column"):
        labelled(file, layout=Layout(date="jour"))


def test_notes_on_dates_and_left_out_columns_are_kept(tmp_path: Path) -> None:
    rows = (
        {"text": "Un.", "label": "sport", "date": "bientôt"},
        {"text": "Deux.", "label": "sport", "title": {"a": 1}},
    )
    articles = labelled(write(tmp_path / "a.jsonl", rows_of(*rows)))
    first, second = articles.notes
    assert first.message.startswith("date 'bientôt' not understood")
    assert (second.where, second.message) == (
        "a.jsonl:2",
        "column 'title' holds an object, not text: left out",
    )


@pytest.mark.slow
def test_an_import_says_what_it_assumed_and_left_out_and_goes_on(tmp_path: Path) -> None:
    rows = (
        {"text": "Un.", "label": "Sports", "date": "bientôt"},
        {"text": "Deux.", "label": {"a": 1}},
        {"text": "mot " * 500, "label": "sport"},
    )
    file = write(tmp_path / "a.jsonl", rows_of(*rows))
    command = ("labels", "import", file, "--workspace", tmp_path / "w", "--max-size", "1kB")
    refused = classify(*command, "--create-categories")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "nearly known: Sports (1 article) in row 1 (did you mean 'Sport'?)" in refused.stderr
    assert "--new-category 'Sports'" in refused.stderr
    done = classify(*command, "--new-category", "Sports")
    assert done.returncode == 1
    notes = done.stderr.splitlines()
    assert notes[0].startswith("a.jsonl:1: date 'bientôt' not understood")
    assert notes[1].startswith("a.jsonl:2: column 'label' holds an object")
    assert notes[2].startswith("a.jsonl:3: is longer than 1 kB. Raise the limit with --max-size")
    assert notes[3] == "a.jsonl: 1 labelled article imported, 0 repeated, 2 with faults"
    assert [annotation.categories for annotation in read_annotations(tmp_path / "w")] == [
        ("sports",)
    ]


def test_the_same_note_on_many_rows_is_said_once(tmp_path: Path) -> None:
    lines = [f"Le café numéro {n}.,sport" for n in range(60)]
    file = tmp_path / "a.csv"
    file.write_bytes("\n".join(["text,label", *lines]).encode("cp1252"))
    (note,) = labelled(file).notes
    assert note.where == "a.csv:1"
    assert note.message.endswith(" (so in 59 more)")
