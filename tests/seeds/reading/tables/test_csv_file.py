"""CSV and TSV as people and programs write them: headers, quotes, blank rows, endless lines."""

import csv
import gzip
import re
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeds.base.errors import InputError
from seeds.reading.columns import Columns
from tests.support.reading import read_rows, split, texts, write


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_read_with_the_delimiter_of_its_header(tmp_path: Path, delimiter: str) -> None:
    lines = ["titre#texte#date", '"Un; titre, long|"#"Ligne un,\n\nligne ""deux"""#03/11/2020']
    path = write(tmp_path / "a.csv", "\ufeff" + "\r\n".join(lines).replace("#", delimiter))
    [article], faults = split([path])
    assert not faults
    assert article.document.text == 'Un; titre, long|\n\nLigne un,\n\nligne "deux"'
    assert article.document.title == "Un; titre, long|"
    assert article.document.date == "2020-11-03"
    assert article.document.source == "a.csv:1"


def test_a_tsv_like_masakhanews_is_read_with_its_quotes_and_addresses(tmp_path: Path) -> None:
    path = write(
        tmp_path / "dev.tsv",
        'category\theadline\ttext\turl\nsports\tUn record\t"Il a dit : ""oui"", puis non."\thttps://x.org/1\n',
    )
    [article], _ = split([path], columns=Columns(text=("headline", "text")))
    assert article.document.text == 'Un record\n\nIl a dit : "oui", puis non.'
    assert article.document.title == "Un record"
    assert article.document.source == "https://x.org/1"


def test_a_field_longer_than_the_csv_module_allows_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "long.csv", "text\n" + "mot " * 100_000 + "\n")
    assert len(texts([path])[0]) == 399_999


def test_the_faults_of_a_csv_name_the_record_and_the_others_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,Un.\n2,\n3,Trois,quatre\n5,Cinq.\n")
    articles, faults = split([path])
    assert [(each.own_id, each.document.text) for each in articles] == [
        ("1", "Un."),
        ("5", "Cinq."),
    ]
    assert [each.where for each in faults] == [f"{path}:2", f"{path}:3"]
    assert "3 fields where the header has 2" in faults[1].message


def test_a_column_that_is_there_twice_is_not_guessed_at(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,text\n1,film,autre\n")
    articles, [fault] = split([path])
    assert not articles
    assert "'text' twice" in fault.message
    path = write(tmp_path / "b.csv", "text,x,x\nfilm,1,2\n")
    assert len(split([path])[0]) == 1, "what is not read may be there twice"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_csv_in_another_encoding_is_recognised_even_late_in_the_file(
    tmp_path: Path, encoding: str
) -> None:
    plain = "".join(f"{n};Rien que des lettres simples\n" for n in range(20_000))
    path = write(tmp_path / "a.csv", f"id;texte\n{plain}x;L’été à Genève.\n".encode(encoding))
    articles, faults = split([path])
    assert not faults
    assert articles[-1].document.text == "L’été à Genève."
    assert len(articles) == 20_001


def test_a_csv_that_is_not_in_the_encoding_named_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "texte\nL’été\n".encode("cp1252"))
    _, [fault] = split([path], encoding="utf-8")
    assert "utf-8" in fault.message


CELL = st.text(st.characters(exclude_characters="\0"))  # NUL makes a file binary
WORD = st.text(st.characters(categories=["L", "N"]), min_size=1)  # a blank row is none


@pytest.mark.slow
@given(st.lists(st.tuples(WORD, CELL) | st.tuples(CELL, WORD), min_size=1))
def test_a_csv_written_by_python_comes_back_as_it_was(pairs: list[tuple[str, str]]) -> None:
    plain = [tuple(each.encode("utf-8", "replace").decode() for each in pair) for pair in pairs]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("a", "b"), *plain])
        assert [tuple(values.values()) for _, values in read_rows(path)] == plain


# ---------------------------------------------------------------- what is no row


