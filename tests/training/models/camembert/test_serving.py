"""The engine of the service, with real worker processes and real runs."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from classify.serving.model.engine import Batching, Engine
from classify.serving.model.loaded_run import LoadedRun
from classify.serving.model.process import ChildProcess
from tests.support.command import inside
from tests.support.corpus import workspace
from tests.support.finetuning import command, recipe
from training.runs.registry import find_run
from training.runtime import Runtime

T = TypeVar("T")


@pytest.fixture(scope="module")
def encoder(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a camembert run; explaining one of its texts takes several steps."""
    folder = workspace(tmp_path_factory.mktemp("encoder"), 48)
    recipe(folder, epochs=1, min_steps=4)
    result = inside(*command(folder, tiny_base))
    assert result.returncode == 0, result.stderr
    return find_run(folder / "runs")


async def load(path: Path) -> LoadedRun:
    """Start a worker with a run."""
    return await LoadedRun.load(path, Runtime())


def use_engine(engine: Callable[[], Engine], use: Callable[[Engine], Awaitable[T]]) -> T:
    """Start an engine, use it and close it, and return the result."""

    async def run() -> T:
        started = engine()
        await started.start()
        try:
            async with asyncio.timeout(120):
                return await use(started)
        finally:
            await started.close()

    return asyncio.run(run())


class ObservedWorker(ChildProcess):
    """A worker process that records its explanations.

    unfinished: the number of explanations that had begun, after each step. finished: in order.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__(process)
        self.unfinished: list[int] = []
        self.finished: list[int] = []
        self._open = set[int]()

    async def ask(self, message: Any) -> Any:
        answer = await super().ask(message)
        number = message["explain"]
        self._open.add(number)
        if "more" not in answer:
            self._open.remove(number)
            self.finished.append(number)
        self.unfinished.append(len(self._open))
        return answer


def test_four_explanations_take_turns_and_the_others_wait_in_order(encoder: Path) -> None:
    """Each one that has begun needs memory; if all began, none would end before all had."""
    texts = [f"Article {n} : {'le film du festival, la douane. ' * 40}" for n in range(12)]
    workers: list[ObservedWorker] = []

    async def load_observed(path: Path) -> LoadedRun:
        loaded = await load(path)
        loaded.worker = ObservedWorker(loaded.worker.process)
        workers.append(loaded.worker)
        return loaded

    async def explain_all(engine: Engine) -> None:
        await asyncio.gather(*(engine.answer([text], explain=True) for text in texts))

    use_engine(lambda: Engine(lambda: encoder, load_observed, Batching()), explain_all)
    (worker,) = workers
    assert worker.finished == list(range(12))
    assert len(worker.unfinished) > 12 * 3
    assert max(worker.unfinished) == 4


def test_a_promoted_run_that_could_not_be_loaded_is_tried_again(
    desk: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Memory may have been short, or its files may not have been complete."""
    first = find_run(desk / "runs")
    second = tmp_path / "20990101-000000-tfidf-00000000"
    second.mkdir()
    current = first

    async def promote(engine: Engine) -> None:
        """Promote an incomplete run, then complete it."""
        nonlocal current
        current = second
        while "goes on answering" not in caplog.text:
            await asyncio.sleep(0.1)
        assert (await engine.answer(["film"])).run == first.name
        shutil.copytree(first, second, dirs_exist_ok=True)
        while (await engine.answer(["film"])).run == first.name:
            await asyncio.sleep(0.1)
        assert engine.path == second

    use_engine(lambda: Engine(lambda: current, load, Batching(), retry_seconds=1.0), promote)
