"""The processes of a running service: killed, replaced by a promotion, and ended by a signal."""

import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.command import train
from tests.support.corpus import workspace
from tests.support.serving import Service, serving
from tests.support.waiting import wait_until

CINEMA = "film festival réalisateur écran projection acteur tournage coproduction film écran"
TRADE = "export douane tarif conteneur port accord marché cargaison export douane"


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
        worker = service.worker
        service.process.kill()
        wait_until(lambda: not worker.is_running(), seconds=10)


def test_a_killed_worker_is_started_again(desk: Path) -> None:
    """Requests that it worked on are computed by the next one."""
    with serving(desk) as service:
        worker = service.worker
        worker.kill()
        assert service.predict(CINEMA).status_code == 200
        assert service.worker != worker


def test_a_worker_that_was_killed_while_idle_is_started_again_without_a_request(desk: Path) -> None:
    """A load balancer sends no request to a service that is not ready."""
    with serving(desk) as service:
        worker = service.worker
        worker.kill()
        wait_until(lambda: not service.ready, seconds=20, what="its end is noticed")
        wait_until(lambda: service.ready, seconds=60, what="another one is started")
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
        worker = service.worker
        worker.kill()  # the worker that replaces it can't load the damaged run either
        wait_until(lambda: not worker.is_running() and service.ready, seconds=60)
        assert service.predict(CINEMA).json()["run"] == first_run


@pytest.fixture
def impatient(tmp_path: Path, desk: Path) -> Path:
    """A workspace whose service gives the reading of a file 2 seconds."""
    folder = tmp_path / "impatient"
    folder.mkdir()
    shutil.copytree(desk / "runs", folder / "runs")
    (folder / "serve.toml").write_text("read_timeout = 2.0\n", encoding="utf-8")
    return folder


@contextmanager
def reading_endlessly(workspace: Path) -> Iterator[tuple[Service, Future[httpx.Response]]]:
    """Start a service that reads a file for ever; yield it and the request with the file."""
    with serving(workspace, TMPDIR=str(workspace)) as service, ThreadPoolExecutor(1) as pool:
        service.stop_reader()
        call = pool.submit(service.send_file, "a.txt", b"film")
        wait_until(lambda: list(workspace.glob("classify-*/a.txt")), what="it is read")
        yield service, call


def test_while_the_service_ends_it_is_not_ready_and_answers_accepted_requests(
    impatient: Path,
) -> None:
    """A proxy that keeps connections open sees it on them."""
    with reading_endlessly(impatient) as (service, inside):
        assert service.ready
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
    with reading_endlessly(impatient) as (service, inside):
        service.process.send_signal(signal.SIGTERM)
        answer = inside.result()
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"]
        assert service.process.wait(20) == 0
        wait_until(lambda: any('"status": 503' in line for line in service.lines), seconds=10)
        assert "Traceback" not in "".join(service.lines)
        lines = [line for line in service.log if line.get("route") == "/v1/predict/file"]
        assert [line["status"] for line in lines] == [200, 503]


def test_a_signal_that_comes_twice_at_once_is_one(impatient: Path) -> None:
    """The timeout command sends its signal to the process and to its group."""
    with reading_endlessly(impatient) as (service, inside):
        for _ in range(2):
            service.process.send_signal(signal.SIGTERM)
        assert inside.result().status_code == 413  # after its 2 seconds
        assert service.process.wait(20) == 0
        assert not any("at once" in line for line in service.lines)
