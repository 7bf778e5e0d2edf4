"""Tables: which columns hold what, JSONL, Parquet, and cells that are no text."""

import datetime as dt
import io
import json
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from seeds.base.errors import InputError
from seeds.reading.columns import Columns, find_columns
from seeds.reading.files import File
from seeds.reading.tables.cells import Record
from seeds.reading.tables.table_file import read_table_records
from tests.support.reading import read_rows, split, write


@pytest.mark.parametrize("columns", [Columns(), Columns(text=("corps du texte",))])
def test_a_missing_column_is_said_once_with_those_there(tmp_path: Path, columns: Columns) -> None:
    path = write(tmp_path / "a.csv", "sujet,resume\nx,y\nz,w\n")
    articles, [fault] = split([path], columns=columns)
    assert not articles
    assert "'sujet', 'resume'" in fault.message
    assert "--text-columns" in fault.message


def test_a_missing_column_of_the_id_is_not_looked_for_among_those_of_the_text(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a.csv", "text,cote\nx,y\n")
    _, [fault] = split([path], columns=Columns(id="numero"))
    assert "no column 'numero'" in fault.message
    assert "--id-column" in fault.message
    assert "--text-columns" not in fault.message


def test_columns_are_found_by_their_usual_names_in_any_case() -> None:
    assert find_columns(Columns(), ["ID", "Titre", "Texte", "url"]) == Columns(
        text=("Texte",), title="Titre", source="url", id="ID"
    )
    with pytest.raises(InputError, match="'jour'"):
        find_columns(Columns(date="jour"), ["text"])
    assert find_columns(Columns(date="jour"), ["text"], loose=True) == Columns(text=("text",))


def test_rows_gives_every_column_and_stops_at_the_first_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "category;text\nsport;Un.\nsport;Deux.;Trois.\n")
    table = read_rows(path)
    assert next(table) == (1, {"category": "sport", "text": "Un."})
    with pytest.raises(InputError, match=r"a\.csv:2: has 3 fields"):
        next(table)
    with pytest.raises(InputError, match="does not exist"):
        list(read_rows(tmp_path / "absent.csv"))
    with pytest.raises(InputError, match="not a table"):
        list(read_rows(tmp_path / "un.txt"))


def test_jsonl_names_lines_and_goes_on_after_bad_ones(tmp_path: Path) -> None:
    lines = [
        '{"text": "Un.", "id": 7, "date": "2020-11", "url": "https://x.org/1"}',
        "",
        "{oops",
        '{"texte": ["Deux.", "Trois."], "titre": "Titre"}',
        '{"text": null}',
        '{"other": 1}',
        "[1]",
        '{"text": "NUL \\u0000"}',
        '{"text": "Lone \\ud800."}',
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(lines))
    articles, faults = split([path])
    assert [each.document.text for each in articles] == [
        "Un.",
        "Titre\n\nDeux.\n\nTrois.",
        "Lone \ufffd.",
    ]
    assert [each.document.source for each in articles] == [
        "https://x.org/1",
        "a.jsonl:4",
        "a.jsonl:9",
    ]
    assert articles[0].own_id == "7"
    assert [each.where for each in faults] == [f"{path}:{n}" for n in (3, 5, 6, 7, 8)]
    for fault, what in zip(faults, ["not JSON", "null", "'other'", "object", "NUL"], strict=True):
        assert what in fault.message


def test_a_json_line_above_the_limit_is_skipped_without_losing_the_next(tmp_path: Path) -> None:
    big = json.dumps({"text": "x" * 5000})
    path = write(tmp_path / "a.jsonl", f'{big}\n{{"text": "Deux."}}\n{big}')
    articles, faults = split([path], max_bytes=1000)
    assert [each.document.source for each in articles] == ["a.jsonl:2"]
    assert [each.where for each in faults] == [f"{path}:1", f"{path}:3"]


def test_parquet_is_read_with_its_dates_and_a_null_text_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = {"text": ["Un.", None], "date": [dt.date(2020, 11, 3), None], "id": [1, 2]}
    parquet.write_table(pa.table(table), path)
    [article], [fault] = split([path])
    assert article.document.date == "2020-11-03"
    assert (article.own_id, article.document.source) == ("1", "a.parquet:1")
    assert fault.where == f"{path}:2"
    assert "null" in fault.message


def test_a_date_that_is_none_is_noted_and_left_out(tmp_path: Path) -> None:
    [article], _ = split([write(tmp_path / "a.csv", "text,date\nUn.,bientôt\n")])
    assert article.document.date == ""
    assert "'bientôt'" in article.notes[0]


