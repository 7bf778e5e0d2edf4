"""The embedded Label Studio: install, start, stop, status; one server a workspace, on loopback."""

import contextlib
import datetime as dt
import fcntl
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from seeds import jsonl
from seeds.errors import InputError, missing_extra
from seeds.settings import parse

if TYPE_CHECKING:
    import httpx
    import psutil

Say = Callable[[str], None]

VERSION = "1.23.2"  # earlier ones carry SSRF, XSS and token-leak CVEs
EMAIL = "admin@classify.localhost"
HEALTH_SECONDS = 180  # a first start migrates its database for 40 to 90 s
STOP_SECONDS = 15  # SIGTERM takes 2 to 3 s
REPORT_SECONDS = 10  # between two progress lines
ANSWER_SECONDS = 30  # for one page; a busy SQLite keeps others waiting
CONNECT_SECONDS = 10
_COMPLETE = "complete"  # written last, so an environment without it is half-made
# What the server gets of our environment: it reads unprefixed names such as HOST and DEBUG too.
_INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")


@dataclass(frozen=True, slots=True)
class Server:
    """A server of ours and its administrator; its text never shows the secrets."""

    url: str
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Status:
    """How a workspace's server is.

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
    """server.json: which process it is, so that a reused process number is not taken for ours."""

    pid: int
    created: float  # seconds since 1970, as psutil tells it
    url: str


def home() -> Path:
    """The server's virtual environment: one for each user, shared by all workspaces."""
    own = os.environ.get("CLASSIFY_SERVER_HOME")
    if own:
        return Path(own).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "classify" / f"label-studio-{VERSION}"


def install(say: Say) -> Path:
    """The label-studio command, installed on first use: 2 minutes, 1 GB.

    Raises:
        InputError: pip failed; shows its last lines and where the rest is.
    """
    where = home()
    command = where / "bin" / "label-studio"
    _make(where.parent, 0o755, "Choose another folder with CLASSIFY_SERVER_HOME.")
    with _alone(where.with_name(f"{where.name}.lock"), say, "installed"):
        if (where / _COMPLETE).is_file():
            return command
        shutil.rmtree(where, ignore_errors=True)
        say(f"Installing Label Studio {VERSION} into {where} (once; about 2 minutes, 1 GB).")
        log = where.with_name(f"{where.name}.log")
        log.unlink(missing_ok=True)
        _run([sys.executable, "-m", "venv", str(where)], log, say)
        pip = [str(where / "bin" / "python"), "-m", "pip", "install", "--no-input"]
        _run([*pip, f"label-studio=={VERSION}"], log, say)
        jsonl.write_text(where / _COMPLETE, f"label-studio {VERSION}\n")
    return command


def start(workspace: Path, *, port: int = 8080, say: Say) -> Server:
    """Start the workspace's server, or find it running; it outlives the command that starts it.

    Args:
        workspace: the server keeps its data in the folder label-studio of it.
        port: on loopback; not used if the server runs already.
        say: takes a line of progress now and then.

    Raises:
        InputError: the port is taken, or the server does not come up.
    """
    folder = _folder(workspace)
    _make(folder, 0o700, "Choose another folder with --workspace.")
    folder.chmod(0o700)
    with _alone(folder / "start.lock", say, "started"):
        known = credentials(workspace)
        process, started = _running(workspace)
        if process and not known:
            raise InputError(
                f"{folder / 'credentials.json'} is missing, but the server runs. Restore it, or "
                "run `classify labels server stop`."
            )
        if process and started and known:
            _wait(workspace, process, replace(known, url=started.url), say)
            return _proved(workspace, replace(known, url=started.url))
        _check_port(port)
        command = install(say)
        server = _with_credentials(workspace, known, f"http://127.0.0.1:{port}")
        try:
            _wait(workspace, _launch(workspace, command, server, port), server, say)
            return _proved(workspace, server)
        except BaseException:  # Ctrl-C too: what did not come up must not stay
            stop(workspace)
            raise


def stop(workspace: Path) -> bool:
    """Stop the server and all its processes; False if none was running."""
    process, _ = _running(workspace)
    if process:
        _end(process)
    (_folder(workspace) / "server.json").unlink(missing_ok=True)
    return process is not None


def status(workspace: Path) -> Status:
    """Whether the workspace's server runs, and where."""
    process, started = _running(workspace)
    if not started:
        known = credentials(workspace)
        return Status("stopped", url=known.url if known else "")
    if not process:
        return Status("stale", url=started.url)
    since = dt.datetime.fromtimestamp(started.created, dt.UTC)
    return Status(
        "running",
        url=started.url,
        pid=started.pid,
        version=_version(started.url),
        since=since.isoformat(timespec="seconds"),
    )


