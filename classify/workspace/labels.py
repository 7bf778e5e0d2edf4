"""Labels of a workspace: fetched from Label Studio or imported, settled by majority, stored."""

import datetime as dt
import functools
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from classify.terminal import say
from classify.workspace.deciding.disputes_project import fetch_answers
from classify.workspace.project import (
    KnownProject,
    find_connected,
    remember_project,
    require_own_project,
)
from classify.workspace.suspects.review import fetch_review
from labels.annotations import IMPORTED, Annotation, read_annotations, write_annotations
from labels.consensus import Agreement, Method, agree
from labels.dataset import write_dataset
from labels.new_categories import Creation
from labels.spreadsheet import LabelledArticles, Layout, read_labelled, with_choice
from labels.studio.adjudication.answers import Answers
from labels.studio.export import Export, keep_shown, read_export, select_latest
from labels.taxonomy import Taxonomy, ensure_taxonomy, extend_taxonomy, read_taxonomy
from seeds.base.errors import InputError, missing_extra
from seeds.base.records import write_records
from seeds.document import Document, read_documents, write_documents

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project


@dataclass(frozen=True)  # no slots, which cached_property needs the place of
class Labels:
    """The labels of a workspace: articles by id, every annotation, the categories.

    votes_needed: how many votes settle an article.
    method: how votes that differ are settled.
    """

    documents: dict[str, Document]
    annotations: list[Annotation]
    taxonomy: Taxonomy
    votes_needed: int
    method: Method = "majority"

    @functools.cached_property
    def agreed(self) -> Agreement:
        """The agreed labels, the disputes that a person must settle, and the articles waiting."""
        return agree(
            self.annotations, self.documents, self.taxonomy, self.votes_needed, self.method
        )


def connect_studio(workspace: Path) -> "tuple[Studio, StudioSettings]":
    """Connect to the Label Studio of a workspace; return it and the settings of the project.

    Raises:
        InputError: the extra is missing, or the server can't be reached or refuses the key.
    """
    from labels.studio.client import Studio
    from labels.studio.connection import (
        check_address_and_key,
        confirm_address,
        find_server,
        is_in_the_clear,
    )

    require_label_studio()
    settings = read_studio_settings(workspace)
    url, key = find_server(workspace, settings)
    check_address_and_key(url, key)
    if is_in_the_clear(url):
        say(f"warning: {url} is not encrypted: others can read the key on the way. Use https.")
    studio = Studio.connect(url, key, settings)
    confirm_address()
    return studio, settings


def read_studio_settings(workspace: Path) -> "StudioSettings":
    """Return the settings of a workspace's project.

    Raises:
        InputError: labelstudio.toml is wrong.
    """
    from labels.studio.connection import StudioSettings
    from seeds.base.settings import read_override

    return read_override(workspace, "labelstudio.toml", StudioSettings)


def require_label_studio() -> None:
    """Refuse to go on without the extra, before another fault is found, such as a taken port.

    Raises:
        InputError: the extra is missing.
    """
    from importlib.util import find_spec

    if find_spec("label_studio_sdk") is None:
        raise missing_extra("labels", "Label Studio")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What Label Studio has of a workspace's labels.

    Attributes:
        studio: the server.
        settings: of the project.
        project: the one the annotations are from.
        export: its annotations.
        answers: those of the project for disputes.
        labels: what follows from all of these, and from what is in the workspace alone.
    """

    studio: "Studio"
    settings: "StudioSettings"
    project: "Project"
    export: Export
    answers: Answers
    labels: Labels

    @property
    def links(self) -> dict[str, str]:
        """The page of each annotated article in Label Studio, by the article's id."""
        return {name: self.project.task_url(task) for name, task in self.export.tasks.items()}

    def ask_third(self) -> list[int]:
        """Offer disputed articles to one annotator more if that is wished; return their tasks."""
        from labels.studio.adjudication.third_opinion import ask_third

        articles = [dispute.document_id for dispute in self.labels.agreed.disputes]
        if not (articles and self.settings.third_opinion):
            return []
        return ask_third(self.studio, self.project.id, articles, self.settings.overlap)


