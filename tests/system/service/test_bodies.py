"""Bodies of every shape, from a running service: refused with a 4xx, and nobody waits for them."""

import json
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.corpus import WORDS
from tests.support.python_process import first_line, start_python
from tests.support.serving import Service, serving

CINEMA = " ".join(WORDS["cinema"])
JSON = {"content-type": "application/json"}
SIZE = 10_000_000  # the largest body by default


@pytest.fixture(scope="module")
def service(desk: Path) -> Iterator[Service]:
    """One service for all."""
    with serving(desk) as started:
        yield started
        assert "Traceback" not in "".join(started.lines)


# Asks again and again, each time on a new connection, and prints how long each answer took.
PROBE = """\
import socket, sys, time
address = (sys.argv[1], int(sys.argv[2]))
while True:
    began = time.monotonic()
    with socket.create_connection(address, timeout=60) as client:
        client.sendall(b"GET /health/live HTTP/1.0\\r\\n\\r\\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    print(time.monotonic() - began, flush=True)
    time.sleep(0.02)
"""


@contextmanager
def measuring(service: Service) -> Iterator[list[float]]:
    """Measure how long /health/live takes meanwhile, from a process of its own."""
    seconds: list[float] = []
    host, port = service.address
    probe = start_python(PROBE, host, str(port))
    try:
        seconds.append(float(first_line(probe)))
        yield seconds
    finally:
        probe.kill()
        out, _ = probe.communicate()
        seconds += map(float, out.splitlines())


def send_at_once(service: Service, body: bytes, count: int) -> list[int]:
    """Send a body to /v1/predict on some connections at once, and return the statuses."""
    head = (
        "POST /v1/predict HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()

    def send(_: int) -> int:
        with socket.create_connection(service.address, timeout=60) as client:
            client.sendall(head)
            client.sendall(body)
            return int(client.recv(100)[9:12])

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(send, range(count)))