def test_parquet_is_read_by_no_thread_but_the_one_that_asks() -> None:
    """Another one, once it let go of the file after Python had ended, aborted the process."""
    readers = set()

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            readers.add(threading.get_ident())
            return super().read(size)

    written = io.BytesIO()
    parquet.write_table(pa.table({"text": ["Un.", "Deux."]}), written)
    opened = Watched(written.getvalue())
    found = list(read_table_records(opened, File(Path("a.parquet"), "parquet"), encoding=None))
    assert found == [Record(1, {"text": "Un."}), Record(2, {"text": "Deux."})]
    assert readers == {threading.get_ident()}


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Textes", "text"),
        ("TEXTE", "text"),
        (" Texte ", "text"),
        ("\ufeffTexte", "text"),
        ("Texte inte\u0301gral", "text"),
        ("texte_intégral", "text"),
        ("Texte de l’article", "text"),
        ("full-text", "text"),
        ("articleBody", "text"),
        ("Contenus", "text"),
        ("Titres", "title"),
        ("Titre de l'article", "title"),
        ("Intitule\u0301", "title"),
        ("Headline", "title"),
        ("publishedAt", "date"),
        ("published-at", "date"),
        ("Date de publication", "date"),
        ("datePublished", "date"),
        ("Date de parution", "date"),
        ("URL", "source"),
        ("Liens", "source"),
        ("Identifiants", "id"),
        ("Catégories", "label"),
        ("Cate\u0301gories", "label"),
        ("CATÉGORIE", "label"),
        ("categorie", "label"),
        ("Étiquettes", "label"),
        ("Rubrique", "label"),
        ("Thèmes", "label"),
        ("Topics", "label"),
        ("Label(s)", "label"),
    ],
)
def test_a_column_is_found_however_its_usual_name_is_written(name: str, kind: str) -> None:
    needed = {"text": "corps", "label": "labels"} | {kind: name}
    found = find_columns(Columns(label=""), list(needed.values()))
    assert found == Columns(**{**needed, "text": (needed["text"],)})  # type: ignore[arg-type]


def test_a_name_as_it_is_listed_wins_over_one_that_is_like_it() -> None:
    assert find_columns(Columns(), ["Textes", "contenu", "Text"]).text == ("Text",)
    assert find_columns(Columns(), ["Text", "text"]).text == ("text",)
    assert find_columns(Columns(), ["Text", "content"]).text == ("Text",)


def test_a_named_column_is_found_composed_or_not() -> None:
    columns = Columns(text=("Résumé",), label="thème principal")
    names = ["Re\u0301sume\u0301", "The\u0300me principal"]
    found = find_columns(columns, names)
    assert (found.text, found.label) == ((names[0],), names[1])


def test_a_field_of_a_system_is_no_usual_column() -> None:
    found = find_columns(Columns(), ["_id", "@type", "$date", "text"])
    assert found == Columns(text=("text",))


def test_of_very_many_columns_a_message_lists_the_first() -> None:
    with pytest.raises(InputError, match=r"'c29' and 9,970 more\. Name") as caught:
        find_columns(Columns(), [f"c{n}" for n in range(10_000)])
    assert len(str(caught.value)) < 500


# ---------------------------------------------------------------- cells


def test_an_optional_column_that_holds_no_text_is_left_out_with_a_note(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "Un.", "source": {"id": "x", "name": "Le Journal"}},
        {"text": "Deux.", "title": [{"a": 1}], "date": True},
        {"text": "Trois.", "id": {"a": {"b": 1}}, "date": {"$date": {"$numberLong": "1"}}},
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    articles, faults = split([path])
    assert faults == []
    assert [article.document.text for article in articles] == ["Un.", "Deux.", "Trois."]
    assert [article.notes for article in articles] == [
        ("column 'source' holds an object, not text: left out",),
        (
            "column 'title' holds a list, not text: left out; "
            "column 'date' holds true or false, not text: left out",
        ),
        (
            "column 'date' holds an object, not text: left out; "
            "column 'id' holds an object, not text: left out",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"html": "<p>Un.</p>"}, "column 'text' holds an object, not text. Name another column."),
        ([{"a": "b"}], "column 'text' holds a list, not text"),
        (["a", 1], "column 'text' holds a list, not text"),
        (5, "column 'text' holds a number, not text"),
        (0.5, "column 'text' holds a number, not text"),
        (False, "column 'text' holds true or false, not text"),
        (None, "has no text: column 'text' is null"),
    ],
)
def test_a_text_that_is_none_is_a_fault(tmp_path: Path, text: Any, message: str) -> None:
    lines = [json.dumps({"text": text}), json.dumps({"text": "Un."})]
    articles, [fault] = split([write(tmp_path / "a.jsonl", "\n".join(lines))])
    assert [article.document.text for article in articles] == ["Un."]
    assert fault.where.endswith("a.jsonl:1")
    assert fault.message.startswith(message)


