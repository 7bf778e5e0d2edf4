"""Runs jobs of the service in processes of their own; one that failed waits before the next try."""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classify.serving.model.process import child_environment, describe_signal

JOBS = {  # name on the command line -> as the log calls it
    "train": "the training",
    "predictions": "the update of predictions",
    "annotations": "the count of missed annotations",
}
_PAUSE, _LONGEST_PAUSE = 30.0, 7200.0  # seconds before a failed job is tried again: first, most
_LINE = 1 << 20  # bytes of a line that a job logs, at most
_END_SECONDS = 20.0  # for a job to end when it is asked to: a fine-tuning finishes its step
_log = logging.getLogger("classify.serving")


@dataclass(frozen=True, slots=True)
class JobResult:
    """The end of a job.

    Attributes:
        output: its JSON object, or None if it failed.
        message: the last line of its log, which is the reason of a failure.
    """

    output: dict[str, Any] | None
    message: str


class JobRunner:
    """Runs the jobs of a workspace."""

    def __init__(
        self, workspace: Path, find_run: Callable[[], Path], on_retry: Callable[[], None]
    ) -> None:
        """Set up.

        Args:
            workspace: in which the jobs work.
            find_run: returns the folder of the run that answers.
            on_retry: called when a job that failed may be tried again.
        """
        self._workspace, self._find_run, self._on_retry = workspace, find_run, on_retry
        self._pauses = dict.fromkeys(JOBS, _PAUSE)
        self._retry_at = dict.fromkeys(JOBS, 0.0)  # on the clock of time.monotonic()

    def allows(self, name: str) -> bool:
        """Return False for a while after a job has failed."""
        return time.monotonic() >= self._retry_at[name]

    def allow(self, name: str) -> None:
        """Let a job be tried at once, even if it has just failed."""
        self._retry_at[name] = 0.0

    async def run(self, name: str) -> JobResult:
        """Run a job to its end; cancelling asks it to end, then kills it."""
        process = await self._start(name)
        assert process.stdin
        assert process.stdout
        assert process.stderr
        try:
            message, output = await asyncio.gather(
                _log_lines(JOBS[name], process.stderr), process.stdout.read()
            )
            code = await process.wait()
        except asyncio.CancelledError:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), _END_SECONDS)
            except TimeoutError:
                process.kill()
            raise
        if code == 0:
            self._pauses[name] = _PAUSE
            return JobResult(json.loads(output) if output.strip() else {}, message)
        if code < 0:
            message = describe_signal(-code)
        message = message.replace(f"{self._workspace}/", "").replace(f"{self._workspace}: ", "")
        _log.error("%s failed: %s", JOBS[name], message)
        self._postpone(name)
        return JobResult(None, message)

    async def _start(self, name: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "classify.serving.label_studio.jobs",
            name,
            str(self._workspace),
            str(self._find_run()),
            stdin=asyncio.subprocess.PIPE,  # a job ends when its standard input does
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE,
            start_new_session=True,  # Ctrl-C is for the service
            env=child_environment(),
        )

    def _postpone(self, name: str) -> None:
        """Wait before the next try, four times as long after each failure."""
        pause = self._pauses[name]
        self._pauses[name] = min(pause * 4, _LONGEST_PAUSE)
        self._retry_at[name] = time.monotonic() + pause
        asyncio.get_running_loop().call_later(pause + 0.1, self._on_retry)


async def _log_lines(title: str, stream: asyncio.StreamReader) -> str:
    """Log what a job writes, line by line; return the last one, whose meaning its end decides."""
    message = ""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # longer than _LINE, so not one of ours
            continue
        if not line:
            return message
        if text := line.decode("utf-8", "replace").strip():
            if message:
                _log.info("%s: %s", title, message)
            message = text
