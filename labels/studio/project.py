"""A Label Studio project: itself, its tasks and their annotations."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from labels.server.answers import Answer, TooLargeError, as_object, unexpected
from labels.studio.client import Studio
from labels.studio.errors import MissingError
from labels.studio.interface import list_additions
from labels.studio.queries import COPIES, EVERY_TASK, EXPORTED, WORKED_ON, Query, of_articles
from labels.studio.tasks import seed_id
from seeds.base.errors import InputError

T = TypeVar("T")
Task = dict[str, Any]
Progress = Callable[[int, int], None]  # called with how many are done, of how many

PAGE = 500  # tasks a page: 10,000 of 3 KB are listed in 4 s
_REMOVALS = 3  # attempts to remove a project that another command made at the same time
_LONGEST_TITLE = 100  # characters to show; Label Studio takes 50
QUERY_IDS = 250  # ids in one GET: 6.5 KB of address, and proxies refuse more than 8


@dataclass(frozen=True, slots=True)
class Project:
    """A project and how far its annotation is.

    Attributes:
        url: its page, for a person.
        created: when, as the server says: no other project has both this and its id.
        tasks: how many articles it has.
        finished: articles with as many annotations as were asked for.
        annotations: submitted ones, over all articles.
        skipped: annotations of people who skipped the article.
    """

    id: int
    title: str
    url: str
    created: str
    tasks: int
    finished: int
    annotations: int
    skipped: int

    @property
    def stream_url(self) -> str:
        """The page that serves an annotator one article after the other, as *Label All Tasks*."""
        return f"{self.url}/data?labeling=1"

    def task_url(self, task: int) -> str:
        """Return the page of a task: the list of tasks, with this one open."""
        return f"{self.url}/data?task={task}"


def ignore_progress(_done: int, _total: int) -> None:
    """Report nothing."""


def find_project(studio: Studio, title: str) -> Project:
    """Return the project of a title.

    Raises:
        MissingError: there is none.
        InputError: there is more than one.
    """
    ids = find_ids(studio, title)
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


def find_ids(studio: Studio, title: str) -> list[int]:
    """Return the ids of the projects of exactly this title, oldest first."""
    titles: dict[int, str] = {}
    for page in itertools.count(1):
        answer = studio.read("the list of projects", _list_projects, studio, title, page)
        rows = {row.get("id", int): row.get("title", str, "") for row in answer.rows("results")}
        count = answer.get("count", int)
        if rows.keys() <= titles.keys() or len(titles | rows) >= count:
            return sorted(id_ for id_, name in (titles | rows).items() if name == title)
        titles |= rows
    raise AssertionError


def _list_projects(studio: Studio, title: str, page: int) -> Any:
    """Return a page of the projects whose titles contain a text."""
    options: dict[str, Any] = {"include": "id,title", "page": page, "page_size": PAGE}
    return studio.sdk.projects.list(title=title, **options).response


def get_project(studio: Studio, project_id: int) -> Project:
    """Return a project as it is now."""
    record = get_record(studio, project_id)
    return Project(
        id=project_id,
        title=record.get("title", str)[:_LONGEST_TITLE],
        url=f"{studio.url}/projects/{project_id}",
        created=record.get("created_at", str, ""),
        tasks=record.get("task_number", int, 0),
        finished=record.get("finished_task_number", int, 0),
        annotations=record.get("total_annotations_number", int, 0),
        skipped=record.get("skipped_annotations_number", int, 0),
    )


def get_record(studio: Studio, project_id: int) -> Answer:
    """Return a project as the server has it: `label_config`, `model_version` and the rest."""
    return studio.read(f"project {project_id}", studio.sdk.projects.get, project_id)


def interface_of(record: Answer) -> str:
    """Return the labelling interface of a project, as XML."""
    return record.get("label_config", str, "") or "<View/>"


def prepare_project(
    studio: Studio,
    title: str,
    interface: str,
    *,
    instruction: str,
    overlap: int,
    overlap_share: float = 1.0,
    project_id: int | None = None,
) -> Project:
    """Create the project of a title, or bring it up to date.

    Args:
        studio: the server.
        title: by which the project is found.
        interface: the labelling interface, as XML.
        instruction: the guide, which a button of the labelling page shows, HTML.
        overlap: annotators an article.
        overlap_share: the share of the articles that get so many; the others get one.
        project_id: of the project, whatever its title is now; None: look for the title.

    Raises:
        InputError: the interface in Label Studio has controls or choices that ours lacks, so
            someone changed it by hand; or annotations prevent the change.
    """
    settings = {
        "label_config": interface,
        "expert_instruction": instruction,
        "show_instruction": False,  # else it covers the page at each visit; a button shows it
        "maximum_annotations": overlap,
        "overlap_cohort_percentage": round(100 * overlap_share),
    }
    if project_id is not None:
        project = get_project(studio, project_id)
    elif find_ids(studio, title):
        project = find_project(studio, title)
    else:
        return get_project(studio, _create(studio, title, settings))
    record = get_record(studio, project.id)
    if extra := list_additions(interface, interface_of(record)):
        raise InputError(
            f"{project.url}: the labelling interface has what the taxonomy lacks: "
            f"{'; '.join(extra)}. Add it to taxonomy.toml, or remove it in Label "
            "Studio (Settings, Labeling Interface)."
        )
    fields = record.fields
    changes = {name: value for name, value in settings.items() if fields.get(name) != value}
    if changes:
        subject = f"the change of project {project.title!r}"
        studio.write(subject, studio.sdk.projects.update, project.id, **changes)
    return project


def _create(studio: Studio, title: str, settings: dict[str, Any]) -> int:
    """Create a project; return its id, or that of one another command created just before."""
    projects = studio.sdk.projects
    created = studio.write(f"project {title!r}", projects.create, title=title, **settings)
    created_id = created.get("id", int)
    oldest = created_id
    for _ in range(_REMOVALS):  # one was seen to be there still after it was deleted
        ids = find_ids(studio, title)
        oldest = min(ids, default=created_id)
        if oldest == created_id or created_id not in ids:
            break  # where both are new, the older one is everybody's
        studio.write("our project", projects.delete, created_id)
    return oldest


def list_tasks(
    studio: Studio,
    project_id: int,
    query: Query = EVERY_TASK,
    *,
    progress: Progress = ignore_progress,
    **options: Any,
) -> Iterator[Task]:
    """Yield the project's tasks by rising id, page by page, whatever is deleted meanwhile.

    Of a task only its id is checked: everything else may have any type.

    Args:
        studio: the server.
        project_id: which project.
        query: which of its tasks.
        progress: counts the tasks.
        options: those of the SDK's `tasks.list`.

    Raises:
        InputError: a task is too large, or the server gives a task again.
    """
    count = last_id = 0
    size = PAGE
    while True:
        options |= {"project": project_id, "page_size": size, "query": query.to_json(after=last_id)}
        try:
            page = studio.read(f"project {project_id}", _list_page, studio, options)
        except TooLargeError:
            if size == 1:
                raise
            size = max(1, size // 8)
            continue
        tasks = [{**row.fields, "id": row.get("id", int)} for row in page.rows("tasks")]
        for task in tasks:
            if task["id"] <= last_id:
                raise unexpected(page.where, f"task {task['id']} after task {last_id}")
            last_id = task["id"]
        yield from tasks
        count += len(tasks)
        to_come = page.get("total", int) - len(tasks)
        progress(count, count + max(0, to_come))
        if not tasks or to_come <= 0:
            return


def _list_page(studio: Studio, options: dict[str, Any]) -> Any:
    """Return a page of tasks."""
    return studio.sdk.tasks.list(**options).response


def list_task_ids(studio: Studio, project_id: int) -> dict[str, list[int]]:
    """Return the articles of a project: seed id -> the ids of its tasks, lowest first.

    Two pushes at once leave an article more than one task. Tasks that are not ours are left out.
    """
    ids: dict[str, list[int]] = defaultdict(list)
    for task in list_tasks(studio, project_id, fields="task_only", include="id,data"):
        if name := seed_id(task):
            ids[name].append(task["id"])
    return dict(ids)


def list_copies(studio: Studio, project_id: int, articles: Sequence[str]) -> Iterator[Task]:
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


def delete_tasks(
    studio: Studio, project_id: int, task_ids: Sequence[int], query: Query = EVERY_TASK
) -> None:
    """Delete tasks with all their annotations; of these only those that a query finds then."""
    for batch in chunks(task_ids, PAGE):
        studio.write(
            f"project {project_id}",
            studio.sdk.actions.create,
            id="delete_tasks",
            project=project_id,
            filters=query.filters(),
            selected_items={"all": False, "included": list(batch)},
        )


def export_tasks(
    studio: Studio, project_id: int, *, progress: Progress = ignore_progress
) -> list[Task]:
    """Return the tasks someone has worked on, as in Label Studio's full JSON export.

    Each has id, data, meta, annotations (skipped and ground-truth ones too), drafts and
    predictions; an annotation's `completed_by` and a draft's `user` are e-mail addresses, its
    `author` and `updated_by` the server's ids of people. They are read page by page: the server's
    own export times out on large projects, and leaves a file of them on its disk each time.
    """
    exported: list[Task] = []
    options: dict[str, Any] = {"fields": "all", "include": EXPORTED}
    for task in list_tasks(studio, project_id, WORKED_ON, progress=progress, **options):
        fields = {name: task.get(name) for name in ("id", "data", "meta", "predictions")}
        fields["annotations"] = _change_each(task.get("annotations"), _name_annotator)
        fields["drafts"] = _change_each(task.get("drafts"), dict)
        exported.append(fields)
    return exported


def _change_each(records: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Change each object of a list; whatever is none of those stays as it is."""
    if not isinstance(records, list):
        return records
    fields = [as_object(record) for record in records]
    return [
        record if known is None else change(known)
        for record, known in zip(records, fields, strict=True)
    ]


def _name_annotator(record: dict[str, Any]) -> dict[str, Any]:
    """Return an annotation with its author's e-mail as `completed_by`.

    The server gives "First Last e-mail, id" as `created_username`, also for members who have left.
    """
    name, author = record.get("created_username"), record.get("completed_by")
    words = name.rpartition(",")[0].split() if isinstance(name, str) else []
    if words:
        author = words[-1]
    elif isinstance(author, int) or author is None:
        author = f"user {author}"
    return {**record, "author": record.get("completed_by"), "completed_by": author}


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
    return studio.write(
        f"task {task_id}",
        studio.sdk.annotations.create,
        id=task_id,
        result=result,
        lead_time=lead_time,
        ground_truth=ground_truth,
        was_cancelled=cancelled,
    ).get("id", int)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
