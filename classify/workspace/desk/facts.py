"""What the desk report says, gathered from the files of a workspace alone."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.terminal import say
from classify.workspace.deciding.agreement import TeamAgreement, read_agreement
from classify.workspace.desk.timeline import Timeline, draw_timeline
from classify.workspace.desk.words import shorten_names
from classify.workspace.labels import Labels, load_labels, read_studio_settings
from classify.workspace.progress.overview import describe_progress
from classify.workspace.sending.selection import measure_chosen, read_chosen
from labels.annotations import IMPORTED, Annotation
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from training.runs.registry import list_promotions

if TYPE_CHECKING:
    from training.model import Track
    from training.selection.saving import Saving

_SUSPECTS = 20  # articles with labels in doubt that are shown


@dataclass(frozen=True, slots=True)
class Question:
    """A disputed article, with the votes on it.

    Attributes:
        document_id, title: the article.
        disputed: ids of the categories on which the annotators are evenly split.
        votes: the submitted answers.
    """

    document_id: str
    title: str
    disputed: tuple[str, ...]
    votes: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class Doubts:
    """The labels that are probably wrong.

    Attributes:
        records: the worst of them, as `classify labels suspects` gives them.
        articles: how many articles have one.
        judge: which models said so, in words.
    """

    records: Sequence[Mapping[str, Any]]
    articles: int
    judge: str


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the report says.

    Attributes:
        title: of the project.
        language: in which the page opens.
        made: when.
        taxonomy: the categories.
        names: how each annotator is called.
        progress: as `classify labels status` gives it.
        timeline: the work by day.
        questions: the disputes.
        team: how far people agree, labels from files left out; None without an answer of theirs.
        is_trained: there is a current run.
        doubts: None if there is no run, or if the labels can't be checked.
        chosen: articles that were chosen to be annotated.
        saving: what choosing them saved; None while that can't be told.
    """

    title: str
    language: str
    made: dt.datetime
    taxonomy: Taxonomy
    names: Mapping[str, str]
    progress: Mapping[str, Any]
    timeline: Timeline
    questions: tuple[Question, ...]
    team: TeamAgreement | None
    is_trained: bool
    doubts: Doubts | None
    chosen: int
    saving: "Saving | None"

    def record(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        periods = [asdict(period) for period in self.timeline.periods]
        dates = [{**period, "start": period["start"].isoformat()} for period in periods]
        return {
            "title": self.title,
            "made": self.made.isoformat(timespec="seconds"),
            "progress": dict(self.progress),
            "timeline": {**asdict(self.timeline), "periods": dates},
            "disputes": [asdict(question) for question in self.questions],
            "agreement": asdict(self.team.figures) if self.team else None,
            "suspects": asdict(self.doubts) if self.doubts else None,
            "chosen": self.chosen,
            "saving": asdict(self.saving) if self.saving else None,
        }


def read_desk(workspace: Path, now: dt.datetime, track: "Track") -> Desk:
    """Gather what is known of the annotation of a workspace.

    Args:
        workspace: as the last pull or import left it.
        now: an aware time.
        track: shows how far the check of the labels is.

    Raises:
        InputError: there is no such folder, or a file in it can't be read.
    """
    if not workspace.is_dir():
        raise InputError(
            f"{workspace}: no such folder. Check --workspace, or begin with `classify seeds add "
            "PATH`."
        )
    settings, labels = read_studio_settings(workspace), load_labels(workspace)
    is_trained = bool(list_promotions(workspace / "runs"))
    return Desk(
        title=settings.title,
        language="en" if settings.language == "en" else "fr",
        made=now,
        taxonomy=labels.taxonomy,
        names=shorten_names({annotation.annotator for annotation in labels.annotations}),
        progress=describe_progress(workspace, labels, settings, None, now),
        timeline=draw_timeline(labels.annotations),
        questions=_list_questions(labels),
        team=_measure_team(workspace, labels),
        is_trained=is_trained,
        doubts=_find_doubts(workspace, track) if is_trained else None,
        chosen=len(read_chosen(workspace)),
        saving=measure_chosen(workspace),
    )


def _list_questions(labels: Labels) -> tuple[Question, ...]:
    """Return the disputes with their votes, in the order of the articles."""
    disputes = {dispute.document_id: dispute for dispute in labels.agreed.disputes}
    votes: dict[str, list[Annotation]] = {name: [] for name in disputes}
    for annotation in labels.annotations:
        if annotation.document_id in votes and annotation.status == "submitted":
            votes[annotation.document_id].append(annotation.within(labels.taxonomy))
    documents = labels.documents
    return tuple(
        Question(
            name,
            documents[name].title or documents[name].text.partition("\n")[0],
            dispute.disputed,
            tuple(votes[name]),
        )
        for name, dispute in disputes.items()
    )


def _measure_team(workspace: Path, labels: Labels) -> TeamAgreement | None:
    """Return how far people agree; None if nobody has answered."""
    annotators = {a.annotator for a in labels.annotations}
    files = {name for name in annotators if name.startswith(IMPORTED)}
    if not any(a.status == "submitted" and a.annotator not in files for a in labels.annotations):
        return None
    try:
        return read_agreement(workspace, files)
    except InputError:  # nobody's answer is a vote: all unsure, or asked for to settle something
        return None


def _find_doubts(workspace: Path, track: "Track") -> Doubts | None:
    """Return the labels that are probably wrong; None, and a note, if they can't be checked."""
    from classify.workspace.suspects.findings import collect_findings, list_records

    try:
        findings = collect_findings(workspace, say, track)
    except InputError as error:
        say(f"without labels in doubt: {error}")
        return None
    records = list_records(findings, findings.open[:_SUSPECTS], {})
    return Doubts(records, len(findings.open), findings.judge)