def test_a_text_in_an_object_is_read_as_content_systems_and_databases_write_it(
    tmp_path: Path,
) -> None:
    record = {
        "id": {"$oid": "64d7"},
        "date": {"$date": "2023-08-12T08:15:00Z"},
        "title": {"rendered": "Un accord", "protected": False},
        "content": {"rendered": "Le ministre a signé."},
    }
    [article], _ = split([write(tmp_path / "a.jsonl", json.dumps(record))])
    document = article.document
    assert (article.own_id, document.date, document.title) == ("64d7", "2023-08-12", "Un accord")
    assert document.text == "Un accord\n\nLe ministre a signé."


def test_numbers_are_ids_titles_and_dates(tmp_path: Path) -> None:
    record = {"id": 12.0, "title": 1984, "date": 2023, "text": "Un roman.", "source": 7}
    [article], _ = split([write(tmp_path / "a.jsonl", json.dumps(record))])
    document = article.document
    assert (article.own_id, document.title, document.date) == ("12", "1984", "2023")
    assert (document.source, article.notes) == ("7", ())


def test_of_several_columns_of_the_text_some_may_be_null(tmp_path: Path) -> None:
    lines = ['{"a": null, "b": "Un."}', '{"a": null, "b": null}']
    path = write(tmp_path / "a.jsonl", "\n".join(lines))
    [article], [fault] = split([path], columns=Columns(text=("a", "b")))
    assert article.document.text == "Un."
    assert "column 'a' and 'b' is null" in fault.message


# ---------------------------------------------------------------- Parquet

BAD_STRINGS = pa.array([b"Un.", b"caf\xe9", b"Trois."]).view(pa.string())


def test_a_string_of_parquet_that_is_none_costs_the_text_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": BAD_STRINGS}), path)
    articles, [fault] = split([path])
    assert [article.document.text for article in articles] == ["Un.", "Trois."]
    assert fault.where == f"{path}:2"
    assert fault.message.startswith("holds a string that is not UTF-8 in column 'text'")
    parquet.write_table(pa.table({"text": ["A.", "B.", "C."], "source": BAD_STRINGS}), path)
    articles, faults = split([path])
    assert faults == []
    assert [article.document.source for article in articles] == ["Un.", "a.parquet:2", "Trois."]
    assert articles[1].notes == (
        "column 'source' holds a string that is not UTF-8, not text: left out",
    )


@pytest.mark.parametrize(
    "column",
    [
        pa.array([316_546_617_600_000], pa.timestamp("ms")),  # the year 12,000
        pa.array([0], pa.timestamp("s", "Mars/Olympus")),
        pa.array([b"\xff"]),
        pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())),
        pa.array([{"year": 2023}]),
    ],
)
def test_a_date_of_parquet_that_can_not_be_read_is_left_out(
    tmp_path: Path, column: pa.Array
) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["Un."], "date": column}), path)
    [article], faults = split([path])
    assert (article.document.text, article.document.date, faults) == ("Un.", "", [])
    assert article.notes[0].startswith("column 'date' holds ")


def test_a_column_whose_name_is_not_utf8_is_one_fault_and_the_next_file_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["Un."], "titXX": ["x"]}), path)
    path.write_bytes(path.read_bytes().replace(b"titXX", b"tit\xe9\xff"))
    next_file = write(tmp_path / "b.txt", "Deux.")
    [article], [fault] = split([path, next_file])
    assert article.document.text == "Deux."
    assert fault.where == str(path)
    assert fault.message.startswith("has a column whose name is not UTF-8")


def test_a_column_that_parquet_has_twice_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = [pa.array(["Un."]), pa.array(["Deux."])]
    parquet.write_table(pa.Table.from_arrays(columns, ["text", "text"]), path)
    _, [fault] = split([path])
    assert fault.message == "has the column 'text' twice. Rename one of them."


def test_any_byte_of_parquet_may_be_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["Un."], "title": ["x"]}), path)
    whole = path.read_bytes()
    for place in range(4, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        articles, faults = split([path])
        assert articles or faults
