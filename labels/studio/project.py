"""A Label Studio project: itself, its tasks and their annotations."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from labels.studio.client import Studio
from labels.studio.errors import MissingError
from labels.studio.interface import list_additions
from labels.studio.queries import COPIES, EVERY_TASK, EXPORTED, WORKED_ON, Query, of_articles
from seeds.base.errors import InputError

T = TypeVar("T")
Task = dict[str, Any]
Progress = Callable[[int, int], None]  # called with how many are done, of how many

PAGE = 500  # tasks a page: 10,000 of 3 KB are listed in 4 s
QUERY_IDS = 250  # ids in one GET: 6.5 KB of address, and proxies refuse more than 8


@dataclass(frozen=True, slots=True)
class Project:
    """A project and how far its annotation is.

    Attributes:
        url: its page, for a person.
        tasks: how many articles it has.
        finished: articles with as many annotations as were asked for.
        annotations: submitted ones, over all articles.
        skipped: annotations of people who skipped the article.
    """

    id: int
    title: str
    url: str
    tasks: int
    finished: int
    annotations: int
    skipped: int


def ignore_progress(_done: int, _total: int) -> None:
    """Report nothing."""


def find_project(studio: Studio, title: str) -> Project:
    """Return the project of a title.

    Raises:
        MissingError: there is none.
        InputError: there is more than one.
    """
    ids = _find_ids(studio, title)
    if not ids:
        raise MissingError(
            f"{studio.url}: project {title!r} does not exist. Run `classify labels push`."
        )
    if len(ids) > 1:
        raise InputError(
            f"{studio.url}: projects {', '.join(map(str, ids))} are all called {title!r}. "
            "Rename all but one in Label Studio."
        )
    return get_project(studio, ids[0])


def get_project(studio: Studio, project_id: int) -> Project:
    """Return a project as it is now."""
    record = get_record(studio, project_id)
    return Project(
        id=project_id,
        title=str(record.title),
        url=f"{studio.url}/projects/{project_id}",
        tasks=record.task_number or 0,
        finished=record.finished_task_number or 0,
        annotations=record.total_annotations_number or 0,
        skipped=record.skipped_annotations_number or 0,
    )


def get_record(studio: Studio, project_id: int) -> Any:
    """Return a project as the SDK has it: `label_config`, `model_version` and the rest."""
    return studio.read(f"project {project_id}", studio.sdk.projects.get, project_id)


def prepare_project(
    studio: Studio, title: str, interface: str, *, instruction: str, overlap: int
) -> Project:
    """Create the project of a title, or bring it up to date.

    Args:
        studio: the server.
        title: by which the project is found.
        interface: the labelling interface, as XML.
        instruction: shown to annotators before they begin, HTML.
        overlap: annotators an article.

    Raises:
        InputError: the interface in Label Studio has controls or choices that ours lacks, so
            someone changed it by hand; or annotations prevent the change.
    """
    settings = {
        "label_config": interface,
        "expert_instruction": instruction,
        "show_instruction": True,
        "maximum_annotations": overlap,
    }
    if not _find_ids(studio, title):
        return get_project(studio, _create(studio, title, settings))
    project = find_project(studio, title)
    record = get_record(studio, project.id)
    if extra := list_additions(interface, record.label_config or "<View/>"):
        raise InputError(
            f"{project.url}: the labelling interface has what the taxonomy lacks: "
            f"{'; '.join(extra)}. Add it to taxonomy.toml, or remove it in Label "
            "Studio (Settings, Labeling Interface)."
        )
    changes = {name: value for name, value in settings.items() if getattr(record, name) != value}
    if changes:
        subject = f"the change of project {title!r}"
        studio.write(subject, studio.sdk.projects.update, project.id, **changes)
    return project


def _find_ids(studio: Studio, title: str) -> list[int]:
    """Return the ids of the projects of exactly this title, oldest first."""
    projects: list[Any] = studio.read(
        "the list of projects",
        lambda: list(studio.sdk.projects.list(title=title, include="id,title")),
    )
    return sorted(int(project.id or 0) for project in projects if project.title == title)


def _create(studio: Studio, title: str, settings: dict[str, Any]) -> int:
    """Create a project; return its id, or that of one another command created just before."""
    projects = studio.sdk.projects
    created = studio.write(f"project {title!r}", projects.create, title=title, **settings)
    oldest = _find_ids(studio, title)[0]
    if oldest != created.id:  # both are new; the older one is everybody's
        studio.write("our project", projects.delete, int(created.id or 0))
    return oldest


def list_tasks(
    studio: Studio,
    project_id: int,
    query: Query = EVERY_TASK,
    *,
    progress: Progress = ignore_progress,
    **options: Any,
) -> Iterator[Any]:
    """Yield the project's tasks by rising id, page by page, whatever is deleted meanwhile.

    Args:
        studio: the server.
        project_id: which project.
        query: which of its tasks.
        progress: counts the tasks.
        options: those of the SDK's `tasks.list`.
    """
    options |= {"project": project_id, "page_size": PAGE}
    count = last_id = 0
    while True:
        options["query"] = query.to_json(after=last_id)
        page: Any = studio.read(f"project {project_id}", studio.sdk.tasks.list, **options)
        tasks = page.items or []
        yield from tasks
        count += len(tasks)
        to_come = int(page.response.total) - len(tasks)
        progress(count, count + max(0, to_come))
        if not tasks or to_come <= 0:
            return
        last_id = int(tasks[-1].id)


def list_task_ids(studio: Studio, project_id: int) -> dict[str, list[int]]:
    """Return the articles of a project: seed id -> the ids of its tasks, lowest first.

    Two pushes at once leave an article more than one task. Tasks that are not ours are left out.
    """
    ids: dict[str, list[int]] = defaultdict(list)
    for task in list_tasks(studio, project_id, fields="task_only", include="id,data"):
        if "seed_id" in task.data:
            ids[str(task.data["seed_id"])].append(task.id)
    return dict(ids)


def list_copies(studio: Studio, project_id: int, articles: Sequence[str]) -> Iterator[Any]:
    """Yield every task of some articles, copies too: id, data, annotations, drafts."""
    for batch in chunks(articles, QUERY_IDS):
        query = of_articles(batch)
        yield from list_tasks(studio, project_id, query, fields="all", include=COPIES)


def send_tasks(studio: Studio, project_id: int, tasks: Sequence[Task]) -> None:
    """Add tasks, even to those of the same articles; `labels.studio.push` checks for them.

    Raises:
        UnsureError: they may have arrived.
        InputError: they are refused.
    """
    import_tasks = studio.sdk.projects.import_tasks
    studio.write(f"project {project_id}", import_tasks, id=project_id, request=tasks)


def delete_tasks(studio: Studio, project_id: int, task_ids: Sequence[int]) -> None:
    """Delete tasks with all their annotations."""
    for batch in chunks(task_ids, PAGE):
        studio.write(
            f"project {project_id}",
            studio.sdk.actions.create,
            id="delete_tasks",
            project=project_id,
            selected_items={"all": False, "included": list(batch)},
        )


def export_tasks(
    studio: Studio, project_id: int, *, progress: Progress = ignore_progress
) -> list[Task]:
    """Return the tasks someone has worked on, as in Label Studio's full JSON export.

    Each has id, data, meta, annotations (skipped and ground-truth ones too) and drafts; an
    annotation's `completed_by` and a draft's `user` are e-mail addresses. They are read page by
    page: the server's own export times out on large projects, and leaves a file of them on its
    disk each time.
    """
    fields = {"id", "data", "meta", "annotations", "drafts"}
    exported: list[Task] = []
    options: dict[str, Any] = {"fields": "all", "include": EXPORTED}
    for record in list_tasks(studio, project_id, WORKED_ON, progress=progress, **options):
        task = record.model_dump(mode="json", include=fields)
        for annotation in task["annotations"] or ():
            annotation["completed_by"] = _annotator(annotation)
        exported.append(task)
    return exported


def _annotator(annotation: dict[str, Any]) -> str:
    """Return the e-mail of an annotation's author.

    The server gives "First Last e-mail, id", also for members who have left.
    """
    words = str(annotation.get("created_username") or "").rpartition(",")[0].split()
    return words[-1] if words else f"user {annotation.get('completed_by')}"


def annotate_task(
    studio: Studio,
    task_id: int,
    result: list[dict[str, Any]],
    *,
    lead_time: float,
    ground_truth: bool = False,
    cancelled: bool = False,
) -> int:
    """Annotate a task as the connected user; return the annotation's id.

    Args:
        studio: the server.
        task_id: Label Studio's id of the task.
        result: as `labels.studio.tasks.result` makes it; [] for "none applies" or a skip.
        lead_time: seconds spent.
        ground_truth: this annotation settles disagreement.
        cancelled: the user skipped the article.
    """
    annotation = studio.write(
        f"task {task_id}",
        studio.sdk.annotations.create,
        id=task_id,
        result=result,
        lead_time=lead_time,
        ground_truth=ground_truth,
        was_cancelled=cancelled,
    )
    return int(annotation.id or 0)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
