"""The only code that talks to Label Studio: projects, tasks sent exactly once, annotations back."""

import collections
import functools
import itertools
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from labels import server
from labels.web import login_key, session, submit_form
from seeds.errors import InputError, missing_extra

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

T = TypeVar("T")
Task = dict[str, Any]
Progress = Callable[[int, int], None]  # called with how many are done, of how many

MINIMUM = (1, 23, 2)  # earlier servers carry SSRF, XSS and token-leak CVEs
PAGE = 500  # tasks a page: 10,000 of 3 KB are listed in 4 s
QUERY_IDS = 250  # ids in one GET: 6.5 KB of address, and proxies refuse more than 8
SENDINGS = 4  # of one batch, each followed by asking which of its tasks arrived
# The fields of an exported task, and, in the same list, those of its annotations and drafts.
EXPORTED = (
    "id,data,meta,annotations,drafts,result,completed_by,created_username,user,was_cancelled,"
    "ground_truth,lead_time,created_at,updated_at,annotation"
)
LONGEST_PAUSE = 60.0  # seconds before a read is tried again


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """labelstudio.toml.

    Attributes:
        title: the project's, by which it is found; 3 to 50 characters.
        overlap: annotators an article.
        url: an existing server; "" means LABEL_STUDIO_URL, else the embedded one.
        batch_size: tasks in one import request.
        timeout: seconds to wait for one answer.
        retries: of reads; a write is never sent blindly again.
    """

    title: str
    overlap: int
    url: str
    batch_size: int
    timeout: float
    retries: int

    def __post_init__(self) -> None:
        faults = []
        if not 3 <= len(self.title) <= 50:
            faults.append(f"title must have 3 to 50 characters, found {len(self.title)}")
        if self.url and not re.fullmatch(r"https?://[^\s@?#]+", self.url):
            faults.append('url must start with http:// or https:// and hold no password, or be ""')
        for name, least in (("overlap", 1), ("batch_size", 1), ("retries", 0)):
            if getattr(self, name) < least:
                faults.append(f"{name} must be at least {least}, found {getattr(self, name)}")
        if not self.timeout > 0:
            faults.append(f"timeout must be above 0 seconds, found {self.timeout}")
        if faults:
            raise InputError("; ".join(faults))


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


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did.

    Attributes:
        sent: articles that were not there.
        already: articles that were.
        repaired: surplus copies removed, left by two pushes at once or a broken one.
        doubled: ids of articles still there twice because people have worked on each copy.
    """

    sent: int
    already: int
    repaired: int = 0
    doubled: tuple[str, ...] = ()


class _MissingError(InputError):
    """The server answers 404: what was asked for is gone."""


def _quiet(_done: int, _total: int) -> None:
    """Report nothing."""


def connection(workspace: Path, settings: StudioSettings) -> tuple[str, str]:
    """The server's address and API key: from the environment, else the embedded server's.

    Raises:
        InputError: there is an address without a key, or no server at all.
    """
    url = os.environ.get("LABEL_STUDIO_URL", "").strip() or settings.url
    if url:
        key = os.environ.get("LABEL_STUDIO_API_KEY", "").strip()
        if not key:
            raise InputError(
                f"{url}: no API key. Set LABEL_STUDIO_API_KEY to a personal access token, "
                f"found at {url.rstrip('/')}/user/account."
            )
        return url, key
    now, known = server.status(workspace), server.credentials(workspace)
    if now.state != "running" or known is None:
        raise InputError(
            f"{workspace}: its Label Studio is not running. Run `classify labels server start`, "
            "or set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY for another one."
        )
    return now.url, known.token


def differences(ours: str, theirs: str) -> list[str]:
    """What a labelling interface has that ours lacks, one line each; [] if ours can replace it.

    Args:
        ours: the interface that follows from the taxonomy, as XML.
        theirs: the one in Label Studio, maybe changed there by hand.
    """
    known = _controls(ours)
    found = []
    for name, choices in _controls(theirs).items():
        if name not in known:
            found.append(f"control {name!r}")
            continue
        found.extend(f"{name} has {each!r}" for each in sorted(choices - known[name]))
    return found


def _controls(interface: str) -> dict[str, set[str]]:
    """The values an interface can give, by the name of the control.

    Raises:
        InputError: it is not XML.
    """
    try:
        root = ET.fromstring(interface)  # noqa: S314 — expat stops entity bombs
    except ET.ParseError as error:
        raise InputError(f"the labelling interface is not XML: {error}. Mend it there.") from error
    return {
        element.get("name", ""): {
            each.get("alias") or each.get("value") or "" for each in element if each.get("value")
        }
        for element in root.iter()
        if element.get("toName")
    }


class Studio:
    """A connection to a Label Studio server, as one user of it."""

    def __init__(self, client: "LabelStudio", url: str, settings: StudioSettings) -> None:
        self.url = url
        self.settings = settings
        self.email = ""
        self._client = client

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
        _check_form(url, key)
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
            raise _refused(url, key, error) from error
        studio = cls(client, url, settings)
        studio._greet(key)
        return studio

    def find(self, title: str) -> Project:
        """The project of a title.

        Raises:
            InputError: there is none, or more than one.
        """
        ids = self._titled(title)
        if not ids:
            raise InputError(
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
                f"{'; '.join(foreign)}. Add it to taxonomy.toml, remove it in Label Studio "
                "(Settings, Labeling Interface), or run `classify labels migrate`."
            )
        changed = {name: value for name, value in wanted.items() if getattr(now, name) != value}
        if changed:
            self._update(project, changed)
        return project

    def set_interface(self, project: Project, interface: str) -> None:
        """Put our interface in place of the project's, whatever that has (a migration does).

        Raises:
            InputError: annotations stand against it.
        """
        self._update(project, {"label_config": interface})

    def seed_ids(self, project_id: int, *, progress: Progress = _quiet) -> dict[str, list[int]]:
        """The articles of a project: seed id -> the ids of its tasks, lowest first.

        More than one task is left by two pushes at once; tasks that are not ours are left out.
        """
        found: dict[str, list[int]] = collections.defaultdict(list)
        for task in self._tasks(project_id, progress, fields="task_only", include="id,data"):
            if "seed_id" in task.data:
                found[str(task.data["seed_id"])].append(task.id)
        return {seed: sorted(set(ids)) for seed, ids in found.items()}

    def push(
        self, project_id: int, tasks: Sequence[Task], *, progress: Progress = _quiet
    ) -> Pushed:
        """Send the tasks that are not there yet, each exactly once.

        After any failure the server is asked what arrived before anything is sent again; at the
        end surplus copies are removed, so that a broken push is mended by the next.

        Args:
            project_id: where to.
            tasks: each with data.seed_id.
            progress: counts the tasks of this push.

        Raises:
            InputError: the server refuses a task, or does not recover.
        """
        unique = {str(task["data"]["seed_id"]): task for task in tasks}
        before = self.project(project_id).tasks  # first: what comes later is then noticed
        there = self.seed_ids(project_id)
        missing = [task for seed, task in unique.items() if seed not in there]
        already = done = len(unique) - len(missing)
        progress(done, len(unique))
        for batch in _chunks(missing, self.settings.batch_size):
            self._send(project_id, batch)
            done += len(batch)
            progress(done, len(unique))
        double = any(len(ids) > 1 for ids in there.values())
        if double or self.project(project_id).tasks != before + len(missing):
            repaired, doubled = self._repair(project_id)
            return Pushed(len(missing), already, repaired, doubled)
        return Pushed(len(missing), already)

    def export(self, project_id: int, *, progress: Progress = _quiet) -> list[Task]:
        """The tasks someone has worked on, as in Label Studio's full JSON export.

        Each has id, data, meta, annotations (skipped and ground-truth ones too) and drafts; an
        annotation's `completed_by` and a draft's `user` are e-mail addresses. It goes page by
        page: the server's own export times out on large projects, and leaves a file of them on
        its disk each time.
        """
        kept = {"id", "data", "meta", "annotations", "drafts"}
        tasks: dict[int, Task] = {}
        for found in self._tasks(
            project_id, progress, fields="all", query=_WORKED_ON, include=EXPORTED
        ):
            task = found.model_dump(mode="json", include=kept)
            for annotation in task["annotations"] or ():
                annotation["completed_by"] = _annotator(annotation)
            tasks[task["id"]] = task
        return list(tasks.values())

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
            result: as `labels.tasks.result` makes it; [] for "none applies" or a skip.
            lead_time: seconds spent.
            ground_truth: this one settles disagreement.
            cancelled: the user passed.
        """
        made = self._write(
            functools.partial(
                self._client.annotations.create,
                id=task_id,
                result=result,
                lead_time=lead_time,
                ground_truth=ground_truth,
                was_cancelled=cancelled,
            ),
            f"task {task_id}",
        )
        return int(made.id or 0)

    def invite(self, email: str, password: str) -> str:
        """Make another user of this server, who can annotate; the API key of that user.

        A user who is there already is logged in.

        Raises:
            InputError: that user has another password, or the password is too short.
        """
        invites = self._client.organizations.invites
        link = str(self._read(invites.get_invite_link, "the invite link").invite_url)
        return self._write(functools.partial(self._sign_up, link, email, password), "the sign-up")

    def _sign_up(self, link: str, email: str, password: str) -> str:
        with session(self.url) as visitor:
            new = submit_form(visitor, link, {"email": email, "password": password})
        try:
            return login_key(self.url, email, password)
        except InputError as error:
            if new:
                raise
            raise InputError(
                f"{self.url}: {email} can't sign up nor log in with this password. Give the "
                "user's own one; for a new user, one of 8 characters or more."
            ) from error

    def _greet(self, key: str) -> None:
        """Check key and version.

        Raises:
            InputError: see connect.
        """
        from label_studio_sdk.core.api_error import ApiError

        try:
            user = self._attempt(self._client.users.whoami)
            release = str(self._attempt(self._client.versions.get).release)
        except ApiError as error:
            if error.status_code in (401, 403):
                raise _refused(self.url, key, error) from error
            raise self._stranger(error.status_code, error.headers) from error
        except ValueError as error:
            raise self._stranger(None, None) from error
        self.email = str(user.email)
        numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", release)
        if not numbers or tuple(map(int, numbers.groups())) < MINIMUM:
            raise InputError(
                f"{self.url}: runs Label Studio {release}, which has known security holes. "
                f"Upgrade it to {'.'.join(map(str, MINIMUM))} or later."
            )

    def _stranger(self, status: int | None, headers: dict[str, str] | None) -> InputError:
        """The error for an address that answers, but not as Label Studio does."""
        if status and 300 <= status < 400:
            return self._redirected(headers)
        if status and status >= 500:
            return InputError(f"{self.url}: the server fails (HTTP {status}). Look at its log.")
        return InputError(
            f"{self.url}: answers, but not as Label Studio does. Check LABEL_STUDIO_URL."
        )

    def _redirected(self, headers: dict[str, str] | None) -> InputError:
        target = (headers or {}).get("location", "another address")
        return InputError(
            f"{self.url}: sends us on to {target}, and the key is not sent after it. "
            "If that is your server, set LABEL_STUDIO_URL to it."
        )

    def _titled(self, title: str) -> list[int]:
        """The ids of the projects of exactly this title, oldest first."""
        listed: list[Any] = self._read(
            lambda: list(self._client.projects.list(title=title, include="id,title")),
            "the list of projects",
        )
        return sorted(int(each.id or 0) for each in listed if each.title == title)

    def _get(self, project_id: int) -> Any:
        return self._read(lambda: self._client.projects.get(project_id), f"project {project_id}")

    def _create(self, title: str, wanted: dict[str, Any]) -> int:
        """A new project, or the one another command made at the same moment."""
        made = self._write(
            lambda: self._client.projects.create(title=title, **wanted), f"project {title!r}"
        )
        first = self._titled(title)[0]
        if first != made.id:  # both are new; the older one is everybody's
            self._write(lambda: self._client.projects.delete(int(made.id or 0)), "our project")
        return first

    def _update(self, project: Project, changed: dict[str, Any]) -> None:
        self._write(
            lambda: self._client.projects.update(project.id, **changed),
            f"the change of project {project.title!r}",
        )

    def _tasks(self, project_id: int, progress: Progress, **options: Any) -> Iterator[Any]:
        """The project's tasks, read page by page."""
        seen = 0
        for page in itertools.count(1):
            read = functools.partial(
                self._client.tasks.list,
                project=project_id,
                page=page,
                page_size=PAGE,
                **options,
            )
            try:
                answer = self._read(read, f"project {project_id}")
            except _MissingError:
                if page == 1:
                    raise
                return  # tasks were deleted meanwhile, so there is no such page
            items = answer.items or []
            yield from items
            seen += len(items)
            total = int(answer.response.total)
            progress(min(seen, total), total)
            if not items or seen >= total:
                return

    def _send(self, project_id: int, tasks: Sequence[Task]) -> None:
        """Send one batch; after a failure, only what did not arrive."""
        from httpx import TransportError
        from label_studio_sdk.core.api_error import ApiError

        batch: Sequence[Any] = tasks
        for attempt in itertools.count(1):
            try:
                self._client.projects.import_tasks(
                    id=project_id, request=batch, request_options={"max_retries": 0}
                )
                return
            except (ApiError, TransportError) as error:
                status = error.status_code if isinstance(error, ApiError) else None
                mends = status is None or status in (408, 409, 429) or status >= 500
                if not mends or attempt == SENDINGS:
                    raise self._fault(error, f"project {project_id}") from error
            arrived = self._arrived(project_id, [_seed(task) for task in batch])
            batch = [task for task in batch if _seed(task) not in arrived]
            if not batch:
                return

    def _arrived(self, project_id: int, seeds: Sequence[str]) -> set[str]:
        """Which of these articles the project holds."""
        return {
            str(task.data["seed_id"])
            for chunk in _chunks(seeds, QUERY_IDS)
            for task in self._tasks(
                project_id, _quiet, fields="task_only", include="id,data", query=_one_of(chunk)
            )
        }

    def _repair(self, project_id: int) -> tuple[int, tuple[str, ...]]:
        """Remove surplus copies; how many, and the articles people have worked on twice.

        Every command that does this at the same time removes the same ones: it keeps the copy
        with annotations or drafts, else the oldest.
        """
        copies = [seed for seed, ids in self.seed_ids(project_id).items() if len(ids) > 1]
        surplus: list[int] = []
        doubled: list[str] = []
        for chunk in _chunks(copies, QUERY_IDS):
            by_seed: dict[str, list[Any]] = collections.defaultdict(list)
            for task in self._tasks(project_id, _quiet, fields="all", query=_one_of(chunk)):
                by_seed[str(task.data["seed_id"])].append(task)
            for seed, tasks in by_seed.items():
                used = [task.id for task in tasks if task.annotations or task.drafts]
                kept = used or [min(task.id for task in tasks)]
                surplus += [task.id for task in tasks if task.id not in kept]
                doubled += [seed] if len(used) > 1 else []
        for ids in _chunks(surplus, PAGE):
            self._write(functools.partial(self._delete, project_id, ids), f"project {project_id}")
        return len(surplus), tuple(doubled)

    def _delete(self, project_id: int, task_ids: Sequence[int]) -> None:
        self._client.actions.create(
            id="delete_tasks",
            project=project_id,
            selected_items={"all": False, "included": list(task_ids)},
        )

    def _read(self, call: Callable[[], T], what: str) -> T:
        """Ask, again if need be; an error names what was asked for."""
        return self._tried(call, what, self.settings.retries)

    def _write(self, call: Callable[[], T], what: str) -> T:
        """Change something, once."""
        return self._tried(call, what, 0)

    def _attempt(self, call: Callable[[], T]) -> T:
        """Ask once, letting HTTP errors through."""
        from httpx import TransportError

        try:
            return call()
        except TransportError as error:
            raise self._fault(error, "the user") from error

    def _tried(self, call: Callable[[], T], what: str, retries: int) -> T:
        from httpx import TransportError
        from label_studio_sdk.core.api_error import ApiError

        for attempt in itertools.count():
            try:
                return call()
            except (ApiError, TransportError) as error:
                pause = _pause(error, attempt) if attempt < retries else None
                if pause is None:
                    raise self._fault(error, what) from error
            time.sleep(pause)
        raise AssertionError  # pragma: no cover

    def _fault(self, error: Any, what: str) -> InputError:
        """An error of HTTP or of the connection as a line a user can act on."""
        from httpx import TimeoutException, TransportError

        if isinstance(error, TimeoutException):
            return InputError(
                f"{self.url}: no answer about {what} within {self.settings.timeout:g} s. "
                "Try again, or raise timeout in labelstudio.toml."
            )
        if isinstance(error, TransportError):
            return InputError(
                f"{self.url}: no connection ({error}). Run `classify labels server start`, "
                "or check LABEL_STUDIO_URL."
            )
        status = error.status_code or 0
        if status == 404:
            return _MissingError(
                f"{self.url}: {what} does not exist. Run `classify labels push` to make it anew."
            )
        if 300 <= status < 400:
            return self._redirected(error.headers)
        if status in (401, 403):
            return InputError(f"{self.url}: not allowed (HTTP {status}). Check the API key.")
        hint = (
            "Annotations may stand against it: `classify labels migrate` changes them too."
            if status == 400
            else "Look at the server's log, then try again."
        )
        return InputError(f"{self.url}: {what} failed (HTTP {status}){_detail(error)}. {hint}")


