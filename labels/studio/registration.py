"""The ML backends of a project: services that Label Studio asks when an article is opened."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from labels.studio.client import Studio
from labels.studio.prediction_result import is_run_name
from labels.studio.project import get_record
from seeds.base.errors import InputError

# The events the service needs. Label Studio adds a webhook of all events, which would also send
# it each task that is pushed, with its text.
EVENTS = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
TITLE = "classify"  # of a backend, until it has the name of a run


class BlockedError(InputError):
    """Label Studio calls no address of its own network."""


@dataclass(frozen=True, slots=True)
class Backend:
    """An ML backend; its repr does not show the address, which contains the secret.

    state: "CO" if the backend answered Label Studio just now; "DI" or "ER" if not.
    """

    id: int
    title: str
    url: str = field(repr=False)
    state: str = "CO"


@dataclass(frozen=True, slots=True)
class Attached:
    """The outcome of attaching a service.

    Attributes:
        created: False if it was a backend of the project already.
        replaced: how many other addresses of ours it replaced.
        preferred: the title of the backend that Label Studio asks instead of ours; "" if none.
    """

    created: bool
    replaced: int
    preferred: str = ""


def list_backends(studio: Studio, project_id: int) -> list[Backend]:
    """Return the ML backends of a project, oldest first; Label Studio asks only the first."""
    subject = f"project {project_id}"
    records = studio.read(subject, studio.sdk.ml.list, project=project_id).rows()
    backends = (
        Backend(
            record.get("id", int),
            record.get("title", str, ""),
            record.get("url", str),
            record.get("state", str, ""),
        )
        for record in records
    )
    return sorted(backends, key=lambda backend: backend.id)


def attach(
    studio: Studio,
    project_id: int,
    url: str,
    ours: Callable[[str], bool],
    foreign: Callable[[str], bool] = lambda _: False,
) -> Attached:
    """Make a service the project's backend, in place of its other addresses.

    Those stay until the service has answered Label Studio at the new one.

    Args:
        studio: the server.
        project_id: of the project.
        url: of the service with its secret, without a slash at the end.
        ours: tells whether an address is one of the same workspace's service.
        foreign: tells whether it is that of another workspace's, which is left alone.

    Raises:
        BlockedError: Label Studio calls no address of its own network.
        InputError: Label Studio can't reach the service, the service refuses the project, or
            another workspace's is connected.
    """
    backends = list_backends(studio, project_id)
    for backend in backends:
        if foreign(backend.url) and not ours(backend.url):
            raise _taken_error(backend)
    hooks = {hook_url for _, hook_url in _list_hooks(studio, project_id)}
    # A backend whose webhook was removed by hand would never hear of annotations.
    same = [
        backend
        for backend in backends
        if backend.url.rstrip("/") == url and _hook_url(backend.url) in hooks
    ][:1]
    stale = [backend for backend in backends if backend not in same and ours(backend.url)]
    broken = [backend for backend in stale if backend.url.rstrip("/") == url]
    for backend in broken:
        _remove(studio, project_id, backend)
    version = _read_version(studio, project_id)
    if same:
        _check_state(studio, same[0])
    else:
        _create(studio, project_id, url)
        _limit_events(studio, project_id, url)
    for backend in stale:
        if backend not in broken:
            _remove(studio, project_id, backend)
    show_version(studio, project_id, version if is_run_name(version) else TITLE, is_stored=False)
    others = [backend.title for backend in backends if backend not in [*stale, *same]]
    is_first = bool(same) and backends[0] in same
    return Attached(not same, len(stale), others[0] if others and not is_first else "")


def detach(studio: Studio, project_id: int, ours: Callable[[str], bool]) -> int:
    """Remove our services from a project; return how many there were."""
    backends = [backend for backend in list_backends(studio, project_id) if ours(backend.url)]
    version = _read_version(studio, project_id) if backends else ""
    for backend in backends:
        _remove(studio, project_id, backend)
    if is_run_name(version):  # the server unset it; it refuses a run that has no suggestion there
        with contextlib.suppress(InputError):
            _write_version(studio, project_id, version)
    for hook_id, url in _list_hooks(studio, project_id):  # of backends that were removed by hand
        if ours(url.removesuffix("/webhook")):
            studio.write("a webhook", studio.sdk.webhooks.delete, hook_id)
    return len(backends)


def show_version(studio: Studio, project_id: int, run: str, *, is_stored: bool) -> None:
    """Make annotators see the suggestions of a run, in the list of articles and in the stream.

    In the stream Label Studio asks a backend only while the project's model version is its title,
    and it begins with the article it is least sure of only among suggestions of that version: so
    the name of the run is both. It renames no backend that does not answer.

    Args:
        studio: the server.
        project_id: of the project.
        run: its name.
        is_stored: the project has suggestions of this run; the server refuses the version else,
            unless a backend is called so.
    """
    if _rename(studio, project_id, run) or is_stored:
        _write_version(studio, project_id, run)


def _rename(studio: Studio, project_id: int, title: str) -> bool:
    """Give the backend that Label Studio asks a title, if it is ours; tell whether it has it."""
    first = next(iter(list_backends(studio, project_id)), None)
    if first is None or not (first.title == TITLE or is_run_name(first.title)):
        return False
    if first.title != title:
        change = {"title": title, "url": first.url, "project": project_id}
        try:
            studio.write("the ML backend", studio.sdk.ml.update, first.id, **change)
        except InputError:  # it is down; once it starts, it does this itself
            return False
    return True


def _read_version(studio: Studio, project_id: int) -> str:
    """Return the model version whose suggestions a project shows; "" if there is none."""
    return get_record(studio, project_id).get("model_version", str, "")


def _write_version(studio: Studio, project_id: int, version: str) -> None:
    """Choose the model version whose suggestions a project shows, unless it is that already."""
    if _read_version(studio, project_id) != version:
        subject = f"the model version of project {project_id}"
        studio.write(subject, studio.sdk.projects.update, project_id, model_version=version)


def _create(studio: Studio, project_id: int, url: str) -> None:
    """Add the backend; Label Studio calls it before it answers, and adds the webhook.

    Raises:
        InputError: see attach; a half-made backend is removed.
    """
    secret = url.rpartition("/")[2]
    call = studio.sdk.ml.create
    try:
        studio.write("the ML backend", call, project=project_id, url=url, title=TITLE)
    except InputError as error:
        for backend in list_backends(studio, project_id):
            if backend.url.rstrip("/") == url:
                _remove(studio, project_id, backend)
        status = getattr(error.__cause__, "status_code", 0)
        if status == 403:
            raise BlockedError(f"{studio.url}: calls no address of its own network.") from None
        if status == 400:
            unreachable = "health check failed" in str(error)
            raise (_absence_error(studio, url) if unreachable else _refusal_error(url)) from None
        # The server's answer quotes the entire address.
        raise type(error)(str(error).replace(secret, "…")) from None


def _limit_events(studio: Studio, project_id: int, url: str) -> None:
    """Have the webhook that came with a backend send only the events the service needs."""
    for hook_id, hook_url in _list_hooks(studio, project_id):
        if hook_url == _hook_url(url):
            studio.write(
                "the webhook",
                studio.sdk.webhooks.update,
                hook_id,
                url=hook_url,
                send_for_all_actions=False,
                actions=list(EVENTS),
            )


def _check_state(studio: Studio, backend: Backend) -> None:
    """Refuse a service that is connected and does not answer.

    Raises:
        InputError: tells what to do.
    """
    if backend.state == "DI":
        raise _absence_error(studio, backend.url)
    if backend.state == "ER":
        raise _refusal_error(backend.url)


def _taken_error(backend: Backend) -> InputError:
    return InputError(
        f"the project is connected to {_without_secret(backend.url)}, the service of another "
        "workspace. Run `classify labels connect --remove` there, or replace it with --replace."
    )


def _absence_error(studio: Studio, url: str) -> InputError:
    return InputError(
        f"{studio.url}: finds no service of this workspace at {_without_secret(url)}. Start "
        "`classify serve` with the same --workspace, or name its address with --url."
    )


def _refusal_error(url: str) -> InputError:
    return InputError(
        f"{_without_secret(url)}: refused the project; its log says why. Or it is not `classify "
        "serve`. Correct that, then connect again."
    )


def _without_secret(url: str) -> str:
    return url.partition("/label-studio/")[0]


def _remove(studio: Studio, project_id: int, backend: Backend) -> None:
    """Delete a backend with its webhook, which Label Studio would go on calling."""
    studio.write("an ML backend", studio.sdk.ml.delete, backend.id)
    for hook_id, url in _list_hooks(studio, project_id):
        if url == _hook_url(backend.url):
            studio.write("a webhook", studio.sdk.webhooks.delete, hook_id)


def _list_hooks(studio: Studio, project_id: int) -> list[tuple[int, str]]:
    """Return the webhooks of a project: id and address."""
    subject = f"project {project_id}"
    hooks = studio.read(subject, studio.sdk.webhooks.list, project=str(project_id)).rows()
    return [
        (hook.get("id", int), hook.get("url", str))
        for hook in hooks
        if hook.fields.get("project") == project_id
    ]


def _hook_url(url: str) -> str:
    """Return the address of the webhook that Label Studio adds with a backend."""
    return f"{url.rstrip('/')}/webhook"
