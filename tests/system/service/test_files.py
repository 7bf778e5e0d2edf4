"""Files sent to the HTTP API: read as the command line reads them, within limits, by processes."""

import gzip
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.serving import Service, serving
from tests.support.waiting import wait_until

CINEMA = "film festival réalisateur écran projection acteur tournage coproduction film écran"
TRADE = "export douane tarif conteneur port accord marché cargaison export douane"


@pytest.fixture(scope="module")
def service(desk: Path) -> Iterator[Service]:
    """One service for the tests that leave it as it was."""
    with serving(desk) as started:
        yield started


def test_a_file_is_read_as_the_command_line_reads_it(service: Service) -> None:
    """Each row gets an answer under its own id, and unreadable ones are reported."""
    rows = [{"id": "a-1", "text": CINEMA}, {"id": "a-2", "text": " "}, {"id": "a-3", "text": TRADE}]
    data = "\n".join(map(json.dumps, rows)).encode()
    answer = service.web.post("/v1/predict/file", files={"file": ("../../x/day.jsonl", data)})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [(record["id"], record["categories"]) for record in body["predictions"]] == [
        ("a-1", ["cinema"]),
        ("a-3", ["trade"]),
    ]
    assert [record["source"] for record in body["predictions"]] == ["day.jsonl:1", "day.jsonl:3"]
    (rejected,) = body["rejected"]
    assert rejected["where"] == "day.jsonl:2"
    assert "white space" in rejected["message"]


@pytest.mark.parametrize("name", ["中" * 100 + ".txt", "é" * 300, "." * 300, "🎬.txt"])
def test_a_file_may_have_any_name(service: Service, name: str) -> None:
    answer = service.web.post("/v1/predict/file", files={"file": (name, CINEMA.encode())})
    assert answer.status_code == 200, answer.text


def test_the_answer_to_a_file_in_another_encoding_says_which_was_assumed(service: Service) -> None:
    """It also has the title, which tells articles apart where none is explained."""
    text = "Le cinéma à l’écran\n\nUn réalisateur présente son film au festival."
    answer = service.web.post("/v1/predict/file", files={"file": ("a.txt", text.encode("cp1252"))})
    (article,) = answer.json()["predictions"]
    assert article["note"].startswith("cp1252 assumed")
    assert "--encoding" not in article["note"]
    assert article["title"] == "Le cinéma à l’écran"


def test_a_form_whose_names_are_in_another_encoding_is_refused(service: Service) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x; charset=utf-16"}
    about = b'Content-Disposition: form-data; name="file"; filename="a.txt"'
    body = b"--x\r\n" + about + b"\r\n\r\nfilm\r\n--x--\r\n"
    answer = service.web.post("/v1/predict/file", content=body, headers=kind)
    assert answer.status_code == 415
    assert "charset" in answer.json()["detail"]
    kind["content-type"] = kind["content-type"].replace("utf-16", '"UTF-8"')
    assert service.web.post("/v1/predict/file", content=body, headers=kind).status_code == 200


def test_a_page_of_html_is_one_article(service: Service) -> None:
    """Its text, not its markup."""
    page = f"<html><body><article><h1>Sortie</h1><p>{CINEMA}.</p></article></body></html>"
    answer = service.web.post("/v1/predict/file", files={"file": ("page.html", page.encode())})
    assert [record["categories"] for record in answer.json()["predictions"]] == [["cinema"]]


def test_a_pdf_is_named_as_one(service: Service) -> None:
    """It is not an article, and the answer says so."""
    answer = service.web.post("/v1/predict/file", files={"file": ("a.txt", b"%PDF-1.7\n%\xe2")})
    assert answer.json()["predictions"] == []
    assert "PDF" in answer.json()["rejected"][0]["message"]


def test_a_file_is_read_as_its_form_asks(service: Service) -> None:
    """Columns and encoding, by fields named like the options of `classify predict`."""
    table = f"corps de texte,cote\n{CINEMA} à l'été,n° 7\n".encode("cp1252")
    sent = {"file": ("day.csv", table)}
    named = {"text_columns": "corps de texte", "id_column": "cote", "encoding": "cp1252"}
    answer = service.web.post("/v1/predict/file", files=sent, data=named)
    (article,) = answer.json()["predictions"]
    assert (article["id"], article["categories"]) == ("n° 7", ["cinema"])
    lost = service.web.post("/v1/predict/file", files=sent).json()["rejected"][0]["message"]
    assert "the field text_columns" in lost
    assert "--" not in lost
    named["id_column"] = "nummer"
    lost = service.web.post("/v1/predict/file", files=sent, data=named).json()["rejected"][0]
    assert "the field id_column" in lost["message"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"encoding": "klingon"}, "encoding"),
        ({"id_column": ["a", "b"]}, "id_column"),
        ({"columns": "a"}, "columns"),
    ],
)
def test_a_form_with_a_wrong_field_is_told_which(
    service: Service, fields: dict[str, object], where: str
) -> None:
    """422 with the field's name, and no option of the command line."""
    sent = {"file": ("a.txt", CINEMA.encode())}
    answer = service.web.post("/v1/predict/file", files=sent, data=fields)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]
    assert "--" not in answer.json()["detail"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a.csv.gz", b"id,text\n" + b"\n" * 60_000_000),
        ("a.jsonl.gz", b"\n" * 2_000_000),
        ("a.csv.gz", b"id,text\n1,film " + b"a" * 60_000_000),
    ],
    ids=["blank rows", "blank lines", "one article"],
)
def test_a_small_file_that_holds_too_much_is_refused(
    service: Service, name: str, plain: bytes
) -> None:
    """413 before it takes time or memory."""
    sent = {"file": (name, gzip.compress(plain))}
    answer = service.web.post("/v1/predict/file", files=sent)
    assert answer.status_code == 413
    assert "Split it" in answer.json()["detail"]


