"""Files, folders, tables and standard input become articles; what can't be read is a Fault."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from pyarrow import parquet

from seeds.base.errors import Fault, InputError
from seeds.reading.files import File
from seeds.reading.sources import Article, read_articles
from tests.support.reading import split, texts, write

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


def test_the_mark_at_the_end_of_a_dos_file_is_no_text(tmp_path: Path) -> None:
    path = write(tmp_path / "vieux.txt", "L'été à Genève.\r\n\x1a".encode("cp850"))
    assert texts([path]) == ["L'été à Genève."]
    assert texts([write(tmp_path / "utf8.txt", "Un.\r\n\x1a\x1a")]) == ["Un."]


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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_parquet_file_with_any_damaged_byte_in_its_footer_is_read_or_a_fault(
    tmp_path: Path,
) -> None:
    """Its footer may even say that it has no rows while it has."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"texte": ["Un été à Hué."] * 3}), path)
    sound = path.read_bytes()
    said: set[str] = set()
    for place in range(len(sound) - 8 - int.from_bytes(sound[-8:-4], "little"), len(sound)):
        path.write_bytes(sound[:place] + b"\0" + sound[place + 1 :])
        articles, faults = split([path])
        assert articles or faults or parquet.ParquetFile(path).metadata.num_rows == 0
        said.update(fault.message.partition(":")[0] for fault in faults)
    assert "is damaged" in said