def fill(part: bytes, start: bytes = b'{"text": "film", "more": [', end: bytes = b"1]}") -> bytes:
    """Return a body of the largest size made of one part."""
    return start + part * ((SIZE - len(start) - len(end)) // len(part)) + end


HEAVY = {
    "unknown keys": b'{"text": "film", '
    + b", ".join(b'"k%d": 1' % n for n in range(700_000))
    + b"}",
    "lists": fill(b"[],"),
    "objects": fill(b"{},"),
    "numbers": fill(b"1,"),
    "texts": fill(b'"a",', b'{"text": [', b'"a"]}'),
    "wrong texts": fill(b"null,", b'{"text": [', b"null]}"),
    "keys that look escaped": fill(b'"\\\\":1,', b"{", b'"a":1}'),
    "a string without an end": fill(b'\\"', b'{"text": "', b""),
    "a list without an end": fill(b"[", b"", b""),
    "one number": fill(b"1", b'{"text": 1', b"}"),
    "one fraction": fill(b"1", b'{"text": 1.', b"}"),
    "surrogates": fill(b'"\\ud800",', b'{"text": [', b'"a"]}'),
}


@pytest.mark.parametrize("what", HEAVY)
def test_a_large_body_of_any_shape_is_refused(service: Service, what: str) -> None:
    answer = service.web.post("/v1/predict", content=HEAVY[what], headers=JSON)
    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("what", ["unknown keys", "lists", "a string without an end"])
def test_large_bodies_hold_up_nobody(service: Service, what: str) -> None:
    """24 at once are refused one by one; health is answered in between."""
    with measuring(service) as seconds:
        began = time.monotonic()
        assert set(send_at_once(service, HEAVY[what], 24)) <= {400, 413, 422}
        total = time.monotonic() - began
    assert max(seconds) < max(1.0, total / 4), (max(seconds), total)


def test_the_largest_texts_are_answered_and_hold_up_nobody(service: Service) -> None:
    """One of 9 MB, and 256 that are as long together, full of quotes and commas."""
    text = f'{CINEMA}, dit-il, "{CINEMA}". '
    one = json.dumps({"text": text * (SIZE * 9 // 10 // len(json.dumps(text)))}).encode()
    many = json.dumps({"text": [text * (SIZE // 300 // len(json.dumps(text)))] * 256}).encode()
    with measuring(service) as seconds:
        began = time.monotonic()
        for body in (one, many):
            answer = service.web.post("/v1/predict", content=body, headers=JSON)
            assert answer.status_code == 200, answer.text
        total = time.monotonic() - began
    assert max(seconds) < max(1.0, total / 4), (max(seconds), total)


def test_texts_beyond_the_limit_are_counted_for_the_client(service: Service) -> None:
    answer = service.predict(["film"] * 300)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"where": "text", "message": "has too many texts"}]


PIECES = (
    *("{", "}", "[", "]", ":", ",", '"', "\\", "\\u", "\\ud800", "\\udc00", "\x00", "\n", " "),
    *('"text"', '"text":', '"explain"', '"all"', "true", "false", "null", "NaN", "Infinity"),
    *("-", "0", "1e999", "-0.0", "9" * 5000, "1" * 400 + ".5", '"film"', '"\\u0000"', "é", "🎬"),
    *('{"text": "film"}', '{"text": ["film"]}', '"a": ', "\ufeff", "//", "'text'", "\u2028"),
)


def random_value(rng: random.Random, depth: int = 0) -> object:
    """Return some value that JSON, as Python writes it, may hold."""
    kind = rng.randrange(10 if depth < 4 else 7)
    if kind < 3:
        return "".join(rng.choice(PIECES) for _ in range(rng.randrange(4)))
    if kind < 7:
        return rng.choice([None, True, False, 0, -1.5, float("nan"), float("-inf"), 10**400])
    if kind == 7:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(5))]
    names = ("text", "explain", "all", "", "texte", "\ud800", "__class__")
    return {rng.choice(names): random_value(rng, depth + 1) for _ in range(rng.randrange(5))}


def random_body(rng: random.Random) -> bytes:
    """Return bytes that are JSON, nearly JSON or anything."""
    if rng.random() < 0.4:
        parts = (rng.choice(PIECES) for _ in range(rng.randrange(12)))
        return "".join(parts).encode("utf-8", "surrogatepass")
    body = bytearray(json.dumps(random_value(rng)).encode())
    if rng.random() < 0.3:
        for _ in range(rng.randrange(1, 4)):
            body[rng.randrange(len(body))] = rng.randrange(256)
    return bytes(body)


def test_random_bodies_are_answered_or_refused(service: Service) -> None:
    """Never a 5xx, never a broken connection; a refusal says what to do."""
    rng = random.Random(14)
    for _ in range(3000):
        body = random_body(rng)
        answer = service.web.post("/v1/predict", content=body, headers=JSON)
        assert answer.status_code in (200, 400, 422), (body, answer.text)
        if answer.status_code != 200:
            problem = answer.json()
            assert problem["status"] == answer.status_code
            assert problem["detail"]


def test_random_forms_are_answered_or_refused(service: Service) -> None:
    """So are their files, whose names say what they pretend to be."""
    rng = random.Random(15)
    names = ("a.txt", "a.json", "a.jsonl", "a.csv", "a.tsv", "a.html", "a.md", "a.txt.gz", "", "é")
    fields = ("explain", "all", "text_columns", "id_column", "encoding", "other")
    for _ in range(400):
        content = random_body(rng) if rng.random() < 0.7 else rng.randbytes(rng.randrange(200))
        form = {rng.choice(fields): rng.choice(("true", "false", "a,b", "utf-8", "\0", "é"))}
        answer = service.web.post(
            "/v1/predict/file",
            files={"file": (rng.choice(names), content)},
            data=form if rng.random() < 0.3 else {},
        )
        assert answer.status_code in (200, 400, 415, 422), (content, form, answer.text)
        if answer.status_code != 200:
            assert answer.json()["detail"]


def test_random_bytes_in_place_of_a_form_are_refused(service: Service) -> None:
    rng = random.Random(16)
    parts = (
        *(b"--x", b"--x--", b"\r\n", b"\r\n\r\n", b"\n", b"--", b"x"),
        b'Content-Disposition: form-data; name="file"; filename="a.txt"',
        b'Content-Disposition: form-data; name="all"',
        *(b"Content-Type: text/plain", b"film", b"\0", b"\xff", b": "),
    )
    kind = {"content-type": "multipart/form-data; boundary=x"}
    for _ in range(1000):
        body = b"".join(rng.choice(parts) for _ in range(rng.randrange(14)))
        answer = service.web.post("/v1/predict/file", content=body, headers=kind)
        assert answer.status_code in (200, 400, 422), (body, answer.text)


@pytest.mark.parametrize("encoding", ["utf-8", "CP1252", "latin-1", "iso-8859-15", "macroman"])
def test_a_file_may_be_in_an_encoding_that_openapi_lists(service: Service, encoding: str) -> None:
    schema = service.web.get("/openapi.json").json()
    form = schema["paths"]["/v1/predict/file"]["post"]["requestBody"]["content"]
    listed = form["multipart/form-data"]["schema"]["properties"]["encoding"]["enum"]
    assert encoding.lower() in listed
    sent = {"file": ("a.txt", f"{CINEMA} à l'été".encode(encoding))}
    answer = service.web.post("/v1/predict/file", files=sent, data={"encoding": encoding})
    assert answer.json()["predictions"][0]["categories"] == ["cinema"]


@pytest.mark.parametrize(
    "encoding", ["utf-7", "punycode", "idna", "rot13", "base64", "koi8-r", "unicode_escape", "hz"]
)
def test_a_file_in_an_encoding_that_openapi_does_not_list_is_refused(
    service: Service, encoding: str
) -> None:
    sent = {"file": ("a.txt", CINEMA.encode())}
    answer = service.web.post("/v1/predict/file", files=sent, data={"encoding": encoding})
    assert answer.status_code == 422
    assert "utf-8, " in answer.json()["detail"]


@pytest.mark.parametrize("transfer", ["base64", "quoted-printable"])
def test_a_file_that_is_encoded_for_mail_is_refused(service: Service, transfer: str) -> None:
    """It would be classified as it is."""
    head = (
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        f"Content-Transfer-Encoding: {transfer}\r\n\r\n"
    )
    kind = {"content-type": "multipart/form-data; boundary=x"}
    body = head.encode() + b"ZmlsbQ==\r\n--x--\r\n"
    answer = service.web.post("/v1/predict/file", content=body, headers=kind)
    assert answer.status_code == 415
    assert "Content-Transfer-Encoding" in answer.json()["detail"]
