"""Label Studio's projects, tasks, annotations and users; the only code that imports its SDK.

What else is asked of the server goes through `Studio.read` and `Studio.write`.
"""

import collections
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from labels.server.login import session, sign_up
from labels.studio import errors
from labels.studio.connection import StudioSettings, check_form
from labels.studio.interface import differences
from labels.studio.queries import COPIES, EVERY_TASK, EXPORTED, WORKED_ON, Query, one_of
from seeds.base.errors import InputError, missing_extra

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

T = TypeVar("T")
Task = dict[str, Any]
Progress = Callable[[int, int], None]  # called with how many are done, of how many

MINIMUM = (1, 23, 2)  # earlier servers carry SSRF, XSS and token-leak CVEs
PAGE = 500  # tasks a page: 10,000 of 3 KB are listed in 4 s
QUERY_IDS = 250  # ids in one GET: 6.5 KB of address, and proxies refuse more than 8


@dataclass(frozen=True, slots=True)
class Project:
    """A project and how far its annotation is.

    Attributes:
        url: its page, for a person.
        tasks: how many articles it holds.
        finished: articles with as many annotations as were asked for.
        annotations: submitted ones, over all articles.
        skipped: annotations of people who passed.
    """

    id: int
    title: str
    url: str
    tasks: int
    finished: int
    annotations: int
    skipped: int


def quiet(_done: int, _total: int) -> None:
    """Report nothing."""


