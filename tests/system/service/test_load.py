"""`classify serve` under load: bounded, responsive, batching, and losing nothing at its end.

Each service is started as people start it, with all its imports.
"""

import json
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.command import ROOT, environment
from tests.support.serving import Service, serving
from tests.support.waiting import wait_until

CINEMA = "film festival réalisateur écran projection acteur tournage coproduction film écran"
BODY = json.dumps({"text": f"{CINEMA} " * 50})  # about 4 kB
CLIENTS, SECONDS = 1000, 30


@pytest.fixture(scope="module")
def desk(desk: Path) -> Path:
    """The workspace, with a body to send."""
    (desk / "body.json").write_text(BODY, encoding="utf-8")
    return desk


def start_clients(
    service: Service, desk: Path, count: int, seconds: float, pause: float
) -> subprocess.Popen[str]:
    """Start clients in a process of their own, and return it."""
    host, port = service.address
    command = [
        sys.executable,
        "-m",
        "benchmarks.clients",
        host,
        str(port),
        str(count),
        str(seconds),
    ]
    command += [str(pause), str(desk / "body.json")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment())


def count_statuses(process: subprocess.Popen[str]) -> dict[str, int]:
    """Return how often clients got each status, once they have ended."""
    out, _ = process.communicate(timeout=180)
    result: dict[str, int] = json.loads(out)["statuses"]
    return result


def used_memory(service: Service) -> float:
    """Return the megabytes of the service and its worker."""
    process = psutil.Process(service.process.pid)
    return sum(p.memory_info().rss for p in [process, *process.children()]) / 1e6


@pytest.mark.parametrize("pause", [1.0, 0.0], ids=["patient", "impatient"])
def test_a_thousand_clients_are_all_answered_and_health_stays_responsive(
    desk: Path, pause: float
) -> None:
    """Each request gets 200 or 503, memory is flat, and /health/live answers throughout.

    It is asked on new connections, which must not wait for the load to end. benchmarks/serving.py
    measures how fast it answers.
    """
    with serving(desk, cold=True) as service:
        for _ in range(200):
            assert service.predict("film").status_code == 200
        asking = start_clients(service, desk, CLIENTS, SECONDS, pause)
        memories: list[float] = []
        deadline = time.monotonic() + SECONDS + 5
        while asking.poll() is None and time.monotonic() < deadline:
            assert httpx.get(f"{service.url}/health/live", timeout=10).status_code == 200
            memories.append(used_memory(service))
            time.sleep(0.05)
        statuses = count_statuses(asking)
        assert set(statuses) <= {"200", "503"}, statuses
        assert statuses["200"] > CLIENTS
        assert max(memories) - statistics.median(memories) < 50


def test_a_full_queue_says_when_to_come_again(desk: Path) -> None:
    """It is a 503 with Retry-After in seconds; accepted requests are answered."""
    with serving(desk, "--queue", "1", "--max-batch", "1", cold=True) as service:
        texts = [f"{CINEMA} " * 300] * 200
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: service.predict(texts), range(8)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 503}
        refused = answers[statuses.index(503)]
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["title"] == "Service Unavailable"