def fetch_labels(workspace: Path, connected: KnownProject | None = None) -> Fetched:
    """Fetch the annotations of a project and settle them; nothing is stored.

    connected: the project; None: the workspace's own.

    Raises:
        InputError: Label Studio can't be reached, or there is no project.
    """
    taxonomy = read_taxonomy(workspace)
    studio, settings = connect_studio(workspace)
    if connected is None:
        project = require_own_project(workspace, studio, settings)
    else:
        project = find_connected(studio, connected)
    export = fetch_export(workspace, studio, project, taxonomy)
    stored = read_annotations(workspace)
    answers = fetch_answers(workspace, studio, settings, taxonomy, project, stored)
    local = [annotation for annotation in stored if annotation.is_local]
    documents = {**export.documents, **read_documents(workspace)}
    review = fetch_review(workspace, studio, settings, taxonomy, project, stored)
    votes = select_latest([*keep_shown(export.annotations, stored), *review])
    annotations = [*local, *votes, *answers.annotations]
    labels = Labels(documents, annotations, taxonomy, settings.votes_needed, settings.consensus)
    return Fetched(studio, settings, project, export, answers, labels)


def pull_annotations(workspace: Path, connected: KnownProject | None = None) -> Fetched:
    """Fetch the annotations of a project, settle and store them; the caller holds the lock.

    Args:
        workspace: of the labels.
        connected: the project; None: the workspace's own.

    Raises:
        InputError: Label Studio can't be reached, there is no project, or the project has lost
            all annotations, which would be lost here as well.
    """
    ensure_taxonomy(workspace)
    fetched = fetch_labels(workspace, connected)
    export, project = fetched.export, fetched.project
    if connected is None:
        remember_project(workspace, fetched.studio, fetched.settings, project)
    stored = read_annotations(workspace)
    pulled = sum(not (annotation.is_local or annotation.origin) for annotation in stored)
    if pulled and not (export.annotations or export.rejected):
        raise InputError(
            f"{project.url}: has no annotation, and the {pulled:,} in "
            f"{workspace / 'annotations.jsonl'} would be lost. Is it the right project? If they "
            "are to be deleted, remove that file, then pull again."
        )
    store_labels(workspace, fetched.labels)
    return fetched


def load_labels(workspace: Path) -> Labels:
    """Return the labels as the last pull or import left them."""
    settings = read_studio_settings(workspace)
    return Labels(
        read_documents(workspace),
        read_annotations(workspace),
        read_taxonomy(workspace),
        settings.votes_needed,
        settings.consensus,
    )


def fetch_export(
    workspace: Path, studio: "Studio", project: "Project", taxonomy: Taxonomy
) -> Export:
    """Fetch the annotations of a project and of those that ask its annotators again."""
    from classify.workspace.history.view import export_all

    return read_export(export_all(workspace, studio, project, taxonomy), taxonomy)


def store_labels(workspace: Path, labels: Labels) -> None:
    """Write articles, annotations, agreed labels and disputes; each file atomically.

    Each file follows from those before it, so running a killed command again repairs them all.
    """
    dataset, disputes, _ = labels.agreed
    if labels.documents.keys() - read_documents(workspace).keys():
        write_documents(workspace, labels.documents)
    write_annotations(workspace, labels.annotations)
    write_records(workspace / "adjudicate.jsonl", (asdict(dispute) for dispute in disputes))
    write_dataset(workspace / "dataset.jsonl", dataset)


@dataclass(frozen=True, slots=True)
class ImportedLabels:
    """The result of an import.

    Attributes:
        labelled: the content of the file.
        labels: the labels of the workspace, those of the file included.
        added: the categories added to taxonomy.toml.
    """

    labelled: LabelledArticles
    labels: Labels
    added: tuple[str, ...]


