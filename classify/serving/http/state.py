"""The parts of the running service, as routes use them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from classify.serving.files.pool import ReaderPool
from classify.serving.http.limits import Limits
from classify.serving.http.metrics import Measures
from classify.serving.model.engine import Engine


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The parts of the running service.

    Attributes:
        engine: answers texts; started.
        readers: read files.
        limits: of each request.
        measures: count the answers.
        retraining: returns the state of the next training; None while no project is connected.
        parsing: held while a large body is parsed.
    """

    engine: Engine
    readers: ReaderPool
    limits: Limits
    measures: Measures
    retraining: Callable[[], dict[str, Any] | None]
    parsing: asyncio.Lock = field(default_factory=asyncio.Lock)


def state_of(request: Request) -> ServiceState:
    """Return the state of the service that answers a request."""
    state: ServiceState = request.app.state.service
    return state
