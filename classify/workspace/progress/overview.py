"""How far the annotation of a workspace is: what is done and left, by whom, and what comes next."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.workspace.labels import Labels, count_progress
from classify.workspace.progress.advice import Situation, advise
from classify.workspace.progress.notes import list_commented, list_skipped
from classify.workspace.progress.pace import Work, measure_pace
from classify.workspace.project import has_project
from labels.annotations import read_annotations
from labels.dataset import read_dataset
from seeds.base.errors import InputError
from training.runs.facts import read_facts
from training.runs.registry import find_run

if TYPE_CHECKING:
    from labels.studio.connection import StudioSettings


@dataclass(frozen=True, slots=True)
class Seen:
    """What Label Studio says besides the labels.

    Attributes:
        project: the address of the project.
        tasks: how many articles it has.
        links: the page of each article that somebody has worked on.
    """

    project: str
    tasks: int
    links: Mapping[str, str]


def describe_progress(
    workspace: Path,
    labels: Labels,
    settings: "StudioSettings",
    seen: Seen | None,
    now: dt.datetime,
) -> dict[str, Any]:
    """Return the progress of a workspace as a JSON object.

    Args:
        workspace: of the labels.
        labels: as they are in Label Studio, or as of the last pull.
        settings: of the project.
        seen: None if Label Studio was not asked: all articles then count as sent, if any was.
        now: an aware time.
    """
    report = count_progress(labels)
    links = seen.links if seen else {}
    unlabelled = len(labels.documents) - report["annotated"]
    to_do = max(0, seen.tasks - _count_answered(labels)) if seen else unlabelled
    work = Work(to_do, _mean_overlap(settings), _count_missing(labels, settings.votes_needed))
    is_sent = seen is not None or has_project(workspace)
    command, reason = advise(
        Situation(
            articles=len(labels.documents),
            has_tasks=seen.tasks > 0 if seen else is_sent,
            unsent=max(0, unlabelled - to_do) if is_sent else unlabelled,
            project=seen.project if seen else "",
            to_do=to_do,
            waiting=report["waiting"],
            disputed=report["to_adjudicate"],
            agreed=report["agreed"],
            is_pulled=seen is None or set(read_annotations(workspace)) == set(labels.annotations),
            is_learned=_is_learned(workspace),
        )
    )
    return report | {
        "to_do": to_do,
        "pace": [asdict(pace) for pace in measure_pace(labels.annotations, work, now)],
        "skipped": list_skipped(labels.annotations, labels.documents, links),
        "commented": list_commented(labels.annotations, labels.documents, links),
        "names": {category.id: category.fr for category in labels.taxonomy.categories},
        "next": {"command": command, "reason": reason},
    }


def _count_answered(labels: Labels) -> int:
    """Count the articles that somebody answered in Label Studio."""
    answers = (a for a in labels.annotations if a.status == "submitted" and not a.is_local)
    return len({answer.document_id for answer in answers})


def _mean_overlap(settings: "StudioSettings") -> float:
    """Return how many annotators an article gets, the mean."""
    return 1 + (settings.overlap - 1) * settings.overlap_share


def _count_missing(labels: Labels, needed: int) -> dict[str, int]:
    """Return the votes that each waiting article lacks."""
    votes = Counter(
        annotation.document_id
        for annotation in labels.annotations
        if annotation.status == "submitted" and not annotation.unsure
    )
    return {name: max(1, needed - votes[name]) for name in labels.agreed.waiting}


def _is_learned(workspace: Path) -> bool:
    """Tell whether the current run learned from the agreed labels as they are."""
    try:
        run = find_run(workspace / "runs")
        return read_facts(run).dataset == read_dataset(workspace).fingerprint
    except InputError:
        return False
