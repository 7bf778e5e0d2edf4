"""Send the articles of a workspace to its project in Label Studio."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from classify.progress import track_count
from classify.terminal import say
from classify.workspace.project import find_own_project, remember_project
from seeds.base.errors import InputError
from seeds.base.records import read_records
from seeds.document import Document

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project
    from labels.studio.push import Pushed
    from labels.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class PushPreview:
    """What a push would do.

    Attributes:
        creates_project: there is no project yet.
        new: articles that would be sent.
        already: articles of the workspace that are there.
        foreign: articles that are there and not in the workspace.
        left_out: articles that would not be sent, for they have labels.
    """

    creates_project: bool
    new: int
    already: int
    foreign: int
    left_out: int


def update_project(
    workspace: Path,
    studio: "Studio",
    settings: "StudioSettings",
    taxonomy: "Taxonomy",
    *,
    new: bool = False,
) -> "Project":
    """Create the project of a workspace, or bring its labelling interface up to date.

    Args:
        workspace: keeps which project is its own.
        studio: the server.
        settings: of the project.
        taxonomy: from which its labelling interface follows.
        new: create one even if the workspace had another, which is gone.

    Raises:
        MissingError: it had another, which is gone.
        InputError: see labels.studio.project.prepare_project.
    """
    from labels.studio.errors import MissingError
    from labels.studio.interface import render_interface
    from labels.studio.page.guide import render_guide
    from labels.studio.project import prepare_project

    try:
        own = find_own_project(workspace, studio, settings)
    except MissingError:
        if not new:
            raise
        own = None
    interface = render_interface(taxonomy, language=settings.language, keyboard=settings.keyboard)
    project = prepare_project(
        studio,
        settings.title,
        interface,
        instruction=render_guide(taxonomy, language=settings.language, keyboard=settings.keyboard),
        overlap=settings.overlap,
        overlap_share=settings.overlap_share,
        project_id=own.id if own else None,
    )
    remember_project(workspace, studio, settings, project)
    if own is None:
        say(f"project {project.title!r} created")
    arrange_tabs(workspace, studio, settings, project, missing="create")
    return project


def arrange_tabs(
    workspace: Path,
    studio: "Studio",
    settings: "StudioSettings",
    project: "Project",
    *,
    missing: Literal["create", "leave"],
) -> None:
    """Bring the tabs of a project's list of articles up to date; see labels.studio.page.tabs.

    Nothing else depends on them, so that what is wrong with them is only a warning.
    """
    from labels.studio.page.tabs import update_tabs

    path = workspace / "adjudicate.jsonl"
    records = [record for _, record in read_records(path)] if path.exists() else []
    disputed = [str(record.get("document_id")) for record in records]
    try:
        update_tabs(studio, project.id, settings.language, disputed, missing=missing)
    except InputError as error:
        say(f"warning: the tabs of the project are as they were: {error}")


def read_labelled_ids(workspace: Path) -> frozenset[str]:
    """Return the ids of the articles that have labels: those of dataset.jsonl.

    Raises:
        InputError: the file can't be read.
    """
    path = workspace / "dataset.jsonl"
    if not path.exists():
        return frozenset()
    return frozenset(str(record.get("id")) for _, record in read_records(path))


def push_articles(
    studio: "Studio", project: "Project", documents: Iterable[Document], limit: int | None = None
) -> "Pushed":
    """Send the articles that the project lacks, in this order, at most `limit` of them."""
    from labels.studio.push import push
    from labels.studio.tasks import to_task

    tasks = [to_task(document) for document in documents]
    with track_count("Sending", len(tasks)) as count:
        return push(studio, project.id, tasks, limit=limit, progress=count)


def preview_push(
    studio: "Studio",
    project: "Project | None",
    ids: Set[str],
    limit: int | None,
    left_out: Set[str] = frozenset(),
) -> PushPreview:
    """Tell what pushing the articles with these ids would do, and send nothing.

    Args:
        studio: the server.
        project: of the workspace; None if there is none yet.
        ids: of all articles of the workspace.
        limit: how many to send at most.
        left_out: ids of those that are not sent, for they have labels.
    """
    from labels.studio.project import list_task_ids

    sent_ids = set(list_task_ids(studio, project.id)) if project else set()
    missing = len(ids - sent_ids - left_out)
    new = missing if limit is None else min(missing, limit)
    return PushPreview(
        project is None, new, len(ids & sent_ids), len(sent_ids - ids), len(left_out - sent_ids)
    )
