"""Projects in Label Studio beside that of the workspace: each known by its id, as that is."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.terminal import say
from classify.workspace.project import KnownProject
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import write_text

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project
    from labels.taxonomy import Taxonomy

_LONGEST_TITLE = 50  # characters that Label Studio takes


@dataclass(frozen=True, slots=True)
class SideProject:
    """A project beside the main one.

    Attributes:
        file: of the workspace, which keeps which project it is.
        suffix: of its title, after that of the main project.
    """

    file: str
    suffix: str

    def title(self, main: str) -> str:
        """Return its title at first; main: that of the main project in labelstudio.toml."""
        return f"{main[: _LONGEST_TITLE - len(self.suffix)].rstrip()}{self.suffix}"


DISPUTES = SideProject("adjudication.json", " – À arbitrer")
REVIEW = SideProject("review.json", " – À revoir")


@dataclass(frozen=True, slots=True)
class _Known:
    """A side project, known again when it is renamed.

    Attributes:
        main: the id of the project it stands beside.
        project: itself.
    """

    main: int
    project: KnownProject


def is_known(workspace: Path, side: SideProject) -> bool:
    """Tell whether the workspace has, or had, such a project."""
    return (workspace / side.file).exists()


def find_side_project(
    workspace: Path, studio: "Studio", side: SideProject, main: "Project", title: str
) -> "Project | None":
    """Return a project beside the main one; None if there is none.

    It is known by its id, whatever it is called in Label Studio, and found by its title at first.

    title: of the main project in labelstudio.toml.

    Raises:
        InputError: several projects have the title.
    """
    from labels.studio.project import find_ids, find_project

    known = _read(workspace, side)
    if known and known.main == main.id and (project := known.project.find(studio)):
        return project
    own = side.title(title)
    return find_project(studio, own) if find_ids(studio, own) else None


def update_side_project(
    workspace: Path,
    studio: "Studio",
    side: SideProject,
    main: "Project",
    settings: "StudioSettings",
    taxonomy: "Taxonomy",
    change: Callable[[str], str],
) -> "Project":
    """Create a project beside the main one, or bring its labelling interface up to date.

    Each article is answered by one person there.

    Args:
        workspace: keeps which project it is.
        studio: the server.
        side: which project.
        main: the one it stands beside.
        settings: of the main project.
        taxonomy: from which the labelling interface follows.
        change: returns the labelling interface with what it shows besides.

    Raises:
        InputError: see labels.studio.project.prepare_project.
    """
    from labels.studio.interface import render_interface
    from labels.studio.page.guide import render_guide
    from labels.studio.project import prepare_project

    look: dict[str, Any] = {"language": settings.language, "keyboard": settings.keyboard}
    earlier = find_side_project(workspace, studio, side, main, settings.title)
    project = prepare_project(
        studio,
        side.title(settings.title),
        change(render_interface(taxonomy, **look)),
        instruction=render_guide(taxonomy, **look),
        overlap=1,
        project_id=earlier.id if earlier else None,
    )
    known = _Known(main.id, KnownProject.of(studio, project))
    if known != _read(workspace, side):
        write_text(workspace / side.file, json.dumps(asdict(known)) + "\n")
    if earlier is None:
        say(f"project {project.title!r} created")
    return project


def _read(workspace: Path, side: SideProject) -> _Known | None:
    path = workspace / side.file
    record = read_optional_object(path, "Remove the file: the project is then found by its title.")
    return None if record is None else parse(record, _Known, str(path))
