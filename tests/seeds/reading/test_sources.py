"""Files, folders, tables and standard input become articles; what can't be read is a Fault."""

import datetime as dt
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from seeds.base.errors import Fault, InputError
from seeds.reading.cells import Record
from seeds.reading.columns import Columns, find_columns
from seeds.reading.files import File
from seeds.reading.sources import Article, read_articles
from seeds.reading.tables import read_rows, read_table_records


def split(paths: Iterable[Any], **options: Any) -> tuple[list[Article], list[Fault]]:
    found = list(read_articles([str(each) for each in paths], **options))
    articles = [each for each in found if isinstance(each, Article)]
    return articles, [each for each in found if isinstance(each, Fault)]


def texts(paths: Iterable[Any], **options: Any) -> list[str]:
    articles, faults = split(paths, **options)
    assert not faults
    return [each.document.text for each in articles]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---------------------------------------------------------------- single articles


def test_a_text_file_is_an_article_named_after_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "un.txt", " date 2020-11 Le titre\n\nLe corps.\n")
    [article], _ = split([path])
    assert article.document.text == "Le titre\n\nLe corps."
    assert article.document.title == "Le titre"
    assert article.document.date == "2020-11"
    assert article.document.source == "un.txt"
    assert article.notes == ()


def test_the_same_text_has_the_same_id_whatever_the_file(tmp_path: Path) -> None:
    one = write(tmp_path / "un.txt", "Un été à Hué.")
    other = write(tmp_path / "deux.txt", "\ufeffUn été à Hué.\r\n".encode("utf-16"))
    articles, _ = split([one, other])
    assert articles[0].document.id == articles[1].document.id


def test_an_assumed_encoding_is_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "vieux.txt", "L’été à Genève coûte 12 €.".encode("cp1252"))
    [article], _ = split([path])
    assert article.document.text == "L’été à Genève coûte 12 €."
    assert article.notes == ("cp1252 assumed",)


def test_a_file_of_unknown_suffix_is_read_as_text_where_it_is_named(tmp_path: Path) -> None:
    assert texts([write(tmp_path / "depeche.nitf", "Le corps.")]) == ["Le corps."]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("vide.txt", b"", "is empty"),
        ("blanc.txt", b" \n\t\xc2\xa0\n", "white space"),
        ("credit.txt", "© AFP\n".encode(), "credits"),
        ("rapport.txt", b"%PDF-1.4", "PDF"),
        ("binaire.txt", b"abc\0\1\2\3def", "binary"),
        ("donnees.json", b'{"text": "x"}', "jsonl"),
        ("vide.csv", b"", "no record"),
        ("vide.jsonl", b"", "no record"),
        ("entete.csv", b"text\n", "no record"),
        ("faux.parquet", b"PAR1xxxxPAR1", "Parquet"),
        ("image.csv", b"\x89PNG\r\n\x1a\n\0\0", "PNG"),
        ("vide.html", b"", "is empty"),
    ],
)
def test_a_bad_file_is_a_fault_and_the_next_is_read(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    bad = write(tmp_path / name, content)
    good = write(tmp_path / "zz.txt", "Le corps.")
    articles, faults = split([bad, good])
    assert [each.document.text for each in articles] == ["Le corps."]
    assert [each.where for each in faults] == [str(bad)]
    assert message in faults[0].message


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    _, [fault] = split([tmp_path / "absent.txt"])
    assert fault == Fault(str(tmp_path / "absent.txt"), "does not exist. Check the path.")


def test_a_file_above_the_limit_is_refused_with_its_size_and_the_option(tmp_path: Path) -> None:
    path = write(tmp_path / "gros.txt", "x" * 2_500_000)
    _, [fault] = split([path], max_bytes=1_000_000)
    assert "2.5 MB" in fault.message
    assert "--max-size" in fault.message
    assert len(texts([path], max_bytes=3_000_000)) == 1


def test_an_unknown_encoding_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="utf-9"):
        list(read_articles([str(tmp_path)], encoding="utf-9"))


def test_the_language_is_filled_in_on_request_only(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "Le forum sur le cinéma a réuni les ministres à Genève.")
    [plain], _ = split([path])
    [told], _ = split([path], detect_language=True)
    assert (plain.document.language, told.document.language) == ("", "fr")


# ---------------------------------------------------------------- HTML and Markdown

