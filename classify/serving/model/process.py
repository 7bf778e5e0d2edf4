"""A child process that answers message by message: it holds the model, or reads files."""

import asyncio
import contextlib
import json
import os
import re
import sys
from dataclasses import dataclass
from typing import Any, Self

from classify.serving.model import frames

_SECRET = re.compile("KEY|TOKEN|SECRET|PASSW", re.IGNORECASE)  # in the name of a variable


class ProcessEndedError(Exception):
    """The process is gone."""


def child_environment() -> dict[str, str]:
    """Return the environment of a child process: ours without the API key."""
    return {name: text for name, text in os.environ.items() if name != "CLASSIFY_API_KEY"}


def _environment_without_secrets() -> dict[str, str]:
    """Return the environment of a child process that reads what strangers wrote."""
    return {name: text for name, text in child_environment().items() if not _SECRET.search(name)}


def describe_signal(number: int) -> str:
    """Say that a process was killed by a signal, and what that often means."""
    return f"killed by signal {number}, which often means that memory ran out"


@dataclass(eq=False, slots=True)
class ChildProcess:
    """A Python process with a pipe for messages each way. reason: of its end, if it is known."""

    process: asyncio.subprocess.Process
    reason: str = ""

    @classmethod
    async def start(cls, module: str, *arguments: str) -> Self:
        """Run a module of this package in a new process."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the service, which finishes its work first
            env=_environment_without_secrets(),
        )
        return cls(process)

    @property
    def alive(self) -> bool:
        """True until the process has ended."""
        return self.process.returncode is None

    @property
    def ending(self) -> str:
        """The end of the process, in words."""
        code = self.process.returncode
        if self.reason:
            return self.reason
        if code is not None and code < 0:
            return describe_signal(-code)
        return "still running" if code is None else f"exit code {code}"

    async def ask(self, message: Any) -> Any:
        """Send a message and return the answer.

        Raises:
            ProcessEndedError: the process is gone.
        """
        assert self.process.stdin
        try:
            self.process.stdin.write(frames.pack(message))
            await self.process.stdin.drain()
        except (OSError, RuntimeError):  # uvloop raises the latter for a closed pipe
            await self.process.wait()
            raise ProcessEndedError from None
        return await self.receive()

    async def receive(self) -> Any:
        """Return the next message from the process.

        Raises:
            ProcessEndedError: the process is gone, or says why it ends.
        """
        assert self.process.stdout
        try:
            head = await self.process.stdout.readexactly(frames.LENGTH.size)
            size = frames.LENGTH.unpack(head)[0]
            message = json.loads(await self.process.stdout.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            await self.process.wait()
            raise ProcessEndedError from None
        if isinstance(message, dict) and "ends" in message:
            self.reason = message["ends"]
            await self.process.wait()
            raise ProcessEndedError
        return message

    async def close(self, reason: str = "") -> None:
        """Kill the process, which has nothing to lose. reason: for `ending`."""
        self.reason = reason or self.reason
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