class Studio:
    """A connection to a Label Studio server, as one user of it.

    Attributes:
        url: its address.
        settings: time-out, retries, batch size.
        email: of the user.
        sdk: the SDK's client, to be called by `read` and `write` alone.
    """

    def __init__(self, client: "LabelStudio", url: str, settings: StudioSettings) -> None:
        self.url = url
        self.settings = settings
        self.email = ""
        self.sdk = client

    @classmethod
    def connect(cls, url: str, key: str, settings: StudioSettings) -> "Studio":
        """Connect and check address, key and version with one call each.

        Args:
            url: the server's address.
            key: a personal access token or a legacy token.
            settings: time-out, retries, batch size.

        Raises:
            InputError: the server is down or too old, or refuses the key.
        """
        url = url.rstrip("/")
        check_form(url, key)
        try:
            from label_studio_sdk import LabelStudio
            from label_studio_sdk.core.api_error import ApiError
        except ImportError as error:
            raise missing_extra("labels", "Label Studio") from error
        web = session(url, seconds=settings.timeout)
        try:
            # The slash keeps a path in the address when the SDK exchanges a personal token.
            client = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=f"{url}/", api_key=key, max_retries=0, httpx_client=web
            )
        except ApiError as error:
            raise errors.refused(url, key, error) from error
        studio = cls(client, url, settings)
        studio._greet(key)
        return studio

    def find(self, title: str) -> Project:
        """The project of a title.

        Raises:
            MissingError: there is none.
            InputError: there is more than one.
        """
        ids = self._titled(title)
        if not ids:
            raise errors.MissingError(
                f"{self.url}: project {title!r} does not exist. Run `classify labels push`."
            )
        if len(ids) > 1:
            raise InputError(
                f"{self.url}: projects {', '.join(map(str, ids))} are all called {title!r}. "
                "Rename all but one in Label Studio."
            )
        return self.project(ids[0])

    def project(self, project_id: int) -> Project:
        """A project as it is now."""
        found = self._get(project_id)
        return Project(
            id=project_id,
            title=str(found.title),
            url=f"{self.url}/projects/{project_id}",
            tasks=found.task_number or 0,
            finished=found.finished_task_number or 0,
            annotations=found.total_annotations_number or 0,
            skipped=found.skipped_annotations_number or 0,
        )

    def prepare(self, title: str, interface: str, *, instruction: str, overlap: int) -> Project:
        """The project of a title, made or brought up to date.

        Args:
            title: by which it is found.
            interface: the labelling interface, as XML.
            instruction: shown to annotators before they begin, HTML.
            overlap: annotators an article.

        Raises:
            InputError: the interface in Label Studio has controls or choices that ours lacks,
                so someone changed it by hand; or annotations stand against the change.
        """
        wanted = {
            "label_config": interface,
            "expert_instruction": instruction,
            "show_instruction": True,
            "maximum_annotations": overlap,
        }
        if not self._titled(title):
            return self.project(self._create(title, wanted))
        project = self.find(title)
        now = self._get(project.id)
        foreign = differences(interface, now.label_config or "<View/>")
        if foreign:
            raise InputError(
                f"{project.url}: the labelling interface there has what the taxonomy lacks: "
                f"{'; '.join(foreign)}. Add it to taxonomy.toml, or remove it in Label "
                "Studio (Settings, Labeling Interface)."
            )
        changed = {name: value for name, value in wanted.items() if getattr(now, name) != value}
        if changed:
            self._update(project, changed)
        return project

    def seed_ids(self, project_id: int, *, progress: Progress = quiet) -> dict[str, list[int]]:
        """The articles of a project: seed id -> the ids of its tasks, lowest first.

        More than one task is left by two pushes at once; tasks that are not ours are left out.
        """
        found: dict[str, list[int]] = collections.defaultdict(list)
        for task in self.tasks(project_id, progress, fields="task_only", include="id,data"):
            if "seed_id" in task.data:
                found[str(task.data["seed_id"])].append(task.id)
        return dict(found)

    def tasks_of(self, project_id: int, seeds: Sequence[str]) -> Iterator[Any]:
        """The tasks of some articles, copies too: id, data, annotations, drafts."""
        for some in chunks(seeds, QUERY_IDS):
            yield from self.tasks(project_id, quiet, one_of(some), fields="all", include=COPIES)

    def send(self, project_id: int, tasks: Sequence[Any]) -> None:
        """Add tasks, whether they are there or not; `labels.studio.push` knows better.

        Raises:
            UnsureError: they may have arrived.
            InputError: they are refused.
        """
        what = f"project {project_id}"
        self.write(what, self.sdk.projects.import_tasks, id=project_id, request=tasks)

    def delete(self, project_id: int, task_ids: Sequence[int]) -> None:
        """Delete tasks with all their annotations."""
        for some in chunks(task_ids, PAGE):
            self.write(
                f"project {project_id}",
                self.sdk.actions.create,
                id="delete_tasks",
                project=project_id,
                selected_items={"all": False, "included": list(some)},
            )

    def delete_version(self, project_id: int, version: str) -> None:
        """Delete all predictions of a model version; the SDK has no call for it."""
        from label_studio_sdk.core.api_error import ApiError

        def call() -> None:
            """Send it as the SDK sends others."""
            answer = self.sdk._client_wrapper.httpx_client.request(
                f"api/projects/{project_id}/model-versions/",
                method="DELETE",
                json={"model_version": version},
            )
            if answer.is_error:
                raise ApiError(status_code=answer.status_code, headers=dict(answer.headers))

        self.write(f"project {project_id}", call)

    def export(self, project_id: int, *, progress: Progress = quiet) -> list[Task]:
        """The tasks someone has worked on, as in Label Studio's full JSON export.

        Each has id, data, meta, annotations (skipped and ground-truth ones too) and drafts; an
        annotation's `completed_by` and a draft's `user` are e-mail addresses. It goes page by
        page: the server's own export times out on large projects, and leaves a file of them on
        its disk each time.
        """
        kept = {"id", "data", "meta", "annotations", "drafts"}
        tasks: list[Task] = []
        options = {"fields": "all", "include": EXPORTED}
        for found in self.tasks(project_id, progress, WORKED_ON, **options):
            task = found.model_dump(mode="json", include=kept)
            for annotation in task["annotations"] or ():
                annotation["completed_by"] = _annotator(annotation)
            tasks.append(task)
        return tasks

    def annotate(
        self,
        task_id: int,
        result: list[dict[str, Any]],
        *,
        lead_time: float,
        ground_truth: bool = False,
        cancelled: bool = False,
    ) -> int:
        """Annotate a task as the connected user; the annotation's id.

        Args:
            task_id: Label Studio's id of the task.
            result: as `labels.studio.tasks.result` makes it; [] for "none applies" or a skip.
            lead_time: seconds spent.
            ground_truth: this one settles disagreement.
            cancelled: the user passed.
        """
        made = self.write(
            f"task {task_id}",
            self.sdk.annotations.create,
            id=task_id,
            result=result,
            lead_time=lead_time,
            ground_truth=ground_truth,
            was_cancelled=cancelled,
        )
        return int(made.id or 0)

    def invite(self, email: str, password: str) -> str:
        """Make another user of this server, who can annotate; the API key of that user.

        A user who is there already is logged in.

        Raises:
            InputError: that user has another password, or the password is too short.
        """
        invites = self.sdk.organizations.invites
        link = str(self.read("the invite link", invites.get_invite_link).invite_url)
        return self.write("the sign-up", sign_up, self.url, link, email, password)

    def _greet(self, key: str) -> None:
        """Check key and version.

        Raises:
            InputError: see connect.
        """
        from httpx import TransportError
        from label_studio_sdk.core.api_error import ApiError

        try:
            user = self.sdk.users.whoami()
            release = str(self.sdk.versions.get().release)
        except TransportError as error:
            raise errors.fault(self.url, error, "the user", self.settings.timeout) from error
        except (ApiError, ValueError) as error:
            if isinstance(error, ApiError) and error.status_code in (401, 403):
                raise errors.refused(self.url, key, error) from error
            raise errors.stranger(self.url, error) from error
        self.email = str(user.email)
        numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", release)
        if not numbers or tuple(map(int, numbers.groups())) < MINIMUM:
            raise InputError(
                f"{self.url}: runs Label Studio {release}, which has known security holes. "
                f"Upgrade it to {'.'.join(map(str, MINIMUM))} or later."
            )

    def _titled(self, title: str) -> list[int]:
        """The ids of the projects of exactly this title, oldest first."""
        listed: list[Any] = self.read(
            "the list of projects",
            lambda: list(self.sdk.projects.list(title=title, include="id,title")),
        )
        return sorted(int(each.id or 0) for each in listed if each.title == title)

    def _get(self, project_id: int) -> Any:
        return self.read(f"project {project_id}", self.sdk.projects.get, project_id)

    def _create(self, title: str, wanted: dict[str, Any]) -> int:
        """A new project, or the one another command made at the same moment."""
        projects = self.sdk.projects
        made = self.write(f"project {title!r}", projects.create, title=title, **wanted)
        first = self._titled(title)[0]
        if first != made.id:  # both are new; the older one is everybody's
            self.write("our project", projects.delete, int(made.id or 0))
        return first

    def _update(self, project: Project, changed: dict[str, Any]) -> None:
        what = f"the change of project {project.title!r}"
        self.write(what, self.sdk.projects.update, project.id, **changed)

    def tasks(
        self, project_id: int, progress: Progress, query: Query = EVERY_TASK, **options: Any
    ) -> Iterator[Any]:
        """The project's tasks by rising id, read page by page, whatever is deleted meanwhile.

        Args:
            project_id: which project.
            progress: counts the tasks.
            query: which of them.
            options: those of the SDK's `tasks.list`.
        """
        what = f"project {project_id}"
        options |= {"project": project_id, "page_size": PAGE}
        seen = last = 0
        while True:
            options["query"] = query.after(last)
            answer: Any = self.read(what, self.sdk.tasks.list, **options)
            items = answer.items or []
            yield from items
            seen += len(items)
            to_come = int(answer.response.total) - len(items)
            progress(seen, seen + max(0, to_come))
            if not items or to_come <= 0:
                return
            last = int(items[-1].id)

    def read(self, what: str, call: Callable[..., T], *args: Any, **options: Any) -> T:
        """Ask, again if need be.

        Args:
            what: is asked for, which an error names.
            call: of the SDK.
            args, options: of the call.

        Raises:
            InputError: the server is down, fails or refuses; see `labels.studio.errors`.
        """
        return self._tried(self.settings.retries, what, lambda: call(*args, **options))

    def write(self, what: str, call: Callable[..., T], *args: Any, **options: Any) -> T:
        """Change something, once; otherwise as read.

        Raises:
            UnsureError: it may have been changed.
            InputError: it is refused.
        """
        return self._tried(0, what, lambda: call(*args, **options))

    def _tried(self, retries: int, what: str, call: Callable[[], T]) -> T:
        from httpx import TransportError
        from label_studio_sdk.core.api_error import ApiError

        attempt = 0
        while True:
            try:
                return call()
            except (ApiError, TransportError) as error:
                pause = errors.pause(error, attempt) if attempt < retries else None
                if pause is None:
                    raise errors.fault(self.url, error, what, self.settings.timeout) from error
            time.sleep(pause)
            attempt += 1


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Some items at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _annotator(annotation: dict[str, Any]) -> str:
    """The e-mail of who made it: the server tells "First Last e-mail, id", also of past members."""
    who = str(annotation.get("created_username") or "").rpartition(",")[0].split()
    return who[-1] if who else f"user {annotation.get('completed_by')}"
