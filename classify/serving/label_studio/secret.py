"""The secret in the address that Label Studio calls: it can send no key of its own."""

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


def secret(workspace: Path) -> str:
    """The workspace's secret, made by whoever needs it first; only its owner can read the file.

    Raises:
        InputError: the file can't be read or written, or holds something else.
    """
    path = _path(workspace)
    try:
        if not path.exists():
            _make(path)
        found = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Check the folder.") from error
    if not _SECRET.fullmatch(found):
        raise InputError(
            f"{path}: holds no secret. Remove it, then run `classify labels connect` again."
        )
    return found


def forget(workspace: Path, *, keep: bool = False) -> None:
    """Make an address that somebody may have heard worth nothing: the next one is another.

    keep: remember what it was, for Label Studio still lists it.
    """
    now = _path(workspace)
    if keep and now.exists():
        now.replace(_path(workspace, ".last"))
    else:
        now.unlink(missing_ok=True)


def is_own(workspace: Path) -> Callable[[str], bool]:
    """What says whether an address is one of this workspace's service, now or before."""
    own = set()
    for path in (_path(workspace), _path(workspace, ".last")):
        with contextlib.suppress(OSError):
            own.add(path.read_text(encoding="ascii", errors="replace").strip())
    return lambda url: is_address(url) and url.rstrip("/").rpartition("/")[2] in own


def address(url: str, secret: str) -> str:
    """Where Label Studio finds the service that is at url."""
    return f"{url}{PREFIX}/{secret}"


def is_address(url: str) -> bool:
    """Whether an address is one of a service of ours, with whatever secret."""
    return _ADDRESS.fullmatch(url) is not None


def _path(workspace: Path, more: str = "") -> Path:
    return workspace / "serve" / f"secret{more}"


def _make(path: Path) -> None:
    """Write a new secret, whole from the start; of two at once the first stays."""
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
