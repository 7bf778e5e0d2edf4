"""Labels of a workspace: fetched from Label Studio or taken over, settled, stored."""

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from classify.progress import counting
from labels.annotations import IMPORTED, Annotation, read_annotations, write_annotations
from labels.consensus import Dispute, agree
from labels.dataset import Dataset, write_dataset
from labels.spreadsheet import LabelledArticles, Layout, read_labelled, with_choice
from labels.studio.export import Export, read_export
from labels.taxonomy import Taxonomy, ensure_taxonomy, extend_taxonomy
from seeds.base.errors import InputError, missing_extra
from seeds.base.records import write_records
from seeds.document import Document, read_documents, write_documents

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project


@dataclass(frozen=True, slots=True)
class Labels:
    """All that a workspace knows: articles by id, every annotation, the categories."""

    documents: dict[str, Document]
    annotations: list[Annotation]
    taxonomy: Taxonomy

    @property
    def agreed(self) -> tuple[Dataset, list[Dispute]]:
        """The settled labels, and what a person must settle."""
        return agree(self.annotations, self.documents, self.taxonomy)


def connect(workspace: Path) -> "tuple[Studio, StudioSettings]":
    """The Label Studio of a workspace, and how the project is set up there.

    Raises:
        InputError: the extra is missing, or the server can't be talked to.
    """
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings, find_server
    from seeds.base.settings import read_override

    check_extra()
    settings = read_override(workspace, "labelstudio.toml", StudioSettings)
    return Studio.connect(*find_server(workspace, settings), settings), settings


def check_extra() -> None:
    """Say what is not installed before anything else is found wanting, such as a port.

    Raises:
        InputError: the extra is missing.
    """
    from importlib.util import find_spec

    if find_spec("label_studio_sdk") is None:
        raise missing_extra("labels", "Label Studio")


def pull(workspace: Path, project_id: int | None = None) -> tuple[Labels, Export]:
    """Fetch the annotations of a project and settle them; the lock is the caller's.

    Args:
        workspace: of the labels.
        project_id: of the project; None: the one that has the workspace's title.

    Raises:
        InputError: Label Studio can't be talked to, there is no project, or it holds no annotation
            any more while the workspace does: those would be lost.
    """
    from labels.studio.project import find_project, get_project

    taxonomy = ensure_taxonomy(workspace)
    studio, settings = connect(workspace)
    if project_id is None:
        project = find_project(studio, settings.title)
    else:
        project = get_project(studio, project_id)
    export = fetch(studio, project, taxonomy)
    before = read_annotations(workspace)
    imported = [each for each in before if each.annotator.startswith(IMPORTED)]
    if len(before) > len(imported) and not (export.annotations or export.rejected):
        raise InputError(
            f"{project.url}: holds no annotation, and the {len(before) - len(imported):,} in "
            f"{workspace / 'annotations.jsonl'} would be lost. Is it the right project? If they "
            "are to go, remove that file, then pull again."
        )
    documents = {**export.documents, **read_documents(workspace)}
    kept = Labels(documents, [*imported, *export.annotations], taxonomy)
    store(workspace, kept)
    return kept, export


def fetch(studio: "Studio", project: "Project", taxonomy: Taxonomy) -> Export:
    """The annotations of a project as they are now; what the taxonomy lacks is set aside."""
    from labels.studio.project import export_tasks

    with counting("Fetching", None) as count:
        return read_export(export_tasks(studio, project.id, progress=count), taxonomy)


def store(workspace: Path, labels: Labels) -> None:
    """Write articles, annotations, agreed labels and what is to adjudicate; each file atomically.

    Each file follows from those before it, so a killed command is mended by running it again.
    """
    dataset, disputes = labels.agreed
    if labels.documents.keys() - read_documents(workspace).keys():
        write_documents(workspace, labels.documents)
    write_annotations(workspace, labels.annotations)
    write_records(workspace / "adjudicate.jsonl", (asdict(each) for each in disputes))
    write_dataset(workspace / "dataset.jsonl", dataset)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What an import did.

    Attributes:
        labelled: what the file holds.
        labels: what the workspace knows now.
        made: the categories it added to taxonomy.toml.
    """

    labelled: LabelledArticles
    labels: Labels
    made: tuple[str, ...]


def take_over(
    workspace: Path,
    file: Path,
    layout: Layout,
    *,
    choice: Literal["multiple", "single"] | None,
    create: bool,
    encoding: str | None,
) -> TakenOver:
    """Import a file of labelled articles into the workspace.

    Raises:
        InputError: the file can't be read, a column is missing, or a label is unknown.
    """
    from seeds.duplicates import assign_groups
    from seeds.languages import identify_languages
    from seeds.reading.tables import read_rows

    annotator = f"{IMPORTED}{file.name}"
    before = read_annotations(workspace)
    old = ensure_taxonomy(workspace)
    taxonomy = with_choice(old, choice, before)
    labelled = read_labelled(
        read_rows(file, encoding), layout, taxonomy, file=file.name, create=create
    )
    if not labelled.annotations:
        raise InputError(f"{file}: no usable row: {labelled.faults[0]}")
    there = read_documents(workspace)
    new = [
        replace(each, language=identify_languages(each.text))
        for name, each in labelled.documents.items()
        if name not in there
    ]
    documents = {each.id: each for each in assign_groups([*there.values(), *new])}
    if labelled.taxonomy != old:
        extend_taxonomy(workspace, labelled.taxonomy)
    write_documents(workspace, documents)
    others = [
        each
        for each in before
        if each.annotator != annotator or each.document_id not in labelled.documents
    ]
    kept = Labels(documents, [*others, *labelled.annotations], labelled.taxonomy)
    store(workspace, kept)
    return TakenOver(labelled, kept, labelled.taxonomy.ids[len(old.ids) :])


def progress_report(labels: Labels) -> dict[str, Any]:
    """How many articles are done, by whom, and per category, as a JSON object."""
    dataset, disputes = labels.agreed
    by_annotator: dict[str, Counter[str]] = {}
    for annotation in labels.annotations:
        counts = by_annotator.setdefault(annotation.annotator, Counter())
        counts[annotation.status] += 1
    found = Counter(name for example in dataset.examples for name in example.categories)
    return {
        "articles": len(labels.documents),
        "annotated": len({a.document_id for a in labels.annotations if a.status == "submitted"}),
        "agreed": len(dataset.examples),
        "to_adjudicate": len(disputes),
        "annotators": {name: dict(counts) for name, counts in sorted(by_annotator.items())},
        "categories": {name: found[name] for name in labels.taxonomy.ids},
    }
