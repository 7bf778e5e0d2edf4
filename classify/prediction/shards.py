"""Raw records -> labelled shards: parts of the output, the same whichever process makes them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from classify.faults import FaultCounter, Kind, fault_line
from classify.prediction.formats import Format, Layout
from classify.prediction.records import label_articles
from classify.terminal import Screen
from seeds.base.errors import Fault
from seeds.reading.raw_records import Lines, Raw, Reading, Rows, WholeFile
from seeds.reading.sources import parse_articles
from seeds.reading.tables.jsonl_blocks import SIZE
from training.runs.run import Run
from training.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Work:
    """Everything a process needs to label raw records.

    Attributes:
        run: the folder of the run.
        runtime: where and how it computes.
        reading: how articles are read.
        form: the format of the output.
        every: whether every category's probability is written.
        hashed: whether each shard's raw records are hashed.
        explain: whether each answer is explained.
        screen: the terminal that text will be shown on; None: text goes to a file or a pipe.
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
        full: whether the shard ended because it was large enough.
    """

    parts: tuple[WholeFile | Lines | Rows | Fault, ...]
    size: int = 0
    read: int = 0
    full: bool = False

    def digest(self) -> str:
        """Return the SHA-256 of the raw records and of their names."""
        digest = hashlib.sha256()
        for part in self.parts:
            if isinstance(part, Lines):
                digest.update(f"{part.source!r}{part.block.number} {part.block.too_long} ".encode())
                digest.update(part.block.data)
            elif isinstance(part, WholeFile):
                digest.update(f"{part.source!r}{part.format} {len(part.data)} ".encode())
                digest.update(part.data)
            elif isinstance(part, Rows):
                digest.update(f"{part.source!r}{part.columns}".encode())
                for row in part.rows:
                    digest.update(repr(row).encode("utf-8", "surrogatepass"))
            else:
                digest.update(repr(part).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class LabelledShard:
    """The labels of a shard, and what is to be said of it.

    Attributes:
        data: the records, in the bytes of the format's Layout.
        lines: the first faults and notes, in order, as lines for standard error.
        articles, faults, notes: how many there were.
        rejects: a line of JSON for each fault.
        size, read: of the shard.
        digest: of the shard; "" where it was not asked for.
    """

    data: bytes
    lines: tuple[tuple[Kind, str], ...]
    articles: int
    faults: int
    notes: int
    rejects: bytes
    size: int
    read: int
    digest: str


def cut_shards(raws: Iterable[Raw], count: int) -> Iterator[Shard]:
    """Cut raw records into shards of `count` records or SIZE bytes; only they decide where."""
    pending: list[Raw] = []
    records = size = 0
    for raw in raws:
        if pending and (raw.part is None or size + raw.size > SIZE or records + raw.count > count):
            yield _join(pending, full=raw.part is not None)
            pending, records, size = [], 0, 0
        if raw.part is None:
            yield Shard(())
        else:
            pending.append(raw)
            records, size = records + raw.count, size + raw.size
    if pending:
        yield _join(pending)


def label_shard(shard: Shard, work: Work, run: Run) -> LabelledShard:
    """Read, clean, label and format the articles of a shard."""
    lines: list[tuple[Kind, str]] = []
    rejects: list[bytes] = []

    def record(kind: Kind, fault: Fault) -> None:
        """Set faults aside."""
        if kind == "fault":
            rejects.append(fault_line(fault))

    counter = FaultCounter(lambda kind, line: lines.append((kind, line)), record)
    read = (article for part in shard.parts for article in parse_articles(part, work.reading))
    records = label_articles(read, run, counter, every=work.every, explain=work.explain)
    layout = Layout.of(work.form, run, work.screen)
    data = layout.between.join(map(layout.record, records))
    return LabelledShard(
        data,
        tuple(lines),
        counter.articles,
        counter.faults,
        counter.notes,
        b"".join(rejects),
        shard.size,
        shard.read,
        shard.digest() if work.hashed else "",
    )


def _join(raws: list[Raw], *, full: bool = False) -> Shard:
    parts = tuple(raw.part for raw in raws if raw.part is not None)
    size, read = sum(raw.size for raw in raws), sum(raw.read for raw in raws)
    return Shard(parts, size, read, full)
