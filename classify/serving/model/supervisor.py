"""Keeps a worker running: restarts one that died, and replaces it when a run is promoted."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from classify.serving.model.loaded_run import LoadedRun, RunInfo
from seeds.base.errors import InputError

_FOLLOW_SECONDS = 1.0  # between two looks at which run is current
_RESTART_SECONDS = (0.5, 30.0)  # pause before a worker that answered nothing restarts: first, most
RETRY_SECONDS = 60.0  # before a promoted run that could not be loaded is tried again
_log = logging.getLogger("classify.serving")

Load = Callable[[Path], Awaitable[LoadedRun]]


class Supervisor:
    """The current run, in a worker process.

    Attributes:
        loaded: the run and its worker; None while neither could be started.
        computing: a lock, held while the worker computes; a promoted run waits for it.
        starts: how often a worker was restarted since one has answered.
        failed: the last attempt to start a worker did not succeed.
    """

    def __init__(
        self,
        find_run: Callable[[], Path],
        load: Load,
        *,
        on_death: Callable[[], None],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Set up; `start` loads the run.

        Args:
            find_run: returns the folder of the run that should answer now.
            load: starts a worker with the run of a folder.
            on_death: called every second while no worker runs.
            retry_seconds: before a promoted run that could not be loaded is tried again.
        """
        self.loaded: LoadedRun | None = None
        self.computing = asyncio.Lock()
        self.starts = 0
        self.failed = False
        self._find_run, self._load, self._on_death = find_run, load, on_death
        self._on_promoted: list[Callable[[RunInfo], Awaitable[None]]] = []
        self._info: RunInfo | None = None
        self._latest: Path | None = None  # the folder of the run that has answered last
        self._retry_seconds = retry_seconds
        self._unloadable: Path | None = None  # a promoted run that could not be loaded,
        self._retry_at = 0.0  # when it is tried again, on the clock of time.monotonic(),
        self._logged = ""  # and the reason, once it is in the log

    @property
    def run(self) -> RunInfo:
        """The run that answers now, or did before its worker died."""
        assert self._info, "start() was awaited"
        return self._info

    @property
    def path(self) -> Path:
        """The folder of the run that answers now."""
        return self.loaded.path if self.loaded else self._find_run()

    @property
    def alive(self) -> bool:
        """True while a worker process runs."""
        return self.loaded is not None and self.loaded.worker.alive

    @property
    def state(self) -> str:
        """The activity of a supervisor without a worker, in words."""
        return "can't load the model: its log says why" if self.failed else "is reloading the model"

    def on_promoted(self, callback: Callable[[RunInfo], Awaitable[None]]) -> None:
        """Call this whenever another run has taken over."""
        self._on_promoted.append(callback)

    async def start(self) -> None:
        """Load the run.

        Raises:
            InputError: there is none, or it can't be loaded; says why.
        """
        self._switch_to(await self._load(self._find_run()))

    async def restart(self) -> bool:
        """Try to start the worker again, waiting longer each time; return whether it runs."""
        if self.loaded:
            ending = self.loaded.worker.ending
            _log.error("the model's process ended (%s); starting it again", ending)
            await self.loaded.worker.close()
            self.loaded = None
        pause, longest = _RESTART_SECONDS
        if self.starts:
            await asyncio.sleep(min(longest, pause * 2 ** min(self.starts - 1, 10)))
        self.starts += 1
        if loaded := await self._load_any():
            self._switch_to(loaded)
        self.failed = loaded is None
        return loaded is not None

    async def follow(self) -> None:
        """Switch to each run that is promoted, without a pause, for ever."""
        announced = self.run.name
        while True:
            await asyncio.sleep(_FOLLOW_SECONDS)
            if not self.alive:
                self._on_death()
            if self.run.name != announced:
                announced = self.run.name
                await self._announce(self.run)
            if promoted := await self._load_promoted():
                await self._replace_with(promoted)

    async def close(self) -> None:
        """End the worker."""
        if self.loaded:
            await self.loaded.worker.close()

    async def _load_any(self) -> LoadedRun | None:
        """Load the run that should answer or, if that fails, the one that answered last."""
        tried: Path | None = None
        candidates: tuple[Callable[[], Path | None], ...] = (self._find_run, lambda: self._latest)
        for find in candidates:
            try:
                path = find()
                if path is not None and path != tried:
                    tried = path
                    return await self._load(path)
            except (InputError, OSError) as error:  # OSError: no process can be started
                _log.error("%s", error)
        return None

    async def _load_promoted(self) -> LoadedRun | None:
        """Load the run that should answer if it is another one than the run that does.

        One that can't be loaded is logged and tried again later; meanwhile nothing changes.
        """
        path: Path | None = None
        try:
            path = self._find_run()
            if self.loaded is None or path == self.loaded.path:
                self._logged = ""
                return None
            if path == self._unloadable and time.monotonic() < self._retry_at:
                return None
            return await self._load(path)
        except (InputError, OSError) as error:
            self._unloadable, self._retry_at = path, time.monotonic() + self._retry_seconds
            if str(error) != self._logged:
                _log.error("%s %s goes on answering.", error, self.run.name)
            self._logged = str(error)
            return None

    async def _replace_with(self, loaded: LoadedRun) -> None:
        """Switch to another run between two batches, then end the old worker."""
        async with self.computing:
            replaced = self.loaded
            self._switch_to(loaded)
        _log.info("%s answers from now on", loaded.info.name)
        if replaced:
            await replaced.worker.close()

    def _switch_to(self, loaded: LoadedRun) -> None:
        self.loaded, self._info, self._latest = loaded, loaded.info, loaded.path

    async def _announce(self, run: RunInfo) -> None:
        """Call those who want to know that another run has taken over."""
        for callback in self._on_promoted:
            try:
                await callback(run)
            except Exception:
                _log.exception("after the promotion of %s", run.name)
