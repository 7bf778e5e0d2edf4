"""Disputes of a workspace: their project in Label Studio, and the answers given there."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from classify.progress import track_count
from classify.terminal import quantity, say
from classify.workspace.deciding.side_project import (
    DISPUTES,
    find_side_project,
    update_side_project,
)
from classify.workspace.history.view import as_made
from labels.annotations import Annotation
from labels.consensus import Dispute
from labels.studio.adjudication.answers import Answers, read_answers
from labels.taxonomy import Taxonomy
from seeds.document import Document

if TYPE_CHECKING:
    from labels.studio.adjudication.sync import Synced
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project


def update_adjudication(
    workspace: Path,
    studio: "Studio",
    settings: "StudioSettings",
    taxonomy: Taxonomy,
    main: "Project",
    *,
    with_votes: bool,
) -> "Project":
    """Create the project for disputes, or bring its labelling interface up to date.

    Args:
        workspace: keeps which project it is.
        studio: the server.
        settings: of the main project.
        taxonomy: from which the labelling interface follows.
        main: the project whose disputes it is for.
        with_votes: the page shows what the annotators answered.

    Raises:
        InputError: see labels.studio.project.prepare_project.
    """
    from labels.studio.adjudication.tasks import show_votes

    def change(interface: str) -> str:
        """Return the labelling interface with the votes if they are to be seen."""
        return show_votes(interface, settings.language) if with_votes else interface

    return update_side_project(workspace, studio, DISPUTES, main, settings, taxonomy, change)


def send_disputes(
    studio: "Studio",
    project: "Project",
    disputes: Sequence[Dispute],
    documents: Mapping[str, Document],
    annotations: Iterable[Annotation],
    taxonomy: Taxonomy,
    *,
    with_votes: bool,
) -> "Synced":
    """Bring the project for disputes up to date: what is new goes there, what is settled leaves.

    Args:
        studio: the server.
        project: the one for disputes.
        disputes: all there are.
        documents: the articles of the workspace.
        annotations: all there are.
        taxonomy: has the names of categories.
        with_votes: the page shows what the annotators answered.
    """
    from labels.studio.adjudication.sync import sync_disputes
    from labels.studio.adjudication.tasks import to_disputed_task

    language = studio.settings.language
    votes: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations if with_votes else ():
        if annotation.status == "submitted" and not annotation.origin:
            votes[annotation.document_id].append(annotation)
    ids = [dispute.document_id for dispute in disputes]
    tasks = [to_disputed_task(documents[name], votes[name], taxonomy, language) for name in ids]
    with track_count("Sending", len(tasks)) as count:
        return sync_disputes(studio, project.id, tasks, progress=count)


def fetch_answers(
    workspace: Path,
    studio: "Studio",
    settings: "StudioSettings",
    taxonomy: Taxonomy,
    main: "Project",
    stored: Iterable[Annotation],
) -> Answers:
    """Fetch what adjudicators answered; if their project is gone, return what was pulled of it.

    stored: the annotations of the workspace.
    """
    from labels.studio.project import export_tasks

    kept = [annotation for annotation in stored if annotation.origin == "adjudication"]
    project = find_side_project(workspace, studio, DISPUTES, main, settings.title)
    if project:
        tasks = as_made(workspace, export_tasks(studio, project.id), taxonomy)
        answers = read_answers(tasks, taxonomy)
        if (lost := len(kept) - len(answers.annotations)) > 0:
            say(f"{project.url}: has {quantity(lost, 'answer')} fewer than at the last pull")
        return answers
    if kept:
        say(
            f"{studio.url}: the project for disputes is gone; what was pulled of it before "
            f"({quantity(len(kept), 'answer')}) still counts, as if settled by hand. "
            "`classify labels adjudicate` makes another one."
        )
    return Answers(tuple(replace(annotation, origin="settled") for annotation in kept))
