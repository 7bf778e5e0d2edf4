"""The engine of the service, with real processes that hold real runs."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classify.serving.model import engine as engine_module
from classify.serving.model.engine import Batching, Engine
from tests.support.command import inside
from tests.support.corpus import workspace
from tests.support.finetuning import command, recipe
from training.runs.registry import find_run
from training.runtime import Runtime


@pytest.fixture(scope="module")
def encoder(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a camembert run; explaining one of its texts takes several steps."""
    folder = workspace(tmp_path_factory.mktemp("encoder"), 48)
    recipe(folder, epochs=1, min_steps=4)
    done = inside(*command(folder, tiny_base))
    assert done.returncode == 0, done.stderr
    return find_run(folder / "runs")


def driven(find: Callable[[], Path], drive: Callable[[Engine], Any]) -> Any:
    """What comes of a coroutine that uses an engine."""

    async def run() -> Any:
        """Start the engine, and end it whatever happens."""
        engine = Engine(find, Runtime(), Batching())
        await engine.start()
        try:
            async with asyncio.timeout(120):
                return await drive(engine)
        finally:
            await engine.close()

    return asyncio.run(run())


def test_four_explanations_go_round_and_the_others_wait_in_order(encoder: Path) -> None:
    """Each that is begun takes memory; were all begun, none would be whole before all are."""
    texts = [f"Article {n} : {'le film du festival, la douane. ' * 40}" for n in range(12)]
    begun: list[int] = []  # how many were, and not whole, after each step

    async def drive(engine: Engine) -> list[int]:
        """Explain all at once; the order in which they are whole."""
        assert engine._worker
        child, going, whole = engine._worker.child, set[int](), list[int]()
        ask = child.ask

        class Watched:
            """The process, which notes what it is asked."""

            alive = True
            close = staticmethod(child.close)

            async def ask(self, asked: Any) -> Any:
                """Pass on."""
                answer = await ask(asked)
                going.add(asked["explain"])
                if "more" not in answer:
                    going.remove(asked["explain"])
                    whole.append(asked["explain"])
                begun.append(len(going))
                return answer

        engine._worker.child = Watched()  # type: ignore[assignment]
        await asyncio.gather(*(engine.answers([each], explain=True) for each in texts))
        return whole

    assert driven(lambda: encoder, drive) == list(range(12))
    assert len(begun) > 12 * 3
    assert max(begun) == 4


def test_a_run_that_could_not_be_loaded_is_tried_again(
    desk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It may have been for want of memory, or its files were not all there yet."""
    monkeypatch.setattr(engine_module, "_AGAIN_SECONDS", 1.0)
    first = find_run(desk / "runs")
    second = tmp_path / "20990101-000000-tfidf-00000000"
    second.mkdir()
    wanted = [first]

    async def drive(engine: Engine) -> None:
        """Promote what is not whole, then make it whole."""
        wanted[0] = second
        while "goes on answering" not in caplog.text:
            await asyncio.sleep(0.1)
        assert (await engine.answers(["film"])).run == first.name
        shutil.copytree(first, second, dirs_exist_ok=True)
        while (await engine.answers(["film"])).run == first.name:
            await asyncio.sleep(0.1)
        assert engine.path == second

    driven(lambda: wanted[0], drive)
