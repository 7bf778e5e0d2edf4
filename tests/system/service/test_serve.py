"""The HTTP API of a real `classify serve`: answers, bad requests, key, promotion, shutdown."""

import contextlib
import gzip
import io
import json
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from classify import load
from classify import predict as from_python
from classify.serving.http import limits
from labels.dataset import write_dataset
from tests.support.command import classify
from tests.support.corpus import uneven, workspace, write_taxonomy
from tests.support.serving import Service, serving
from tests.support.waiting import wait_until
from training.explain import explain

CINEMA = "film festival réalisateur écran projection acteur tournage coproduction film écran"
TRADE = "export douane tarif conteneur port accord marché cargaison export douane"
KEY = "une-clef-de-test-0123456789"


def train(folder: Path) -> str:
    """Train and promote, and return the name of the run."""
    result = classify("train", "--workspace", folder)
    assert result.returncode == 0, result.stderr
    return (folder / "runs" / "current").read_text(encoding="utf-8").split()[-1]


@pytest.fixture(scope="module")
def service(desk: Path) -> Iterator[Service]:
    """One service for the tests that leave it as it was."""
    with serving(desk, "--max-body", "200kB") as started:
        yield started


def test_a_text_gets_the_answer_of_the_python_api(service: Service, desk: Path) -> None:
    """Categories, probabilities to 6 digits, decision and the run's name."""
    run = load(workspace=desk)
    (expected,) = from_python([f"{CINEMA} {TRADE}"], run)
    answer = service.predict(f"{CINEMA} {TRADE}", all=True)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["run"] == run.name
    (predicted,) = body["predictions"]
    assert set(predicted["categories"]) == {"cinema", "trade"} == set(expected.categories)
    assert predicted["decision"] == expected.decision
    assert predicted["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
    assert predicted["explanation"] is None


def test_an_explanation_is_that_of_the_model(service: Service, desk: Path) -> None:
    """Its parts are the text, whatever JSON must escape in it."""
    text = f'{CINEMA} "\\n" <b> \\ 🎬 l’été. {TRADE}'
    run = load(workspace=desk)
    (answer,) = service.predict(text, explain=True, all=True).json()["predictions"]
    expected = explain(run.model, text).record(run.rule.categories, list(answer["probabilities"]))
    assert answer["explanation"] == expected
    assert "".join(answer["explanation"]["parts"]) == text
    sent = {"file": ("a.txt", text.encode())}
    answer = service.web.post(
        "/v1/predict/file", files=sent, data={"explain": "true", "all": "true"}
    )
    (article,) = answer.json()["predictions"]
    assert article["explanation"] == expected


def test_many_texts_are_answered_in_order(service: Service) -> None:
    """More than one batch of them."""
    texts = [CINEMA if n % 3 else TRADE for n in range(100)]
    answers = service.predict(texts).json()["predictions"]
    assert [answer["categories"] for answer in answers] == [
        ["cinema"] if n % 3 else ["trade"] for n in range(100)
    ]


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


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/predict/file"])
@pytest.mark.parametrize(
    "rest",
    [b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ids=["cut short", "no chunk"],
)
def test_a_client_that_leaves_within_a_body_is_not_an_error_of_the_service(
    service: Service, path: str, rest: bytes
) -> None:
    """The log has no traceback and no status 500."""
    logged = len(service.log)
    kind = "multipart/form-data; boundary=x" if path.endswith("file") else "application/json"
    with socket.create_connection(service.address) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        client.sendall(head.encode() + rest)
        client.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            client.recv(1000)
    wait_until(lambda: {line["status"] for line in service.log[logged:]} & {400, 499}, seconds=20)
    assert not {line["status"] for line in service.log[logged:]} & {500}
    assert "Traceback" not in "".join(service.lines)


def test_a_file_keeps_its_name_without_its_folder_and_unsafe_characters(service: Service) -> None:
    for name, shown in (
        ("été 😀 (1).txt", "été 😀 (1).txt"),
        ("C:\\textes\\l'ONU.txt", "l'ONU.txt"),
        ("a\u202e<b>:7.txt", "a__b__7.txt"),
    ):
        answer = service.web.post("/v1/predict/file", files={"file": (name, CINEMA.encode())})
        assert [article["source"] for article in answer.json()["predictions"]] == [shown]


def test_a_compressed_body_is_refused_with_the_reason(service: Service) -> None:
    """It could become any size; the client learns what is accepted."""
    packed = gzip.compress(json.dumps({"text": CINEMA}).encode())
    for path, kind in (
        ("/v1/predict", "application/json"),
        ("/v1/predict/file", "multipart/form-data; boundary=x"),
    ):
        headers = {"content-type": kind, "content-encoding": "gzip"}
        answer = service.web.post(path, content=packed, headers=headers)
        assert answer.status_code == 415
        assert "Content-Encoding" in answer.json()["detail"]
        assert answer.headers["accept-encoding"] == "identity"


def test_a_probe_of_http_1_0_is_answered(service: Service) -> None:
    """It has no Host header, which every browser sends."""
    with socket.create_connection(service.address, timeout=30) as client:
        client.sendall(b"GET /health/live HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_body_that_is_not_a_form_is_told_what_to_send(service: Service) -> None:
    """The library's message alone would not help, and it stays out of the log."""
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = service.web.post("/v1/predict/file", content=b"no boundary", headers=kind)
    assert answer.status_code == 400
    assert "Send one file, in the field file" in answer.json()["detail"]
    two = [("file", ("a.txt", b"film")), ("file", ("b.txt", b"film"))]
    assert service.web.post("/v1/predict/file", files=two).status_code == 400
    assert all(line.startswith("{") or " answers with " in line for line in service.lines)


def test_the_categories_and_the_run_are_described(service: Service, desk: Path) -> None:
    """With the names of the categories and the training of the run."""
    facts = service.web.get("/v1/categories").json()
    assert facts["choice"] == "multiple"
    assert [(category["id"], category["fr"]) for category in facts["categories"]] == [
        ("cinema", "Cinema"),
        ("trade", "Trade"),
        ("sport", "Sport"),
    ]
    run, local = service.web.get("/v1/runs/current").json(), load(workspace=desk)
    assert run["run"] == local.name == facts["run"]
    assert run["articles"] + local.facts.test_articles == 90
    assert (run["kind"], run["retraining"], run["left_out"]) == ("tfidf", None, [])


def test_a_run_that_left_a_category_out_says_so_and_decides_as_on_the_command_line(
    tmp_path: Path,
) -> None:
    data = uneven({("cinema",): 30, ("trade",): 30, ("sport",): 3, (): 30})
    write_taxonomy(tmp_path, data.taxonomy)
    write_dataset(tmp_path / "dataset.jsonl", data)
    name = train(tmp_path)
    sport = "match équipe stade entraîneur championnat athlète victoire arbitre match stade"
    with serving(tmp_path) as service:
        assert service.web.get("/v1/runs/current").json()["left_out"] == ["sport"]
        for explain in (False, True):
            (answer,) = service.predict(sport, explain=explain).json()["predictions"]
            assert (answer["categories"], answer["decision"]) == ([], "needs review")
        files = {"file": ("a.txt", sport)}
        (answer,) = service.web.post("/v1/predict/file", files=files).json()["predictions"]
        assert answer["decision"] == "needs review"
    assert any(f"{name} does not know sport (left out of training)" in x for x in service.lines)


def test_the_examples_in_openapi_look_like_real_answers(service: Service) -> None:
    """Every plain field has an example of its type; the example of a problem is a real one."""
    schemas = service.web.get("/openapi.json").json()["components"]["schemas"]
    types = {"string": str, "integer": int, "number": float, "array": list, "object": dict}
    for name in ("Answer", "FileAnswer", "Explanation", "CategoryFacts", "CurrentRun", "Problem"):
        for field, described in schemas[name]["properties"].items():
            plain = described if "type" in described else described.get("anyOf", [{}])[0]
            if "type" in plain and "$ref" not in str(plain):
                (example,) = described["examples"]
                assert isinstance(example, types[plain["type"]]), (name, field)
    shown = {
        name: description["examples"][0]
        for name, description in schemas["Problem"]["properties"].items()
        if "examples" in description
    }
    problem = service.web.post("/v1/predict", json={"text": "\n "}).json()
    place = {
        name: description["examples"][0]
        for name, description in schemas["Place"]["properties"].items()
    }
    assert problem == {**shown, "errors": [place]}


def test_health_is_open_and_metrics_count(service: Service) -> None:
    """They count requests by route and status, and texts by category and decision."""
    service.predict(CINEMA, explain=True)
    assert service.web.get("/health/live").json() == {"status": "live"}
    assert service.web.get("/health/ready").json() == {"status": "ready"}
    page = service.web.get("/metrics").text
    assert 'classify_requests_total{method="POST",route="/v1/predict",status="200"}' in page
    assert 'classify_categories_total{category="cinema"}' in page
    assert "classify_decisions_total" in page
    assert "classify_batch_texts_bucket" in page
    assert re.search(r"^classify_explanation_seconds_count [1-9]", page, re.MULTILINE)
    assert "_created" not in page
    assert "classify_queue_texts 0.0" in page


def test_head_answers_like_get_without_a_body(service: Service) -> None:
    """Monitors use it; the connection stays usable."""
    paths = ["/", "/page.js", "/health/live", "/health/ready", "/openapi.json", "/v1/categories"]
    for path in paths:
        head, get = service.web.head(path), service.web.get(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "content-length"):
            assert head.headers[name] == get.headers[name], path
    assert service.web.head("/metrics").status_code == 200
    assert service.web.head("/v1/predict").status_code == 405
    assert service.web.head("/v1/nope").status_code == 404
    assert service.predict(CINEMA).status_code == 200


BAD = {
    "not JSON": (b"{", 400),
    "not UTF-8": (b'{"text": "caf\xe9"}', 400),
    "NaN": (b'{"text": NaN}', 400),
    "an infinite number": (b'{"text": -Infinity}', 400),
    "a number of 10,000 digits": (b'{"text": ' + b"9" * 10_000 + b"}", 400),
    "4,000 nested lists": (b"[" * 4_000 + b"]" * 4_000, 400),
    "100,000 nested lists": (b"[" * 90_000 + b"]" * 90_000, 413),
    "a lone surrogate in 600 lists": (
        b'{"text":' + b"[" * 600 + rb'"\ud800"' + b"]" * 600 + b"}",
        400,
    ),
    "a list": (b'["text"]', 422),
    "nothing": (b"{}", 422),
    "an empty text": (b'{"text": ""}', 422),
    "a text of spaces": ('{"text": " \\n\u00a0 "}'.encode(), 422),
    "a number for a text": (b'{"text": 5}', 422),
    "null": (b'{"text": null}', 422),
    "no texts": (b'{"text": []}', 422),
    "a bad text among good ones": (b'{"text": ["a", " "]}', 422),
    "a list in a list": (b'{"text": [["a"]]}', 422),
    "257 texts": (json.dumps({"text": ["a"] * 257}).encode(), 422),
    "17 texts to explain": (json.dumps({"text": ["a"] * 17, "explain": True}).encode(), 422),
    "a word for a truth": (b'{"text": "a", "explain": "yes"}', 422),
    "an unknown option": (b'{"text": "a", "lang": "fr"}', 422),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_body_is_a_problem_that_says_what_to_do(service: Service, what: str) -> None:
    """It is never a 500, and the connection never breaks."""
    content, status = BAD[what]
    kind = {"content-type": "application/json"}
    answer = service.web.post("/v1/predict", content=content, headers=kind)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]


def test_a_problem_names_the_place(service: Service) -> None:
    """It has the number of the text that is wrong."""
    problem = service.predict(["a", " "]).json()
    assert [error["where"] for error in problem["errors"]] == ["text.1"]


@pytest.mark.parametrize(
    "text",
    ["a\0b", "\u202e\u200b", "<script>alert(1)</script>", "é" * 90_000, "日本" * 20_000, "🎬"],
    ids=["NUL", "invisible", "script", "long", "Japanese", "emoji"],
)
def test_an_odd_text_gets_an_answer(service: Service, text: str) -> None:
    """It is classified like any other."""
    answer = service.predict(text)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["predictions"]) == 1


def test_json_that_is_not_an_object_is_refused_and_a_byte_order_mark_accepted(
    service: Service,
) -> None:
    kind = {"content-type": "application/json"}
    (error,) = service.web.post("/v1/predict", content=b"[1]", headers=kind).json()["errors"]
    assert error == {"where": "body", "message": "is not a JSON object"}
    marked = b"\xef\xbb\xbf" + json.dumps({"text": CINEMA}).encode()
    assert service.web.post("/v1/predict", content=marked, headers=kind).status_code == 200


def test_lone_surrogates_are_replaced_as_everywhere(service: Service) -> None:
    """JSON can hold them, UTF-8 can't."""
    body = b'{"text": "' + CINEMA.encode() + rb' \ud800", "explain": false}'
    kind = {"content-type": "application/json"}
    answer = service.web.post("/v1/predict", content=body, headers=kind)
    assert answer.json()["predictions"][0]["categories"] == ["cinema"]


def test_a_text_that_is_empty_after_cleaning_needs_review(service: Service) -> None:
    """Its note says why."""
    (answer,) = service.predict("\u200b\u200b").json()["predictions"]
    assert answer["decision"] == "needs review"
    assert "empty after cleaning" in answer["note"]


def test_a_note_says_that_a_text_is_in_another_script(service: Service) -> None:
    """It gives the share of letters that the model can hardly read."""
    (answer,) = service.predict(CINEMA + " 国际文化贸易与外交" * 12).json()["predictions"]
    assert "Latin script" in answer["note"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_413_however_it_is_sent(service: Service, chunked: bool) -> None:
    """Its length is declared, or counted as it arrives; the client gets the answer."""
    data = json.dumps({"text": "x" * 300_000}).encode()
    parts = (data[n : n + 10_000] for n in range(0, len(data), 10_000))
    kind = {"content-type": "application/json"}
    answer = service.web.post("/v1/predict", content=parts if chunked else data, headers=kind)
    assert answer.status_code == 413
    assert "200,000 bytes" in answer.json()["detail"]


def test_another_content_type_is_415(service: Service) -> None:
    """So a form on another site can't post to it unasked."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = service.web.post("/v1/predict", content=b"{}", headers={"content-type": kind})
        assert answer.status_code == 415
    assert service.web.post("/v1/predict/file", json={}).status_code == 415


def test_a_foreign_host_name_is_refused_without_a_key(service: Service) -> None:
    """A page whose own name points to 127.0.0.1 can read nothing."""
    answer = service.web.get("/v1/categories", headers={"host": "evil.example"})
    assert answer.status_code == 403
    assert service.web.get("/v1/categories", headers={"host": "localhost:8000"}).status_code == 200


def test_unknown_paths_and_methods_are_problems(service: Service) -> None:
    """404 and 405 have the format of every other error."""
    for method, path, status in [("GET", "/v1/nope", 404), ("GET", "/v1/predict", 405)]:
        answer = service.web.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    for path in (b"/page/../app.py", b"/..%2f..%2fetc/passwd", b"/label-studio/../metrics"):
        with socket.create_connection(service.address, timeout=30) as client:
            client.sendall(b"GET " + path + b" HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 404 ")


def test_the_log_holds_a_hash_and_no_text(service: Service) -> None:
    """Nobody can read an article from its lines, and control characters are escaped."""
    service.predict("phrase très confidentielle")
    service.web.get("/v1/%0d%0aforged", headers={"user-agent": "\x1b[31m"})
    wait_until(lambda: any(line.get("status") == 404 for line in service.log))
    log = "".join(service.lines)
    assert "confidentielle" not in log
    assert "forged" not in log
    assert "\x1b" not in log
    assert any(len(line.get("sha256", "")) == 16 for line in service.log)


def test_the_key_opens_the_api_and_is_never_shown(desk: Path) -> None:
    """Health and the page need none; a wrong key gets 401 with the scheme to use."""
    with serving(desk, key=KEY) as service:
        assert service.predict(CINEMA).status_code == 200
        for header in ({}, {"authorization": "Bearer wrong"}, {"authorization": KEY}):
            web = httpx.Client(base_url=service.url, headers=header)
            for path in ("/v1/categories", "/v1/runs/current", "/metrics"):
                answer = web.get(path)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == "Bearer"
            assert web.get("/health/ready").status_code == 200
            assert web.get("/").status_code == 200
        assert KEY not in "".join(service.lines)


def test_another_machine_may_ask_only_with_a_key(desk: Path) -> None:
    """Without one the command says what to do; a short key is refused."""
    result = classify("serve", "--host", "0.0.0.0", "--workspace", desk, CLASSIFY_API_KEY="")
    assert result.returncode == 1
    assert "CLASSIFY_API_KEY" in result.stderr
    result = classify("serve", "--workspace", desk, CLASSIFY_API_KEY="short")
    assert result.returncode == 1
    assert "short" not in result.stderr


def test_a_port_that_is_taken_is_reported_in_one_line(desk: Path, service: Service) -> None:
    """It names the address and what to do."""
    result = classify("serve", "--port", str(service.address[1]), "--workspace", desk)
    assert result.returncode == 1
    assert "--port" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_without_a_model_the_command_says_how_to_get_one(tmp_path: Path) -> None:
    """It does not listen before it has one."""
    result = classify("serve", "--port", "0", "--workspace", tmp_path)
    assert result.returncode == 1
    assert "classify train" in result.stderr


def test_bad_settings_are_all_named(tmp_path: Path) -> None:
    """These are unknown keys and values out of range."""
    wrong = 'queue = 0\nmax_body = "0"\nwhat = 1\nbatch_size = "many"\n'
    (tmp_path / "serve.toml").write_text(wrong, "utf-8")
    result = classify("serve", "--workspace", tmp_path)
    assert result.returncode == 1
    for word in ("'what'", "queue", "max_body", "batch_size"):
        assert word in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_service_at_once(desk: Path, number: int) -> None:
    """There is no traceback, and its worker ends, too."""
    with serving(desk) as service:
        service.predict(CINEMA)
        service.web.close()
        assert service.end(number) == (130 if number == signal.SIGINT else 0)
        wait_until(lambda: "ended" in service.lines[-1], seconds=10)
        assert "Traceback" not in "".join(service.lines)
        assert signal.Signals(number).name in "".join(service.lines)


def test_kill_9_leaves_no_worker_behind(desk: Path) -> None:
    """The process that holds the model ends with the pipe."""
    with serving(desk) as service:
        (worker,) = psutil.Process(service.process.pid).children()
        service.process.kill()
        wait_until(lambda: not worker.is_running(), seconds=10)


def test_a_killed_worker_is_started_again(desk: Path) -> None:
    """Requests that it worked on get 503, later ones 200."""
    with serving(desk) as service:
        (worker,) = psutil.Process(service.process.pid).children()
        worker.kill()
        statuses = []

        def is_answered() -> bool:
            """Ask once more."""
            answer = service.predict(CINEMA)
            statuses.append(answer.status_code)
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) >= 1
            return answer.status_code == 200

        wait_until(is_answered, seconds=60)
        assert set(statuses) <= {200, 503}


def test_a_worker_that_was_killed_while_idle_is_started_again_without_a_request(desk: Path) -> None:
    """A load balancer sends no request to a service that is not ready."""
    with serving(desk) as service:
        (worker,) = psutil.Process(service.process.pid).children()
        worker.kill()
        wait_until(lambda: not ready(service), seconds=20, what="its end is noticed")
        wait_until(lambda: ready(service), seconds=60, what="another one is started")
        assert service.predict(CINEMA).status_code == 200
        assert any("killed by signal 9" in line for line in service.lines)


def test_a_promoted_run_takes_over_without_a_failed_request(tmp_path: Path) -> None:
    """Requests go on throughout; each is answered by one of the two runs."""
    folder = workspace(tmp_path / "desk", 60)
    first_run = train(folder)
    with serving(folder) as service:
        going, answers = True, []

        def ask() -> None:
            """Send requests all the time."""
            with httpx.Client(base_url=service.url, timeout=60) as web:
                while going:
                    answer = web.post("/v1/predict", json={"text": [CINEMA, TRADE]})
                    answers.append((answer.status_code, answer.json().get("run")))

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask) for _ in range(4)]
            workspace(folder, 90)
            second = train(folder)
            wait_until(lambda: (200, second) in answers, seconds=60)
            time.sleep(0.5)
            going = False
            for client in asking:
                client.result()
        assert {status for status, _ in answers} == {200}
        assert {run for _, run in answers} == {first_run, second}
        runs = [run for _, run in sorted(enumerate(answers), key=lambda pair: pair[0])]
        assert runs[-1] == (200, second)
        assert service.web.get("/v1/runs/current").json()["run"] == second


def test_a_promoted_run_that_is_damaged_changes_nothing(tmp_path: Path) -> None:
    """The current one goes on answering, and the log says why."""
    folder = workspace(tmp_path / "desk", 60)
    first_run = train(folder)
    with serving(folder) as service:
        broken = folder / "runs" / "20990101-000000-tfidf-00000000"
        broken.mkdir()
        (folder / "runs" / "current").write_text(f"{first_run}\n{broken.name}\n", encoding="utf-8")
        wait_until(lambda: any(broken.name in line for line in service.lines), seconds=30)
        assert service.predict(CINEMA).json()["run"] == first_run
        (worker,) = psutil.Process(service.process.pid).children()
        worker.kill()  # the worker that replaces it can't load the damaged run either
        wait_until(lambda: not worker.is_running() and ready(service), seconds=60)
        assert service.predict(CINEMA).json()["run"] == first_run


def ready(service: Service) -> bool:
    """Tell whether texts are answered."""
    return service.web.get("/health/ready").status_code == 200


SLOW = b"[" * 2_000_000  # as Markdown: minutes


@pytest.fixture
def impatient(tmp_path: Path, desk: Path) -> Path:
    """A workspace whose service gives a request, and the reading of its file, 2 seconds."""
    folder = tmp_path / "impatient"
    folder.mkdir()
    shutil.copytree(desk / "runs", folder / "runs")
    (folder / "serve.toml").write_text("read_timeout = 2.0\n", encoding="utf-8")
    return folder


def readers(service: Service) -> list[psutil.Process]:
    """Return the processes that read files for a service."""
    processes = []
    for process in psutil.Process(service.process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            if "classify.serving.files.reader" in process.cmdline():
                processes.append(process)
    return processes


def test_a_file_that_takes_too_long_to_read_is_refused_and_the_next_one_is_read(
    impatient: Path,
) -> None:
    """Nobody else waits for it, and the process that read it is gone."""
    with serving(impatient) as service:
        answer = service.web.post("/v1/predict/file", files={"file": ("a.md", SLOW)})
        assert answer.status_code == 413
        assert answer.json()["detail"].startswith("the file was not read within 2 s.")
        assert readers(service) == []
        answer = service.web.post("/v1/predict/file", files={"file": ("a.md", CINEMA.encode())})
        assert answer.json()["predictions"][0]["categories"] == ["cinema"]


def test_a_reader_that_was_killed_is_replaced(desk: Path) -> None:
    with serving(desk) as service:
        for _ in range(2):
            sent = {"file": ("a.txt", CINEMA.encode())}
            assert service.web.post("/v1/predict/file", files=sent).status_code == 200
            (reader,) = readers(service)
            reader.kill()
            wait_until(lambda: readers(service) == [], seconds=5)


def test_reading_stops_when_the_client_leaves(desk: Path) -> None:
    with serving(desk) as service:
        with pytest.raises(httpx.ReadTimeout), httpx.Client(base_url=service.url) as web:
            web.post("/v1/predict/file", files={"file": ("a.md", SLOW)}, timeout=2)
        wait_until(lambda: readers(service) == [], seconds=5)
        assert "classify_dropped_total 1.0" in service.web.get("/metrics").text


def test_a_table_that_would_fill_the_memory_is_refused(desk: Path) -> None:
    """A cell of 300 million characters, in a file of some kilobytes."""
    import pyarrow as pa
    from pyarrow import parquet

    packed = io.BytesIO()
    table = pa.table({"text": pa.array(["film " * 60_000_000])})
    parquet.write_table(table, packed, compression="zstd")
    with serving(desk) as service:
        memory = psutil.Process(service.process.pid).memory_info().rss
        sent = {"file": ("bomb.parquet", packed.getvalue())}
        answer = service.web.post("/v1/predict/file", files=sent)
        assert answer.status_code == 413 or "characters" in answer.json()["rejected"][0]["message"]
        assert psutil.Process(service.process.pid).memory_info().rss - memory < 50e6
        assert readers(service) == []  # the process that read it has ended
        assert service.predict(CINEMA).status_code == 200


def test_while_the_service_ends_it_is_not_ready_and_answers_accepted_requests(
    impatient: Path,
) -> None:
    """A proxy that keeps connections open sees it on them."""
    with serving(impatient) as service, ThreadPoolExecutor(1) as pool:
        assert service.web.get("/health/ready").status_code == 200
        sent = {"file": ("a.md", SLOW)}
        inside = pool.submit(httpx.post, f"{service.url}/v1/predict/file", files=sent, timeout=30)
        wait_until(lambda: readers(service), seconds=10)
        asking = socket.create_connection(service.address, timeout=10)
        asking.sendall(b"GET /health/ready HTTP/1.1\r\nhost: loc")
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: any("SIGTERM" in line for line in service.lines), seconds=5)
        asking.sendall(b"alhost\r\n\r\n")
        reply = ""
        while not reply.endswith("}"):
            reply += asking.recv(65536).decode()
        assert reply.startswith("HTTP/1.1 503 ")
        assert "the service is shutting down" in reply
        assert inside.result().status_code == 413
        assert service.process.wait(20) == 0
        assert "Traceback" not in "".join(service.lines)


def test_a_request_that_outlasts_the_shutdown_gets_503(impatient: Path) -> None:
    """The problem says when to send it again, and the log has the same status."""
    (impatient / "serve.toml").write_text("read_timeout = 30.0\ndrain = 0.5\n", encoding="utf-8")
    with serving(impatient) as service, ThreadPoolExecutor(1) as pool:
        sent = {"file": ("a.md", SLOW)}
        inside = pool.submit(httpx.post, f"{service.url}/v1/predict/file", files=sent, timeout=30)
        wait_until(lambda: readers(service), seconds=10)
        service.process.send_signal(signal.SIGTERM)
        answer = inside.result()
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"]
        assert service.process.wait(20) == 0
        wait_until(lambda: any('"status": 503' in line for line in service.lines), seconds=10)
        assert "Traceback" not in "".join(service.lines)
        (line,) = (line for line in service.log if line.get("route") == "/v1/predict/file")
        assert line["status"] == 503


def test_a_signal_that_comes_twice_at_once_is_one(impatient: Path) -> None:
    """The timeout command sends its signal to the process and to its group."""
    with serving(impatient) as service, ThreadPoolExecutor(1) as pool:
        sent = {"file": ("a.md", SLOW)}
        inside = pool.submit(httpx.post, f"{service.url}/v1/predict/file", files=sent, timeout=30)
        wait_until(lambda: readers(service), seconds=10)
        for _ in range(2):
            service.process.send_signal(signal.SIGTERM)
        assert inside.result().status_code == 413  # after its 2 seconds
        assert service.process.wait(20) == 0
        assert not any("at once" in line for line in service.lines)


def test_the_largest_body_that_is_allowed_fits(impatient: Path) -> None:
    """Even if it is larger than all bodies together may be."""
    (impatient / "serve.toml").write_text("read_timeout = 300.0\n", encoding="utf-8")
    body = b'{"text": "film"' + b" " * limits.TOTAL_BODIES + b"}"
    with serving(impatient, "--max-body", f"{len(body)}") as service:
        kind = {"content-type": "application/json"}
        answer = service.web.post("/v1/predict", content=body, headers=kind)
        assert answer.status_code == 200, answer.text


def test_the_page_of_another_site_can_send_nothing_here(service: Service) -> None:
    """A browser sends a form without asking, but says where it comes from."""
    headers = {"Sec-Fetch-Site": "cross-site"}
    sent = {"file": ("a.txt", CINEMA.encode())}
    assert service.web.post("/v1/predict/file", files=sent, headers=headers).status_code == 403
    assert service.web.get("/", headers=headers).status_code == 200  # a link that was followed
    same_site = {"Sec-Fetch-Site": "same-origin"}
    assert service.web.post("/v1/predict/file", files=sent, headers=same_site).status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"text": "  "}, [("text", "is only white space")]),
        ({"text": ""}, [("text", "is empty")]),
        ({"text": None}, [("text", "is not a text")]),
        ({"text": []}, [("text", "is empty")]),
        ({"text": ["a", ""]}, [("text.1", "is empty")]),
        ({"text": ["a", 3]}, [("text.1", "is not a text")]),
        ({"text": ["a"] * 257}, [("text", "has too many texts")]),
        ({"text": "a", "explain": 1}, [("explain", "is neither true nor false")]),
        ({"txt": "a"}, [("text", "is missing"), ("txt", "is not a known field")]),
    ],
)
def test_each_fault_of_a_request_is_reported_once(
    service: Service, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    answer = service.web.post("/v1/predict", json=body)
    assert answer.status_code == 422
    assert [(error["where"], error["message"]) for error in answer.json()["errors"]] == errors


def test_a_client_that_reads_nothing_is_dropped(tmp_path: Path, desk: Path) -> None:
    """So is its answer; a client that reads slowly gets all of it."""
    folder = shutil.copytree(desk, tmp_path / "desk")
    (folder / "serve.toml").write_text("write_timeout = 4.0\n", encoding="utf-8")
    body = json.dumps({"text": f"{CINEMA} " * 20_000, "explain": True, "all": True}).encode()
    head = (
        f"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    with serving(folder) as service, contextlib.ExitStack() as stack:
        clients = []
        for _ in range(2):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            client.settimeout(60)
            client.connect(service.address)
            client.sendall(head + body)
            clients.append(client)
        slow, idle = clients
        got = b""
        began = time.monotonic()
        while part := slow.recv(1 << 16):
            got += part
            if time.monotonic() - began < 5:
                time.sleep(0.05)
        size = int(got.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert len(got.partition(b"\r\n\r\n")[2]) == size > 1_000_000
        wait_until(
            lambda: not _established(service, idle.getsockname()[1]),
            seconds=60,
            what="the connection is closed",
        )
        with pytest.raises(ConnectionResetError):
            b"".join(iter(lambda: idle.recv(1 << 16), b""))


def _established(service: Service, port: int) -> bool:
    """Tell whether the service has a connection to a port."""
    connections = psutil.Process(service.process.pid).net_connections("tcp")
    return any(connection.raddr and connection.raddr.port == port for connection in connections)


def test_a_half_sent_request_is_closed_by_its_deadline(tmp_path: Path, desk: Path) -> None:
    """It gets 408, in its head as in its body; a silent connection is closed."""
    settings = desk / "serve.toml"
    settings.write_text("read_timeout = 1.0\n", encoding="utf-8")
    try:
        with serving(desk) as service:
            for start, reply in [
                (b"POST /v1/predict HT", b"408"),
                (b"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\nx-a: ", b"408"),
                (
                    b"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\n"
                    b"content-type: application/json\r\ncontent-length: 100\r\n\r\n{",
                    b"408",
                ),
                (b"", b""),
            ]:
                began = time.monotonic()
                with socket.create_connection(service.address, timeout=30) as client:
                    client.sendall(start)
                    received = b""
                    while part := client.recv(4096):
                        received += part
                assert received.split(b" ")[1:2] == ([reply] if reply else []), received
                assert time.monotonic() - began < 10
            assert service.predict(CINEMA).status_code == 200
    finally:
        settings.unlink()


def test_endless_headers_are_refused(service: Service) -> None:
    """They get 431 after 64 kB."""
    with socket.create_connection(service.address, timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n")
        reply = b""
        try:
            for n in range(100):
                client.sendall(b"x-%d: " % n + b"a" * 1000 + b"\r\n")
            reply = client.recv(4096)
        except OSError:  # it closed while we were sending
            reply = reply or b"HTTP/1.1 431 "
        assert reply.startswith(b"HTTP/1.1 431 ")
