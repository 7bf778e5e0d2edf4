"""Addresses of databases, and which of them a server starts with."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from labels.server.database import choose_database, parse_address, store_database
from seeds.base.errors import InputError

SECRET = "s3cret@Word"


@pytest.fixture
def port() -> Iterator[int]:
    """A port on loopback where somebody takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_an_address_names_host_port_name_and_user() -> None:
    database = parse_address("postgresql://l%C3%A9a:s3cret%40Word@db.example.org:5433/press")
    assert database.address == "postgresql://léa@db.example.org:5433/press"
    assert database.variables == {
        "DJANGO_DB": "default",
        "POSTGRE_HOST": "db.example.org",
        "POSTGRE_PORT": "5433",
        "POSTGRE_NAME": "press",
        "POSTGRE_USER": "léa",
        "POSTGRE_PASSWORD": SECRET,
    }
    assert SECRET not in repr(database)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("postgres://lea@localhost/press", "localhost", 5432),
        ("postgresql://lea:x@[::1]:6000/press", "::1", 6000),
    ],
)
def test_what_an_address_leaves_out_is_usual(address: str, host: str, port: int) -> None:
    database = parse_address(address)
    assert (database.host, database.port) == (host, port)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "press",
        "mysql://lea:s3cret@Word@localhost/press",
        "postgresql://localhost/press",
        "postgresql://lea:s3cret@localhost",
        "postgresql://lea:s3cret@localhost:port/press",
        "postgresql://lea:s3cret@localhost:99999/press",
        "postgresql://lea:s3cret@localhost/press?sslmode=require",
        "postgresql://lea:s3cret@[::1/press",
    ],
)
def test_what_is_no_address_is_refused_and_its_password_not_repeated(address: str) -> None:
    with pytest.raises(InputError, match=r"postgresql://USER:PASSWORD@HOST:PORT/NAME") as caught:
        parse_address(address)
    assert "s3cret" not in str(caught.value)


def test_the_last_database_is_taken_again_and_its_file_is_private(
    tmp_path: Path, port: int
) -> None:
    assert choose_database(tmp_path, None) is None
    database = choose_database(tmp_path, f"postgresql://lea:s3cret%40Word@127.0.0.1:{port}/press")
    assert database
    store_database(tmp_path, database)
    assert choose_database(tmp_path, None) == database
    file = tmp_path / "database.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text(encoding="utf-8"))["password"] == SECRET


def test_where_nothing_answers_one_line_says_so_without_the_password(
    tmp_path: Path, port: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    message = re.escape(f"postgresql://lea@127.0.0.1:{closed}/press: nothing answers there")
    with pytest.raises(InputError, match=message) as caught:
        choose_database(tmp_path, f"postgresql://lea:s3cret@127.0.0.1:{closed}/press")
    assert "s3cret" not in str(caught.value)


def test_data_in_sqlite_is_not_left_behind_silently(tmp_path: Path, port: int) -> None:
    (tmp_path / "label_studio.sqlite3").touch()
    with pytest.raises(InputError, match="classify labels backup FILE"):
        choose_database(tmp_path, f"postgresql://lea:x@127.0.0.1:{port}/press")