@pytest.mark.parametrize(
    "content",
    [
        "id;texte;;\n1;Un;;\n;;;\n;;;\n",
        "id;texte\n1;Un\n;\n",
        "id;texte\r\n1;Un\r\n  ;\t\r\n\r\n",
        'id;texte\n1;Un\n"";""\n" ";\n',
        "id;texte\n1;Un\n\xa0;\u200b\n",
        ";;\n;;\nid;texte;\n1;Un;\n",
        "\n\nid;texte\n1;Un\n",
        "sep=;\n\nid;texte\n1;Un\n",
        "\ufeff\nid;texte\n1;Un\n",
        "id;texte\n1;Un\n\x1a",
        "id;texte\r\n1;Un\x1a\x1a\x1a",
        "id;texte\n1;Un\n\x1a\n",
    ],
)
def test_rows_of_nothing_are_no_rows_and_the_end_of_a_dos_file_is_no_text(
    tmp_path: Path, content: str
) -> None:
    [article], faults = split([write(tmp_path / "a.csv", content)])
    assert faults == []
    assert (article.own_id, article.document.text) == ("1", "Un")


def test_a_blank_row_is_counted_so_that_the_number_of_a_row_is_that_of_its_line(
    tmp_path: Path,
) -> None:
    articles, _ = split([write(tmp_path / "a.csv", "id;texte\n1;Un\n;\n3;Trois\n")])
    assert [article.document.source for article in articles] == ["a.csv:1", "a.csv:3"]


def test_a_file_of_blank_rows_is_empty(tmp_path: Path) -> None:
    _, [fault] = split([write(tmp_path / "a.csv", "id;texte\n;\n;\n")])
    assert "no record" in fault.message


# ---------------------------------------------------------------- lines without an end


@pytest.mark.parametrize("line", ["x" * 5000, '"' + "x" * 5000, "1," + "x" * 5000])
def test_a_line_that_is_too_long_is_a_fault_and_the_next_rows_are_read(
    tmp_path: Path, line: str
) -> None:
    path = write(tmp_path / "a.csv", f"id,text\n1,Un\n{line}\n3,Trois\n")
    articles, [fault] = split([path], max_bytes=1000)
    assert [article.own_id for article in articles] == ["1", "3"]
    assert fault.where == f"{path}:2"
    assert fault.message.startswith("line 3 is longer than one article may be")
    assert "--max-size" in fault.message


def test_a_header_without_an_end_is_a_fault_of_the_file(tmp_path: Path) -> None:
    _, [fault] = split([write(tmp_path / "a.csv", "x" * 5000)], max_bytes=1000)
    assert fault.message.startswith("its header is longer than 1 kB.")


@pytest.mark.slow
def test_a_line_without_an_end_takes_no_more_memory_than_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"id,text\n1,Un\n2,")
        for _ in range(40):
            file.write(b"x" * 1_000_000)
    tracemalloc.start()
    articles, [fault] = split([path], max_bytes=1_000_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(articles), fault.where) == (1, f"{path}:2")
    assert most < 10_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "line"),
    [("a.csv", 'a","b\n'), ("a.tsv", 'a"\t"b\n'), ("a.csv", '"a,b\n'), ("a.csv", 'a,"\n')],
)
def test_open_quotes_cost_time_that_grows_with_their_number(
    tmp_path: Path, name: str, line: str
) -> None:
    header = "text,id\n" if name == "a.csv" else "text\tid\n"
    path = write(tmp_path / name, header + line * 20_000)
    start = time.process_time()
    split([path])
    assert time.process_time() - start < 10  # one that grows with its square takes minutes


# ---------------------------------------------------------------- quotes left open


