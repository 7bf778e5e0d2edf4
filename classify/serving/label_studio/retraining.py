"""New annotations are counted; enough of them start a training, whose run annotators then see.

Label Studio waits a second at most for whoever hears its news, so that nothing is done here but
counting: what takes time is a job in a process of its own (`classify.serving.label_studio.jobs`).
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from classify.serving.label_studio.connected_project import linked
from classify.serving.model.loaded_run import RunInfo
from classify.serving.model.process import surroundings
from seeds.base.errors import InputError
from seeds.base.records import read_optional_object
from seeds.base.settings import parse
from seeds.base.storage import write_text

_GIVEN = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED")
_MOST = 1 << 63  # an id of a database is below it
_PAUSE, _LONGEST_PAUSE = 30.0, 7200.0  # seconds before what failed is tried again: first, at most
_LINE = 1 << 20  # bytes of a line that a job says, at most
_END_SECONDS = 20.0  # for a job to end once it is asked to: a fine-tuning finishes its step
_log = logging.getLogger("classify.serving")


@dataclass(frozen=True, slots=True)
class Kept:
    """What outlives the service.

    Attributes:
        annotations: ids of the new ones.
        last: what came of the last training.
        since: when the last training began, or counting did; ISO 8601, "" before.
        asked: whether somebody asked for a training that has not come to its end.
    """

    annotations: tuple[int, ...] = ()
    last: str = ""
    since: str = ""
    asked: bool = False


def kept(workspace: Path) -> Kept:
    """What a workspace's service has kept; of a file that can't be read, nothing."""
    path = _path(workspace)
    try:
        record = read_optional_object(path, "Remove the file.")
        return Kept() if record is None else parse(record, Kept, str(path))
    except InputError as error:
        _log.error("%s Annotations are counted from 0.", error)
        return Kept()


def _path(workspace: Path) -> Path:
    return workspace / "serve" / "retraining.json"


class Retraining:
    """What follows from news of annotations and from promotions, one job after the other."""

    def __init__(
        self,
        workspace: Path,
        wanted: int,
        run: Callable[[], Path],
        *,
        alone: bool = True,
        shown: bool = True,
    ) -> None:
        """wanted: new annotations that start a training; 0: none do. run: the one that answers.

        alone: False where another service of the workspace does all this. shown: whether
        annotators see what the run says: not of one that somebody tries, promoted or not.
        """
        self._workspace, self._wanted, self._run, self._alone = workspace, wanted, run, alone
        self._shown = shown
        before = kept(workspace)
        self._new, self._last, self._since = set(before.annotations), before.last, before.since
        self._during: set[int] = set()  # those that came while a training ran
        self._running = self._failed = False
        self._asked, self._outdated, self._unheard = before.asked, False, False
        self._at_it = False  # a training that was asked for has begun
        self._pauses = dict.fromkeys(("train", "predictions", "news"), _PAUSE)
        # time.monotonic() from which what failed is tried again.
        self._not_before = dict.fromkeys(self._pauses, 0.0)
        self._changed, self._wake = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work; what happened while the service was down is made up for."""
        if not self._alone:
            return
        self._unheard = self._connected()
        self._outdated = self._unheard and self._shown
        self._wake.set()
        self._tasks = [asyncio.create_task(each) for each in (self._keep(), self._work())]

    async def close(self) -> None:
        """End the job that runs; a fine-tuning can go on from its checkpoint."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._alone:
            self._write()

    def facts(self) -> dict[str, Any] | None:
        """How far the next training is, as the API tells it; None while nothing is connected."""
        if not self._connected():
            return None
        state = "running" if self._running else "failed" if self._failed else "waiting"
        count = len(self._new)
        return {"annotations": count, "wanted": self._wanted, "state": state, "last": self._last}

    def hear(self, event: dict[str, Any]) -> str:
        """Take note of a webhook's event; what became of it."""
        action = event.get("action")
        if not self._alone:
            return "ignored"
        if action == "START_TRAINING":
            self._asked = True
            self._changed.set()
            self._wake.set()
            return "queued"
        given = action in _GIVEN
        if not given and action != "ANNOTATIONS_DELETED":
            return "ignored"
        found = list(_annotations(event.get("annotation" if given else "annotations")))
        for name, skipped in found:
            self._count(name, skipped=skipped or not given)
        if not found:
            return "ignored"
        self._since = self._since or _now()
        self._changed.set()
        self._wake.set()
        return "counted"

    async def promoted(self, _run: RunInfo) -> None:
        """Another run answers from now on: annotators are to see what it says."""
        self._outdated = self._connected() and self._shown
        self._not_before["predictions"] = 0.0
        self._wake.set()

    def _count(self, name: int, *, skipped: bool) -> None:
        for ids in (self._new, self._during):
            if skipped:
                ids.discard(name)
            else:
                ids.add(name)

    def _connected(self) -> bool:
        try:
            return linked(self._workspace) is not None
        except InputError as error:
            _log.error("%s", error)
            return False

    async def _work(self) -> None:
        """Do what is due, one thing after the other."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                if self._unheard and self._may("news"):
                    self._unheard = not await self._heard()
                if self._outdated and self._may("predictions"):
                    self._outdated = False
                    found, _ = await self._job("predictions")
                    self._outdated = self._outdated or found is None
                if self._asked or self._due:
                    await self._train()
            except Exception:  # a bug of ours must not stop all that follows
                _log.exception("after news of annotations")

    @property
    def _due(self) -> bool:
        """Whether there are enough annotations for a training."""
        return 0 < self._wanted <= len(self._new) and self._may("train")

    def _may(self, name: str) -> bool:
        """Whether no failure of a job is too recent."""
        return time.monotonic() >= self._not_before[name]

    async def _heard(self) -> bool:
        """Count what was annotated while nobody listened; whether that could be found out."""
        if not self._since:
            self._since = _now()
            self._changed.set()
        found, _ = await self._job("news")
        for name in (found or {}).get("annotations", ()):
            self._count(int(name), skipped=False)
        self._changed.set()
        return found is not None

    async def _train(self) -> None:
        self._at_it, self._asked = self._asked, False
        self._running, self._during = True, set()
        began = _now()
        try:
            found, said = await self._job("train")
        except asyncio.CancelledError:
            _log.info("the training was stopped; it begins again with the service")
            raise
        finally:
            self._running = False
        self._at_it = False
        self._failed = found is None
        if found is None:
            self._last = f"failed: {said}"
        else:
            self._last = str(found.get("said", ""))
            self._new, self._since = self._during, began
        self._changed.set()
        self._wake.set()

    async def _job(self, name: str) -> tuple[dict[str, Any] | None, str]:
        """Run a job to its end: what it found, or None if it failed; and the last it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "classify.serving.label_studio.jobs",
            name,
            str(self._workspace),
            str(self._run()),
            stdin=asyncio.subprocess.PIPE,  # its end tells the job to end
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE,
            start_new_session=True,  # Ctrl-C is the service's
            env=surroundings(),
        )
        assert process.stdin
        assert process.stdout
        assert process.stderr
        try:
            said, out = await asyncio.gather(_told(name, process.stderr), process.stdout.read())
            code = await process.wait()
        except asyncio.CancelledError:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), _END_SECONDS)
            except TimeoutError:
                process.kill()
            raise
        if code == 0:
            self._pauses[name] = _PAUSE
            found: dict[str, Any] = json.loads(out) if out.strip() else {}
            return found, said
        if code < 0:
            said = f"killed by signal {-code}, as systems do when memory runs out"
        said = said.replace(f"{self._workspace}/", "").replace(f"{self._workspace}: ", "")
        _log.error("%s failed: %s", name, said)
        pause = self._pauses[name]
        self._pauses[name] = min(pause * 4, _LONGEST_PAUSE)
        self._not_before[name] = time.monotonic() + pause
        asyncio.get_running_loop().call_later(pause + 0.1, self._wake.set)
        return None, said

    # ------------------------------------------------------------ on disk

    async def _keep(self) -> None:
        """Write what changed, off the event loop: a disk may be slow."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.to_thread(self._write)

    def _write(self) -> None:
        if not self._connected():
            return
        asked = self._asked or self._at_it
        now = Kept(tuple(sorted(self._new)), self._last, self._since, asked)
        try:
            write_text(_path(self._workspace), json.dumps(asdict(now)))
        except InputError as error:
            _log.error("%s", error)


def _now() -> str:
    """The time as Label Studio writes it."""
    return datetime.now(UTC).isoformat()


def _annotations(value: Any) -> Iterator[tuple[int, bool]]:
    """Id, and whether it was skipped, of each annotation of an event: one, or a list of them."""
    found: Iterable[Any] = value if isinstance(value, list) else [value]
    for each in found:
        name = each.get("id") if isinstance(each, dict) else None
        if isinstance(name, int) and not isinstance(name, bool) and 0 < name < _MOST:
            yield name, each.get("was_cancelled") is True


async def _told(name: str, stream: asyncio.StreamReader) -> str:
    """Log what a job says, line by line; the last one is left to whoever knows how it ended."""
    last = ""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # longer than _LINE: no line of ours
            continue
        if not line:
            return last
        if text := line.decode("utf-8", "replace").strip():
            if last:
                _log.info("%s: %s", name, last)
            last = text