def test_work_of_clients_that_left_is_dropped(desk: Path) -> None:
    """It is not computed, so the next client does not wait for it."""
    with serving(desk, "--max-batch", "1", cold=True) as service:
        body = json.dumps({"text": [f"{CINEMA} " * 300] * 256}).encode()
        head = (
            f"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode()
        for _ in range(20):
            with socket.create_connection(service.address, timeout=30) as client:
                client.sendall(head + body)
        wait_until(lambda: "classify_dropped_total 20.0" in service.web.get("/metrics").text)
        assert "classify_requests_inside 0.0" in service.web.get("/metrics").text
        computed = _batches(service)
        assert computed < 20 * 256
        assert service.predict(CINEMA).status_code == 200
        assert _batches(service) <= computed + 2  # none of theirs was left


def test_explanations_and_plain_texts_take_turns(desk: Path) -> None:
    """Nobody waits until many long texts are all explained."""
    long = {"text": [f"{CINEMA} " * 140] * 16, "explain": True, "all": True}
    with serving(desk, cold=True) as service, ThreadPoolExecutor(8) as pool:
        explained = [pool.submit(service.web.post, "/v1/predict", json=long) for _ in range(8)]
        wait_until(lambda: _inside(service) > 4)
        assert service.predict([CINEMA] * 64).status_code == 200
        assert not all(call.done() for call in explained)
        assert {call.result().status_code for call in explained} == {200}
        much = {"text": ["film " * 20_000, "film " * 20_001], "explain": True}
        refused = service.web.post("/v1/predict", json=much)
        assert refused.status_code == 422
        assert "explain at most 200,000 characters of several texts" in refused.json()["detail"]
        alone = {"text": "film " * 40_001, "explain": True}
        assert service.web.post("/v1/predict", json=alone).status_code == 200


def _batches(service: Service) -> float:
    """Return the number of batches, of one text each."""
    return _figure(service, "classify_batch_texts_count")


def _inside(service: Service) -> float:
    """Return the number of requests that wait or are computed."""
    return _figure(service, "classify_requests_inside")


def _figure(service: Service, name: str) -> float:
    """Return a figure of /metrics."""
    lines = service.web.get("/metrics").text.splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name} "))
    return float(line.split()[1])


def test_sigterm_under_load_loses_no_accepted_request(desk: Path) -> None:
    """Every request that was sent gets its answer; then the process ends with 0."""
    with serving(desk, cold=True) as service:
        answered: list[int] = []
        lost: list[str] = []
        stop = threading.Event()
        sent = 0
        count = threading.Lock()

        def ask() -> None:
            """Send requests on one connection until it is closed between two of them."""
            nonlocal sent
            body = BODY.encode()
            head = (
                f"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            ).encode()
            with socket.create_connection(service.address, timeout=60) as client:
                while not stop.is_set():
                    client.sendall(head + body)
                    with count:
                        sent += 1
                    reply = _response(client)
                    if not reply:
                        lost.append("no answer")
                        return
                    answered.append(int(reply[9:12]))
                    if b"connection: close" in reply.lower():
                        return

        with ThreadPoolExecutor(32) as pool:
            asking = [pool.submit(ask) for _ in range(32)]
            wait_until(lambda: len(answered) > 100)
            code = service.end(signal.SIGTERM)
            stop.set()
            for asker in asking:
                asker.result(60)
        assert code == 0
        assert lost == []
        assert len(answered) == sent
        assert set(answered) == {200}


def _response(client: socket.socket) -> bytes:
    """Return the head of a complete answer, or b"" if the connection ended before it."""
    reply = b""
    while b"\r\n\r\n" not in reply:
        if not (part := client.recv(65536)):
            return b""
        reply += part
    head, _, body = reply.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        if not (part := client.recv(65536)):
            return b""
        body += part
    return head


def test_batches_give_what_single_texts_give(desk: Path) -> None:
    """Each of 32 clients at once gets the answer that it would get alone."""
    texts = [f"{CINEMA} {n} export douane tarif {'match ' * (n % 7)}" for n in range(64)]
    with serving(desk, "--max-batch", "1", cold=True) as service:
        alone = [service.predict(text, all=True).json()["predictions"] for text in texts]
    with serving(desk, "--batch-wait", "20", cold=True) as service, ThreadPoolExecutor(32) as pool:
        together = list(
            pool.map(lambda text: service.predict(text, all=True).json()["predictions"], texts)
        )
        page = service.web.get("/metrics").text
    assert together == alone
    (line,) = (
        x for x in page.splitlines() if x.startswith('classify_batch_texts_bucket{le="1.0"}')
    )
    assert float(line.split()[1]) < 64  # some were put together
