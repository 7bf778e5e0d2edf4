"""Raw records -> answers: shard by shard, in order, on as many processes as wished."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from classify.prediction.formats import Format, Layout
from classify.prediction.records import records, unread
from classify.terminal import Screen, escape
from seeds.base.errors import Fault
from seeds.reading.jsonl_blocks import SIZE
from seeds.reading.raw_records import Lines, Raw, Reading, Rows, WholeFile
from seeds.reading.sources import Article, parse_articles
from training.runs.run import Run
from training.runtime import Runtime

ARTICLES_AT_ONCE = 2  # shards with a process at a time: one that it computes, one that waits
SAID = 20  # lines on standard error of each kind; more are counted


@dataclass(frozen=True, slots=True)
class Work:
    """All that a process needs to make answers of raw records.

    Attributes:
        run: its folder.
        runtime: where and how it computes.
        reading: how articles are read.
        form, every: how answers are written.
        hashed: whether each shard's raw records are hashed.
        explain: whether the words that counted are told.
        screen: where text will stand; None: in a file or a pipe.
    """

    run: Path
    runtime: Runtime
    reading: Reading
    form: Format
    every: bool
    hashed: bool = False
    explain: bool = False
    screen: Screen | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """Raw records that one process labels at once.

    Attributes:
        parts: of one file or several; () says that more may be long in coming.
        size: about how many bytes they have.
        read: bytes of the inputs, as they lie on the disk, that were read for them.
        full: whether it was cut because it was large enough.
    """

    parts: tuple[WholeFile | Lines | Rows | Fault, ...]
    size: int = 0
    read: int = 0
    full: bool = False

    def digest(self) -> str:
        """SHA-256 of the raw records and of what they are called."""
        found = hashlib.sha256()
        for part in self.parts:
            if isinstance(part, Lines):
                found.update(f"{part.source!r}{part.block.first} {part.block.too_long} ".encode())
                found.update(part.block.data)
            elif isinstance(part, WholeFile):
                found.update(f"{part.source!r}{part.format} {len(part.data)} ".encode())
                found.update(part.data)
            elif isinstance(part, Rows):
                found.update(f"{part.source!r}{part.columns}".encode())
                for row in part.rows:
                    found.update(repr(row).encode("utf-8", "surrogatepass"))
            else:
                found.update(repr(part).encode("utf-8", "surrogatepass"))
        return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a shard.

    Attributes:
        data: the records, as the format's Layout sets them.
        articles: how many there are.
        said: lines for standard error, in order, SAID of a kind at most.
        faults, notes: how many there were of each kind.
        rejects: a line of JSON for each fault.
        size, read: of the shard.
        digest: of the shard; "" where it was not asked for.
    """

    data: bytes
    articles: int
    said: tuple[tuple[Literal["fault", "note"], str], ...]
    faults: int
    notes: int
    rejects: bytes
    size: int
    read: int
    digest: str


def shards(raws: Iterable[Raw], count: int) -> Iterator[Shard]:
    """Raw records in shards of so many, or of so many bytes, as SIZE says; cut by them alone."""
    held: list[Raw] = []
    records = size = 0
    for raw in raws:
        if held and (raw.part is None or size + raw.size > SIZE or records + raw.count > count):
            yield _shard(held, full=raw.part is not None)
            held, records, size = [], 0, 0
        if raw.part is None:
            yield Shard(())
        else:
            held.append(raw)
            records, size = records + raw.count, size + raw.size
    if held:
        yield _shard(held)


def answer(shard: Shard, work: Work, run: Run) -> Answer:
    """Read, clean, label and format the articles of a shard."""
    heard = _Heard()
    read = (each for part in shard.parts for each in parse_articles(part, work.reading))
    layout = Layout.of(work.form, run, work.screen)
    found = records(heard.passed(read), run, every=work.every, explain=work.explain)
    data = layout.between.join(map(layout.record, found))
    return Answer(
        data,
        heard.articles,
        tuple(heard.said),
        heard.faults,
        heard.notes,
        b"".join(heard.rejects),
        shard.size,
        shard.read,
        shard.digest() if work.hashed else "",
    )


class _Heard:
    """Passes articles on, keeps what is to be said of them and of what could not be read."""

    def __init__(self) -> None:
        self.articles = self.faults = self.notes = 0
        self.said: list[tuple[Literal["fault", "note"], str]] = []
        self.rejects: list[bytes] = []

    def passed(self, found: Iterable[Article | Fault]) -> Iterator[Article]:
        """The readable articles."""
        for each in found:
            if isinstance(each, Fault):
                self._fault(each)
                continue
            self.articles += 1
            for note in filter(None, (*each.notes, unread(each.document.text))):
                self.notes += 1
                if self.notes <= SAID:
                    self.said.append(("note", f"{escape(each.document.source)}: {note}"))
            yield each

    def _fault(self, fault: Fault) -> None:
        self.faults += 1
        if self.faults <= SAID:
            self.said.append(("fault", f"{fault.where}: {fault.message}"))
        record = {"where": fault.where, "message": fault.message}
        if fault.raw:
            record["raw"] = fault.raw
        line = json.dumps(record, ensure_ascii=False) + "\n"
        self.rejects.append(line.encode("utf-8", "replace"))


def _shard(raws: list[Raw], *, full: bool = False) -> Shard:
    parts = tuple(raw.part for raw in raws if raw.part is not None)
    size, read = sum(raw.size for raw in raws), sum(raw.read for raw in raws)
    return Shard(parts, size, read, full)
