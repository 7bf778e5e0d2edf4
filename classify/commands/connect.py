"""`classify labels connect`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from classify.options import workspace_option
from classify.terminal import say
from seeds.base.errors import InputError
from seeds.base.settings import read_override, workspace_path

if TYPE_CHECKING:
    from labels.studio.client import Studio

_EMBEDDED = (
    "It was started by an earlier version of classify: run `classify labels server stop`, then "
    "`classify labels server start`, and connect again."
)
_OTHER = (
    "If it listens on loopback alone, start it with ML_BLOCK_LOCAL_IP=false and "
    "SSRF_PROTECTION_ENABLED=false. If others can reach it, leave its protection on: run "
    "`classify serve` at an address outside its network, and name that with --url."
)


@click.command()
@click.option("--url", help="Where Label Studio finds the service.  [default: as in serve.toml]")
@click.option("--remove", is_flag=True, help="Disconnect instead; predictions stay.")
@click.option("--replace", is_flag=True, help="Take the place of another workspace's service.")
@workspace_option
def connect(url: str | None, remove: bool, replace: bool, workspace: Path | None) -> None:
    """Make a running `classify serve` the ML backend of the project.

    From then on an article that is opened in Label Studio shows the model's categories ticked, and
    enough new annotations (retrain_after in serve.toml) start a training, whose run takes over if
    it is not worse. Label Studio calls an address that holds a secret; nobody else knows it.
    """
    from classify.serving.label_studio.connected_project import (
        ConnectedProject,
        read_connected_project,
        write_connected_project,
    )
    from classify.serving.label_studio.secret import retire_secret
    from classify.workspace.labels import connect as connect_studio
    from labels.studio.project import find_project

    if remove and (url or replace):
        raise InputError("--remove goes without --url and --replace. Leave those out.")
    folder = workspace_path(workspace)
    if remove:
        _disconnect(folder)
        return
    url = _default_url(folder) if url is None else _checked(url)
    studio, settings = connect_studio(folder)
    project = find_project(studio, settings.title)
    _check_interface(studio, project.id)
    before = read_connected_project(folder)
    # First, since the service only answers the connected project.
    write_connected_project(folder, ConnectedProject(studio.url, project.id))
    try:
        _attach(folder, url, project.id, studio, replace=replace)
    except BaseException:
        write_connected_project(folder, before)
        if before is None:  # Label Studio writes an address that does not answer into its log
            retire_secret(folder)
        raise
    click.echo(project.url)


def _disconnect(folder: Path) -> None:
    """Make the address worth nothing, then remove it from Label Studio.

    Raises:
        InputError: Label Studio can't be asked; the address is worth nothing all the same.
    """
    from classify.serving.label_studio.connected_project import (
        read_connected_project,
        write_connected_project,
    )
    from classify.serving.label_studio.secret import own_address_matcher, retire_secret
    from classify.workspace.labels import connect as connect_studio
    from labels.studio.ml_backends import detach
    from labels.studio.project import find_project

    own, before = own_address_matcher(folder), read_connected_project(folder)
    write_connected_project(folder, None)
    retire_secret(folder, remember=True)
    try:
        studio, settings = connect_studio(folder)
        if before and before.studio == studio.url:
            gone = _detached(studio, before.id, own)
        else:
            gone = detach(studio, find_project(studio, settings.title).id, own)
    except InputError as error:
        if before is None:
            raise
        raise InputError(
            f"disconnected here: the service no longer answers Label Studio, which still lists it: "
            f"{error} Then run `classify labels connect --remove` again."
        ) from error
    say("disconnected" if gone or before else "was not connected")


def _detached(studio: "Studio", project: int, own: Callable[[str], bool]) -> int:
    """How many connections were removed; none where the project was deleted, and they with it."""
    from labels.studio.errors import MissingError
    from labels.studio.ml_backends import detach
    from labels.studio.project import get_project

    try:
        get_project(studio, project)
    except MissingError:
        return 0
    return detach(studio, project, own)


def _check_interface(studio: "Studio", project: int) -> None:
    """Refuse what the service would refuse, where the reason can be told.

    Raises:
        InputError: the labelling interface does not ask for categories as ours does.
    """
    from labels.studio.interface import read_categories
    from labels.studio.project import get_record

    found = get_record(studio, project)
    read_categories(found.label_config or "<View/>")


def _attach(folder: Path, url: str, project: int, studio: "Studio", *, replace: bool) -> None:
    """Register the service, and say what came of it.

    Raises:
        InputError: Label Studio can't or may not call it; says what to do.
    """
    from classify.serving.label_studio.secret import (
        backend_address,
        ensure_secret,
        is_backend_address,
        own_address_matcher,
    )
    from classify.serving.settings import ServeSettings
    from labels.studio.ml_backends import BlockedError, attach

    try:
        wanted = backend_address(url, ensure_secret(folder))
        own = is_backend_address if replace else own_address_matcher(folder)
        done = attach(studio, project, wanted, own, is_backend_address)
    except BlockedError as error:
        embedded = studio.url == _embedded_url(folder)
        raise InputError(f"{error} {_EMBEDDED if embedded else _OTHER}") from error
    say(f"connected: Label Studio asks {url}" if done.created else "was connected already")
    if done.replaced:
        say(f"{done.replaced} earlier connection{'s' if done.replaced > 1 else ''} removed")
    if done.preferred:
        say(
            f"warning: Label Studio asks its oldest model alone, which is {done.preferred!r}. "
            "Remove that in the project's settings (Model), or ours is never asked."
        )
    enough = read_override(folder, "serve.toml", ServeSettings).retrain_after
    say(
        f"after {enough:,} new annotations the service trains anew"
        if enough
        else "the service trains when it is asked to in Label Studio (Model, Start Training)"
    )


def _embedded_url(folder: Path) -> str:
    from labels.server.server import status

    return status(folder).url


def _default_url(folder: Path) -> str:
    """Where a service of this workspace listens on this machine."""
    from classify.serving.settings import ServeSettings

    settings = read_override(folder, "serve.toml", ServeSettings)
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 — what it listens on; this is what to call
        host = "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _checked(url: str) -> str:
    """The address without a slash at its end.

    Raises:
        InputError: it can't be one.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    right = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not right or parts.query or parts.fragment or re.search(r"[^!-~]", url):
        # Not repeated: what was given may hold a password.
        raise InputError("--url must be like http://127.0.0.1:8000, with no password.")
    return url.rstrip("/")
