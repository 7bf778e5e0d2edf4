"""The steps of a migration, forward and back: each may be taken again, whatever came of it before.

On the server the labelling interface changes first, so that whoever answers meanwhile answers in
the new categories; then every result that has an old one. What is on the server says what is left
to do; the journal says what it was.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from classify.progress import track_count
from classify.terminal import say
from classify.workspace.history.journal import Change, Direction, Journal, ProjectChange, begin
from classify.workspace.history.times import read_times, remember_times
from classify.workspace.labels import load_labels, store_labels
from classify.workspace.migration.asking import ask_again, stop_asking
from classify.workspace.migration.plan import (
    ANNOTATIONS,
    TAXONOMY,
    change_annotations,
    list_project_results,
)
from labels.annotations import Annotation, read_annotations, write_annotations
from labels.migration.results import map_result
from labels.migration.stored import Interface, StoredResult, store_result
from labels.studio.interface import list_additions
from labels.taxonomy import read_taxonomy
from seeds.base.errors import InputError
from seeds.base.records import read_records
from seeds.base.settings import parse
from seeds.base.storage import write_text
from training.runs.outputs import RUN_NAMES

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project


@dataclass(slots=True)
class Outcome:
    """What was done.

    Attributes:
        counts: how many results changed, by kind.
        edited: ids of annotations that people changed since, which stay as they made them.
        gone: how many results were deleted since.
        asking: the address of the project that asks again.
    """

    counts: Counter[str] = field(default_factory=Counter)
    edited: list[int] = field(default_factory=list)
    gone: int = 0
    asking: str = ""


def carry_out(
    workspace: Path,
    journal: Journal,
    direction: Direction,
    connection: "tuple[Studio, StudioSettings] | None",
) -> Outcome:
    """Do a migration, or undo it; one that was begun is finished. The caller holds the lock.

    Raises:
        InputError: the server fails, a project is gone, or a file was changed by hand.
    """
    outcome = Outcome()
    is_undo = direction == "undo"
    if is_undo:
        _refuse_edited_taxonomy(workspace, journal)
    begin(workspace, journal, direction)
    if connection:
        for change in journal.plan.projects:
            _change_project(workspace, journal, change, connection[0], outcome, direction)
    _change_files(workspace, journal, direction)
    if is_undo:
        stop_asking(workspace, journal, connection)
    else:
        outcome.asking = ask_again(workspace, journal, connection)
    _settle_again(workspace)
    journal.close("undone" if is_undo else "done")
    return outcome


def _change_project(
    workspace: Path,
    journal: Journal,
    change: ProjectChange,
    studio: "Studio",
    outcome: Outcome,
    direction: Direction,
) -> None:
    """Change a project: its interface, then its results."""
    project = change.project.find(studio)
    if project is None:
        raise InputError(
            f"{studio.url}: project {change.project.id} is gone. Restore it with `classify labels "
            f"restore {journal.path / f'backup-{change.project.id}.zip'}`, or undo by hand."
        )
    old, new = change.before, change.after
    _refuse_edited_interface(project, change, Interface.of(studio, project.id))
    (old if direction == "undo" else new).set(studio, project.id)
    if not journal.plan.operation.mapping:
        return
    stored = list_project_results(studio, project)
    if direction == "undo":
        todo = _find_undoing(journal, project, stored, outcome)
    else:
        todo = _find_changes(workspace, journal, project, stored)
    _store(studio, todo, outcome)
    _remember_times(workspace, studio, journal, project, direction)


def _remember_times(
    workspace: Path,
    studio: "Studio",
    journal: Journal,
    project: "Project",
    direction: Direction,
) -> None:
    """Keep when people made the annotations that have just changed, and that they left so."""
    changes = journal.read_changes()
    times = {}
    for stored in list_project_results(studio, project) if changes else ():
        change = changes.get((stored.kind, stored.id))
        if change is None or stored.kind != "annotations":
            continue
        if stored.result == (change.before if direction == "undo" else change.after):
            times[stored.id] = (stored.changed, change.answered)
    remember_times(workspace, times)


def _find_changes(
    workspace: Path,
    journal: Journal,
    project: "Project",
    stored: Iterable[StoredResult],
) -> list[Change]:
    """Return what has an old category, after writing it into the journal."""
    mapping = journal.plan.operation.mapping
    times = read_times(workspace)
    changes = [
        Change(
            project.id,
            result.kind,
            result.id,
            times.answered(result.id, result.changed),
            result.result,
            map_result(result.result, mapping),
        )
        for result in stored
        if result.categories & mapping.keys()
    ]
    known = journal.read_changes()
    # One that somebody put back meanwhile keeps what it was at first.
    journal.write_changes({**{entry.key: entry for entry in changes}, **known}.values())
    return changes


def _find_undoing(
    journal: Journal, project: "Project", stored: Iterable[StoredResult], outcome: Outcome
) -> list[Change]:
    """Return the changes that must be taken back, each with what it was as its result."""
    current = {(result.kind, result.id): result for result in stored}
    todo = []
    for change in journal.read_changes().values():
        if change.project != project.id:
            continue
        result = current.get(change.key)
        if result is None:
            outcome.gone += 1
        elif result.result == change.after:
            todo.append(replace(change, after=change.before))
        elif result.result != change.before:
            outcome.edited.append(change.id)
    return todo


def _store(studio: "Studio", changes: list[Change], outcome: Outcome) -> None:
    """Send results to the server, in the order in which people made them."""
    changes.sort(key=lambda change: (change.answered, change.id))
    with track_count("Changing", len(changes)) as count:
        for number, change in enumerate(changes, 1):
            if store_result(studio, change.kind, change.id, change.after):
                outcome.counts[change.kind] += 1
            else:
                outcome.gone += 1
            count(number, len(changes))


def _refuse_edited_interface(project: "Project", change: ProjectChange, now: Interface) -> None:
    """Refuse an interface that neither the old nor the new taxonomy can replace.

    Raises:
        InputError: somebody added to it by hand.
    """
    extra = set(list_additions(change.before.label_config, now.label_config))
    extra &= set(list_additions(change.after.label_config, now.label_config))
    if extra:
        raise InputError(
            f"{project.url}: the labelling interface was changed by hand and has "
            f"{'; '.join(sorted(extra))}. Remove that in Label Studio (Settings, Labeling "
            "Interface), then run this again."
        )


def _refuse_edited_taxonomy(workspace: Path, journal: Journal) -> None:
    """Refuse to undo over a taxonomy.toml that somebody has edited since.

    Raises:
        InputError: it is neither as the migration found it nor as it left it.
    """
    path = workspace / TAXONOMY
    known = (journal.before(TAXONOMY).read_bytes(), journal.after(TAXONOMY).read_bytes())
    if not path.exists() or path.read_bytes() not in known:
        raise InputError(
            f"{path}: edited since the migration, and undoing would lose that. Save your edits "
            f"elsewhere and copy {journal.after(TAXONOMY)} over it, then run this again."
        )


def _change_files(workspace: Path, journal: Journal, direction: Direction) -> None:
    """Put the files of the workspace as they are to be."""
    plan = journal.plan
    wanted = journal.before if direction == "undo" else journal.after
    write_text(workspace / TAXONOMY, wanted(TAXONOMY).read_text(encoding="utf-8"))
    if RUN_NAMES in plan.files:
        path = workspace / "runs" / RUN_NAMES
        if wanted(RUN_NAMES).exists():
            write_text(path, wanted(RUN_NAMES).read_text(encoding="utf-8"))
        else:
            path.unlink(missing_ok=True)
    if ANNOTATIONS not in plan.files:
        return
    annotations = read_annotations(workspace)
    taxonomy = read_taxonomy(workspace)
    if direction == "forward":
        changed = change_annotations(annotations, plan.operation.mapping, taxonomy)
    else:
        pairs = zip(
            _read(journal.after(ANNOTATIONS)), _read(journal.before(ANNOTATIONS)), strict=True
        )
        before = dict(pairs)
        changed = [before.get(each, each).within(taxonomy) for each in annotations]
    write_annotations(workspace, changed)


def _read(path: Path) -> list[Annotation]:
    return [parse(record, Annotation, f"{path}:{line}") for line, record in read_records(path)]


def _settle_again(workspace: Path) -> None:
    """Settle the labels anew under the taxonomy as it is."""
    labels = load_labels(workspace)
    if labels.annotations:
        store_labels(workspace, labels)


def say_outcome(outcome: Outcome) -> None:
    """Tell a person what was done on the server."""
    if outcome.counts:
        counts = ", ".join(f"{n:,} {kind}" for kind, n in sorted(outcome.counts.items()))
        say(f"changed on the server: {counts}")
    if outcome.edited:
        shown = ", ".join(map(str, outcome.edited[:5])) + (", …" if outcome.edited[5:] else "")
        say(
            f"kept as people changed them since: annotations {shown}; of these, categories that "
            "the taxonomy lacks do not count"
        )
    if outcome.gone:
        say(f"deleted in Label Studio since: {outcome.gone:,}")
    if outcome.asking:
        say(f"annotators are asked again in a project of its own: {outcome.asking}")
