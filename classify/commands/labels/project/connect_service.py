"""`classify labels connect`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from classify.options import workspace_option
from classify.terminal import quantity, say
from seeds.base.errors import InputError
from seeds.base.settings import read_override, workspace_path

if TYPE_CHECKING:
    from labels.studio.client import Studio

_EMBEDDED = (
    "An earlier version of classify started it: run `classify labels server stop`, then "
    "`classify labels server start`, and connect again."
)
_OTHER = (
    "If only this machine can reach it, start it with ML_BLOCK_LOCAL_IP=false and "
    "SSRF_PROTECTION_ENABLED=false. If others can reach it, leave its protection on: run "
    "`classify serve` at an address outside its network, and pass that address as --url."
)


@click.command()
@click.option("--url", help="Address of the service for Label Studio.  [default: as in serve.toml]")
@click.option("--remove", is_flag=True, help="Disconnect the service; predictions stay.")
@click.option("--replace", is_flag=True, help="Replace the service of another workspace.")
@workspace_option
def connect(url: str | None, remove: bool, replace: bool, workspace: Path | None) -> None:
    """Connect a running `classify serve` to the project.

    The service becomes the project's ML backend: an article opened in Label Studio shows the
    model's categories ticked. Enough new annotations (retrain_after in serve.toml) start a
    training, and its run becomes current unless it is worse. Label Studio calls an address with a
    secret that nobody else knows.
    """
    from classify.serving.label_studio.connected_project import (
        read_connected_project,
        write_connected_project,
    )
    from classify.serving.label_studio.secret import retire_secret
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import KnownProject, remember_project, require_own_project

    if remove and (url or replace):
        raise InputError("--remove can't be combined with --url or --replace. Leave those out.")
    folder = workspace_path(workspace)
    if remove:
        _disconnect(folder)
        return
    url = _default_url(folder) if url is None else _check_url(url)
    studio, settings = connect_studio(folder)
    project = require_own_project(folder, studio, settings)
    remember_project(folder, studio, settings, project)
    _check_interface(studio, project.id)
    previous = read_connected_project(folder)
    # First, since the service only answers the connected project.
    write_connected_project(folder, KnownProject.of(studio, project))
    try:
        _attach(folder, url, project.id, studio, replace=replace)
    except BaseException:
        write_connected_project(folder, previous)
        if previous is None:  # Label Studio logs an address that does not answer
            retire_secret(folder)
        raise
    click.echo(project.url)


def _disconnect(folder: Path) -> None:
    """Retire the secret address, then remove it from Label Studio.

    Raises:
        InputError: Label Studio can't be reached; the address is retired all the same.
    """
    from classify.serving.label_studio.connected_project import (
        read_connected_project,
        write_connected_project,
    )
    from classify.serving.label_studio.secret import own_address_matcher, retire_secret
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import require_own_project
    from labels.studio.registration import detach

    is_ours, previous = own_address_matcher(folder), read_connected_project(folder)
    write_connected_project(folder, None)
    retire_secret(folder, remember=True)
    try:
        studio, settings = connect_studio(folder)
        project = previous.find(studio) if previous else None
        if project is None and (previous is None or previous.studio != studio.url):
            project = require_own_project(folder, studio, settings)
        removed = detach(studio, project.id, is_ours) if project else 0
    except InputError as error:
        if previous is None:
            raise
        raise InputError(
            f"disconnected: the service no longer answers Label Studio, but is still listed there: "
            f"{error} Then run `classify labels connect --remove` again."
        ) from error
    say("disconnected" if removed or previous else "was not connected")


def _check_interface(studio: "Studio", project: int) -> None:
    """Refuse a labelling interface the service would refuse: here the reason can be told.

    Raises:
        InputError: the interface has no control for the categories.
    """
    from labels.studio.interface import read_categories
    from labels.studio.project import get_record, interface_of

    read_categories(interface_of(get_record(studio, project)))


def _attach(folder: Path, url: str, project: int, studio: "Studio", *, replace: bool) -> None:
    """Register the service in Label Studio and print the result.

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
    from labels.studio.registration import BlockedError, attach

    try:
        backend = backend_address(url, ensure_secret(folder))
        is_ours = is_backend_address if replace else own_address_matcher(folder)
        attached = attach(studio, project, backend, is_ours, is_backend_address)
    except BlockedError as error:
        is_embedded = studio.url == _embedded_url(folder)
        raise InputError(f"{error} {_EMBEDDED if is_embedded else _OTHER}") from error
    say(f"connected: Label Studio asks {url}" if attached.created else "was already connected")
    if attached.replaced:
        say(f"{quantity(attached.replaced, 'earlier connection')} removed")
    if attached.preferred:
        say(
            f"warning: Label Studio only asks its oldest model, {attached.preferred!r}. Remove it "
            "in the project's settings (Model), or the service is never asked."
        )
    retrain_after = read_override(folder, "serve.toml", ServeSettings).retrain_after
    say(
        f"after {retrain_after:,} new annotations the service trains again"
        if retrain_after
        else "the service trains when Label Studio asks it to (Model, Start Training)"
    )


def _embedded_url(folder: Path) -> str:
    from labels.server.server import status

    return status(folder).url


def _default_url(folder: Path) -> str:
    """Return the address of this workspace's service on this machine."""
    from classify.serving.settings import ServeSettings

    settings = read_override(folder, "serve.toml", ServeSettings)
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 — it listens everywhere; this is one address to call
        host = "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _check_url(url: str) -> str:
    """Return the address without a slash at its end.

    Raises:
        InputError: it is no address of a service.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not plain or parts.query or parts.fragment or re.search(r"[^!-~]", url):
        # The address is not repeated, since it may contain a password.
        raise InputError("--url must look like http://127.0.0.1:8000, without a password.")
    return url.rstrip("/")