PAGE = """<!doctype html><html lang="fr"><head><meta charset="{charset}">
<title>Le fleuve et le traité | Le Journal</title>
<meta property="article:published_time" content="2021-03-12T10:00:00Z"></head><body>
<nav><a href="/">Accueil</a> <a href="/c">Culture</a></nav><header>Le Journal du fleuve</header>
<article><h1>Le fleuve et le traité</h1>{body}</article>
<footer>Mentions légales</footer><script>alert("x")</script></body></html>"""
PARAGRAPHS = (
    "<p>Les deux pays riverains ont signé jeudi un accord sur le partage de l’eau, après neuf ans "
    "de pourparlers et deux saisons de sécheresse qui ont vidé les retenues.</p>"
    "<p>« Nous avons compté chaque mètre cube », a résumé la négociatrice, avant de rejoindre la "
    "délégation pour la photographie de famille sur le quai.</p>"
)


@pytest.mark.parametrize("body", [PARAGRAPHS, "<p>Un accord court.</p><p>Il tient.</p>"])
def test_a_page_gives_its_article_without_what_is_around_it(tmp_path: Path, body: str) -> None:
    path = write(tmp_path / "page.html", PAGE.format(charset="utf-8", body=body))
    [article], _ = split([path])
    assert article.document.title == "Le fleuve et le traité"
    assert article.document.date == "2021-03-12"
    assert article.document.text.startswith("Le fleuve et le traité\n\n")
    assert article.document.text.count("Le fleuve et le traité") == 1
    for around in ("Accueil", "Journal", "Mentions", "alert"):
        assert around not in article.document.text


def test_a_page_is_read_in_the_encoding_it_declares(tmp_path: Path) -> None:
    page = PAGE.format(charset="iso-8859-1", body=PARAGRAPHS).encode("cp1252")
    [article], _ = split([write(tmp_path / "page.htm", page)])
    assert "le partage de l’eau, après neuf ans" in article.document.text


def test_markdown_leaves_its_marks_and_its_front_matter(tmp_path: Path) -> None:
    path = write(
        tmp_path / "note.md",
        '---\ntitle: "L\'indigo prend le large"\ndate: 2024-05-02\n---\n'
        "Le *teinturier* de [Bobo](https://exemple.org) exporte.\nIl embauche.\n\n"
        "![cuve](cuve.png)\n\n*Photo : A. Sanou/BDL*\n\n- un\n- `deux`\n\n> Fin.\n",
    )
    [article], _ = split([path])
    assert article.document.text == (
        "L'indigo prend le large\n\nLe teinturier de Bobo exporte. Il embauche."
        "\n\nun\n\ndeux\n\nFin."
    )
    assert article.document.date == "2024-05-02"


def test_the_first_heading_of_markdown_is_its_title(tmp_path: Path) -> None:
    [article], _ = split([write(tmp_path / "note.md", "# Le *titre*.\n\nLe corps.\n\n## Suite\n")])
    assert article.document.title == "Le titre."
    assert article.document.text == "Le titre.\n\nLe corps.\n\nSuite"


# ---------------------------------------------------------------- tables


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


def test_a_column_that_is_there_twice_is_not_guessed_at(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,text\n1,film,autre\n")
    articles, [fault] = split([path])
    assert not articles
    assert "'text' twice" in fault.message
    path = write(tmp_path / "b.csv", "text,x,x\nfilm,1,2\n")
    assert len(split([path])[0]) == 1, "what is not read may be there twice"


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


def test_columns_are_found_by_their_usual_names_in_any_case() -> None:
    assert find_columns(Columns(), ["ID", "Titre", "Texte", "url"]) == Columns(
        text=("Texte",), title="Titre", source="url", id="ID"
    )
    with pytest.raises(InputError, match="'jour'"):
        find_columns(Columns(date="jour"), ["text"])
    assert find_columns(Columns(date="jour"), ["text"], loose=True) == Columns(text=("text",))


CELL = st.text(st.characters(exclude_characters="\0"))  # NUL makes a file binary
WORD = st.text(st.characters(categories=["L", "N"]), min_size=1)  # a blank row is none


@given(st.lists(st.tuples(WORD, CELL) | st.tuples(CELL, WORD), min_size=1))
def test_a_csv_written_by_python_comes_back_as_it_was(pairs: list[tuple[str, str]]) -> None:
    import csv
    import tempfile

    plain = [tuple(each.encode("utf-8", "replace").decode() for each in pair) for pair in pairs]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("a", "b"), *plain])
        assert [tuple(values.values()) for _, values in read_rows(path)] == plain


