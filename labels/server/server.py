"""The embedded Label Studio: start, stop, status; one server a workspace, on loopback."""

import contextlib
import datetime as dt
import json
import os
import secrets
import subprocess
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from labels.server.database import Database, choose_database, store_database
from labels.server.installation import (
    REPORT_SECONDS,
    Notify,
    exclusive,
    install,
    last_lines,
    make_folder,
)
from labels.server.login import find_email, find_version, log_in
from labels.server.ports import choose_port
from seeds.base.errors import InputError, missing_extra
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import open_in_place, replacing

if TYPE_CHECKING:
    import psutil

EMAIL = "admin@classify.localhost"
HEALTH_SECONDS = 600  # a first start migrates its database for 40 s, on a busy machine for 250
STOP_SECONDS = 15  # SIGTERM takes 2 to 3 s
# The variables of our environment that the server gets: it reads unprefixed names such as HOST and
# DEBUG too.
_INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")


@dataclass(frozen=True, slots=True)
class Server:
    """A server of ours and its administrator; its repr never shows the secrets."""

    url: str
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a workspace's server.

    Attributes:
        state: "stale" is a server that died without being stopped.
        url: where it listens, or last did; "" if there never was one.
        pid: its process, 0 unless it is running.
        version: "" while it does not answer.
        since: when the process started, ISO 8601; "" unless it is running.
    """

    state: Literal["running", "stopped", "stale"]
    url: str = ""
    pid: int = 0
    version: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class _Started:
    """server.json: the server's process, told apart from one that reuses its number."""

    pid: int
    created: float  # seconds since 1970, according to psutil
    url: str


def start(
    workspace: Path, *, port: int | None = None, database: str | None = None, notify: Notify
) -> Server:
    """Start the workspace's server, unless it runs; it outlives the command that starts it.

    Args:
        workspace: the server stores its data in its folder label-studio.
        port: on loopback; not used if the server runs already. None takes the last one again,
            or the first free one from 8080 on.
        database: the address of a PostgreSQL; not used if the server runs already. None takes the
            last one again, or SQLite.
        notify: takes a line of progress now and then.

    Raises:
        InputError: the port asked for is taken, there is no such database, or the server does not
            come up.
    """
    folder = _folder(workspace)
    make_folder(folder, 0o700, "Choose another folder with --workspace.")
    folder.chmod(0o700)
    with exclusive(folder / "start.lock", notify, "started"):
        login = credentials(workspace)
        process, started = _find_process(workspace)
        if process and not login:
            raise InputError(
                f"{folder / 'credentials.json'} is missing, but the server runs. Restore it, or "
                "run `classify labels server stop`."
            )
        if process and started and login:
            server = replace(login, url=started.url)
            _wait(workspace, process, server, notify)
            return _verify(workspace, server)
        _psutil()  # its absence is reported before any problem with a port
        port, note = choose_port(port, login.url if login else "")
        if note:
            notify(note)
        chosen = choose_database(folder, database)
        command = install(notify)
        server = _store_credentials(workspace, login, f"http://127.0.0.1:{port}")
        try:
            process = _launch(workspace, command, server, port, chosen)
            _wait(workspace, process, server, notify)
            if chosen:
                store_database(folder, chosen)
            return _verify(workspace, server)
        except BaseException:  # Ctrl-C too: a server that did not come up must not stay
            stop(workspace)
            raise


def stop(workspace: Path) -> bool:
    """Stop the server and all its processes; return False if none was running."""
    process, _ = _find_process(workspace)
    if process:
        _terminate(process)
    (_folder(workspace) / "server.json").unlink(missing_ok=True)
    return process is not None


def status(workspace: Path) -> Status:
    """Return the state of the workspace's server, and its address."""
    process, started = _find_process(workspace)
    if not started:
        login = credentials(workspace)
        return Status("stopped", url=login.url if login else "")
    if not process:
        return Status("stale", url=started.url)
    since = dt.datetime.fromtimestamp(started.created, dt.UTC)
    return Status(
        "running",
        url=started.url,
        pid=started.pid,
        version=find_version(started.url),
        since=since.isoformat(timespec="seconds"),
    )


def credentials(workspace: Path) -> Server | None:
    """Return the server's address and administrator; None before the first start."""
    path = _folder(workspace) / "credentials.json"
    remedy = f"Restore the file, or move {path.parent} away to start with a new server."
    record = read_optional_object(path, remedy)
    return None if record is None else parse(record, Server, str(path))


def _folder(workspace: Path) -> Path:
    return workspace.absolute() / "label-studio"


def _write_private(path: Path, record: Any) -> None:
    """Write a dataclass as JSON that only the user can read."""
    with replacing(path, mode=0o600) as file:
        file.write(json.dumps(asdict(record)).encode())


def _store_credentials(workspace: Path, login: Server | None, url: str) -> Server:
    """Store the credentials, made up on the first start, with the address of this start."""
    server = (
        replace(login, url=url)
        if login
        else Server(url, EMAIL, secrets.token_urlsafe(24), secrets.token_hex(20))
    )
    _write_private(_folder(workspace) / "credentials.json", server)
    return server


