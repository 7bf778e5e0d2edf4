"""The pool of processes that read files: so many at once, so many that wait, none that hangs."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import pytest
from starlette.exceptions import HTTPException

from classify.serving.files import pool
from classify.serving.files.pool import ReaderPool
from classify.serving.model.process import ChildProcess
from seeds.reading.raw_records import Reading


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> list[ChildProcess]:
    """Processes that never answer stand in for those that read files; these have been started."""
    started: list[ChildProcess] = []

    async def start(_module: str) -> ChildProcess:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "import time; time.sleep(60)"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        started.append(ChildProcess(process))
        return started[-1]

    monkeypatch.setattr(pool.ChildProcess, "start", start)
    return started


def use_pool(seconds: float, use: Callable[[ReaderPool], Awaitable[None]]) -> None:
    """Use a pool that gives a file so many seconds, and close it."""

    async def run() -> None:
        readers = ReaderPool(seconds)
        try:
            await use(readers)
        finally:
            await readers.close()

    asyncio.run(run())


async def status(readers: ReaderPool) -> int:
    """Return the status of the refusal of a file."""
    with pytest.raises(HTTPException) as caught:
        await readers.read("a.txt", b"film", Reading())
    return caught.value.status_code


def test_a_process_that_does_not_answer_is_ended(stuck: list[ChildProcess]) -> None:
    async def use(readers: ReaderPool) -> None:
        assert await status(readers) == 413
        assert not stuck[0].alive

    use_pool(0.2, use)


def test_two_files_are_read_at_once_and_no_more_than_32_wait(stuck: list[ChildProcess]) -> None:
    async def use(readers: ReaderPool) -> None:
        inside = [asyncio.create_task(status(readers)) for _ in range(34)]
        while len(stuck) < 2:
            await asyncio.sleep(0.01)
        assert await status(readers) == 503
        assert len(stuck) == 2
        for request in inside:
            request.cancel()
        await asyncio.gather(*inside, return_exceptions=True)
        assert not any(process.alive for process in stuck)

    use_pool(60, use)


def test_reading_that_is_cancelled_ends_its_process(stuck: list[ChildProcess]) -> None:
    async def use(readers: ReaderPool) -> None:
        request = asyncio.create_task(status(readers))
        while not stuck:
            await asyncio.sleep(0.01)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        assert not stuck[0].alive

    use_pool(60, use)
