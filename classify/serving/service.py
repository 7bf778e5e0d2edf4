"""The service as a process: its address, its key, its start and its end."""

import asyncio
import contextlib
import gc
import logging
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from classify.serving.files.pool import ReaderPool
from classify.serving.http.application import build_application
from classify.serving.http.connection import Deadlines, uvicorn_options
from classify.serving.http.limits import LOOPBACK, Limits
from classify.serving.http.metrics import Measures
from classify.serving.http.state import ServiceState
from classify.serving.label_studio.ml_backend import MlBackend
from classify.serving.label_studio.retraining import Retraining
from classify.serving.logs import log_to_stderr
from classify.serving.model.engine import Batching, Engine
from classify.serving.model.loaded_run import LoadedRun
from classify.serving.settings import ServeSettings
from classify.terminal import say, size_in_bytes
from seeds.base.errors import InputError
from seeds.base.locks import locked
from training.runs.registry import find_run
from training.runtime import Runtime

_log = logging.getLogger("classify.serving")
_BACKLOG = 2048  # connections that wait to be accepted
# Copies of the listening socket. uvloop accepts one connection per socket and turn of the loop, and
# with a single one health checks would wait behind hundreds of connections.
_SOCKETS = 16
_SAME_SIGNAL = 0.3  # seconds within which two signals count as one
_KEY = 16  # minimum length of an API key, in characters
_LOOPBACK = re.compile(r"localhost|::1|127(\.\d{1,3}){3}")


def check_key(host: str, key: str) -> str:
    """Return the API key.

    Raises:
        InputError: it is too short or has odd characters, or other machines could ask without one.
    """
    if key and (len(key) < _KEY or not re.fullmatch(r"[!-~]+", key)):
        raise InputError(
            f"CLASSIFY_API_KEY must have {_KEY} or more visible ASCII characters. Make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if not key and not _LOOPBACK.fullmatch(host):
        raise InputError(
            f"host {host} can be reached from other machines, so the API needs a key. Set "
            "CLASSIFY_API_KEY, or listen on 127.0.0.1."
        )
    return key


@dataclass(frozen=True, slots=True)
class Service:
    """The settings of a service. run: None follows the current run of the workspace."""

    workspace: Path
    settings: ServeSettings
    runtime: Runtime
    run: str | None
    key: str

    def serve(self) -> int:
        """Serve until SIGTERM or Ctrl-C, and return the number of the signal.

        Raises:
            InputError: there is no run, or the port is taken.
        """
        _raise_file_limit()
        log_to_stderr()
        with (
            _listen(self.settings.host, self.settings.port) as listener,
            _lock_retraining(self.workspace) as retrains,
            asyncio.Runner(loop_factory=_loop_factory()) as runner,
        ):
            return runner.run(self._serve(listener, retrains=retrains))

    async def _serve(self, listener: socket.socket, *, retrains: bool) -> int:
        """Start everything, serve, and end everything. retrains: count annotations and train."""
        measures, readers = Measures(), ReaderPool(self.settings.read_timeout)
        engine = self._make_engine(measures)
        retraining = Retraining(
            self.workspace,
            self.settings.retrain_after,
            lambda: engine.path,
            active=retrains,
            shows_run=self.run is None,
        )
        engine.on_promoted(retraining.on_promoted)
        await engine.start()
        retraining.start()
        try:
            state = ServiceState(engine, readers, self._limits(), measures, retraining.progress)
            backend = MlBackend(engine, self.workspace, retraining, measures)
            app = build_application(state, [backend.router()])
            server = _Server(self._server_config(app), engine.drain)
            _announce(listener, engine)
            gc.collect()
            gc.freeze()  # imported modules stay: collecting them would stop everything for long
            await server.serve([listener, *(listener.dup() for _ in range(_SOCKETS - 1))])
            _log.info("ended")
            return server.signal
        finally:
            await retraining.close()
            await readers.close()
            await engine.close()

    def _make_engine(self, measures: Measures) -> Engine:
        settings, runs = self.settings, self.workspace / "runs"
        return Engine(
            lambda: find_run(runs, self.run),
            lambda path: LoadedRun.load(path, self.runtime, settings.load_timeout),
            Batching(
                settings.max_batch,
                settings.batch_wait / 1000,
                settings.queue,
                settings.answer_timeout,
            ),
            on_batch=measures.count_batch,
            on_explanation=measures.explaining.observe,
        )

    def _limits(self) -> Limits:
        hosts = () if self.key else tuple({*LOOPBACK, self.settings.host})
        body = size_in_bytes(self.settings.max_body)
        return Limits(body, self.settings.read_timeout, self.key, hosts)

    def _server_config(self, app: Any) -> uvicorn.Config:
        settings = self.settings
        deadlines = Deadlines(settings.read_timeout, unread=settings.write_timeout)
        return uvicorn.Config(
            app,
            lifespan="off",
            access_log=False,
            log_config=None,
            backlog=_BACKLOG,
            # Passed to asyncio.wait_for, which takes fractions of a second.
            timeout_graceful_shutdown=settings.drain,  # type: ignore[arg-type]
            **uvicorn_options(deadlines),
        )


def _announce(listener: socket.socket, engine: Engine) -> None:
    """Say on which address the service answers, and with which run."""
    host, port = listener.getsockname()[:2]
    shown_host = f"[{host}]" if ":" in host else host
    computing = f", computing {engine.run.computing}" if engine.run.computing else ""
    say(f"http://{shown_host}:{port}  answers with {engine.run.name}{computing}")
    if engine.run.caveat:
        say(f"{engine.run.name} {engine.run.caveat}")


class _Server(uvicorn.Server):
    """uvicorn, which returns after a signal instead of raising it again."""

    signal = 0
    _signalled_at = 0.0  # by the loop's clock

    def __init__(self, config: uvicorn.Config, on_signal: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_signal = on_signal

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Finish accepted requests at the first signal, and end at once at the second.

        The `timeout` command sends its signal to the process and to its group: those are one.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._handle_signal, number)
        yield

    def _handle_signal(self, number: int) -> None:
        now = asyncio.get_running_loop().time()
        if self.should_exit and now - self._signalled_at < _SAME_SIGNAL:
            return
        self._signalled_at = now
        self.force_exit, self.should_exit, self.signal = self.should_exit, True, number
        plan = "ending at once" if self.force_exit else "finishing accepted requests, then ending"
        _log.info("%s: %s", signal.Signals(number).name, plan)
        self._on_signal()


def _loop_factory() -> Any:
    """Return what makes uvloop's event loop, or None where uvloop is not installed."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


@contextlib.contextmanager
def _lock_retraining(workspace: Path) -> Iterator[bool]:
    """Yield True if this service is the one of the workspace that counts annotations and trains.

    It is not if another service does, which a warning says, or if it can't write here.
    """
    with contextlib.ExitStack() as stack:
        if not workspace.is_dir():  # a run from elsewhere is served
            yield False
            return
        try:
            stack.enter_context(locked(workspace / "serve", "classify serve"))
        except InputError as error:
            say(
                f"warning: {error} This service answers, but neither counts annotations nor trains."
            )
            yield False
            return
        yield True


@contextlib.contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    """Open a socket that listens.

    Raises:
        InputError: the address is not one of this machine, or it is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        if os.name == "posix":  # on Windows, two services could then share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            raise InputError(
                f"{host}:{port}: {error.strerror or error}. Choose another --port or --host."
            ) from error
        listener.setblocking(False)
        yield listener


def _raise_file_limit() -> None:
    """Let the process open as many connections as the system allows."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    _, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (maximum, maximum))
