"""Counts new annotations; enough of them start a training, whose run annotators then see.

Label Studio waits at most a second for the answer to a webhook, so that an event is only counted
here: whatever takes time is a job in a process of its own (`classify.serving.label_studio.jobs`).
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from classify.serving.label_studio.connected_project import read_connected_project
from classify.serving.label_studio.job_runner import JobRunner
from classify.serving.model.loaded_run import RunInfo
from seeds.base.errors import InputError
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import write_text

_ANNOTATED = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED")
_DELETED = "ANNOTATIONS_DELETED"
_MAX_ID = (1 << 63) - 1  # of a row in a database
_log = logging.getLogger("classify.serving")


@dataclass(frozen=True, slots=True)
class RetrainingState:
    """The part of the state that outlives the service, in serve/retraining.json.

    Attributes:
        annotations: ids of the new annotations.
        last: the outcome of the last training.
        since: when the last training, or else the counting, began; ISO 8601, or "".
        asked: somebody asked for a training that has not come to its end.
    """

    annotations: tuple[int, ...] = ()
    last: str = ""
    since: str = ""
    asked: bool = False


def read_state(workspace: Path) -> RetrainingState:
    """Return the state that a service of the workspace has saved; an unreadable one is empty."""
    path = _path(workspace)
    try:
        record = read_optional_object(path, "Remove the file.")
        return RetrainingState() if record is None else parse(record, RetrainingState, str(path))
    except InputError as error:
        _log.error("%s Counting annotations from 0.", error)
        return RetrainingState()


def _path(workspace: Path) -> Path:
    return workspace / "serve" / "retraining.json"


class Retraining:
    """Reacts to annotations and promotions, one job after the other."""

    def __init__(
        self,
        workspace: Path,
        threshold: int,
        find_run: Callable[[], Path],
        *,
        active: bool = True,
        shows_run: bool = True,
    ) -> None:
        """Read the saved state; `start` begins to work.

        Args:
            workspace: whose project is connected.
            threshold: new annotations that start a training; 0: none do.
            find_run: returns the folder of the run that answers.
            active: False where another service of the workspace does all this.
            shows_run: annotators get the predictions of the run that answers; False for a run that
                somebody only tries out.
        """
        self._workspace, self._threshold, self._active = workspace, threshold, active
        self.shows_run = shows_run
        state = read_state(workspace)
        self._new, self._last, self._since = set(state.annotations), state.last, state.since
        self._asked = state.asked  # somebody asked for a training that has not begun
        self._asked_running = False  # such a training is running
        self._running = self._failed = False
        self._meanwhile: set[int] = set()  # annotations that came during the training
        self._missed = False  # annotations may have come while no service ran
        self._outdated = False  # predictions in Label Studio are those of an earlier run
        self._changed, self._wake = asyncio.Event(), asyncio.Event()
        self._runner = JobRunner(workspace, find_run, self._wake.set)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work, first on what happened while no service ran."""
        if not self._active:
            return
        self._missed = self._is_connected()
        self._outdated = self._missed and self.shows_run
        self._wake.set()
        self._tasks = [asyncio.create_task(loop) for loop in (self._save(), self._work())]

    async def close(self) -> None:
        """End the job that runs; a fine-tuning can resume from its checkpoint."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._active:
            self._write_state()

    def progress(self) -> dict[str, Any] | None:
        """Return the fields of RetrainingFacts, or None while no project is connected."""
        if not self._is_connected():
            return None
        return {
            "annotations": len(self._new),
            "wanted": self._threshold,
            "state": "running" if self._running else "failed" if self._failed else "waiting",
            "last": self._last,
        }

    def handle_event(self, event: dict[str, Any]) -> str:
        """Count the annotations of a webhook's event; return "counted", "queued" or "ignored"."""
        action = event.get("action")
        if not self._active:
            return "ignored"
        if action == "START_TRAINING":
            self._asked = True
            self._notify()
            return "queued"
        annotated = action in _ANNOTATED
        if not annotated and action != _DELETED:
            return "ignored"
        field = "annotation" if annotated else "annotations"
        annotations = list(_parse_annotations(event.get(field)))
        for identity, skipped in annotations:
            self._count(identity, new=annotated and not skipped)
        if not annotations:
            return "ignored"
        self._since = self._since or _now()
        self._notify()
        return "counted"

    async def on_promoted(self, _run: RunInfo) -> None:
        """Give annotators the predictions of the run that answers from now on."""
        self._outdated = self._is_connected() and self.shows_run
        self._runner.allow("predictions")
        self._wake.set()

    def _notify(self) -> None:
        """Save what changed, and look for work."""
        self._changed.set()
        self._wake.set()

    def _count(self, identity: int, *, new: bool) -> None:
        """Add an annotation to the new ones, or take it away."""
        for identities in (self._new, self._meanwhile):
            if new:
                identities.add(identity)
            else:
                identities.discard(identity)

    def _is_connected(self) -> bool:
        try:
            return read_connected_project(self._workspace) is not None
        except InputError as error:
            _log.error("%s", error)
            return False

    async def _work(self) -> None:
        """Do what is due, one job after the other, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._work_once()
            except Exception:  # a bug must not stop everything that follows
                _log.exception("after an event from Label Studio")

    async def _work_once(self) -> None:
        if self._missed and self._runner.allows("annotations"):
            self._missed = not await self._count_missed()
        if self._outdated and self._runner.allows("predictions"):
            self._outdated = False
            result = await self._runner.run("predictions")
            self._outdated = self._outdated or result.output is None
        enough = 0 < self._threshold <= len(self._new)
        if self._asked or (enough and self._runner.allows("train")):
            await self._train()

    async def _count_missed(self) -> bool:
        """Count what was annotated while no service ran; return False if that failed."""
        if not self._since:
            self._since = _now()
            self._changed.set()
        result = await self._runner.run("annotations")
        for identity in (result.output or {}).get("annotations", ()):
            self._count(int(identity), new=True)
        self._changed.set()
        return result.output is not None

    async def _train(self) -> None:
        """Run a training; annotations that come meanwhile count for the next one."""
        self._asked_running, self._asked = self._asked, False
        self._running, self._meanwhile = True, set()
        start = _now()
        try:
            result = await self._runner.run("train")
        except asyncio.CancelledError:
            _log.info("the training was stopped; it starts again with the service")
            raise
        finally:
            self._running = False
        self._asked_running = False
        self._failed = result.output is None
        if result.output is None:
            self._last = f"failed: {result.message}"
        else:
            self._last = str(result.output["outcome"])
            self._new, self._since = self._meanwhile, start
        self._notify()

    # ------------------------------------------------------------ on disk

    async def _save(self) -> None:
        """Write what changed, outside the event loop: a disk may be slow."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.to_thread(self._write_state)

    def _write_state(self) -> None:
        if not self._is_connected():
            return
        asked = self._asked or self._asked_running
        state = RetrainingState(tuple(sorted(self._new)), self._last, self._since, asked)
        try:
            write_text(_path(self._workspace), json.dumps(asdict(state)))
        except InputError as error:
            _log.error("%s", error)


def _now() -> str:
    """Return the time as Label Studio writes it."""
    return datetime.now(UTC).isoformat()


def _parse_annotations(value: Any) -> Iterator[tuple[int, bool]]:
    """Yield the id of each annotation of an event, one or a list, and whether it was skipped."""
    annotations: Iterable[Any] = value if isinstance(value, list) else [value]
    for annotation in annotations:
        identity = annotation.get("id") if isinstance(annotation, dict) else None
        if not isinstance(identity, int) or isinstance(identity, bool):
            continue
        if 0 < identity <= _MAX_ID:
            yield identity, annotation.get("was_cancelled") is True
