"""The HTTP API of a real `classify serve`: answers, bad requests, the key, and how it starts."""

import gzip
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from classify import load
from classify import predict as from_python
from labels.dataset import write_dataset
from tests.support.command import classify, train
from tests.support.corpus import uneven, write_taxonomy
from tests.support.serving import Service, serving
from tests.support.waiting import wait_until
from training.explain import explain

CINEMA = "film festival réalisateur écran projection acteur tournage coproduction film écran"
TRADE = "export douane tarif conteneur port accord marché cargaison export douane"
KEY = "une-clef-de-test-0123456789"


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


def test_a_text_with_nul_is_refused_as_a_file_is(service: Service) -> None:
    answer = service.predict(["a", "a\0b"])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["where"] == "text.1"
    assert "it contains NUL" in error["message"]


@pytest.mark.parametrize(
    "text",
    ["\u202e\u200b", "<script>alert(1)</script>", "é" * 90_000, "日本" * 20_000, "🎬"],
    ids=["invisible", "script", "long", "Japanese", "emoji"],
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
