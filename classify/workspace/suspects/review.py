"""Labels in doubt before another annotator: their project in Label Studio, and its votes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from classify.progress import track_count
from classify.terminal import quantity, say
from classify.workspace.deciding.side_project import (
    REVIEW,
    find_side_project,
    is_known,
    update_side_project,
)
from classify.workspace.history.view import as_made
from labels.annotations import Annotation
from labels.studio.review.tasks import Shown, show_doubt, to_review_task

if TYPE_CHECKING:
    from classify.workspace.suspects.findings import Findings
    from labels.studio.adjudication.sync import Synced
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project
    from labels.taxonomy import Taxonomy
    from training.suspects.find import Suspect


def update_review(
    workspace: Path,
    studio: "Studio",
    settings: "StudioSettings",
    taxonomy: "Taxonomy",
    main: "Project",
    *,
    blind: bool,
) -> "Project":
    """Create the project for labels in doubt, or bring its labelling interface up to date.

    blind: the page shows nothing of the labels or of what models say.

    Raises:
        InputError: see labels.studio.project.prepare_project.
    """

    def change(interface: str) -> str:
        """Return the labelling interface with what a reviewer may see."""
        return interface if blind else show_doubt(interface, settings.language)

    return update_side_project(workspace, studio, REVIEW, main, settings, taxonomy, change)


def send_suspects(
    studio: "Studio",
    project: "Project",
    findings: "Findings",
    suspects: Sequence["Suspect"],
    *,
    show_label: bool,
    show_model: bool,
) -> "Synced":
    """Send articles with labels in doubt; others that nobody has begun on leave the project.

    Args:
        studio: the server.
        project: the one for labels in doubt.
        findings: all that is in doubt.
        suspects: those to send.
        show_label: show the labels as they are.
        show_model: show what the models say of those in doubt.
    """
    from labels.studio.adjudication.sync import sync_disputes

    taxonomy, language = findings.dataset.taxonomy, studio.settings.language
    tasks = []
    for suspect in suspects:
        example = findings.dataset.examples[suspect.position]
        shown = Shown(
            example.categories if show_label else None,
            {pair.category: pair.probability for pair in suspect.pairs} if show_model else None,
        )
        tasks.append(to_review_task(example.document, shown, taxonomy, language))
    with track_count("Sending", len(tasks)) as count:
        return sync_disputes(studio, project.id, tasks, progress=count)


def fetch_review(
    workspace: Path,
    studio: "Studio",
    settings: "StudioSettings",
    taxonomy: "Taxonomy",
    main: "Project",
    stored: Iterable[Annotation],
) -> list[Annotation]:
    """Fetch the votes on labels in doubt; if their project is gone, those pulled of it before.

    stored: the annotations of the workspace.
    """
    from labels.studio.export import read_export
    from labels.studio.project import export_tasks

    kept = [annotation for annotation in stored if annotation.origin == "review"]
    if not kept and not is_known(workspace, REVIEW):
        return []
    project = find_side_project(workspace, studio, REVIEW, main, settings.title)
    if project is None:
        if kept:
            say(
                f"{studio.url}: the project for labels in doubt is gone; the "
                f"{quantity(len(kept), 'vote')} pulled of it before still count."
            )
        return kept
    tasks_then = as_made(workspace, export_tasks(studio, project.id), taxonomy)
    export = read_export(tasks_then, taxonomy)
    for reason, tasks in export.rejected.items():
        say(f"{project.url}: set aside: {quantity(len(tasks), 'vote')}: {reason}")
    return [
        replace(annotation, origin="review")
        for annotation in export.annotations
        if annotation.status == "submitted" and not annotation.unsure
    ]
