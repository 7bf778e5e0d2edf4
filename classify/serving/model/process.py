"""A process of ours that answers frame by frame: it holds the model, or reads files."""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from typing import Any, Self

from classify.serving.model import frames


class EndedError(Exception):
    """The process is gone."""


def surroundings() -> dict[str, str]:
    """The environment of a process of ours, without the key that only the service needs."""
    return {name: value for name, value in os.environ.items() if name != "CLASSIFY_API_KEY"}


@dataclass(eq=False, slots=True)
class Child:
    """A process with a pipe for frames each way."""

    process: asyncio.subprocess.Process

    @classmethod
    async def started(cls, module: str, *arguments: str) -> Self:
        """Start a module of ours."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the service's, which drains first
            env=surroundings(),
        )
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether it can answer."""
        return self.process.returncode is None

    @property
    def how(self) -> str:
        """How it ended."""
        code = self.process.returncode
        if code is not None and code < 0:
            return f"killed by signal {-code}, as systems do when memory runs out"
        return "still running" if code is None else f"exit code {code}"

    async def ask(self, message: Any) -> Any:
        """The answer to a message.

        Raises:
            EndedError: the process is gone.
        """
        assert self.process.stdin
        try:
            self.process.stdin.write(frames.packed(message))
            await self.process.stdin.drain()
        except (OSError, RuntimeError):  # uvloop tells of a closed pipe by the latter
            await self.process.wait()
            raise EndedError from None
        return await self.receive()

    async def receive(self) -> Any:
        """The next message it sends.

        Raises:
            EndedError: the process is gone.
        """
        assert self.process.stdout
        try:
            head = await self.process.stdout.readexactly(frames.LENGTH.size)
            size = frames.LENGTH.unpack(head)[0]
            return json.loads(await self.process.stdout.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            await self.process.wait()
            raise EndedError from None

    async def close(self) -> None:
        """End it; it has nothing to lose."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
