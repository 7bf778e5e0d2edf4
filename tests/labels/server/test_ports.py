"""The port of the embedded server."""

import socket

import pytest

from labels.server.ports import choose_port
from seeds.base.errors import InputError
from tests.support.waiting import free_port


def test_a_server_comes_back_on_its_last_port_if_that_is_free() -> None:
    previous, usual = free_port(), free_port()
    last_url = f"http://127.0.0.1:{previous}"
    assert choose_port(None, last_url, [usual]) == (previous, "")
    assert choose_port(None, "", [usual]) == (usual, "")
    with socket.create_server(("127.0.0.1", previous)):
        note = f"port {previous} is taken; this server gets {usual}"
        assert choose_port(None, last_url, [usual]) == (usual, note)


def test_where_all_usual_ports_are_taken_a_port_is_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(InputError, match=r"all taken.*--port"):
            choose_port(None, "", [port])


def test_a_port_asked_for_is_used_or_refused_never_another() -> None:
    port = free_port()
    assert choose_port(port, "http://127.0.0.1:1") == (port, "")
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(InputError, match=rf"127\.0\.0\.1:{port}: Address already in use.*--port"),
    ):
        choose_port(port, "")
