"""Child processes of the service: what they inherit, and how their end is told."""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from classify.serving.model.process import ChildProcess, ProcessEndedError, child_environment

READER = "classify.serving.files.reader"  # answers messages and needs no arguments
SECRETS = {
    "CLASSIFY_API_KEY": "une-clef-de-test-0123456789",
    "LABEL_STUDIO_API_KEY": "a-key-of-label-studio",
    "HF_TOKEN": "a-token-of-the-hub",
    "PGPASSWORD": "a-password",
}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)


def test_a_job_has_the_key_of_label_studio_but_not_that_of_the_service() -> None:
    environment = child_environment()
    assert "CLASSIFY_API_KEY" not in environment
    assert environment["LABEL_STUDIO_API_KEY"] == "a-key-of-label-studio"
    assert environment["PATH"] == os.environ["PATH"]


def test_a_process_that_reads_what_strangers_wrote_has_no_secret() -> None:
    async def run() -> dict[str, str]:
        child = await ChildProcess.start(READER)
        try:
            return psutil.Process(child.process.pid).environ()
        finally:
            await child.close()

    environment = asyncio.run(run())
    assert environment["PATH"] == os.environ["PATH"]
    assert not set(SECRETS.values()) & set(environment.values())


def test_the_end_of_a_process_is_told_by_its_reason_else_by_its_signal() -> None:
    async def run() -> None:
        for how, ending in (
            (lambda child: child.close("it was ended for a test"), "it was ended for a test"),
            (lambda child: child.close(), "killed by signal 9, which often means that memory"),
        ):
            child = await ChildProcess.start(READER)
            assert child.ending == "still running"
            await how(child)
            assert child.ending.startswith(ending)
            with pytest.raises(ProcessEndedError):
                await child.ask({})
        child = await ChildProcess.start(READER)
        assert child.process.stdin
        child.process.stdin.close()
        with pytest.raises(ProcessEndedError):
            await child.receive()
        assert child.ending == "exit code 0"

    asyncio.run(run())


def test_a_signal_for_the_whole_service_does_not_end_its_processes() -> None:
    """SIGTERM comes to each, Ctrl-C to all of a session: the service ends them itself."""

    async def run() -> None:
        child = await ChildProcess.start(READER)
        process = psutil.Process(child.process.pid)
        try:
            assert os.getsid(process.pid) != os.getsid(0)
            while signal.SIGTERM not in _ignored(process.pid):
                await asyncio.sleep(0.02)  # it is still starting
        finally:
            await child.close()

    asyncio.run(asyncio.wait_for(run(), 30))


def _ignored(pid: int) -> set[int]:
    """Return the signals that a process ignores."""
    with Path(f"/proc/{pid}/status").open(encoding="ascii") as file:
        (mask,) = (int(line.split()[1], 16) for line in file if line.startswith("SigIgn"))
    return {number for number in range(1, 32) if mask >> (number - 1) & 1}
