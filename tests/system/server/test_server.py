"""The embedded server: real processes, real signals."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from labels.server import server
from labels.server.installation import install
from seeds.base.errors import InputError
from tests.support.command import classify
from tests.support.label_studio import LabelStudio, copy_server
from tests.support.waiting import free_port, wait_until

START = """
import sys
from pathlib import Path
from labels.server import server
found = server.start(Path(sys.argv[1]), port=int(sys.argv[2]), notify=lambda line: None)
print(found.url, server.status(Path(sys.argv[1])).pid)
"""


@pytest.fixture
def spare(label_studio: LabelStudio, tmp_path: Path) -> Iterator[Path]:
    """A second workspace with migrated data, so that its server starts in seconds; stopped."""
    copy_server(label_studio.workspace, tmp_path)
    yield tmp_path
    server.stop(tmp_path)


def start_process(workspace: Path, port: int) -> subprocess.Popen[str]:
    """Another process that starts the server, as a command would."""
    command = [sys.executable, "-c", START, str(workspace), str(port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_starting_again_gives_the_server_that_runs(label_studio: LabelStudio) -> None:
    status = server.status(label_studio.workspace)
    again = server.start(label_studio.workspace, port=free_port(), notify=lambda _: None)
    assert again == label_studio.server
    assert server.status(label_studio.workspace) == status
    assert status.state == "running"
    assert status.version == "1.23.2"


def test_two_starts_at_once_make_one_server_that_outlives_them(spare: Path) -> None:
    ports = free_port(), free_port()
    commands = [start_process(spare, port) for port in ports]
    answers = {command.communicate(timeout=200)[0] for command in commands}
    assert len(answers) == 1
    url, pid = answers.pop().split()
    assert [is_listening(port) for port in ports].count(True) == 1
    assert httpx.get(f"{url}/health").status_code == 200
    assert os.getsid(int(pid)) == int(pid), "Ctrl-C in the terminal would reach it"
    assert server.status(spare).pid == int(pid)


def test_stop_ends_the_process_and_frees_the_port(spare: Path) -> None:
    port = free_port()
    started = server.start(spare, port=port, notify=lambda _: None)
    process = psutil.Process(server.status(spare).pid)
    assert server.stop(spare) is True
    assert not process.is_running()
    assert not is_listening(port)
    assert server.status(spare).state == "stopped"
    assert server.stop(spare) is False
    assert server.credentials(spare) == started


def test_a_killed_server_is_stale_and_starts_anew_with_the_same_credentials(spare: Path) -> None:
    started = server.start(spare, port=free_port(), notify=lambda _: None)
    os.kill(server.status(spare).pid, signal.SIGKILL)
    wait_until(lambda: server.status(spare).state == "stale", what="the server is dead")
    again = server.start(spare, port=free_port(), notify=lambda _: None)
    assert (again.email, again.password, again.token) == (
        started.email,
        started.password,
        started.token,
    )
    header = {"Authorization": f"Token {started.token}"}
    user = httpx.get(f"{again.url}/api/current-user/whoami", headers=header).json()
    assert user["email"] == started.email


def test_a_port_that_another_workspaces_server_uses_is_refused_with_how_to_stop_it(
    label_studio: LabelStudio, tmp_path: Path
) -> None:
    port = label_studio.server.url.rpartition(":")[2]
    folder = tmp_path / "w"
    finished = classify("labels", "server", "start", "--port", port, "--workspace", folder)
    assert finished.returncode == 1
    assert finished.stderr.count("\n") == 1
    stop = f"`classify labels server stop --workspace {label_studio.workspace}`"
    assert finished.stderr.startswith(f"Error: 127.0.0.1:{port}: Address already in use.")
    assert stop in finished.stderr
    assert "--port" in finished.stderr


def test_without_a_port_asked_for_a_free_one_is_used_and_reported(
    label_studio: LabelStudio, spare: Path
) -> None:
    last_url = label_studio.server.url  # where the data of the spare workspace come from
    finished = classify("labels", "server", "start", "--workspace", spare)
    assert finished.returncode == 0, finished.stderr
    now = server.status(spare)
    assert finished.stdout == f"{now.url}\n"
    assert now.url != last_url
    taken = last_url.rpartition(":")[2]
    port = now.url.rpartition(":")[2]
    assert f"port {taken} is taken (by the server of {label_studio.workspace})" in finished.stderr
    assert f"this server gets {port}" in finished.stderr
    assert 8080 <= int(port) < 8100
    assert server.status(label_studio.workspace).url == last_url


def test_data_and_credentials_are_for_their_owner_only(label_studio: LabelStudio) -> None:
    folder = label_studio.workspace / "label-studio"
    modes = {
        name: stat.S_IMODE((folder / name).stat().st_mode)
        for name in (".", "credentials.json", "server.json", "server.log")
    }
    assert modes == {
        ".": 0o700,
        "credentials.json": 0o600,
        "server.json": 0o600,
        "server.log": 0o600,
    }


def test_it_listens_on_loopback_only(label_studio: LabelStudio) -> None:
    process = psutil.Process(server.status(label_studio.workspace).pid)
    sockets = process.net_connections("tcp")
    assert {connection.laddr.ip for connection in sockets if connection.status == "LISTEN"} == {
        "127.0.0.1"
    }


def test_secrets_show_in_no_process_list_log_or_text(label_studio: LabelStudio) -> None:
    login = label_studio.server
    shown = [
        subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout,
        (label_studio.workspace / "label-studio" / "server.log").read_text(),
        repr(login),
        str(login),
        repr(server.status(label_studio.workspace)),
    ]
    assert login.url in shown[2]
    assert len(login.password) >= 24
    assert not [text for text in shown if login.password in text or login.token in text]


def test_a_key_the_server_no_longer_takes_is_replaced_at_the_next_start(spare: Path) -> None:
    """An administrator can switch legacy tokens off in the organisation's settings."""
    started = server.start(spare, port=free_port(), notify=lambda _: None)
    answer = httpx.post(
        f"{started.url}/api/jwt/settings",
        headers={"Authorization": f"Token {started.token}"},
        json={"api_tokens_enabled": True, "legacy_api_tokens_enabled": False},
    )
    assert answer.is_success
    again = server.start(spare, notify=lambda _: None)
    assert again.token != started.token
    assert again.token.count(".") == 2  # a JSON Web Token
    assert server.credentials(spare) == again


