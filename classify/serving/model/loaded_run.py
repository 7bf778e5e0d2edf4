"""The process that holds a run, as the service sees it."""

import asyncio
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from classify.serving.model.process import ChildProcess, ProcessEndedError
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.base.settings import parse
from training.runtime import Runtime

_SECONDS = 300.0  # to load a run


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run that answers: the first message of the worker."""

    name: str
    kind: str
    created: str
    articles: int
    base_model: str
    computing: str
    taxonomy: Taxonomy
    thresholds: tuple[float, ...]
    left_out: tuple[str, ...]
    caveat: str


@dataclass(eq=False, slots=True)
class LoadedRun:
    """A run, and the worker process that has loaded it."""

    path: Path
    worker: ChildProcess
    info: RunInfo

    @classmethod
    async def load(cls, path: Path, runtime: Runtime, seconds: float = _SECONDS) -> "LoadedRun":
        """Start a worker and wait until it has loaded the run.

        Raises:
            InputError: it could not, or not within so many seconds.
        """
        arguments = (str(path), json.dumps(asdict(runtime)))
        worker = await ChildProcess.start("classify.serving.model.worker", *arguments)
        try:
            async with asyncio.timeout(seconds):
                greeting = await worker.receive()
            if "fault" in greeting:
                raise InputError(greeting["fault"])
            return cls(path, worker, parse(greeting, RunInfo, str(path)))
        except ProcessEndedError:
            raise InputError(
                f"{path}: the process that was loading it ended ({worker.ending}). Check that "
                "there is enough free memory."
            ) from None
        except BaseException as error:
            await worker.close()
            if not isinstance(error, TimeoutError):
                raise
            raise InputError(
                f"{path}: was not loaded within {seconds:g} s. Raise load_timeout in serve.toml, "
                "or train a smaller model."
            ) from None