def _worked_on() -> str:
    """The query for tasks with an annotation, a skip or a draft."""
    rules = (
        ("total_annotations", "greater", 0, "Number"),
        ("cancelled_annotations", "greater", 0, "Number"),
        ("draft_exists", "equal", True, "Boolean"),
    )
    return _query("or", [_rule(*rule) for rule in rules])


def _one_of(seeds: Sequence[str]) -> str:
    """The query for tasks of these articles."""
    return _query("and", [_rule("data.seed_id", "in_list", list(seeds), "String")])


def _rule(column: str, operator: str, value: Any, kind: str) -> dict[str, Any]:
    return {
        "filter": f"filter:tasks:{column}",
        "operator": operator,
        "value": value,
        "type": kind,
    }


def _query(conjunction: str, rules: Iterable[dict[str, Any]]) -> str:
    filters = {"conjunction": conjunction, "items": list(rules)}
    return json.dumps({"filters": filters}, separators=(",", ":"))


_WORKED_ON = _worked_on()


def _seed(task: Task) -> str:
    return str(task["data"]["seed_id"])


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _annotator(annotation: dict[str, Any]) -> str:
    """The e-mail of who made it: the server tells "First Last e-mail, id", also of past members."""
    who = str(annotation.get("created_username") or "").rpartition(",")[0].split()
    return who[-1] if who else f"user {annotation.get('completed_by')}"


