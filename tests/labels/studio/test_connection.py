"""The connection to Label Studio: settings, address, key, certificate."""

import json
import ssl
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from classify.workspace.labels import connect_studio
from labels.studio.client import Studio
from labels.studio.connection import (
    StudioSettings,
    confirm_address,
    find_server,
    is_confirmed,
    is_in_the_clear,
)
from seeds.base.errors import InputError
from seeds.document import Document
from tests.support.command import classify
from tests.support.impostor import KEY, impostor
from tests.support.proxy import SETTINGS, Proxy


def test_settings_name_every_fault_at_once() -> None:
    with pytest.raises(InputError) as caught:
        StudioSettings("ab", 0, "ftp://there", batch_size=0, timeout=0.0, retries=-1)
    for name in ("title", "overlap", "url", "batch_size", "timeout", "retries"):
        assert name in str(caught.value)


def test_an_address_without_a_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://studio.example")
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    with pytest.raises(InputError, match=r"http://studio\.example.*LABEL_STUDIO_API_KEY"):
        find_server(tmp_path, SETTINGS)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a key in the environment and no settings yet; returns the file of addresses."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", KEY)
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    return tmp_path / "config" / "classify" / "label-studio-servers"


def workspace_naming(folder: Path, url: str) -> Path:
    """A workspace whose settings name an address, as a stranger may have written them."""
    folder.mkdir()
    (folder / "labelstudio.toml").write_text(f'url = "{url}"\n', encoding="utf-8")
    return folder


@pytest.mark.slow
def test_a_strangers_workspace_gets_no_key(tmp_path: Path, user: Path) -> None:
    with impostor() as stranger:
        folder = workspace_naming(tmp_path / "w", stranger.url)
        (folder / "documents.jsonl").write_text(json.dumps(Document.of("Un film.").record()))
        for command in (["pull"], ["status"], ["push"], ["push", "--dry-run"], ["connect"]):
            refused = classify("labels", *command, "--workspace", folder)
            assert refused.returncode == 1
            assert refused.stderr.startswith(
                f"Error: {stranger.url}: named by labelstudio.toml alone, so no key was sent there."
            )
            assert f"set LABEL_STUDIO_URL={stranger.url} and LABEL_STUDIO_API_KEY" in refused.stderr
            assert refused.stderr.count("\n") == 1
            assert KEY not in refused.stderr + refused.stdout
        assert stranger.seen == []
    assert not user.exists()


@pytest.mark.slow
def test_an_address_named_with_the_key_once_may_stand_in_the_settings_from_then_on(
    tmp_path: Path, user: Path
) -> None:
    with impostor() as mine:
        folder = workspace_naming(tmp_path / "w", f"{mine.url}/")
        first = classify("labels", "pull", "--workspace", folder, LABEL_STUDIO_URL=mine.url)
        assert "named by labelstudio.toml" not in first.stderr
        assert user.read_text() == f"{mine.url}\n"
        assert stat.S_IMODE(user.stat().st_mode) == 0o600
        mine.seen.clear()
        second = classify("labels", "pull", "--workspace", folder)
        assert second.stderr == first.stderr
        assert "/api/current-user/whoami" in mine.seen
        assert mine.keys == {f"Token {KEY}"}


