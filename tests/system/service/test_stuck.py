"""One text, one file or one process that hangs does not stop the service for everybody."""

import contextlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.support.corpus import WORDS
from tests.support.serving import Service, serving
from tests.support.waiting import wait_until

CINEMA = " ".join(WORDS["cinema"])
TRADE = " ".join(WORDS["trade"])
SECONDS = 2.0  # that a batch may take here


@pytest.fixture
def hasty(tmp_path: Path, desk: Path) -> Path:
    """A workspace whose service gives a batch and a file 2 seconds."""
    folder = tmp_path / "hasty"
    folder.mkdir()
    shutil.copytree(desk / "runs", folder / "runs")
    limits = f"answer_timeout = {SECONDS}\nread_timeout = {SECONDS}\n"
    (folder / "serve.toml").write_text(limits, encoding="utf-8")
    return folder


@contextlib.contextmanager
def observing(service: Service) -> Iterator[list[str]]:
    """Ask again and again whether the service is ready, and collect how the answer changes."""
    states: list[str] = []
    ended = threading.Event()

    def observe() -> None:
        while not ended.wait(0.02):
            answer = service.web.get("/health/ready").json()
            state = str(answer.get("detail", answer["status"]))
            if state not in states[-1:]:
                states.append(state)

    with ThreadPoolExecutor(1) as pool:
        observer = pool.submit(observe)
        try:
            yield states
        finally:
            ended.set()
            observer.result()


def test_a_worker_that_hangs_is_ended_and_every_request_is_answered(hasty: Path) -> None:
    """Its texts are computed by the next one; meanwhile the service is not ready, and says so."""
    with serving(hasty) as service, ThreadPoolExecutor(4) as pool, observing(service) as states:
        wait_until(lambda: states)
        stopped = service.worker
        stopped.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        calls = [pool.submit(service.predict, [CINEMA, TRADE]) for _ in range(4)]
        answers = [call.result() for call in calls]
        assert [answer.status_code for answer in answers] == [200] * 4
        assert {str(answer.json()["predictions"]) for answer in answers} == {
            str(service.predict([CINEMA, TRADE]).json()["predictions"])
        }
        assert time.monotonic() - began < 20
        assert not stopped.is_running()
        wait_until(lambda: states[-1] == "ready")
        assert states == [
            "ready",
            "the service waits for a text that takes long.",
            "the service is reloading the model.",
            "ready",
        ]
    assert any("it was ended, having computed for 2 s" in line for line in service.lines)
    assert "Traceback" not in "".join(service.lines)


def test_a_text_that_takes_too_long_is_refused_by_its_place_and_others_are_answered(
    hasty: Path,
) -> None:
    """The whole service had waited for it."""
    endless = " ".join(f"{CINEMA} {n}" for n in range(600_000))
    with serving(hasty, "--max-body", "100MB") as service, ThreadPoolExecutor(2) as pool:
        stuck = pool.submit(service.predict, [CINEMA, endless])
        while not stuck.done():
            assert service.predict(TRADE).status_code == 200
        answer = stuck.result()
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        (error,) = answer.json()["errors"]
        assert error["where"] == "text.1"
        assert error["message"] == "was not computed within 2 s. Send less of it."
        wait_until(lambda: service.web.get("/health/ready").status_code == 200)


def test_a_run_that_takes_too_long_to_load_replaces_nothing(hasty: Path) -> None:
    """The run that answers goes on, and the log says why."""
    settings = hasty / "serve.toml"
    settings.write_text(settings.read_text("utf-8") + "load_timeout = 3.0\n", "utf-8")
    with serving(hasty) as service:
        first = service.predict(CINEMA).json()["run"]
        second = hasty / "runs" / "20990101-000000-tfidf-00000000"
        shutil.copytree(hasty / "runs" / first, second)
        (hasty / "runs" / "current").write_text(f"{first}\n{second.name}\n", encoding="utf-8")
        process = psutil.Process(service.process.pid)
        wait_until(lambda: len(process.children()) == 2)
        loading = max(process.children(), key=psutil.Process.create_time)
        loading.send_signal(signal.SIGSTOP)
        wait_until(lambda: any("was not loaded within 3 s" in line for line in service.lines))
        assert not loading.is_running()
        assert service.predict(CINEMA).json()["run"] == first


def test_weights_that_are_altered_while_they_are_served_never_change_an_answer(
    hasty: Path,
) -> None:
    """The service stops answering and says which file it is; restored, they answer again."""
    with serving(hasty) as service:
        before = service.predict([CINEMA, TRADE], all=True).json()
        weights = hasty / "runs" / before["run"] / "model.safetensors"
        content = weights.read_bytes()
        with weights.open("r+b") as file:  # in place, as rsync --inplace and some editors write
            file.seek(len(content) // 2)
            file.write(bytes(byte ^ 0x11 for byte in content[len(content) // 2 :]))
        for _ in range(20):
            answer = service.predict([CINEMA, TRADE], all=True)
            assert answer.status_code == 503 or answer.json() == before
        assert answer.status_code == 503
        assert service.web.get("/health/ready").status_code == 503
        wait_until(lambda: any(f"{weights}: altered" in line for line in service.lines))
        with weights.open("r+b") as file:
            file.write(content)
        wait_until(lambda: service.web.get("/health/ready").status_code == 200)
        assert service.predict([CINEMA, TRADE], all=True).json() == before


def test_the_processes_of_the_service_hold_no_secret(desk: Path) -> None:
    """They read what strangers wrote; the key of the API is the service's own."""
    secrets = {
        "LABEL_STUDIO_API_KEY": "a-key-of-label-studio",
        "HF_TOKEN": "a-token-of-the-hub",
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-a-cloud",
        "PGPASSWORD": "a-password",
    }
    with serving(desk, key="une-clef-de-test-0123456789", **secrets) as service:
        assert service.send_file("a.txt", CINEMA.encode()).status_code == 200
        for process in (service.worker, *service.readers):
            environment = process.environ()
            assert environment["PATH"]
            shown = json.dumps(environment)
            for secret in ("une-clef-de-test-0123456789", *secrets.values()):
                assert secret not in shown


def test_a_signal_for_all_processes_ends_the_service_alone(desk: Path) -> None:
    """systemd sends SIGTERM to each, a terminal Ctrl-C: the worker goes on while there is work."""
    with serving(desk) as service:
        worker = service.worker
        assert os.getsid(worker.pid) != os.getsid(service.process.pid)  # which Ctrl-C stays in
        worker.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert worker.is_running()
        assert service.predict(CINEMA).status_code == 200
        assert worker == service.worker
