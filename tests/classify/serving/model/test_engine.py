"""The engine with workers that get stuck or die: real processes, whose model obeys its texts."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from classify.serving.model.engine import Batching, Engine
from classify.serving.model.loaded_run import LoadedRun, RunInfo
from classify.serving.model.process import ChildProcess
from classify.serving.model.queue import BusyError, TextError
from classify.serving.model.supervisor import Load
from seeds.base.errors import InputError
from tests.support.command import environment
from tests.support.corpus import taxonomy

# "stop": never answers. "die": ends. "die once": ends the first time. Anything else is answered.
WORKER = """\
import os, sys, time
from pathlib import Path
from classify.serving.model import frames

send, seen = frames.take_stdout(), Path(sys.argv[1])

def answer(job):
    if job["text"] == "stop":
        time.sleep(60)
    if job["text"] == "die":
        os._exit(1)
    if job["text"] == "die once" and not seen.exists():
        seen.touch()
        os._exit(1)
    return {"echo": job["text"]}

send("ready")
while (message := frames.read(sys.stdin.buffer)) is not None:
    if isinstance(message, list):
        send([answer(job) for job in message])
    else:
        send(answer(message))
"""
SECONDS = 1.0  # that a batch may take


async def start_worker(folder: Path) -> LoadedRun:
    """Start a worker; those of a folder remember together what they have seen."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, str(folder / "seen")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
    )
    info = RunInfo("a-run", "tfidf", "", 0, "", "", taxonomy(), (), (), "")
    worker = ChildProcess(process)
    assert await worker.receive() == "ready"
    return LoadedRun(folder, worker, info)


def use_engine(
    folder: Path,
    use: Callable[[Engine], Awaitable[None]],
    load: Load = start_worker,
    queue: int = 256,
) -> None:
    """Start an engine, use it and close it."""

    async def run() -> None:
        engine = Engine(lambda: folder, load, Batching(wait=0.01, queue=queue, seconds=SECONDS))
        await engine.start()
        try:
            async with asyncio.timeout(30):
                await use(engine)
        finally:
            await engine.close()

    asyncio.run(run())


async def ask(engine: Engine, *texts: str, explain: bool = False) -> list[str]:
    answers = await engine.answer(texts, explain=explain)
    return [answer["echo"] for answer in answers.records]


@pytest.mark.slow
def test_a_text_that_never_ends_is_answered_and_so_are_those_beside_it(tmp_path: Path) -> None:
    async def use(engine: Engine) -> None:
        stuck = asyncio.create_task(ask(engine, "film", "stop", "festival"))
        others = [asyncio.create_task(ask(engine, f"text {n}")) for n in range(5)]
        with pytest.raises(TextError, match=r"was not computed within 1 s") as caught:
            await stuck
        assert caught.value.place == 1
        assert [await other for other in others] == [[f"text {n}"] for n in range(5)]
        assert await ask(engine, "afterwards") == ["afterwards"]
        assert engine.active_requests == engine.waiting_texts == 0

    use_engine(tmp_path, use)


@pytest.mark.slow
def test_a_text_that_ends_the_worker_twice_is_to_blame(tmp_path: Path) -> None:
    async def use(engine: Engine) -> None:
        other = asyncio.create_task(ask(engine, "film"))
        with pytest.raises(TextError, match="ended the model's process twice"):
            await ask(engine, "die")
        assert await other == ["film"]

    use_engine(tmp_path, use)


@pytest.mark.parametrize("explain", [False, True])
def test_a_worker_that_died_once_is_replaced_and_all_are_answered(
    tmp_path: Path, explain: bool
) -> None:
    """Somebody killed it, or memory was short: no text is to blame."""

    async def use(engine: Engine) -> None:
        assert await ask(engine, "film", "die once", explain=explain) == ["film", "die once"]

    use_engine(tmp_path, use)


@pytest.mark.slow
def test_an_explanation_that_never_ends_is_answered(tmp_path: Path) -> None:
    async def use(engine: Engine) -> None:
        with pytest.raises(TextError, match="was not computed"):
            await ask(engine, "stop", explain=True)
        assert await ask(engine, "film", explain=True) == ["film"]

    use_engine(tmp_path, use)


@pytest.mark.slow
def test_a_worker_that_is_stuck_for_a_client_that_left_is_ended(tmp_path: Path) -> None:
    async def use(engine: Engine) -> None:
        stuck = asyncio.create_task(ask(engine, "stop"))
        await asyncio.sleep(0.1)
        stuck.cancel()
        assert await ask(engine, "film") == ["film"]

    use_engine(tmp_path, use)


@pytest.mark.slow
def test_a_worker_that_seems_stuck_is_not_ready(tmp_path: Path) -> None:
    """It is while a text is computed, until half of the time is over, and again afterwards."""

    async def use(engine: Engine) -> None:
        stuck = asyncio.create_task(ask(engine, "stop"))
        states = []
        while not stuck.done():
            states.append("is ready" if engine.ready else engine.state)
            await asyncio.sleep(0.02)
        await ask(engine, "film")
        states.append("is ready" if engine.ready else engine.state)
        changes = [state for n, state in enumerate(states) if state not in states[n - 1 : n]]
        assert changes[:2] == ["is ready", "waits for a text that takes long"]
        assert changes[-1] == "is ready"
        with pytest.raises(TextError):
            await stuck

    use_engine(tmp_path, use)


@pytest.mark.slow
def test_a_full_queue_refuses_further_requests(tmp_path: Path) -> None:
    async def use(engine: Engine) -> None:
        stuck = asyncio.create_task(ask(engine, "stop"))
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match="the queue is full"):
            await ask(engine, "film")
        with pytest.raises(TextError):
            await stuck
        assert await ask(engine, "film") == ["film"]

    use_engine(tmp_path, use, queue=1)


def test_while_no_worker_can_be_started_the_engine_says_so(tmp_path: Path) -> None:
    loads = 0

    async def load(path: Path) -> LoadedRun:
        nonlocal loads
        loads += 1
        if loads > 1:
            raise InputError(f"{path}: altered.")
        return await start_worker(path)

    async def use(engine: Engine) -> None:
        with pytest.raises(BusyError, match="can't be loaded"):
            await ask(engine, "die")
        assert (engine.ready, engine.state) == (False, "can't load the model: its log says why")
        with pytest.raises(BusyError, match="can't be loaded"):
            await ask(engine, "film")

    use_engine(tmp_path, use, load)
