"""The project of a workspace in Label Studio: known by its id, found by its title at first."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from classify.terminal import say
from labels.annotations import read_annotations
from seeds.base.errors import InputError
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import write_text

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project

_ANEW = "`classify labels push --new-project`"


@dataclass(frozen=True, slots=True)
class KnownProject:
    """A project, known again when it is renamed or its server moves.

    Attributes:
        studio: the address of its Label Studio.
        id: of the project there; another server, or a new one, may have another of that id.
        created: when, as the server says; "" if an earlier version did not ask.
        title: the one in labelstudio.toml by which it was found, "" if it was not by that.
    """

    studio: str
    id: int
    created: str = ""
    title: str = ""

    @classmethod
    def of(cls, studio: "Studio", project: "Project", title: str = "") -> "KnownProject":
        """Return what is to be kept of a project."""
        return cls(studio.url, project.id, project.created, title)

    def find(self, studio: "Studio") -> "Project | None":
        """Return this project as it is now; None if the server does not have it."""
        from labels.studio.errors import MissingError
        from labels.studio.project import get_project

        try:
            project = get_project(studio, self.id)
        except MissingError:
            return None
        same = project.created == self.created if self.created else studio.url == self.studio
        return project if same else None


def find_own_project(
    workspace: Path, studio: "Studio", settings: "StudioSettings"
) -> "Project | None":
    """Return the project of a workspace; None if it never had one on this server.

    The title in labelstudio.toml finds it at first, and again once somebody has changed the title
    there; otherwise the project is known by its id, whatever it is called in Label Studio.

    Raises:
        MissingError: there was one, which is gone or has another title; says what to do.
        InputError: several projects have the title.
    """
    from labels.studio.errors import MissingError
    from labels.studio.project import find_ids, find_project

    known, title = _read(workspace), settings.title
    if known and known.title == title and (own := known.find(studio)):
        if own.title != title:
            say(
                f"project {title!r} is now called {own.title!r} in Label Studio. To follow, set "
                f"title in {workspace / 'labelstudio.toml'}."
            )
        return own
    ids = find_ids(studio, title)
    if known and known.id in ids and (own := known.find(studio)):
        return own
    is_deleted = known and known.title == title and known.studio == studio.url
    if ids:
        own = find_project(studio, title)
        if known and is_deleted:
            say(f"project {known.id} was deleted; project {own.id} has its title and is used now")
        return own
    if known and is_deleted:
        raise MissingError(
            f"{studio.url}: project {known.id}, {title!r}, was deleted. To send all articles to a "
            f"new one, run {_ANEW}."
        )
    if known is None and _has_pulled(workspace):
        raise MissingError(
            f"{studio.url}: project {title!r} does not exist, but this workspace has annotations "
            f"from one. Was it renamed? Then set title in {workspace / 'labelstudio.toml'}. To "
            f"send all articles to a new one, run {_ANEW}."
        )
    return None


def has_project(workspace: Path) -> bool:
    """Tell whether a workspace has, or had, a project in Label Studio."""
    return _path(workspace).exists() or _has_pulled(workspace)


def require_own_project(workspace: Path, studio: "Studio", settings: "StudioSettings") -> "Project":
    """Return the project of a workspace.

    Raises:
        MissingError: there is none.
        InputError: see find_own_project.
    """
    from labels.studio.project import find_project

    own = find_own_project(workspace, studio, settings)
    return own or find_project(studio, settings.title)  # which says that there is none


def find_connected(studio: "Studio", connected: KnownProject) -> "Project":
    """Return the project that a service is connected to.

    Raises:
        InputError: this server does not have it.
    """
    project = connected.find(studio)
    if project is None:
        raise InputError(
            f"{studio.url}: does not have project {connected.id} of {connected.studio}, to which "
            "the service is connected. Run `classify labels connect` again."
        )
    return project


def remember_project(
    workspace: Path, studio: "Studio", settings: "StudioSettings", project: "Project"
) -> None:
    """Keep in the workspace which project is its own."""
    known = KnownProject.of(studio, project, settings.title)
    if known != _read(workspace):
        write_text(_path(workspace), json.dumps(asdict(known)) + "\n")


def _read(workspace: Path) -> KnownProject | None:
    path = _path(workspace)
    remedy = "Remove the file: the project is then found by its title."
    record = read_optional_object(path, remedy)
    return None if record is None else parse(record, KnownProject, str(path))


def _path(workspace: Path) -> Path:
    return workspace / "project.json"


def _has_pulled(workspace: Path) -> bool:
    """Tell whether the workspace has annotations that came from Label Studio."""
    annotations = read_annotations(workspace)
    return not all(annotation.is_local for annotation in annotations)
