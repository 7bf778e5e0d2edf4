"""Commands of a soak: processes in one workspace, whose outcome is judged as a person would."""

import contextlib
import os
import random
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.soak_faults import FaultyProxy, kill_tree
from benchmarks.soak_ledger import Findings
from labels.server import server
from tests.support.command import ForkedProcess, environment

ENDLESS = 240  # seconds: no command of a soak takes as long, even on a busy machine
ENDINGS = {0, 1, 130, -2, -9}  # done, an error, Ctrl-C as a command tells it, two signals


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command that has ended."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def shown(self) -> str:
        """The command and the end of its last line, for a finding."""
        lines = self.err.strip().splitlines() or [""]
        return f"{shlex.join(self.words[:3])} ended with {self.code}: {lines[-1][-140:]}"


@dataclass
class Running:
    """A command that runs."""

    words: tuple[str, ...]
    process: ForkedProcess
    out: Path
    err: Path
    began: float = field(default_factory=time.monotonic)


class Desk:
    """A workspace, its Label Studio and the commands that are given there.

    Attributes:
        folder: for what is no part of the workspace.
        workspace: where the commands work.
        proxy: through which they reach Label Studio when the network is to fail.
        findings: what was wrong with any of them.
        url, token: of Label Studio.
        secrets: what no output may show.
        seconds: that a command of each name takes when it is left alone.
    """

    def __init__(self, folder: Path, workspace: Path, rng: random.Random) -> None:
        self.folder, self.workspace = folder, workspace
        self.findings = Findings()
        self.proxy = FaultyProxy("", rng)
        self.url = self.token = ""
        self.secrets: set[str] = set()
        self.seconds: dict[str, float] = {}

    def start_server(self, *options: str) -> None:
        """Start Label Studio, or find it running."""
        started = self.check("labels", "server", "start", *options)
        login = server.credentials(self.workspace)
        if started.code or login is None:
            raise SystemExit(f"Label Studio did not start: {started.shown}")
        self.url = self.proxy.upstream = started.out.strip()
        self.token = login.token
        self.secrets |= {login.token, login.password}

    @property
    def server_process(self) -> int:
        """The process of Label Studio; 0 if it does not run."""
        return server.status(self.workspace).pid

    def kill_server(self) -> None:
        """Kill Label Studio as a machine that runs out of memory does."""
        if pid := self.server_process:
            kill_tree(pid)

    def web(self, token: str = "") -> httpx.Client:
        """Return Label Studio as plain HTTP, without any proxy."""
        header = {"Authorization": f"Token {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=header, timeout=60, trust_env=False)

    def start(self, *words: str | Path, proxied: bool = False) -> Running:
        """Start a command."""
        given = tuple(map(str, words))
        variables = {"CLASSIFY_WORKSPACE": str(self.workspace)}
        if proxied:
            variables |= {
                "LABEL_STUDIO_URL": self.proxy.url,
                "LABEL_STUDIO_API_KEY": self.token,
            }
        files, paths = [os.open(os.devnull, os.O_RDONLY)], []
        for _ in range(2):
            file, path = tempfile.mkstemp(dir=self.folder)
            files.append(file)
            paths.append(Path(path))
        stdin, out, err = files
        process = ForkedProcess(
            list(given), (stdin, out, err), self.folder, environment(**variables)
        )
        return Running(given, process, paths[0], paths[1])

    def finish(self, running: Running) -> Outcome:
        """Wait for the end of a command and judge what it printed."""
        try:
            code = running.process.wait(ENDLESS)
        except subprocess.TimeoutExpired:
            self.findings.add("endless", shlex.join(running.words))
            kill_tree(running.process.pid)
            code = running.process.wait()
        out, err = (path.read_text(encoding="utf-8") for path in (running.out, running.err))
        for path in (running.out, running.err):
            path.unlink()
        outcome = Outcome(running.words, code, out, err)
        if code == 0:
            self.seconds[running.words[-1 if running.words[0] == "runs" else 0]] = (
                time.monotonic() - running.began
            )
        self._judge(outcome)
        return outcome

    def run(self, *words: str | Path, proxied: bool = False) -> Outcome:
        """Run a command to its end."""
        return self.finish(self.start(*words, proxied=proxied))

    def check(self, *words: str | Path) -> Outcome:
        """Run a command that nothing befalls: it must do what it is for."""
        outcome = self.run(*words)
        if outcome.code:
            self.findings.add("not recovered", outcome.shown)
        return outcome

    def read_json(self, web: httpx.Client, path: str, **parameters: Any) -> Any:
        """Return what Label Studio has at a path."""
        return web.get(path, params=parameters).raise_for_status().json()

    def _judge(self, outcome: Outcome) -> None:
        """Look for what no user may ever see."""
        self.inspect(outcome.out + outcome.err, outcome.shown)
        if outcome.code not in ENDINGS:
            self.findings.add("odd exit code", outcome.shown)
        if outcome.code == 1 and "Error: " not in outcome.err:
            self.findings.add("no error said", outcome.shown)

    def inspect(self, text: str, shown: str) -> None:
        """Look for tracebacks and secrets in what a process printed."""
        if "Traceback" in text:
            self.findings.add("traceback", shown)
            (self.folder / f"traceback-{len(self.findings.lines)}.txt").write_text(text)
        if any(secret in text for secret in self.secrets):
            self.findings.add("secret shown", shown)


@contextlib.contextmanager
def open_desk(folder: Path, workspace: Path, rng: random.Random) -> Iterator[Desk]:
    """Make a desk; at the end its Label Studio is stopped."""
    made = Desk(folder, workspace, rng)
    try:
        yield made
    finally:
        made.proxy.shutdown()
        server.stop(workspace)
