"""The protocol of the service on real connections: each of its deadlines and limits, in short."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from classify.serving.http import connection
from classify.serving.http.connection import Deadlines, uvicorn_options

SECONDS = Deadlines(headers=0.6, idle=0.3, unread=0.5)
PAUSE = 1.5  # seconds before an answer that takes long
LATE = 3.0  # seconds; uvicorn's own deadlines are longer, or there is none
GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer at once, after a pause, or with more than the system buffers; read no body."""
    if scope["path"] == "/slow":
        await asyncio.sleep(PAUSE)
    body = b"a" * (20_000_000 if scope["path"] == "/much" else 2)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Host and port of a server of these answers."""
    options = {**uvicorn_options(SECONDS), "access_log": False, "log_config": None}
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", **options))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=LATE) as connected:
        yield connected


def read_until_closed(client: socket.socket) -> bytes:
    """Return what comes until the server closes the connection, which it must do in time."""
    parts = []
    try:
        while part := client.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def read_answer(client: socket.socket) -> bytes:
    """Return an answer of two bytes with its head."""
    received = b""
    while not received.endswith(b"\r\n\r\naa"):
        part = client.recv(1 << 16)
        assert part
        received += part
    return received


@pytest.mark.slow
def test_a_connection_that_sends_nothing_is_closed(client: socket.socket) -> None:
    assert read_until_closed(client) == b""


@pytest.mark.slow
def test_a_head_that_is_not_complete_in_time_is_refused(client: socket.socket) -> None:
    client.sendall(GET[:20])
    assert read_until_closed(client).startswith(b"HTTP/1.1 408 ")


@pytest.mark.slow
def test_a_second_head_that_is_not_complete_in_time_is_refused(client: socket.socket) -> None:
    client.sendall(GET)
    read_answer(client)
    client.sendall(GET[:20])
    assert read_until_closed(client).startswith(b"HTTP/1.1 408 ")


def test_a_connection_without_a_second_request_is_closed(client: socket.socket) -> None:
    client.sendall(GET)
    assert read_until_closed(client).endswith(b"aa")


@pytest.mark.slow
def test_a_connection_that_is_used_stays_open(client: socket.socket) -> None:
    """Each of its requests has the time anew, and so has an answer that takes longer."""
    for _ in range(4):
        client.sendall(GET)
        assert read_answer(client).startswith(b"HTTP/1.1 200 ")
        time.sleep(SECONDS.idle / 2)
    client.sendall(GET.replace(b"/ ", b"/slow "))
    assert read_answer(client).startswith(b"HTTP/1.1 200 ")


def test_a_head_that_is_too_large_is_refused(client: socket.socket) -> None:
    client.sendall(GET[:-2] + b"x: " + b"a" * connection.HEADERS)
    assert read_until_closed(client).startswith(b"HTTP/1.1 431 ")


def test_the_rest_of_a_body_that_was_answered_is_read_for_a_while(client: socket.socket) -> None:
    """So the client sees the answer, and can send its next request."""
    client.sendall(GET[:-2] + b"content-length: 1000000\r\n\r\n" + b"a" * 1000)
    assert read_answer(client).startswith(b"HTTP/1.1 200 ")
    client.sendall(b"a" * 999_000 + GET)
    assert read_answer(client).startswith(b"HTTP/1.1 200 ")


def test_the_rest_of_a_body_that_does_not_come_is_not_waited_for(
    client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "DISCARD_SECONDS", 0.3)
    client.sendall(GET[:-2] + b"content-length: 1000000\r\n\r\n" + b"a" * 1000)
    assert read_until_closed(client).endswith(b"aa")


def test_the_rest_of_a_body_is_not_read_without_end(
    client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "DISCARD", 1_000_000)
    client.sendall(GET[:-2] + b"content-length: 900000000\r\n\r\n" + b"a" * 1000)
    read_answer(client)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        client.sendall(b"a" * 100_000_000)


@pytest.mark.slow
def test_a_client_that_reads_nothing_is_dropped(address: tuple[str, int]) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.settimeout(LATE)
        client.connect(address)
        client.sendall(GET.replace(b"/ ", b"/much "))
        time.sleep(SECONDS.unread * 3)
        with pytest.raises(ConnectionResetError):
            b"".join(iter(lambda: client.recv(1 << 16), b""))


@pytest.mark.slow
def test_a_client_that_reads_slowly_gets_all_of_its_answer(address: tuple[str, int]) -> None:
    """It takes longer than the deadline for reading nothing."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(LATE)
        client.connect(address)
        client.sendall(GET.replace(b"/ ", b"/much "))
        size, began = 0, time.monotonic()
        while part := client.recv(1 << 20):
            size += len(part)
            if size > 20_000_000:
                break
            if time.monotonic() - began < SECONDS.unread * 3:
                time.sleep(0.05)
        assert size > 20_000_000


def test_headers_of_a_next_request_are_limited_while_one_is_answered(
    client: socket.socket,
) -> None:
    began = time.monotonic()
    client.sendall(GET.replace(b"/ ", b"/slow ") + b"GET / HTTP/1.1\r\nx: ")
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        client.sendall(b"a" * 100_000_000)
    assert time.monotonic() - began < PAUSE  # it is not the next request that is refused


def test_what_is_not_http_is_refused(client: socket.socket) -> None:
    client.sendall(b"\x16\x03\x01 a TLS hello\r\n\r\n")
    answer = read_until_closed(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
