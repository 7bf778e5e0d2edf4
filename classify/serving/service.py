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

from classify.serving.files.reader import Readers
from classify.serving.http.connection import Deadlines, uvicorn_options
from classify.serving.http.limits import LOOPBACK, Limits
from classify.serving.http.metrics import Measures
from classify.serving.http.routes import application
from classify.serving.label_studio.ml_backend import backend
from classify.serving.label_studio.retraining import Retraining
from classify.serving.logs import log_to_stderr
from classify.serving.model.engine import Batching, Engine
from classify.serving.settings import ServeSettings
from classify.terminal import say, size_in_bytes
from seeds.base.errors import InputError
from seeds.base.locks import locked
from training.runs.registry import find_run
from training.runtime import Runtime

_log = logging.getLogger("classify.serving")
_BACKLOG = 2048  # connections that wait to be accepted
_ACCEPTED = 16  # of them a turn of the loop; uvloop's takes one a socket, and health waits in line
_TWICE = 0.3  # seconds within which two signals are one
_KEY = 16  # characters of an API key at least
_LOOPBACK = re.compile(r"localhost|::1|127(\.\d{1,3}){3}")


def key_for(host: str, key: str) -> str:
    """The API key, checked.

    Raises:
        InputError: another machine could ask, and there is no key; or it can't be one.
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
    """What is served, where and how. run: None follows the current run of the workspace."""

    workspace: Path
    settings: ServeSettings
    runtime: Runtime
    run: str | None
    key: str

    def serve(self) -> int:
        """Serve until SIGTERM or Ctrl-C; which of them it was.

        Raises:
            InputError: there is no run, or the port is taken.
        """
        _allow_files()
        log_to_stderr()
        with (
            _listening(self.settings.host, self.settings.port) as listening,
            _alone(self.workspace) as alone,
            asyncio.Runner(loop_factory=_loop()) as runner,
        ):
            return runner.run(self._serve(listening, alone=alone))

    async def _serve(self, listening: socket.socket, *, alone: bool) -> int:
        settings, measures = self.settings, Measures()
        batching = Batching(settings.max_batch, settings.batch_wait / 1000, settings.queue)
        runs = self.workspace / "runs"
        engine = Engine(
            lambda: find_run(runs, self.run),
            self.runtime,
            batching,
            measures.batch,
            measures.explaining.observe,
        )
        retraining = Retraining(
            self.workspace,
            settings.retrain_after,
            lambda: engine.path,
            alone=alone,
            shown=self.run is None,
        )
        engine.on_promoted(retraining.promoted)
        readers = Readers(settings.read_timeout)
        await engine.start()
        retraining.start()
        try:
            app = application(
                engine,
                readers,
                self._limits(),
                measures,
                retraining=retraining.facts,
                routers=[backend(engine, self.workspace, retraining, measures)],
            )
            deadlines = Deadlines(settings.read_timeout, unread=settings.write_timeout)
            config = uvicorn.Config(
                app,
                lifespan="off",
                access_log=False,
                log_config=None,
                backlog=_BACKLOG,
                timeout_graceful_shutdown=settings.drain,  # type: ignore[arg-type]  # as wait_for
                **uvicorn_options(deadlines),
            )
            host, port = listening.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            what = f" computing {engine.run.computing}" if engine.run.computing else ""
            say(f"http://{shown}:{port}  answers with {engine.run.name}{what}")
            server = _Server(config, engine.drain)
            gc.collect()
            gc.freeze()  # what is imported stays: to look through it would stop all for long
            await server.serve([listening, *(listening.dup() for _ in range(_ACCEPTED - 1))])
            _log.info("ended")
            return server.signal
        finally:
            await retraining.close()
            await readers.close()
            await engine.close()

    def _limits(self) -> Limits:
        hosts = () if self.key else tuple({*LOOPBACK, self.settings.host})
        body = size_in_bytes(self.settings.max_body)
        return Limits(body, self.settings.read_timeout, self.key, hosts)


class _Server(uvicorn.Server):
    """uvicorn, which ends as a command of ours and not by the signal itself."""

    signal = 0
    _first = 0.0  # when the first one came, by the loop's clock

    def __init__(self, config: uvicorn.Config, drain: Callable[[], None]) -> None:
        """drain: called at the first signal."""
        super().__init__(config)
        self._drain = drain

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Drain at the first signal, give up at the second.

        `timeout` sends its signal to the process and to its group: that is one.
        """
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, self._heard, each)
        yield

    def _heard(self, number: int) -> None:
        now = asyncio.get_running_loop().time()
        if self.should_exit and now - self._first < _TWICE:
            return
        self._first = now
        self.force_exit, self.should_exit, self.signal = self.should_exit, True, number
        what = "ending at once" if self.force_exit else "answering what is inside, then ending"
        _log.info("%s: %s", signal.Signals(number).name, what)
        self._drain()


def _loop() -> Any:
    """The event loop of uvloop, where that is installed."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


@contextlib.contextmanager
def _alone(workspace: Path) -> Iterator[bool]:
    """Whether no other service of the workspace counts annotations and trains; says so if one does.

    Nor does this one where it can't write.
    """
    with contextlib.ExitStack() as stack:
        if not workspace.is_dir():  # a run from elsewhere is served
            yield False
            return
        try:
            stack.enter_context(locked(workspace / "serve", "classify serve"))
        except InputError as error:
            say(
                f"warning: {error} This service answers, and neither counts annotations nor trains."
            )
            yield False
            return
        yield True


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens.

    Raises:
        InputError: the address is not this machine's, or taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as made:
        if os.name == "posix":  # elsewhere it would let two services share a port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, port))
            made.listen(_BACKLOG)
        except OSError as error:
            raise InputError(
                f"{host}:{port}: {error.strerror or error}. Choose another --port or --host."
            ) from error
        made.setblocking(False)
        yield made


def _allow_files() -> None:
    """Let the process have as many connections as the system allows it."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
