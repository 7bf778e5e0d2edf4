"""What a migration would change: counted for a dry run, or written down before the first change."""

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from classify.progress import track_count
from classify.workspace.history import journal as journals
from classify.workspace.history.journal import Journal, Plan, ProjectChange
from classify.workspace.migration.every_project import list_own_projects, refuse_additions, render
from classify.workspace.migration.runs import rename_in_runs
from classify.workspace.project import KnownProject
from labels.annotations import Annotation, read_annotations
from labels.migration.operation import Operation, map_names
from labels.migration.stored import Interface, StoredResult, list_results
from labels.migration.toml_text import rewrite_taxonomy
from labels.taxonomy import Taxonomy, ensure_taxonomy
from seeds.base.records import write_records
from seeds.base.storage import write_text
from training.runs.outputs import RUN_NAMES

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project

TAXONOMY, ANNOTATIONS = "taxonomy.toml", "annotations.jsonl"


@dataclass(slots=True)
class Draft:
    """A migration that is worked out, and nothing of it written.

    Attributes:
        before, after: the taxonomy.
        projects: those of the workspace in Label Studio, with their interfaces.
        counts: how many of what changes.
        articles: with a submitted vote for a category that ends, or any vote if one is added: they
            are to be asked again.
    """

    operation: Operation
    created: str
    before: Taxonomy
    after: Taxonomy
    projects: list[tuple["Project", ProjectChange]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    articles: dict[str, None] = field(default_factory=dict)

    @property
    def asks_again(self) -> bool:
        """Whether annotators must be asked once more."""
        return self.operation.kind in ("split", "add")


def draft(
    workspace: Path, operation: Operation, connection: "tuple[Studio, StudioSettings] | None"
) -> Draft:
    """Work out a migration, and count what it changes.

    connection: to Label Studio; None for a workspace without a project.

    Raises:
        InputError: the operation is not possible, or the labelling interface was changed by hand.
    """
    before = ensure_taxonomy(workspace)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    work = Draft(operation, now, before, operation.apply(before, now))
    if connection:
        studio, settings = connection
        for project in list_own_projects(workspace, studio, settings):
            old = Interface.of(studio, project.id)
            refuse_additions(project, render(before, settings, old), old)
            new = render(work.after, settings, old)
            known = KnownProject.of(studio, project, settings.title)
            work.projects.append((project, ProjectChange(known, old, new)))
            _count_results(work, list_project_results(studio, project))
    _count_annotations(work, read_annotations(workspace))
    work.counts["runs"] = len(rename_in_runs(workspace, operation, work.after).changed)
    work.counts["articles to ask again"] = len(work.articles)
    return work


def list_project_results(studio: "Studio", project: "Project") -> list[StoredResult]:
    """Return every result of a project, with the progress shown."""
    with track_count(f"Reading {project.title}", None) as count:
        return list(list_results(studio, project.id, progress=count))


def _count_results(work: Draft, results: Iterable[StoredResult]) -> None:
    """Count the results of a project that change, and note the articles to ask again."""
    sources = set(work.operation.sources)
    for result in results:
        if sources & result.categories:
            what = "changed" if work.operation.mapping else "kept aside"
            work.counts[f"{result.kind} {what}"] += 1
        affected = sources & result.categories if work.operation.kind == "split" else True
        if work.asks_again and result.submitted and affected and result.article:
            work.articles[result.article] = None


def _count_annotations(work: Draft, annotations: Iterable[Annotation]) -> None:
    """Count the votes of annotations.jsonl by category, and note the articles to ask again."""
    sources = set(work.operation.sources)
    for annotation in annotations:
        names = {*annotation.categories, *annotation.aside}
        affected = sources & names if work.operation.kind == "split" else True
        if annotation.status == "submitted":
            for name in sources & names:
                work.counts[f"votes for {name}"] += 1
            if work.asks_again and affected:
                work.articles[annotation.document_id] = None


def write_plan(
    workspace: Path, work: Draft, connection: "tuple[Studio, StudioSettings] | None"
) -> Journal:
    """Write all that is known before the first change: the backup, the plan, the files.

    Raises:
        InputError: the disk is full, or a backup can't be made.
    """
    from classify.workspace.backup import write_backup

    building = journals.new_folder(workspace)
    if connection:
        for project, _ in work.projects:
            write_backup(connection[0], project, building / f"backup-{project.id}.zip")
    _write_taxonomy(workspace, work, building)
    _write_annotations(workspace, work, building)
    runs = rename_in_runs(workspace, work.operation, work.after)
    if runs.changed:
        write_text(building / "after" / RUN_NAMES, runs.text)
        _keep(workspace / "runs" / RUN_NAMES, building / "before" / RUN_NAMES)
    files = sorted(path.name for path in (building / "after").iterdir())
    projects = tuple(change for _, change in work.projects)
    write_records(building / "ask.jsonl", ({"id": name} for name in work.articles))
    return journals.publish(
        workspace, Plan(work.operation, work.created, projects, tuple(files)), building
    )


def _write_taxonomy(workspace: Path, work: Draft, building: Path) -> None:
    path = workspace / TAXONOMY
    _keep(path, building / "before" / TAXONOMY)
    operation = work.operation
    origins = {}
    if operation.mapping:
        target = operation.targets[0].id
        origins = {} if target in work.before.places else {target: operation.sources[0]}
    text = path.read_text(encoding="utf-8-sig")
    write_text(building / "after" / TAXONOMY, rewrite_taxonomy(text, work.after, origins))


def _write_annotations(workspace: Path, work: Draft, building: Path) -> None:
    path = workspace / ANNOTATIONS
    if not path.exists():
        return
    _keep(path, building / "before" / ANNOTATIONS)
    changed = change_annotations(read_annotations(workspace), work.operation.mapping, work.after)
    write_records(building / "after" / ANNOTATIONS, map(asdict, changed))


def change_annotations(
    annotations: Iterable[Annotation], mapping: Mapping[str, str], taxonomy: Taxonomy
) -> list[Annotation]:
    """Return annotations under new ids, with the categories that the taxonomy lacks set aside."""
    mapped = (
        replace(
            annotation,
            categories=map_names(annotation.categories, mapping),
            aside=map_names(annotation.aside, mapping),
        )
        for annotation in annotations
    )
    return [annotation.within(taxonomy) for annotation in mapped]


def _keep(path: Path, copy: Path) -> None:
    if path.exists():
        shutil.copyfile(path, copy)
