"""Connections that are slow, endless, cut or malformed: bounded, and no traceback in the log."""

import contextlib
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.corpus import WORDS
from tests.support.serving import Service, serving
from tests.support.waiting import wait_until

CINEMA = " ".join(WORDS["cinema"])
LIVE = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n"


@pytest.fixture(scope="module")
def service(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all, which waits 2 seconds for a request."""
    folder = tmp_path_factory.mktemp("impatient")
    shutil.copytree(desk / "runs", folder / "runs")
    (folder / "serve.toml").write_text("read_timeout = 2.0\n", encoding="utf-8")
    with serving(folder, "--max-body", "200kB") as started:
        yield started
        assert "Traceback" not in "".join(started.lines)


@pytest.fixture
def client(service: Service) -> Iterator[socket.socket]:
    """A connection of its own."""
    with socket.create_connection(service.address, timeout=30) as connection:
        yield connection


def post(body: bytes, *headers: bytes) -> bytes:
    """Return a request for predictions."""
    lines = (
        b"POST /v1/predict HTTP/1.1",
        b"host: localhost",
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        *headers,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def read_all(client: socket.socket) -> bytes:
    """Return what comes until the connection is closed."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def read_answer(client: socket.socket) -> tuple[int, bytes]:
    """Return the status and the body of the next answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = client.recv(1 << 16)
        assert part, received
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    assert length
    while len(body) < int(length[1]):
        body += client.recv(1 << 16)
    return int(head[9:12]), body


def send_until_closed(client: socket.socket, parts: Iterable[bytes]) -> None:
    """Send parts until the service closes the connection; fail if it takes them all."""
    try:
        for part in parts:
            client.sendall(part)
    except (BrokenPipeError, ConnectionResetError):
        return
    pytest.fail("the service took everything")


def test_a_length_beyond_the_limit_is_refused_before_the_body_is_sent(
    client: socket.socket,
) -> None:
    """A client that waits for "100 Continue" is spared the sending."""
    head = post(b"", b"expect: 100-continue").replace(b"length: 0", b"length: 200001")
    client.sendall(head)
    client.settimeout(1.5)  # the deadline for the body would refuse it after 2 s
    status, body = read_answer(client)
    assert status == 413
    assert "at most 200,000 bytes" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    "length", [b"9" * 40, b"1" + b"0" * 18], ids=["forty digits", "nineteen digits"]
)
def test_a_length_of_any_size_is_an_answer(client: socket.socket, length: bytes) -> None:
    client.sendall(post(b"").replace(b"length: 0", b"length: " + length))
    status, _ = read_answer(client)
    assert status in (400, 413)


def test_the_second_request_of_a_connection_has_a_deadline_too(client: socket.socket) -> None:
    """Half of its head is sent, then nothing more."""
    client.sendall(LIVE + b"\r\n")
    assert read_answer(client)[0] == 200
    began = time.monotonic()
    client.sendall(LIVE + b"x-half: ")
    assert read_all(client).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 8  # an idle connection may stay open for 30 s


def test_a_head_that_drips_has_one_deadline_for_all(client: socket.socket) -> None:
    """Each byte that comes does not start it anew."""
    began = time.monotonic()
    for byte in LIVE * 20:
        with contextlib.suppress(OSError):
            client.sendall(bytes([byte]))
        client.settimeout(0.05)
        with contextlib.suppress(TimeoutError):
            assert client.recv(100).startswith(b"HTTP/1.1 408 ")
            break
    assert 1 < time.monotonic() - began < 8


def test_the_headers_of_a_second_request_are_limited_while_the_first_is_answered(
    service: Service, client: socket.socket
) -> None:
    """The client gets no further; the memory stays as it is."""
    before = psutil.Process(service.process.pid).memory_info().rss
    texts = json.dumps({"text": [f"{CINEMA} " * 40] * 50}).encode()
    client.sendall(post(texts) + b"GET / HTTP/1.1\r\nx: ")
    send_until_closed(client, (b"a" * 100_000 for _ in range(2000)))
    assert psutil.Process(service.process.pid).memory_info().rss - before < 30e6
    assert service.predict(CINEMA).status_code == 200


@pytest.mark.parametrize(
    "endless", [b"x-%d: " + b"a" * 1000 + b"\r\n", b"%d" + b"a" * 1000], ids=["many", "one"]
)
def test_headers_after_a_body_are_limited(
    service: Service, client: socket.socket, endless: bytes
) -> None:
    """A body in chunks may end with some."""
    before = psutil.Process(service.process.pid).memory_info().rss
    head = post(b"").replace(b"content-length: 0", b"transfer-encoding: chunked")
    client.sendall(head + b"2\r\n{}\r\n0\r\nx-last: ")
    send_until_closed(client, (endless % n for n in range(200_000)))
    assert psutil.Process(service.process.pid).memory_info().rss - before < 30e6


def test_a_body_in_chunks_of_one_byte_is_read(client: socket.socket) -> None:
    """What frames it may be longer than the body."""
    body = json.dumps({"text": f"{CINEMA} " * 500}).encode()
    head = post(b"").replace(b"content-length: 0", b"transfer-encoding: chunked")
    client.sendall(head + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
    assert read_answer(client)[0] == 200


def test_requests_that_are_sent_at_once_are_answered_in_order(client: socket.socket) -> None:
    bodies = [json.dumps({"text": ["film"] * n}).encode() for n in range(1, 6)]
    client.sendall(b"".join(map(post, bodies)))
    for n in range(1, 6):
        status, body = read_answer(client)
        assert (status, len(json.loads(body)["predictions"])) == (200, n)


@pytest.mark.parametrize(
    "rest",
    [
        post(b'{"text": "film"}'),
        LIVE,
        LIVE + b"\r\n",
        b"\0\0\0\0 no HTTP\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    ],
    ids=["a request", "half a request", "health", "no HTTP", "no ASCII", "CONNECT"],
)
@pytest.mark.parametrize("how", ["close", "reset", "half", "later"])
def test_a_client_that_leaves_before_its_answers_leaves_no_traceback(
    service: Service, rest: bytes, how: str
) -> None:
    """Of two requests at once, both are dropped; the first one had been answered into nowhere."""
    texts = json.dumps({"text": [f"{CINEMA} " * 40] * 50}).encode()
    with socket.create_connection(service.address, timeout=30) as client:
        client.sendall(post(texts) + rest)
        if how == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if how == "half":
            client.shutdown(socket.SHUT_WR)
            read_all(client)
        if how == "later":
            time.sleep(0.02)
    idle = "classify_requests_inside 0.0"
    wait_until(lambda: idle in service.web.get("/metrics").text, seconds=20)
    assert service.predict(CINEMA).status_code == 200
    assert "Traceback" not in "".join(service.lines)
    assert not [line for line in service.log if line.get("status") == 500]


@pytest.mark.parametrize(
    "host",
    [
        b"localhost:port",
        b"localhost:80:80",
        b"localhost:@evil.example",
        b"localhost/evil",
        b"local host",
        b"[::1]evil",
        b"[::1",
        b"127.0.0.1:999999",
        b"localhost\r\nhost: evil.example",
        b"localhost, evil.example",
        b"caf\xe9",
        b"a" * 300,
    ],
)
def test_a_host_header_that_is_no_host_is_refused(client: socket.socket, host: bytes) -> None:
    client.sendall(b"GET /v1/categories HTTP/1.1\r\nhost: " + host + b"\r\n\r\n")
    status, body = read_answer(client)
    assert status == 400
    assert "Host header" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    "host", [b"localhost", b"LOCALHOST:8000", b"127.0.0.1:1", b"[::1]:80", b"[::1]", b"localhost:"]
)
def test_a_host_header_may_have_a_port(client: socket.socket, host: bytes) -> None:
    client.sendall(b"GET /v1/categories HTTP/1.1\r\nhost: " + host + b"\r\n\r\n")
    assert read_answer(client)[0] == 200


@pytest.mark.parametrize(
    ("forwarded", "logged"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("10.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("forged entry in the log", "127.0.0.1"),
        ("203.0.113.7, 1.2.3.4 forged", "127.0.0.1"),
        ("fe80::1%forged", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_log_holds_the_address_of_a_client_behind_a_proxy_and_no_other_text(
    service: Service, forwarded: str, logged: str
) -> None:
    def clients() -> list[str]:
        return [line["client"] for line in service.log if line.get("route") == "/v1/categories"]

    before = len(clients())
    service.web.get("/v1/categories", headers={"x-forwarded-for": forwarded})
    wait_until(lambda: len(clients()) > before)
    assert clients()[before] == logged
    assert "forged" not in "".join(service.lines)


def test_many_connections_that_send_nothing_stop_nobody(service: Service) -> None:
    """They are closed; meanwhile others are answered."""
    with contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(service.address, timeout=30))
            for _ in range(500)
        ]
        answered = threading.Event()
        threading.Thread(target=lambda: (service.predict(CINEMA), answered.set())).start()
        assert answered.wait(5)
        assert all(read_all(connection) == b"" for connection in idle)


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


def test_a_probe_of_http_1_0_is_answered(service: Service) -> None:
    """It has no Host header, which every browser sends."""
    with socket.create_connection(service.address, timeout=30) as client:
        client.sendall(b"GET /health/live HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_client_that_reads_nothing_is_dropped(tmp_path: Path, desk: Path) -> None:
    """So is its answer."""
    folder = shutil.copytree(desk, tmp_path / "desk")
    (folder / "serve.toml").write_text("write_timeout = 1.0\n", encoding="utf-8")
    body = json.dumps({"text": f"{CINEMA} " * 20_000, "explain": True, "all": True}).encode()
    with serving(folder) as service, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.settimeout(60)
        client.connect(service.address)
        client.sendall(post(body))
        process, port = psutil.Process(service.process.pid), client.getsockname()[1]

        def is_open() -> bool:
            peers = [one.raddr for one in process.net_connections("tcp") if one.raddr]
            return any(peer.port == port for peer in peers)

        wait_until(is_open, what="the connection is accepted")
        wait_until(lambda: not is_open(), what="the connection is closed")
        with pytest.raises(ConnectionResetError):
            b"".join(iter(lambda: client.recv(1 << 16), b""))


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"", b""),
        (b"POST /v1/predict HT", b"408"),
        (LIVE + b"x-a: ", b"408"),
        (post(b"").replace(b"length: 0", b"length: 100") + b"{", b"408"),
    ],
    ids=["nothing", "a line", "a head", "a body"],
)
def test_a_half_sent_request_is_closed_by_its_deadline(
    client: socket.socket, start: bytes, status: bytes
) -> None:
    """It gets 408; a silent connection is closed."""
    began = time.monotonic()
    client.sendall(start)
    assert read_all(client).split(b" ")[1:2] == ([status] if status else [])
    assert time.monotonic() - began < 8


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
