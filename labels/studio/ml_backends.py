"""The ML backends of a project: services that Label Studio asks when an article is opened."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labels.studio.client import Studio
from seeds.base.errors import InputError

# What the service wants to hear of. Label Studio adds a webhook of all events, each task that is
# pushed among them, with its text.
EVENTS = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
TITLE = "classify"  # which the project's model version may be: then the latest answer is shown


class BlockedError(InputError):
    """Label Studio calls no address of its own network."""


@dataclass(frozen=True, slots=True)
class Backend:
    """An ML backend; its text does not show the address, which holds the secret.

    state: "CO" where Label Studio, which asked just now, was answered; "DI" and "ER" where not.
    """

    id: int
    title: str
    url: str = field(repr=False)
    state: str = "CO"


@dataclass(frozen=True, slots=True)
class Attached:
    """What was done.

    Attributes:
        made: False if the backend was there.
        stale: how many of ours made way.
        before: the title of the one that Label Studio asks in the place of ours; "" if none.
    """

    made: bool
    stale: int
    before: str = ""


def backends(studio: Studio, project_id: int) -> list[Backend]:
    """The ML backends of a project, oldest first; Label Studio asks the first alone."""
    what = f"project {project_id}"
    found: list[Any] = studio.read(what, studio.sdk.ml.list, project=project_id)
    made = (
        Backend(int(each.id), str(each.title or ""), str(each.url), str(each.state or ""))
        for each in found
    )
    return sorted(made, key=lambda each: each.id)


def attach(
    studio: Studio,
    project_id: int,
    url: str,
    ours: Callable[[str], bool],
    foreign: Callable[[str], bool] = lambda _: False,
) -> Attached:
    """Make a service the project's backend, in the place of other addresses of it.

    Those stay until Label Studio has been answered at the new one.

    Args:
        studio: the server.
        project_id: of the project.
        url: of the service with its secret, without a slash at the end.
        ours: whether an address is one of the same workspace's service.
        foreign: whether it is that of another workspace's, which is left alone.

    Raises:
        BlockedError: Label Studio calls no address of its own network.
        InputError: Label Studio can't reach the service, the service refuses the project, or
            another workspace's is connected.
    """
    there = backends(studio, project_id)
    taken = [each.url for each in there if foreign(each.url) and not ours(each.url)]
    if taken:
        raise InputError(
            f"the project is connected to {_shown(taken[0])}, the service "
            "of another workspace. Run `classify labels connect --remove` there, or take its place "
            "with --replace."
        )
    hooks = {hook for _, hook in _hooks(studio, project_id)}
    # One whose webhook was removed by hand would never hear of annotations.
    same = [each for each in there if each.url.rstrip("/") == url and _hook(each.url) in hooks][:1]
    stale = [each for each in there if each not in same and ours(each.url)]
    broken = [each for each in stale if each.url.rstrip("/") == url]
    for each in broken:
        _remove(studio, project_id, each)
    if same:
        _check_state(studio, same[0])
    else:
        _create(studio, project_id, url)
        for hook, address in _hooks(studio, project_id):
            if address == _hook(url):
                call = studio.sdk.webhooks.update
                wanted = {"url": address, "send_for_all_actions": False, "actions": list(EVENTS)}
                studio.write("the webhook", call, hook, **wanted)
    for each in stale:
        if each not in broken:
            _remove(studio, project_id, each)
    others = [each.title for each in there if each not in stale and each.id not in _ids(same)]
    first = not same or there[0] not in same
    return Attached(not same, len(stale), others[0] if others and first else "")


def detach(studio: Studio, project_id: int, ours: Callable[[str], bool]) -> int:
    """Remove the services of ours from a project; how many there were."""
    found = [each for each in backends(studio, project_id) if ours(each.url)]
    for each in found:
        _remove(studio, project_id, each)
    for hook, url in _hooks(studio, project_id):  # of backends that were removed by hand
        if ours(url.removesuffix("/webhook")):
            studio.write("a webhook", studio.sdk.webhooks.delete, hook)
    return len(found)


def _create(studio: Studio, project_id: int, url: str) -> None:
    """Add the backend; Label Studio calls it before it answers, and adds the webhook.

    Raises:
        InputError: see attach; what was half made is removed.
    """
    secret = url.rpartition("/")[2]
    call = studio.sdk.ml.create
    try:
        studio.write("the ML backend", call, project=project_id, url=url, title=TITLE)
    except InputError as error:
        for each in backends(studio, project_id):
            if each.url.rstrip("/") == url:
                _remove(studio, project_id, each)
        status = getattr(error.__cause__, "status_code", 0)
        if status == 403:
            raise BlockedError(f"{studio.url}: calls no address of its own network.") from None
        if status == 400:
            missing = "health check failed" in str(error)
            raise (_absent(studio, url) if missing else _refused(url)) from None
        # The server's answer quotes the whole address.
        raise type(error)(str(error).replace(secret, "…")) from None


def _check_state(studio: Studio, backend: Backend) -> None:
    """Refuse a service that is connected and does not answer.

    Raises:
        InputError: says what to do.
    """
    if backend.state == "DI":
        raise _absent(studio, backend.url)
    if backend.state == "ER":
        raise _refused(backend.url)


def _absent(studio: Studio, url: str) -> InputError:
    return InputError(
        f"{studio.url}: finds no service of this workspace at {_shown(url)}. Start `classify "
        "serve` with the same --workspace, or name its address with --url."
    )


def _refused(url: str) -> InputError:
    return InputError(
        f"{_shown(url)}: refused the project, and its log says why; or this is no `classify "
        "serve`. Mend that, then connect again."
    )


def _shown(url: str) -> str:
    """An address without its secret."""
    return url.partition("/label-studio/")[0]


def _remove(studio: Studio, project_id: int, backend: Backend) -> None:
    """Delete a backend with its webhook, which Label Studio would go on calling."""
    studio.write("an ML backend", studio.sdk.ml.delete, backend.id)
    for hook, url in _hooks(studio, project_id):
        if url == _hook(backend.url):
            studio.write("a webhook", studio.sdk.webhooks.delete, hook)


def _hooks(studio: Studio, project_id: int) -> list[tuple[int, str]]:
    """The webhooks of a project: id and address."""
    what = f"project {project_id}"
    found: list[Any] = studio.read(what, studio.sdk.webhooks.list, project=str(project_id))
    return [(int(each.id), str(each.url)) for each in found if each.project == project_id]


def _hook(url: str) -> str:
    """The webhook that Label Studio adds with a backend."""
    return f"{url.rstrip('/')}/webhook"


def _ids(found: list[Backend]) -> set[int]:
    return {each.id for each in found}
