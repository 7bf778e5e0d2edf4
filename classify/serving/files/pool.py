"""Processes that read files for the service, a few at a time; one that is too slow is ended."""

import asyncio
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from classify.serving.files.contents import (
    ARTICLES,
    LINES,
    PLAIN_BYTES,
    FileContents,
    UploadedArticle,
)
from classify.serving.model.process import ChildProcess, ProcessEndedError
from seeds.base.errors import Fault
from seeds.reading.raw_records import Reading

_AT_ONCE, _WAITING = 2, 32  # files that are read, and that wait to be
_REUSABLE = 300_000_000  # bytes of memory; a process that has used more ends, to give them back
_TOO_MUCH = (
    f"a file may hold {ARTICLES:,} articles and, decompressed, {PLAIN_BYTES:,} bytes in "
    f"{LINES:,} lines. Split it, and send the parts one by one."
)


class ReaderPool:
    """Processes that read files, started when there is something to read."""

    def __init__(self, seconds: float) -> None:
        """seconds: that reading one file may take."""
        self._seconds = seconds
        self._idle: list[ChildProcess] = []
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._requests = 0

    async def read(self, name: str, content: bytes, reading: Reading) -> FileContents:
        """Return the articles of a file; cancelling ends its reading.

        Raises:
            HTTPException: 413, it holds too much or takes too long; 503, too many files wait.
            RuntimeError: the reader has a bug; with its traceback.
        """
        if self._requests >= _AT_ONCE + _WAITING:
            detail = "too many files are waiting to be read. Send it again later."
            raise HTTPException(503, detail, {"retry-after": "5"})
        self._requests += 1
        try:
            async with self._slots:
                answer = await self._ask(name, content, reading)
        finally:
            self._requests -= 1
        if answer is None:
            raise HTTPException(413, _TOO_MUCH)
        if "bug" in answer:
            raise RuntimeError(f"in the process that reads files: {answer['bug']}")
        return FileContents(
            [UploadedArticle(**fields) for fields in answer["articles"]],
            [Fault(*fields) for fields in answer["faults"]],
        )

    async def _ask(self, name: str, content: bytes, reading: Reading) -> Any:
        """Return the answer of a process, or None if the file holds too much."""
        reader = await self._take_reader()
        reusable = False
        try:
            with tempfile.TemporaryDirectory(prefix="classify-") as folder:
                path = Path(folder, name)
                path.write_bytes(content)
                request = {"path": str(path), "seconds": self._seconds, **asdict(reading)}
                async with asyncio.timeout(self._seconds):
                    answer = await reader.ask(request)
            reusable = answer is not None and answer.get("peak_memory", _REUSABLE) < _REUSABLE
        except TimeoutError:
            detail = (
                f"the file was not read within {self._seconds:g} s. Send its text as .txt or "
                ".jsonl, or send less of it."
            )
            raise HTTPException(413, detail) from None
        except ProcessEndedError:  # it ran out of memory
            return None
        finally:
            if reusable:
                self._idle.append(reader)
            else:
                await reader.close()
        return answer

    async def _take_reader(self) -> ChildProcess:
        """Return an idle process, or start one."""
        self._idle = [reader for reader in self._idle if reader.alive]
        if self._idle:
            return self._idle.pop()
        return await ChildProcess.start("classify.serving.files.reader")

    async def close(self) -> None:
        """End the processes that are idle."""
        for reader in self._idle:
            await reader.close()