def import_labels(
    workspace: Path,
    file: Path,
    layout: Layout,
    *,
    choice: Literal["multiple", "single"] | None,
    create: bool,
    new: Collection[str] = (),
) -> ImportedLabels:
    """Import a file of labelled articles into the workspace.

    Its labels are as old as the file: they don't answer for a category that was added after it.

    Args:
        workspace: the folder, made if missing.
        file: a table.
        layout: how to read it.
        choice: how many categories an article can have; None: as in the taxonomy.
        create: add the categories that the taxonomy lacks, unless they nearly are known ones.
        new: names of categories to add whatever they resemble.

    Raises:
        InputError: nothing in the file can be used, or a label is unknown.
    """
    annotator = f"{IMPORTED}{file.name}"
    settings = read_studio_settings(workspace)
    annotations = read_annotations(workspace)
    old_taxonomy = ensure_taxonomy(workspace)
    taxonomy = with_choice(old_taxonomy, choice, annotations)
    used = {name for annotation in annotations for name in annotation.categories}
    creation = Creation(every=create, names=new, used=used)
    labelled = read_labelled(
        file, layout, taxonomy, creation=creation, remedy="add them with --create-categories"
    )
    if not labelled.annotations:
        first = labelled.faults[0]
        raise InputError(f"{file}: no usable row: {first.where}: {first.message}")
    documents = _add_documents(workspace, labelled.documents)
    if labelled.taxonomy != old_taxonomy:
        extend_taxonomy(workspace, labelled.taxonomy)
    write_documents(workspace, documents)
    others = [
        annotation
        for annotation in annotations
        if annotation.annotator != annotator or annotation.document_id not in labelled.documents
    ]
    changed = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC).isoformat()
    votes = [*others, *(replace(vote, created=changed) for vote in labelled.annotations)]
    labels = Labels(documents, votes, labelled.taxonomy, settings.votes_needed, settings.consensus)
    store_labels(workspace, labels)
    return ImportedLabels(labelled, labels, labelled.taxonomy.ids[len(old_taxonomy.ids) :])


def _add_documents(workspace: Path, imported: dict[str, Document]) -> dict[str, Document]:
    """Return the workspace's articles and the imported ones, grouped, by id."""
    from seeds.archive import group_with_stored
    from seeds.languages import identify_languages

    stored = read_documents(workspace)
    new = [
        replace(document, language=identify_languages(document.text))
        for name, document in imported.items()
        if name not in stored
    ]
    grouped = group_with_stored(workspace, stored.values(), new)
    return {document.id: document for document in grouped}


def count_progress(labels: Labels) -> dict[str, Any]:
    """Count articles by state, annotator and category, as a JSON object.

    Each annotated article is agreed, to adjudicate or waiting for votes.
    """
    dataset, disputes, waiting = labels.agreed
    disputed = {dispute.document_id for dispute in disputes}
    by_annotator: dict[str, Counter[str]] = {}
    for annotation in labels.annotations:
        counts = by_annotator.setdefault(annotation.annotator, Counter())
        counts[annotation.status] += 1
        if annotation.unsure and annotation.status == "submitted":
            counts["unsure"] += 1
    agreed = Counter(name for example in dataset.examples for name in example.categories)
    return {
        "articles": len(labels.documents),
        "annotated": len({a.document_id for a in labels.annotations if a.status == "submitted"}),
        "agreed": sum(e.document.id not in disputed for e in dataset.examples),
        "to_adjudicate": len(disputes),
        "waiting": len(waiting),
        "in_dataset": len(dataset.examples),
        "unknown_pairs": dataset.unknown_pairs,
        "annotators": {name: dict(counts) for name, counts in sorted(by_annotator.items())},
        "categories": {name: agreed[name] for name in labels.taxonomy.ids},
    }