def quoted(path: Path, content: str, **options: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """The texts of a table, and for each fault its place and the lines it names."""
    articles, faults = split([write(path, content)], **options)
    lines = [re.search(r"lines? (\d+(?: to \d+)?) (?:is|are) left out", f.message) for f in faults]
    named = [found[1] if found else f.message for found, f in zip(lines, faults, strict=True)]
    return [each.document.text for each in articles], [
        (fault.where.rpartition(":")[2], name) for fault, name in zip(faults, named, strict=True)
    ]


@pytest.mark.parametrize(
    ("lines", "kept", "lost"),
    [
        # Not closed before the end: without care, all that follows is one text.
        (['1,"Un', "2,Deux", "3,Trois"], ["Deux", "Trois"], [("1", "2")]),
        # "Closed" by the quote that opens a later field.
        (['1,"Un', "2,Deux", '3,"Trois"'], ["Deux", "Trois"], [("1", "2")]),
        (['1,"Un', '2,"Deux', "3,Trois"], ["Trois"], [("1", "2 to 3")]),
        # What may be the rest of the open text is left out, and said to be.
        (['1,"Un', "suite", "fin", "2,Deux"], ["Deux"], [("1", "2 to 4")]),
        (["1,Un", '2,"Deux'], ["Un"], [("2", "3")]),
        (['1,"Un "beau', 'film"', '2,"Deux', 'lignes"'], ["Deux\nlignes"], [("1", "2 to 3")]),
    ],
)
def test_an_open_quote_is_a_fault_that_names_its_lines_and_the_others_are_read(
    tmp_path: Path, lines: list[str], kept: list[str], lost: list[tuple[str, str]]
) -> None:
    for end in ("\n", "\r\n"):
        for last in ("", end):
            content = end.join(["id,text", *lines]) + last
            found, faults = quoted(tmp_path / "a.csv", content)
            assert ([each.replace("\r", "") for each in found], faults) == (kept, lost)


def test_in_a_single_column_what_follows_an_open_quote_is_left_out_and_said_to_be(
    tmp_path: Path,
) -> None:
    found, faults = quoted(tmp_path / "a.csv", 'text\nUn.\n"Deux\nTrois\nQuatre\n')
    assert (found, faults) == (["Un."], [("2", "3 to 5")])


def test_lines_are_those_of_the_file_below_a_note_of_excel(tmp_path: Path) -> None:
    found, faults = quoted(tmp_path / "a.csv", 'sep=;\nid;text\n\n1;"Un\n2;Deux\n')
    assert (found, faults) == (["Deux"], [("1", "4")])


def test_stray_quotes_of_a_tsv_are_text_and_no_row_is_swallowed(tmp_path: Path) -> None:
    rows_ = ['1\tIl dit "oui".', '2\t"Non" est dit.', '3\t"Ouvert', '4\tFermé"', '5\t12" de pluie']
    found, faults = quoted(tmp_path / "a.tsv", "\n".join(["id\ttext", *rows_]))
    assert found == ['Il dit "oui".', "Non est dit.", 'Fermé"', '12" de pluie']
    assert faults == [("3", "4")]


def test_an_open_quote_in_the_header_is_a_fault_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,"text\n1,Un\n2,Deux\n')
    articles, [fault] = split([path])
    assert not articles
    assert fault.where == str(path)
    assert fault.message.startswith("its header: a quote is left open")


def test_a_quote_that_no_end_of_a_large_file_closes_is_not_searched_for_ever(
    tmp_path: Path,
) -> None:
    lines = "".join(f"{n},Texte {n}\n" for n in range(2, 300))
    found, faults = quoted(tmp_path / "a.csv", f'id,text\n1,"Un\n{lines}300,fin"\n', max_bytes=1000)
    assert (found[0], len(found), faults) == ("Texte 2", 299, [("1", "2")])


def test_labels_of_a_file_with_an_open_quote_are_refused_with_its_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\nUn,cinema\n"Deux,trade\nTrois,sport\n')
    with pytest.raises(InputError, match=r"a\.csv:2: a quote is left open.* line 3 is left out"):
        list(read_rows(path))
