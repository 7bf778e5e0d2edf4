"""What the model is sure of, ticked in the projects that ask again; the rest is left to people."""

from collections.abc import Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING

from classify.progress import track_count
from classify.workspace.history.followups import list_followups
from classify.workspace.migration.asking import EARLIER
from classify.workspace.sending.suggestions import read_blind_ids
from labels.migration.results import chosen
from labels.server.answers import as_object
from labels.studio.project import list_tasks
from labels.studio.tasks import seed_id, to_document, to_result
from labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.project import Project, Task
    from training.runs.run import Run

SURE = 0.9  # probability; a box that is ticked wrongly is seldom unticked


def propose(workspace: Path, studio: "Studio", run: "Run", taxonomy: Taxonomy) -> int:
    """Tick what a run is sure of in articles that nobody has answered again; return how many.

    Only categories that are newer than the answers are proposed. Articles of the test part get
    nothing: runs are measured on them.
    """
    new = {category.id for category in taxonomy.categories if category.added}
    new &= set(run.rule.categories)
    blind = read_blind_ids(workspace)
    changed = 0
    for project in list_followups(workspace, studio) if new else ():
        tasks = [task for task in _list_open(studio, project) if seed_id(task) not in blind]
        predictions = run.predict([to_document(task).text for task in tasks])
        with track_count("Proposing", len(tasks)) as count:
            for number, (task, prediction) in enumerate(zip(tasks, predictions, strict=True), 1):
                sure = select_sure(prediction.categories, prediction.probabilities, new)
                changed += _tick(studio, task, sure, new, taxonomy)
                count(number, len(tasks))
    return changed


def select_sure(
    predicted: tuple[str, ...], probabilities: Mapping[str, float], new: Set[str]
) -> set[str]:
    """Return the new categories that are predicted, and surely."""
    return {name for name in predicted if name in new and probabilities[name] >= SURE}


def _list_open(studio: "Studio", project: "Project") -> "list[Task]":
    """Return the tasks of a project that nobody has answered."""
    fields = "id,data,meta,annotations,predictions,result,model_version"
    tasks = list_tasks(studio, project.id, fields="all", include=fields)
    return [task for task in tasks if not task.get("annotations") and seed_id(task)]


def _tick(
    studio: "Studio", task: "Task", sure: set[str], new: set[str], taxonomy: Taxonomy
) -> bool:
    """Tick the sure categories of a task beside those of earlier answers; False if they are."""
    from labels.migration.stored import store_result

    records = [as_object(record) or {} for record in task.get("predictions") or ()]
    earlier = next((r for r in records if r.get("model_version") == EARLIER), None)
    ticked = chosen(earlier.get("result")) if earlier else set()
    wanted = {name for name in (ticked - new) | sure if name in taxonomy.places}
    if wanted == ticked:
        return False
    result = to_result(taxonomy.sort(wanted))
    if earlier:
        return store_result(studio, "predictions", int(earlier["id"]), result)
    studio.write(
        f"task {task['id']}",
        studio.sdk.predictions.create,
        task=task["id"],
        result=result,
        score=1.0,
        model_version=EARLIER,
    )
    return True
