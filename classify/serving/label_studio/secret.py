"""The secret in the address that Label Studio calls, since it can send no key of its own."""

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from seeds.base.errors import InputError

PREFIX = "/label-studio"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes
_ADDRESS = re.compile(rf".*{PREFIX}/{_SECRET.pattern}/?")


def ensure_secret(workspace: Path) -> str:
    """Return the workspace's secret, made on first use; only the file's owner can read it.

    Raises:
        InputError: the file can't be read or written, or holds something else.
    """
    path = _path(workspace)
    try:
        if not path.exists():
            _write_secret(path)
        secret = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check the folder.") from error
    if not _SECRET.fullmatch(secret):
        raise InputError(
            f"{path}: holds no secret. Remove it, then run `classify labels connect` again."
        )
    return secret


def retire_secret(workspace: Path, *, remember: bool = False) -> None:
    """Make the address useless to whoever may know it; the next one has another secret.

    remember: keep the old secret on file, because Label Studio still lists its address.
    """
    path = _path(workspace)
    if remember and path.exists():
        path.replace(_path(workspace, ".last"))
    else:
        path.unlink(missing_ok=True)


def own_address_matcher(workspace: Path) -> Callable[[str], bool]:
    """Return a function that recognises the addresses, present and last, of this workspace."""
    own_secrets = set()
    for path in (_path(workspace), _path(workspace, ".last")):
        with contextlib.suppress(OSError):
            own_secrets.add(path.read_text(encoding="ascii", errors="replace").strip())
    return lambda url: is_backend_address(url) and url.rstrip("/").rpartition("/")[2] in own_secrets


def backend_address(url: str, secret: str) -> str:
    """Return the address at which Label Studio calls the service at url."""
    return f"{url}{PREFIX}/{secret}"


def is_backend_address(url: str) -> bool:
    """Return True for an address of a service like ours, whatever its secret."""
    return _ADDRESS.fullmatch(url) is not None


def _path(workspace: Path, suffix: str = "") -> Path:
    return workspace / "serve" / f"secret{suffix}"


def _write_secret(path: Path) -> None:
    """Write a new secret, complete at once; if two processes do, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".secret.", dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink()
