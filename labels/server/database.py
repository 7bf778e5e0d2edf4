"""The database of the embedded Label Studio: SQLite in its folder, or a PostgreSQL somewhere."""

import contextlib
import json
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from seeds.base.errors import InputError
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import replacing

_FORM = "postgresql://USER:PASSWORD@HOST:PORT/NAME"
_PORT = 5432
_SECONDS = 10  # in which a database must take a connection


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database; its repr never shows the password."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)

    @property
    def address(self) -> str:
        """Where it is, without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{self.user}@{host}:{self.port}/{self.name}"

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables by which Label Studio finds it."""
        return {
            "DJANGO_DB": "default",
            "POSTGRE_HOST": self.host,
            "POSTGRE_PORT": str(self.port),
            "POSTGRE_NAME": self.name,
            "POSTGRE_USER": self.user,
            "POSTGRE_PASSWORD": self.password,
        }


def parse_address(address: str) -> Database:
    """Parse the address of a database, such as postgresql://lea:secret@localhost/labels.

    Raises:
        InputError: it is none; the message does not repeat it, for it has a password.
    """
    wrong = f"--database: is no address of a PostgreSQL database. Write it as {_FORM}"
    try:
        parts = urlsplit(address)
        port = parts.port or _PORT
    except ValueError as error:
        raise InputError(f"{wrong}.") from error
    if parts.query or parts.fragment:
        raise InputError(f"{wrong}, with nothing behind the name.")
    name = unquote(parts.path.removeprefix("/"))
    is_known = parts.scheme in ("postgresql", "postgres") and parts.hostname and parts.username
    if not is_known or not name or "/" in name:
        raise InputError(f"{wrong}; characters such as @ in a password as %40.")
    host, user = parts.hostname or "", unquote(parts.username or "")
    return Database(host, port, name, user, unquote(parts.password or ""))


def choose_database(folder: Path, address: str | None) -> Database | None:
    """Return the database to start with: the one given, else the last one; None for SQLite.

    Args:
        folder: of the server.
        address: as `parse_address` takes it; None: as the last time.

    Raises:
        InputError: the address is none, no database answers there, or the server has its data in
            SQLite.
    """
    database = read_database(folder) if address is None else parse_address(address)
    if database is None:
        return None
    sqlite = folder / "label_studio.sqlite3"
    if sqlite.exists():
        raise InputError(
            f"{sqlite}: this server has its data there already. To move to PostgreSQL, save the "
            f"project with `classify labels backup FILE`, stop the server, move {folder} away, "
            "start with --database, and run `classify labels restore FILE`."
        )
    try:
        with contextlib.closing(
            socket.create_connection((database.host, database.port), timeout=_SECONDS)
        ):
            return database
    except OSError as error:
        raise InputError(
            f"{database.address}: nothing answers there ({error.strerror or error}). Start "
            "PostgreSQL, or correct --database."
        ) from error


def read_database(folder: Path) -> Database | None:
    """Return the database of the last start; None if that was SQLite."""
    path = folder / "database.json"
    record = read_optional_object(path, "Restore the file, or start with --database.")
    return None if record is None else parse(record, Database, str(path))


def store_database(folder: Path, database: Database) -> None:
    """Remember a database, password included, where only the user can read it."""
    with replacing(folder / "database.json", mode=0o600) as file:
        file.write(json.dumps(asdict(database)).encode())