def credentials(workspace: Path) -> Server | None:
    """The administrator's credentials of the workspace's server; None before the first start."""
    path = _folder(workspace) / "credentials.json"
    return parse(_read(path), Server, str(path)) if path.is_file() else None


def session(url: str, *, seconds: float = ANSWER_SECONDS) -> "httpx.Client":
    """A client for one server: keeps cookies, checks TLS, follows no redirect.

    Args:
        url: the server's address; no proxy is asked for one on loopback.
        seconds: how long an answer may take.
    """
    try:
        import httpx
    except ImportError as error:
        raise missing_extra("labels", "Label Studio") from error
    local = urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
    timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
    return httpx.Client(base_url=url, timeout=timeout, trust_env=not local)


def submit_form(client: "httpx.Client", path: str, data: dict[str, str]) -> bool:
    """Send a form of the server's pages; False if the page showed the form again."""
    page = client.get(path).text
    hidden = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    fields = {**data, "csrfmiddlewaretoken": hidden[1] if hidden else ""}
    answer = client.post(path, data=fields, headers={"Referer": f"{client.base_url}"})
    return answer.is_redirect


def login_key(url: str, email: str, password: str) -> str:
    """An API key of a user: the legacy token where the server takes it, else a personal one.

    Raises:
        InputError: the password is wrong, or there is a personal token already (a server
            shows each of them only once).
    """
    with session(url) as client:
        if not submit_form(client, "/user/login/", {"email": email, "password": password}):
            raise InputError(f"{url}: {email} can't log in with this password. Correct it.")
        legacy = str(client.get("/api/current-user/token").json().get("token", ""))
        if legacy and whoami(url, legacy) == email:
            return legacy
        proof = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": url}
        answer = client.post("/api/token/", headers=proof)
    if answer.status_code != 201:
        raise InputError(
            f"{url}: {email} can't get an API token (HTTP {answer.status_code}). If there is a "
            f"personal access token already, revoke it at {url}/user/account and try again."
        )
    return str(answer.json()["token"])


def whoami(url: str, key: str) -> str:
    """The e-mail a legacy or personal access token belongs to; "" if the server refuses it."""
    with session(url) as client:
        scheme = "Token"
        if key.count(".") == 2:  # a personal access token is exchanged for a short-lived one
            fresh = client.post("/api/token/refresh/", json={"refresh": key})
            scheme, key = "Bearer", fresh.json().get("access", "") if fresh.is_success else ""
        answer = client.get(
            "/api/current-user/whoami", headers={"Authorization": f"{scheme} {key}"}
        )
        return str(answer.json()["email"]) if answer.is_success else ""


def _folder(workspace: Path) -> Path:
    return workspace.absolute() / "label-studio"


def _make(folder: Path, mode: int, hint: str) -> None:
    """A folder with those above it.

    Raises:
        InputError: it can't be made.
    """
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}. {hint}") from error


@contextlib.contextmanager
def _alone(path: Path, say: Say, done: str) -> Iterator[None]:
    """One command at a time; the next waits. The kernel frees the lock when a process dies."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Label Studio is being {done} by another command; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(command: list[str], log: Path, say: Say) -> None:
    """Run one step of the installation, its output added to a log."""
    began = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(REPORT_SECONDS)
                break
            say(f"Installing Label Studio: {time.monotonic() - began:.0f} s")
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise InputError(
            f"Label Studio {VERSION} could not be installed: {_last_lines(log)} "
            f"The whole output is in {log}. Mend that, then run this again."
        )


def _last_lines(log: Path) -> str:
    """The last three lines of a log that say something, as one."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join([line.strip() for line in lines if line.strip()][-3:])


def _read(path: Path) -> dict[str, Any]:
    """A JSON object of ours."""
    return jsonl.parse_record(path.read_text(encoding="utf-8"), str(path))


def _write_private(path: Path, record: Any) -> None:
    """A dataclass as JSON that only the user can read."""
    with jsonl.replacing(path, mode=0o600) as file:
        file.write(json.dumps(asdict(record)).encode())