def test_foreign_credentials_are_refused_with_the_file_to_restore(spare: Path) -> None:
    path = spare / "label-studio" / "credentials.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "password": "another-one", "token": "0" * 40}))
    with pytest.raises(InputError, match=r"credentials\.json.*restore the file"):
        server.start(spare, port=free_port(), notify=lambda _: None)
    assert server.status(spare).state == "stopped"


def test_a_server_that_dies_while_starting_is_reported_with_its_log(spare: Path) -> None:
    (spare / "label-studio" / "label_studio.sqlite3").write_bytes(b"not a database " * 100)
    with pytest.raises(InputError, match=r"file is not a database.*server\.log"):
        server.start(spare, port=free_port(), notify=lambda _: None)
    assert server.status(spare).state == "stopped"


def test_ctrl_c_during_the_start_leaves_no_server(
    label_studio: LabelStudio, tmp_path: Path
) -> None:
    assert label_studio.server.url  # so that the installation is there
    note = tmp_path / "label-studio" / "server.json"
    command = start_process(tmp_path, free_port())  # fresh data: the start takes half a minute
    wait_until(note.is_file, what="the server's process is started")
    process = psutil.Process(json.loads(note.read_text())["pid"])
    command.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in command.communicate(timeout=60)[1]
    assert not process.is_running()
    assert not note.exists()


def test_a_failed_installation_is_not_taken_for_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("CLASSIFY_SERVER_HOME", str(home))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    home.mkdir()
    (home / "left-behind").touch()
    with pytest.raises(InputError, match=r"could not be installed: .+ The complete output is in "):
        install(lambda _: None)
    assert not (home / "left-behind").exists()
    assert (home / "bin" / "python").exists()
    with pytest.raises(InputError, match="could not be installed"):
        install(lambda _: None)
