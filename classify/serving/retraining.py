"""New annotations are counted; enough of them start a training, whose run annotators then see.

Label Studio waits a second at most for whoever hears its news, so that nothing is done here but
counting: what takes time is a job in a process of its own (`classify.serving.jobs`).
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from classify.serving.engine import RunInfo
from classify.serving.linked import linked
from seeds import jsonl
from seeds.errors import InputError
from seeds.settings import parse

_GIVEN = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED")
_LINE = 1 << 20  # bytes of a line that a job says, at most
_END_SECONDS = 20.0  # for a job to end once it is asked to: a fine-tuning finishes its step
_log = logging.getLogger("classify.serving")


@dataclass(frozen=True, slots=True)
class _Kept:
    """What outlives the service: the ids of new annotations, and what came of the last training."""

    annotations: tuple[int, ...] = ()
    last: str = ""


class Retraining:
    """What follows from news of annotations and from promotions, one job after the other."""

    def __init__(self, workspace: Path, wanted: int, run: Callable[[], Path]) -> None:
        """wanted: new annotations that start a training; 0: none do. run: the one that answers."""
        self._workspace, self._wanted, self._run = workspace, wanted, run
        kept = self._read()
        self._new, self._last = set(kept.annotations), kept.last
        self._during: set[int] = set()  # those that came while a training ran
        self._running = self._failed = False
        self._due_at = wanted
        self._asked = self._outdated = False
        self._changed, self._wake = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work; what was promoted while the service was down is made up for."""
        self._outdated = self._connected()
        self._wake.set()
        self._tasks = [asyncio.create_task(each) for each in (self._keep(), self._work())]

    async def close(self) -> None:
        """End the job that runs; a fine-tuning can go on from its checkpoint."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
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
        if action == "START_TRAINING":
            self._asked = True
            self._wake.set()
            return "queued"
        if action in _GIVEN:
            for name, skipped in _annotations(event.get("annotation")):
                self._count(name, skipped=skipped)
        elif action == "ANNOTATIONS_DELETED":
            for name, _ in _annotations(event.get("annotations")):
                self._count(name, skipped=True)
        else:
            return "ignored"
        self._changed.set()
        self._wake.set()
        return "counted"

    async def promoted(self, _run: RunInfo) -> None:
        """Another run answers from now on: annotators are to see what it says."""
        self._outdated = self._connected()
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
                if self._outdated:
                    self._outdated = False
                    await self._job("predictions")
                if self._asked or 0 < self._wanted <= self._due_at <= len(self._new):
                    await self._train()
            except Exception:  # a bug of ours must not stop all that follows
                _log.exception("after news of annotations")

    async def _train(self) -> None:
        self._asked, self._running, self._during = False, True, set()
        try:
            found, said = await self._job("train")
        finally:
            self._running = False
        self._failed = found is None
        if found is None:  # so many new ones again, or a person's word, before the next attempt
            self._last = f"failed: {said}"
            self._due_at = len(self._new) + self._wanted
        else:
            self._last = str(found.get("said", ""))
            self._new, self._due_at = self._during, self._wanted
        self._changed.set()
        self._wake.set()

    async def _job(self, name: str) -> tuple[dict[str, Any] | None, str]:
        """Run a job to its end: what it found, or None if it failed; and the last it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "classify.serving.jobs",
            name,
            str(self._workspace),
            str(self._run()),
            stdin=asyncio.subprocess.PIPE,  # its end tells the job to end
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE,
            start_new_session=True,  # Ctrl-C is the service's
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
        if code:
            _log.error("%s failed: %s", name, said)
            return None, said
        found: dict[str, Any] = json.loads(out) if out.strip() else {}
        return found, said

    # ------------------------------------------------------------ on disk

    @property
    def _path(self) -> Path:
        return self._workspace / "serve" / "retraining.json"

    def _read(self) -> _Kept:
        """What was kept; of a file that can't be read, nothing."""
        try:
            text = self._path.read_text(encoding="utf-8")
            return parse(jsonl.parse_record(text, str(self._path)), _Kept, str(self._path))
        except FileNotFoundError:
            return _Kept()
        except (OSError, UnicodeDecodeError, InputError) as error:
            _log.error("%s; annotations are counted from 0", error)
            return _Kept()

    async def _keep(self) -> None:
        """Write what changed, off the event loop: a disk may be slow."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.to_thread(self._write)

    def _write(self) -> None:
        if not self._connected():
            return
        kept = _Kept(tuple(sorted(self._new)), self._last)
        try:
            jsonl.write_text(self._path, json.dumps(asdict(kept)))
        except InputError as error:
            _log.error("%s", error)


def _annotations(value: Any) -> Iterator[tuple[int, bool]]:
    """Id, and whether it was skipped, of each annotation of an event: one, or a list of them."""
    found: Iterable[Any] = value if isinstance(value, list) else [value]
    for each in found:
        name = each.get("id") if isinstance(each, dict) else None
        if isinstance(name, int) and not isinstance(name, bool):
            yield name, each.get("was_cancelled") is True


async def _told(name: str, stream: asyncio.StreamReader) -> str:
    """Log what a job says, line by line; the last one."""
    last = ""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # longer than _LINE: no line of ours
            continue
        if not line:
            return last
        if text := line.decode("utf-8", "replace").strip():
            last = text
            _log.info("%s: %s", name, text)