def _environment(folder: Path, server: Server) -> dict[str, str]:
    """Return the server's environment; it has the secrets because a command line is public."""
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "LABEL_STUDIO_HOST": server.url,
        "LABEL_STUDIO_USERNAME": server.email,
        "LABEL_STUDIO_PASSWORD": server.password,
        "LABEL_STUDIO_USER_TOKEN": server.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "false",
        "ENABLE_LOCAL_FILES_STORAGE": "false",
        # `classify serve` is on loopback as well. Letting Label Studio call it is safe only while
        # Label Studio itself listens nowhere else (`_launch`).
        "ML_BLOCK_LOCAL_IP": "false",
        "SSRF_PROTECTION_ENABLED": "false",
        "COLLECT_ANALYTICS": "false",
        # An import of tasks takes drafts, too, so that a restored backup has those of everybody.
        "fflag_feat_back_lsdv_5307_import_reviews_drafts_29062023_short": "true",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "DEBUG": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _launch(
    workspace: Path, command: Path, server: Server, port: int, database: Database | None
) -> "psutil.Process":
    """Start the server in its own process session, which Ctrl-C in the terminal does not reach."""
    folder = _folder(workspace)
    with open_in_place(folder / "server.log", mode=0o600) as log:
        log.truncate(0)
        child = subprocess.Popen(
            [command, "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(folder, server) | (database.variables if database else {}),
            cwd=folder,
            start_new_session=True,
        )
    try:
        process: psutil.Process = _psutil().Process(child.pid)
        started = _Started(process.pid, process.create_time(), server.url)
        _write_private(folder / "server.json", started)
    except BaseException:  # without server.json nobody could stop it
        child.kill()
        raise
    return process


def _psutil() -> Any:
    """Import psutil, which comes with the extra.

    Raises:
        InputError: it is not installed.
    """
    try:
        import psutil
    except ImportError as error:
        raise missing_extra("labels", "Label Studio") from error
    return psutil


def _find_process(workspace: Path) -> tuple["psutil.Process | None", _Started | None]:
    """Return the server's process if it is alive, and the record of its start."""
    path = _folder(workspace) / "server.json"
    remedy = "Remove the file; if Label Studio still runs, end its process yourself."
    record = read_optional_object(path, remedy)
    if record is None:
        return None, None
    started = parse(record, _Started, str(path))
    try:
        process = _psutil().Process(started.pid)
        is_ours = abs(process.create_time() - started.created) < 1
    except _psutil().NoSuchProcess:
        return None, started
    return (process if is_ours and _is_alive(process) else None), started


def _is_alive(process: "psutil.Process") -> bool:
    return process.is_running() and process.status() != _psutil().STATUS_ZOMBIE


def _terminate(process: "psutil.Process") -> None:
    """End a process and all it started: SIGTERM, then SIGKILL for those that remain."""
    gone = _psutil().NoSuchProcess
    with contextlib.suppress(gone):
        tree = [process, *process.children(recursive=True)]
        for member in tree:
            with contextlib.suppress(gone):
                member.terminate()
        _, survivors = _psutil().wait_procs(tree, timeout=STOP_SECONDS)
        for survivor in survivors:
            with contextlib.suppress(gone):
                survivor.kill()
        _psutil().wait_procs(tree, timeout=STOP_SECONDS)


def _wait(workspace: Path, process: "psutil.Process", server: Server, notify: Notify) -> None:
    """Wait until the server answers.

    Raises:
        InputError: it died, or takes too long.
    """
    log = _folder(workspace) / "server.log"
    began = reported = time.monotonic()
    while not find_version(server.url):
        now = time.monotonic()
        if not _is_alive(process):
            raise InputError(
                f"Label Studio ended while starting: {last_lines(log)} The complete log is {log}."
            )
        if now - began > HEALTH_SECONDS:
            raise InputError(
                f"{server.url}: Label Studio did not answer within {HEALTH_SECONDS} s; see {log}. "
                "Run `classify labels server stop`, then start it again."
            )
        if now - reported >= REPORT_SECONDS:
            reported = now
            notify(
                f"Starting Label Studio: {now - began:.0f} s (a first start takes about a minute)"
            )
        time.sleep(0.3)


def _verify(workspace: Path, server: Server) -> Server:
    """Return the server once its administrator's key works there, which shows that it is ours.

    An administrator may have switched legacy tokens off in the organisation's settings; then
    the password gets a personal one.

    Raises:
        InputError: the server accepts neither the key nor the password.
    """
    if find_email(server.url, server.token) == server.email:
        return server
    path = _folder(workspace) / "credentials.json"
    try:
        key = log_in(server.url, server.email, server.password)
    except InputError as error:
        raise InputError(
            f"{path}: the server refuses these credentials: {error} If they belong to another "
            f"server, restore the file, or move {path.parent} away to start a new one."
        ) from error
    server = replace(server, token=key)
    _write_private(path, server)
    return server
