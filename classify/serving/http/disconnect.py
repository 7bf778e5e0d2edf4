"""Drops the work for a client that has left."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import Request
from starlette.exceptions import HTTPException

from classify.serving.http.metrics import CLIENT_LEFT, Measures

T = TypeVar("T")


async def run_while_connected(request: Request, call: Awaitable[T], measures: Measures) -> T:
    """Await a call and return its result; cancel it if the client leaves.

    Raises:
        HTTPException: the client left; counted in measures.
    """
    work = asyncio.ensure_future(call)
    disconnect = asyncio.ensure_future(_wait_for_disconnect(request))
    try:
        await asyncio.wait({work, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        measures.dropped.inc()
        raise HTTPException(CLIENT_LEFT, "the client left.")
    finally:
        for task in (work, disconnect):
            task.cancel()


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