# ---------------------------------------------------------------- standard input


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))


def test_standard_input_is_one_text_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b"Le corps.\n")
    [article], _ = split(["-"])
    assert (article.document.text, article.document.source) == ("Le corps.", "stdin")
    feed(monkeypatch, b'{"text": "Un."}\n{"text": "Deux."}\n')
    articles, _ = split(["-"], stdin_format="jsonl")
    assert [each.document.source for each in articles] == ["stdin:1", "stdin:2"]


def test_an_unknown_format_of_standard_input_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="jsonl"):
        list(read_articles(["-"], stdin_format="docx"))


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_tables_come_through_a_pipe(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    if form == "parquet":
        parquet.write_table(pa.table({"text": ["Un.", "Deux."]}), path)
    else:
        write(path, "text\nUn.\nDeux.\n" if form == "csv" else '{"text":"Un."}\n{"text":"Deux."}\n')
    code = (
        "from seeds.reading.sources import read_articles\n"
        f"for each in read_articles(['-'], stdin_format={form!r}): print(each.document.text)"
    )
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as pipe:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdin=pipe.stdout,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout == "Un.\nDeux.\n"


def test_a_source_is_a_path_below_the_common_folder_and_whole_below_the_root() -> None:
    file = File(Path("/depeches/lundi/a.txt"), "txt")
    assert file.source("/depeches") == "lundi/a.txt"
    assert file.source("/") == "/depeches/lundi/a.txt"


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


def test_json_lines_are_passed_on_while_the_pipe_is_still_open() -> None:
    code = (
        "from seeds.reading.sources import read_articles\n"
        "for each in read_articles(['-'], stdin_format='jsonl'):\n"
        "    print(each.document.text, flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b'{"text": "Un."}\n')
        process.stdin.flush()
        assert process.stdout.readline() == b"Un.\n"
        process.stdin.close()


# ---------------------------------------------------------------- folders


def test_a_folder_needs_the_option_that_goes_into_it(tmp_path: Path) -> None:
    _, [fault] = split([tmp_path])
    assert "--recursive" in fault.message


def test_a_folder_is_read_in_order_without_hidden_files_or_other_kinds(tmp_path: Path) -> None:
    (tmp_path / "sous").mkdir()
    (tmp_path / ".git").mkdir()
    write(tmp_path / "b.txt", "B.")
    write(tmp_path / "a.jsonl", '{"text": "A."}')
    write(tmp_path / "sous" / "c.txt", "C.")
    for hidden in (".x.txt", ".git/y.txt"):
        write(tmp_path / hidden, "caché")
    for other in ("photo.jpg", "photo2.jpg", "note.docx"):
        write(tmp_path / other, "autre")
    told: list[str] = []
    assert texts([tmp_path], recursive=True, notify=told.append) == ["A.", "B.", "C."]
    assert told == [f"{tmp_path}: 3 files of other kinds left out (.jpg: 2, .docx: 1)"]


def test_a_loop_of_links_is_followed_once_and_a_dead_link_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "A.")
    (tmp_path / "boucle").symlink_to(tmp_path)
    (tmp_path / "mort.txt").symlink_to(tmp_path / "absent")
    articles, faults = split([tmp_path], recursive=True)
    assert [each.document.text for each in articles] == ["A."]
    assert [each.where for each in faults] == [str(tmp_path / "mort.txt")]


def test_a_folder_without_articles_is_a_fault_that_says_what_is_read(tmp_path: Path) -> None:
    write(tmp_path / "photo.jpg", "x")
    _, [fault] = split([tmp_path], recursive=True)
    assert ".jpg: 1" in fault.message
    assert ".parquet" in fault.message


def test_what_may_not_be_read_is_a_fault_and_the_rest_is_read(tmp_path: Path) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("setpriv (util-linux) is needed to give up root's right to read everything")
    (tmp_path / "ferme").mkdir()
    write(tmp_path / "ferme" / "a.txt", "A.")
    write(tmp_path / "secret.txt", "S.").chmod(0)
    write(tmp_path / "z.txt", "Z.")
    (tmp_path / "ferme").chmod(0)
    code = (
        "import sys; from seeds.reading.sources import read_articles\n"
        "for each in read_articles(sys.argv[1:], recursive=True): print(each)"
    )
    drop = "-dac_override,-dac_read_search"
    root = ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"] if not os.getuid() else []
    done = subprocess.run(
        [*root, sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True
    )
    closed, secret, read_one = done.stdout.splitlines()
    assert f"Fault(where='{tmp_path / 'ferme'}', message='may not be read (permission" in closed
    assert f"Fault(where='{tmp_path / 'secret.txt'}', message='may not be read" in secret
    assert "text='Z.'" in read_one


# ---------------------------------------------------------------- the base install


def test_reading_plain_text_and_json_lines_imports_no_optional_package(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "L’été à Genève.")
    write(tmp_path / "b.jsonl", '{"text": "Un."}')
    code = (
        "import sys; from seeds.reading.sources import read_articles\n"
        "list(read_articles(sys.argv[1:]))\n"
        "heavy = 'trafilatura pyarrow py3langid charset_normalizer csv numpy ftfy'\n"
        "print([each for each in heavy.split() if each in sys.modules])"
    )
    paths = [tmp_path / "a.txt", tmp_path / "b.jsonl"]
    command = [sys.executable, "-c", code, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("package", "name", "feature"),
    [("trafilatura", "a.html", "reading HTML"), ("pyarrow", "a.parquet", "reading Parquet")],
)
def test_a_missing_extra_is_answered_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, name: str, feature: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    _, [fault] = split([write(tmp_path / name, "<p>x</p>")])
    assert fault.message.startswith(feature)
    assert "pip install" in fault.message
    assert "[seeds]" in fault.message


def test_a_workspace_in_a_folder_is_not_taken_for_articles(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Un article.", encoding="utf-8")
    inner = tmp_path / "workspace" / "runs" / "r"
    inner.mkdir(parents=True)
    (inner / "README.md").write_text("# Une carte de modèle", encoding="utf-8")
    for name in (".lock", "taxonomy.toml"):
        (tmp_path / "workspace" / name).touch()
    found = list(read_articles([tmp_path], recursive=True))
    assert [each.document.text for each in found if isinstance(each, Article)] == ["Un article."]
    assert len(found) == 1


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(InputError, match="PATH is empty"):
        list(read_articles([""], recursive=True))


# ---------------------------------------------------------------- sources tell files apart


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Two papers that number their articles alike."""
    for place in ("paris", "lyon/2024"):
        (tmp_path / place).mkdir(parents=True)
        write(tmp_path / place / "001.txt", f"Un article de {place}.")
    return tmp_path


@pytest.mark.parametrize(
    ("named", "sources"),
    [
        (["paris", "lyon"], ["paris/001.txt", "lyon/2024/001.txt"]),
        (["paris/001.txt", "lyon/2024/001.txt"], ["paris/001.txt", "lyon/2024/001.txt"]),
        (["lyon"], ["lyon/2024/001.txt"]),
        (["lyon/2024"], ["2024/001.txt"]),
        (["lyon/2024/001.txt"], ["001.txt"]),
        (["lyon/../paris/001.txt"], ["001.txt"]),
    ],
)
@pytest.mark.parametrize("absolute", [True, False])
def test_a_source_is_the_path_below_the_folder_that_holds_all_that_was_named(
    papers: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: list[str],
    sources: list[str],
    absolute: bool,
) -> None:
    monkeypatch.chdir(papers)
    paths = [papers / each if absolute else Path(each) for each in named]
    articles, _ = split(paths, recursive=True)
    assert [each.document.source for each in articles] == sources


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


@pytest.mark.parametrize("size", [1, 999, 1500, 2_500_000])
def test_a_size_is_said_in_words_that_fit_it(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "a.txt", "x" * (size + 1))
    _, [fault] = split([path], max_bytes=size)
    words = {
        1: ("2 bytes", "1 byte"),
        999: ("1 kB", "999 bytes"),
        1500: ("1.5 kB", "1.5 kB"),
        2_500_000: ("2.5 MB", "2.5 MB"),
    }[size]
    assert fault.message.startswith(f"has {words[0]}, more than the {words[1]} one article may")
