"""The deadline of a computation: kept, but not by a process that was itself too busy to look."""

import asyncio
import time

import pytest

from classify.serving.model.deadline import finish_within


async def work(seconds: float, *, fail: bool = False) -> str:
    await asyncio.sleep(seconds)
    if fail:
        raise ValueError("broken")
    return "result"


def test_work_that_ends_in_time_gives_its_result_or_its_error() -> None:
    assert asyncio.run(finish_within(work(0.0), 5)) == "result"
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(finish_within(work(0.0, fail=True), 5))


def test_work_that_takes_too_long_is_cancelled() -> None:
    async def run() -> None:
        with pytest.raises(TimeoutError):
            await finish_within(work(60), 0.05)
        await asyncio.sleep(0)
        (_,) = asyncio.all_tasks()  # this one

    asyncio.run(run())


@pytest.mark.slow
def test_work_is_not_blamed_for_the_time_in_which_the_loop_stood_still() -> None:
    async def run() -> str:
        call = asyncio.create_task(finish_within(work(0.3), 0.2))
        await asyncio.sleep(0.05)
        time.sleep(0.35)  # as if the machine was paused
        return await call

    assert asyncio.run(run()) == "result"


def test_whoever_stops_waiting_cancels_the_work() -> None:
    async def run() -> None:
        call = asyncio.create_task(finish_within(work(60), 60))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait({call})
        await asyncio.sleep(0)
        (_,) = asyncio.all_tasks()

    asyncio.run(run())
