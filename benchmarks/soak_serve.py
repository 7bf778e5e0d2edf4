"""The service of a soak: clients ask it while something befalls it or its worker."""

import json
import secrets
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import psutil

from benchmarks.soak_commands import Desk
from benchmarks.soak_faults import kill_tree
from benchmarks.soak_ledger import read_lines
from benchmarks.soak_steps import Loop
from tests.support.serving import Service, serving

SERVICE_FAULTS = ("worker killed", "service killed", "SIGTERM under load", "another run promoted")
ENDING = ("service killed", "SIGTERM under load")
CLIENTS = 4
SECONDS = 2.0  # for which the clients ask


@dataclass
class Clients:
    """Clients that ask a service for articles, one by one, and compare the answers.

    Attributes:
        service: which they ask.
        texts: what they send.
        expected: run -> the categories of each text.
        answers: of each kind, how many.
    """

    service: Service
    texts: list[str]
    expected: dict[str, list[list[str]]]
    answers: Counter[str] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, number: int) -> None:
        """Ask until told to stop."""
        while not self.stop.is_set():
            number = (number + 1) % len(self.texts)
            try:
                answer = self.service.predict(self.texts[number])
            except httpx.TransportError:
                self.answers["broken off"] += 1
                self.stop.wait(0.1)
                continue
            self.answers[self._judge(answer, number)] += 1

    def _judge(self, answer: httpx.Response, number: int) -> str:
        """Return what kind of answer it is."""
        if answer.status_code != 200:
            return "busy" if answer.status_code == 503 else f"status {answer.status_code}"
        body = answer.json()
        right = self.expected.get(body["run"], [[]] * len(self.texts))[number]
        return "right" if body["predictions"][0]["categories"] == right else "wrong"


def serve_under(fault: str, desk: Desk, loop: Loop) -> None:
    """Start the service and clients, let the fault happen, and check every answer."""
    key = secrets.token_urlsafe(16)
    desk.secrets.add(key)
    other = loop.rng.choice(sorted(loop.ledger.runs))
    expected = {run: _categories(loop.answers(run)) for run in (loop.current_run, other)}
    texts = [record["text"] for record in read_lines(loop.to_label)]
    with serving(desk.workspace, key=key) as service:
        family = psutil.Process(service.process.pid).children(recursive=True)
        clients = Clients(service, texts, expected)
        threads = [threading.Thread(target=clients.ask, args=(100 * n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        time.sleep(loop.rng.random() * SECONDS / 2)
        _happen(fault, service, desk, other)
        time.sleep(SECONDS)
        clients.stop.set()
        for thread in threads:
            thread.join()
        if fault not in ENDING:
            service.end()
        service.process.wait(60)
        _, alive = psutil.wait_procs(family, timeout=15)
        text = "".join(service.lines)
    if alive:
        desk.findings.add("process left", f"{len(alive)} of the service")
    _count(clients.answers, fault, desk)
    desk.inspect(text, f"serve, {fault}")


def _categories(lines: str) -> list[list[str]]:
    return [json.loads(line)["categories"] for line in lines.splitlines()]


def _happen(fault: str, service: Service, desk: Desk, other: str) -> None:
    """Let it happen."""
    if fault == "worker killed":
        for child in psutil.Process(service.process.pid).children():
            kill_tree(child.pid)
    elif fault == "service killed":
        service.process.kill()
    elif fault == "SIGTERM under load":
        service.process.send_signal(signal.SIGTERM)
    else:
        desk.check("runs", "promote", other, "--even-if-worse")


def _count(answers: Counter[str], fault: str, desk: Desk) -> None:
    """Note what no client may get."""
    for kind, number in answers.items():
        allowed = kind in ("right", "busy") or (kind == "broken off" and fault in ENDING)
        if not allowed:
            desk.findings.add("wrong answer", f"{kind}, {number} times")
    if not answers["right"]:
        desk.findings.add("wrong answer", "nobody got a right one")
