"""The connection to Label Studio: settings, address, key, certificate."""

import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from labels.studio.client import Studio
from labels.studio.connection import StudioSettings, find_server
from seeds.base.errors import InputError
from tests.support.command import classify
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