def test_an_address_that_did_not_take_the_key_is_not_remembered(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with impostor() as server:
        server.lies["/api/current-user/whoami"] = lambda handler: handler.answer(b"{}", 401)
        monkeypatch.setenv("LABEL_STUDIO_URL", server.url)
        with pytest.raises(InputError, match="was refused"):
            connect_studio(tmp_path)
    assert not user.exists()


def test_a_folder_of_settings_that_can_not_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("LABEL_STUDIO_URL", "https://studio.example")
    confirm_address()
    assert not is_confirmed("https://studio.example")


@pytest.mark.parametrize(
    ("named", "same"),
    [
        ("https://studio.example/", True),
        ("https://STUDIO.example", True),
        ("http://studio.example", False),
        ("https://studio.example:8443", False),
        ("https://studio.example.evil", False),
        ("https://studio.example/label-studio", False),
        ("https://studio.exampl", False),
        ("https://[", False),
    ],
)
def test_another_address_is_another_server(
    user: Path, monkeypatch: pytest.MonkeyPatch, named: str, same: bool
) -> None:
    for url in ("https://studio.example", "https://studio.example/", "https://other.example/a"):
        monkeypatch.setenv("LABEL_STUDIO_URL", url)
        confirm_address()
    assert user.read_text() == "https://studio.example\nhttps://other.example/a\n"
    assert is_confirmed(named) is same


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("https://studio.example", False),
        ("http://studio.example", True),
        ("http://192.168.1.7:8080", True),
        ("http://localhost.example", True),
        ("http://127.0.0.1.example", True),
        ("http://127.0.0.1:8080", False),
        ("http://127.1.2.3", False),
        ("http://[::1]:8080/x", False),
        ("http://localhost:8080", False),
        ("http://a.localhost", False),
        ("http://[", True),
    ],
)
def test_plain_http_is_safe_on_this_machine_alone(url: str, clear: bool) -> None:
    assert is_in_the_clear(url) is clear


def test_a_key_that_goes_over_a_network_in_the_clear_is_warned_of(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("labels.server.session.CONNECT_SECONDS", 0.1)
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://studio.invalid")
    with pytest.raises(InputError, match="no connection"):
        connect_studio(tmp_path)
    assert "warning: http://studio.invalid is not encrypted" in capsys.readouterr().err


def test_no_server_at_all_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    with pytest.raises(InputError, match="classify labels server start"):
        find_server(tmp_path, SETTINGS)


@pytest.mark.parametrize("url", ["studio.example", "ftp://studio.example", "http://me:pw@there"])
def test_an_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InputError, match="LABEL_STUDIO_URL") as caught:
        Studio.connect(url, "0" * 40, SETTINGS)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "clé-secrète", "two\nlines-secret"])
def test_a_key_that_can_not_be_one_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(InputError, match="LABEL_STUDIO_API_KEY") as caught:
        Studio.connect("http://127.0.0.1:9", key, SETTINGS)
    assert "secr" not in str(caught.value)


def test_a_dead_server_is_named_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9.*classify labels server start"):
        Studio.connect("http://127.0.0.1:9", "0" * 40, SETTINGS)
    assert time.monotonic() - began < 10


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate that nobody but its owner has signed, and its key."""
    path, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "1", "-subj", "/CN=studio", "-out", path, "-keyout", key),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return path, key


PERSONAL = (  # {"alg":"HS256","typ":"JWT"} . {"token_type":"refresh","exp":4000000000}
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6NDAwMDAwMDAwMH0."
    "c2lnbmF0dXJl"
)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["f" * 40, PERSONAL])
def test_a_certificate_nobody_signed_is_refused_in_one_line_and_gets_no_key(
    tmp_path: Path, certificate: tuple[Path, Path], key: str
) -> None:
    """And is taken once the user says so."""
    with Proxy("http://127.0.0.1:9") as tls:
        tls.invent["/api/current-user/whoami"] = [(404, {}, b"")]
        tls.invent["/api/token/refresh/"] = [(404, {}, b"")]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        tls.socket = context.wrap_socket(tls.socket, server_side=True)
        threading.Thread(target=tls.serve_forever, daemon=True).start()
        url = tls.url.replace("http:", "https:")
        server = {"LABEL_STUDIO_URL": url, "LABEL_STUDIO_API_KEY": key}
        command = ("labels", "pull", "--workspace", tmp_path / "w")
        refused = classify(*command, **server)
        assert refused.returncode == 1
        assert refused.stderr.startswith(
            f"Error: {url}: its certificate is not trusted (self-signed certificate)"
        )
        assert "SSL_CERT_FILE" in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert tls.seen == []
        trusted = classify(*command, SSL_CERT_FILE=str(certificate[0]), **server)
        assert "certificate" not in trusted.stderr
        assert len(tls.seen) == 1
        tls.shutdown()
