"""Articles whose annotators are asked again: a project of their own, which pulls read as well.

Label Studio's main button never gives an annotator an article that they have answered. In a
project of its own the article is new to everybody; what was agreed before stands ticked.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.progress import track_count
from classify.terminal import say
from classify.workspace.history.followups import Followup, read_followups, write_followups
from classify.workspace.history.journal import Journal
from classify.workspace.labels import load_labels
from classify.workspace.project import KnownProject
from classify.workspace.sending.suggestions import read_blind_ids
from labels.studio.tasks import to_result, to_task
from seeds.base.records import read_records

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project

EARLIER = "réponses précédentes"  # the version of what stands ticked, as annotators see it
_LONGEST = 50  # characters of a title that Label Studio takes


def ask_again(
    workspace: Path,
    journal: Journal,
    connection: "tuple[Studio, StudioSettings] | None",
) -> str:
    """Offer the articles of a migration once more; return the project's address, "" if none.

    Nothing is sent twice: what the project has already stays.
    """
    from labels.studio.project import prepare_project
    from labels.studio.push import push

    articles = [record["id"] for _, record in read_records(journal.path / "ask.jsonl")]
    if connection is None or not articles or not journal.plan.projects:
        return ""
    studio, settings = connection
    interface = journal.plan.projects[0].after
    project = prepare_project(
        studio,
        _title(settings.title, journal),
        interface.label_config,
        instruction=interface.expert_instruction,
        overlap=settings.overlap,
    )
    _remember(workspace, journal, studio, project)
    tasks = _list_tasks(workspace, articles)
    with track_count("Sending", len(tasks)) as count:
        push(studio, project.id, tasks, progress=count)
    return project.url


def _title(main: str, journal: Journal) -> str:
    """Return the title of the project, which no other migration of the main project has."""
    ending = f" : à reprendre {int(journal.path.name[:4])}"
    return main[: _LONGEST - len(ending)] + ending


def _remember(workspace: Path, journal: Journal, studio: "Studio", project: "Project") -> None:
    followup = Followup(journal.path.name, KnownProject.of(studio, project))
    others = [entry for entry in read_followups(workspace) if entry.migration != journal.path.name]
    write_followups(workspace, [*others, followup])


def _list_tasks(workspace: Path, articles: list[str]) -> list[dict[str, Any]]:
    """Return the tasks of articles, with what was agreed before ticked."""
    labels = load_labels(workspace)
    documents = labels.documents
    agreed = {e.document.id: e.categories for e in labels.agreed.dataset.examples}
    blind = read_blind_ids(workspace)  # labelled without any help
    tasks = []
    for name in articles:
        if name not in documents:
            continue
        ticked = agreed.get(name, ()) if name not in blind else ()
        prediction = {"model_version": EARLIER, "score": 1.0, "result": to_result(ticked)}
        tasks.append(to_task(documents[name]) | ({"predictions": [prediction]} if ticked else {}))
    return tasks


def stop_asking(
    workspace: Path,
    journal: Journal,
    connection: "tuple[Studio, StudioSettings] | None",
) -> None:
    """Take back the project that asks again; one in which people have worked stays, unread."""
    from labels.migration.stored import list_results

    followups = read_followups(workspace)
    for followup in followups:
        if followup.migration != journal.path.name or connection is None:
            continue
        studio = connection[0]
        project = followup.project.find(studio)
        if project is None:
            continue
        if any(result.kind != "predictions" for result in list_results(studio, project.id)):
            say(
                f"{project.url}: {project.title!r} has answers and stays, but is no longer read: "
                "pull again, and delete it in Label Studio once you are sure"
            )
        else:
            studio.write(project.url, studio.sdk.projects.delete, project.id)
    if any(followup.migration == journal.path.name for followup in followups):
        write_followups(
            workspace, [entry for entry in followups if entry.migration != journal.path.name]
        )
