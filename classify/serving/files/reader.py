"""Files that people send are read in processes of their own: what takes too long is ended.

    python -m classify.serving.files.reader

Each frame that asks for a file gets one with its articles. It ends with the service, however that
ends; HTML and Markdown can be written so that reading them takes minutes, or all memory.
"""

import asyncio
import contextlib
import itertools
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from classify.serving.model import frames
from classify.serving.model.process import Child, EndedError
from seeds.base.errors import Fault, InputError
from seeds.reading.columns import Columns
from seeds.reading.compressed import CODECS, Plain
from seeds.reading.raw_records import Reading
from seeds.reading.sources import Article, read_articles

ARTICLES = 1000  # of one file; more are for `classify predict`
PLAIN = 50_000_000  # bytes of one, decompressed, and characters of all its articles
TITLE = 140  # characters
LINES = 1_000_000  # of one, empty ones too, which take time and hold nothing
MEMORY = 4 << 30  # bytes of a process that reads; what its libraries reserve is among them
_AT_ONCE, _WAITING = 2, 32  # files that are read, and that wait for it
_KEPT = 300_000_000  # bytes that a process may have needed: else it ends, which gives them back
_TOO_MUCH = (
    f"a file may hold {ARTICLES:,} articles and, decompressed, {PLAIN:,} bytes in {LINES:,} lines. "
    "Split it, and send the parts one by one."
)
# What a message about a file tells people at a command line -> what it tells those who send one.
_HERE = {
    "--text-columns": "the field text_columns",
    "--id-column": "the field id_column",
    "--encoding": "the field encoding",
    "Raise the limit with --max-size": "Send a shorter one",
    "Raise it with --max-size": "Send a shorter one",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """An article of a file.

    Attributes:
        id: its own, else the hash of its text.
        source: where it stood.
        title: its own, else its first line, cut short.
        text: all of it.
        note: what was assumed in reading it, or "".
    """

    id: str
    source: str
    title: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was read of a file, and what could not be."""

    articles: list[Sent]
    faults: list[Fault]


class Readers:
    """The processes that read, started when there is something to read."""

    def __init__(self, seconds: float) -> None:
        """seconds: that reading one file may take."""
        self._seconds = seconds
        self._idle: list[Child] = []
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._inside = 0

    async def read(self, name: str, data: bytes, reading: Reading) -> Found:
        """The articles of a file; cancelling ends its reading.

        Raises:
            HTTPException: 413, it holds too much or takes too long; 503, too many wait.
            RuntimeError: a bug of ours; with its traceback.
        """
        if self._inside >= _AT_ONCE + _WAITING:
            raise HTTPException(503, "too many files wait to be read.", {"retry-after": "5"})
        self._inside += 1
        try:
            async with self._places:
                found = await self._read(name, data, reading)
        finally:
            self._inside -= 1
        if found is None:
            raise HTTPException(413, _TOO_MUCH)
        if "bug" in found:
            raise RuntimeError(f"in the process that reads files: {found['bug']}")
        return Found(
            [Sent(**each) for each in found["articles"]], [Fault(*each) for each in found["faults"]]
        )

    async def _read(self, name: str, data: bytes, reading: Reading) -> Any:
        """The answer of a process; None: it holds too much."""
        self._idle = [each for each in self._idle if each.alive]
        child = (
            self._idle.pop() if self._idle else await Child.started("classify.serving.files.reader")
        )
        kept = False
        try:
            with tempfile.TemporaryDirectory(prefix="classify-") as folder:
                path = Path(folder, name)
                path.write_bytes(data)
                asked = {"path": str(path), "seconds": self._seconds, **asdict(reading)}
                async with asyncio.timeout(self._seconds):
                    found = await child.ask(asked)
            kept = found is not None and found.get("needed", _KEPT) < _KEPT
        except TimeoutError:
            detail = (
                f"the file was not read within {self._seconds:g} s. Send its text as .txt or "
                ".jsonl, or less of it."
            )
            raise HTTPException(413, detail) from None
        except EndedError:  # for want of memory
            return None
        finally:
            if kept:
                self._idle.append(child)
            else:
                await child.close()
        return found

    async def close(self) -> None:
        """End those that wait."""
        for child in self._idle:
            await child.close()


def main() -> None:
    """Read file after file until the pipe ends."""
    send = frames.sender()
    _limit_memory()
    while (asked := frames.read(sys.stdin.buffer)) is not None:
        with _alarm(asked["seconds"]):
            try:
                answer = articles(asked)
            except MemoryError:
                answer = None
            except Exception:
                answer = {"bug": traceback.format_exc()}
        send(answer)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """End this process if nobody else does: the service may be gone."""
    if not hasattr(signal, "alarm"):  # Windows
        yield
        return
    signal.alarm(round(seconds) + 10)
    yield
    signal.alarm(0)


def _limit_memory() -> None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


def _needed() -> int:
    """Bytes of memory that this process has had at once, so far; 0 where that can't be told."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def articles(asked: dict[str, Any]) -> dict[str, Any] | None:
    """What a file holds, {"articles", "faults"}, and bytes "needed" so far; None: too much.

    asked: its path, a Reading's columns, encoding and max_bytes, the seconds it may take.
    """
    path = Path(asked["path"])
    columns = Columns(**{**asked["columns"], "text": tuple(asked["columns"]["text"])})
    if _is_too_large(path):
        return None
    found = read_articles(
        [path], columns=columns, encoding=asked["encoding"], max_bytes=asked["max_bytes"]
    )
    sent: list[dict[str, str]] = []
    faults: list[tuple[str, str]] = []
    characters = 0
    for each in itertools.islice(found, ARTICLES + 1):
        if isinstance(each, Fault):
            where, said = (
                part.replace(f"{path.parent}/", "") for part in (each.where, each.message)
            )
            faults.append((where, told_here(said)))
        else:
            sent.append(asdict(_sent(each)))
            characters += len(each.document.text)
        if len(sent) + len(faults) > ARTICLES or characters > PLAIN:
            return None
    return {"articles": sent, "faults": faults, "needed": _needed()}


def _sent(article: Article) -> Sent:
    document = article.document
    title = (document.title or document.text).strip().partition("\n")[0][:TITLE]
    name = article.own_id or document.id
    return Sent(name, document.source, title, document.text, told_here("; ".join(article.notes)))


def _is_too_large(path: Path) -> bool:
    """Whether a small file holds too much, found out before anything is made of it."""
    size = lines = 0
    with path.open("rb") as packed, contextlib.suppress(InputError):  # which reading it tells of
        codec = CODECS.get(path.suffix.lower())
        plain = Plain(packed, codec) if codec else packed
        while part := plain.read(1 << 18):
            size, lines = size + len(part), lines + part.count(b"\n")
            if size > PLAIN or lines > LINES:
                return True
    return False


def told_here(text: str) -> str:
    """What a message about a file tells those who send one."""
    for option, field in _HERE.items():
        text = text.replace(option, field)
    return text


if __name__ == "__main__":
    main()