def _check_form(url: str, key: str) -> None:
    """Refuse what would only fail later, perhaps with the key in the message.

    Raises:
        InputError: the address or the key can't be one.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise InputError(
            "LABEL_STUDIO_URL must start with http:// or https:// and hold no password. Correct it."
        )
    if not re.fullmatch(r"[!-~]+", key):
        raise InputError(
            "LABEL_STUDIO_API_KEY holds characters no key has. Copy it again from "
            f"{url}/user/account."
        )


def _refused(url: str, key: str, error: Any) -> InputError:
    """The error for a key that is wrong, expired, or of a kind the server does not take."""
    kind = "personal access token" if key.count(".") == 2 else "legacy token"
    return InputError(
        f"{url}: the {kind} was refused{_detail(error)}. "
        f"Get a personal access token at {url}/user/account and set LABEL_STUDIO_API_KEY to it."
    )


def _detail(error: Any) -> str:
    """What the server says of an error, as " (…)"; "" if that is a page of HTML."""
    body = error.body
    if not isinstance(body, dict):
        return ""
    said = body.get("validation_errors") or body.get("detail") or ""
    text = " ".join(json.dumps(said, ensure_ascii=False).split()) if said else ""
    text = text.strip('"').replace("\\n", " ")
    return f" ({text[:300]})" if text else ""


def _pause(error: Any, attempt: int) -> float | None:
    """Seconds to wait before a read is tried again; None if that is no use.

    An answer that took too long would take as long again, so it is not asked for twice.
    """
    from httpx import ConnectTimeout, TimeoutException, TransportError

    growing = random.uniform(0.5, 1.0) * min(2.0**attempt, LONGEST_PAUSE)
    if isinstance(error, TransportError):
        slow = isinstance(error, TimeoutException) and not isinstance(error, ConnectTimeout)
        return None if slow else growing
    status = error.status_code or 0
    asked = str((error.headers or {}).get("retry-after", ""))
    if status == 429 and asked.isdigit():
        return min(float(asked), LONGEST_PAUSE)
    return growing if status == 429 or status >= 500 else None
