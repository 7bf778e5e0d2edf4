"""Debian's PostgreSQL, started for a test on a free port, with data of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.waiting import free_port

USER, PASSWORD, NAME = "classify", "m0t de passe@", "presse"


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server; yield the address of an empty database, with the password."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder, port = Path(tempfile.mkdtemp(prefix="postgres-")), free_port()
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    as_user: list[str] = []
    if os.getuid() == 0:  # which PostgreSQL refuses to run as
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        for path in (folder, secret):
            shutil.chown(path, "postgres", "postgres")

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), *arguments]
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD},
        )

    data, options = str(folder / "data"), f"-c port={port} -k '' -c listen_addresses=127.0.0.1"
    login = ("--username", USER, f"--pwfile={secret}", "--auth=scram-sha-256")
    call("initdb", *login, "--encoding=UTF8", "--no-locale", "--no-sync", data)
    call("pg_ctl", "start", "--wait", "-D", data, "-o", options, "-l", str(folder / "log"))
    try:
        call("createdb", "--host=127.0.0.1", f"--port={port}", f"--username={USER}", NAME)
        yield f"postgresql://{USER}:{quote(PASSWORD)}@127.0.0.1:{port}/{NAME}"
    finally:
        call("pg_ctl", "stop", "--mode=fast", "-D", data)
        shutil.rmtree(folder)