def _check_port(port: int) -> None:
    """Label Studio itself would go on to the next free port without a word.

    Raises:
        InputError: the port is taken, or not ours to take.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(
                f"127.0.0.1:{port}: {reason}. Choose another port with --port."
            ) from error


def _with_credentials(workspace: Path, known: Server | None, url: str) -> Server:
    """The workspace's credentials, made on the first start, with the address of this one."""
    server = (
        replace(known, url=url)
        if known
        else Server(url, EMAIL, secrets.token_urlsafe(24), secrets.token_hex(20))
    )
    _write_private(_folder(workspace) / "credentials.json", server)
    return server


def _environment(folder: Path, server: Server) -> dict[str, str]:
    """All the server is told; secrets go this way because a command line is public."""
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
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "DEBUG": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _launch(workspace: Path, command: Path, server: Server, port: int) -> "psutil.Process":
    """Start the server in a session of its own: Ctrl-C in the terminal does not reach it."""
    folder = _folder(workspace)
    log = os.open(folder / "server.log", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        child = subprocess.Popen(
            [command, "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(folder, server),
            cwd=folder,
            start_new_session=True,
        )
    finally:
        os.close(log)
    try:
        process: psutil.Process = _psutil().Process(child.pid)
        started = _Started(process.pid, process.create_time(), server.url)
        _write_private(folder / "server.json", started)
    except BaseException:  # without this note nobody could stop it
        child.kill()
        raise
    return process


def _psutil() -> Any:
    """The psutil module, which comes with the extra."""
    try:
        import psutil
    except ImportError as error:
        raise missing_extra("labels", "Label Studio") from error
    return psutil


def _running(workspace: Path) -> tuple["psutil.Process | None", _Started | None]:
    """The server's process if it is alive, and what was noted when it started."""
    path = _folder(workspace) / "server.json"
    if not path.is_file():
        return None, None
    started = parse(_read(path), _Started, str(path))
    try:
        process = _psutil().Process(started.pid)
        same = abs(process.create_time() - started.created) < 1
    except _psutil().NoSuchProcess:
        return None, started
    return (process if same and _alive(process) else None), started


def _alive(process: "psutil.Process") -> bool:
    return process.is_running() and process.status() != _psutil().STATUS_ZOMBIE


def _end(process: "psutil.Process") -> None:
    """End a process and all it started: SIGTERM, and SIGKILL for what is left."""
    gone = _psutil().NoSuchProcess
    with contextlib.suppress(gone):
        tree = [process, *process.children(recursive=True)]
        for each in tree:
            with contextlib.suppress(gone):
                each.terminate()
        for each in _psutil().wait_procs(tree, timeout=STOP_SECONDS)[1]:
            with contextlib.suppress(gone):
                each.kill()
        _psutil().wait_procs(tree, timeout=STOP_SECONDS)


def _wait(workspace: Path, process: "psutil.Process", server: Server, say: Say) -> None:
    """Wait until the server answers.

    Raises:
        InputError: it died, or takes too long.
    """
    log = _folder(workspace) / "server.log"
    began = reported = time.monotonic()
    while not _version(server.url):
        now = time.monotonic()
        if not _alive(process):
            raise InputError(
                f"Label Studio ended while starting: {_last_lines(log)} The whole log is {log}."
            )
        if now - began > HEALTH_SECONDS:
            raise InputError(
                f"{server.url}: Label Studio did not answer within {HEALTH_SECONDS} s; see {log}. "
                "Run `classify labels server stop`, then start it again."
            )
        if now - reported >= REPORT_SECONDS:
            reported = now
            say(f"Starting Label Studio: {now - began:.0f} s (a first start takes about a minute)")
        time.sleep(0.3)


def _version(url: str) -> str:
    """The version a healthy server tells, "" if it does not answer (yet)."""
    import httpx

    with session(url) as client, contextlib.suppress(httpx.TransportError, ValueError):
        if client.get("/health").is_success:
            return str(client.get("/api/version/").json().get("release", ""))
    return ""


def _proved(workspace: Path, server: Server) -> Server:
    """The server, once it is known to be ours: its administrator's key works there.

    An administrator may have switched legacy tokens off in the organisation's settings; then
    the password gets a personal one.

    Raises:
        InputError: neither the key nor the password is taken.
    """
    if whoami(server.url, server.token) == server.email:
        return server
    path = _folder(workspace) / "credentials.json"
    try:
        key = login_key(server.url, server.email, server.password)
    except InputError as error:
        raise InputError(
            f"{path}: the server does not take these credentials: {error} If they are of "
            f"another server, restore the file, or move {path.parent} away for a new one."
        ) from error
    server = replace(server, token=key)
    _write_private(path, server)
    return server
