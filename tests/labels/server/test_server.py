"""The embedded server's record of its process, without a Label Studio."""

import json
import socket
from pathlib import Path

import psutil
import pytest

from labels.server import server
from seeds.base.errors import InputError


def test_a_process_number_that_was_reused_is_not_taken_for_the_server(tmp_path: Path) -> None:
    path = tmp_path / "label-studio" / "server.json"
    path.parent.mkdir()
    process = psutil.Process()
    record = {
        "pid": process.pid,
        "created": process.create_time() - 60,
        "url": "http://127.0.0.1:1",
    }
    path.write_text(json.dumps(record))
    assert server.status(tmp_path).state == "stale"
    assert server.stop(tmp_path) is False  # and this very process still runs


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InputError, match=rf"127\.0\.0\.1:{port}.*--port"):
            server.start(tmp_path, port=port, notify=lambda _: None)
    assert server.status(tmp_path).state == "stopped"