def test_a_file_keeps_its_name_without_its_folder_and_unsafe_characters(service: Service) -> None:
    for name, shown in (
        ("été 😀 (1).txt", "été 😀 (1).txt"),
        ("C:\\textes\\l'ONU.txt", "l'ONU.txt"),
        ("a\u202e<b>:7.txt", "a__b__7.txt"),
    ):
        answer = service.web.post("/v1/predict/file", files={"file": (name, CINEMA.encode())})
        assert [article["source"] for article in answer.json()["predictions"]] == [shown]


def test_a_body_that_is_not_a_form_is_told_what_to_send(service: Service) -> None:
    """The library's message alone would not help, and it stays out of the log."""
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = service.web.post("/v1/predict/file", content=b"no boundary", headers=kind)
    assert answer.status_code == 400
    assert "Send one file, in the field file" in answer.json()["detail"]
    two = [("file", ("a.txt", b"film")), ("file", ("b.txt", b"film"))]
    assert service.web.post("/v1/predict/file", files=two).status_code == 400
    assert all(line.startswith("{") or " answers with " in line for line in service.lines)


def test_a_reader_that_was_killed_is_replaced(desk: Path) -> None:
    with serving(desk) as service:
        for _ in range(2):
            sent = {"file": ("a.txt", CINEMA.encode())}
            assert service.web.post("/v1/predict/file", files=sent).status_code == 200
            (reader,) = service.readers
            reader.kill()
            wait_until(lambda: service.readers == [], seconds=5)


def test_reading_stops_when_the_client_leaves(desk: Path) -> None:
    with serving(desk) as service:
        service.stop_reader()
        sent = {"file": ("a.txt", CINEMA.encode())}
        with pytest.raises(httpx.ReadTimeout), httpx.Client(base_url=service.url) as web:
            web.post("/v1/predict/file", files=sent, timeout=0.5)
        wait_until(lambda: service.readers == [], seconds=5)
        assert "classify_dropped_total 1.0" in service.web.get("/metrics").text


def test_a_table_that_would_fill_the_memory_is_refused(desk: Path) -> None:
    """A cell of 150 million characters, in a file of some kilobytes."""
    import pyarrow as pa
    from pyarrow import parquet

    packed = io.BytesIO()
    table = pa.table({"text": pa.array(["film " * 30_000_000])})
    parquet.write_table(table, packed, compression="zstd", use_dictionary=False)
    with serving(desk) as service:
        memory = psutil.Process(service.process.pid).memory_info().rss
        sent = {"file": ("bomb.parquet", packed.getvalue())}
        answer = service.web.post("/v1/predict/file", files=sent)
        assert answer.status_code == 413 or "characters" in answer.json()["rejected"][0]["message"]
        assert psutil.Process(service.process.pid).memory_info().rss - memory < 50e6
        assert service.readers == []  # the process that read it has ended
        assert service.predict(CINEMA).status_code == 200


@pytest.fixture
def impatient(tmp_path: Path, desk: Path) -> Path:
    """A workspace whose service gives a request, and the reading of its file, 2 seconds."""
    folder = tmp_path / "impatient"
    folder.mkdir()
    shutil.copytree(desk / "runs", folder / "runs")
    (folder / "serve.toml").write_text("read_timeout = 2.0\n", encoding="utf-8")
    return folder


def test_a_file_that_takes_too_long_to_read_is_refused_and_the_next_one_is_read(
    impatient: Path,
) -> None:
    """Nobody else waits for it, and the process that read it is gone."""
    with serving(impatient) as service:
        reader = service.stop_reader()
        answer = service.send_file("a.txt", CINEMA.encode())
        assert answer.status_code == 413
        assert answer.json()["detail"].startswith("the file was not read within 2 s.")
        assert not reader.is_running()
        answer = service.send_file("a.txt", CINEMA.encode())
        assert answer.json()["predictions"][0]["categories"] == ["cinema"]
