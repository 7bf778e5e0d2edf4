"""The articles of a workspace to annotate next, and the record of why each was chosen."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from classify.terminal import say
from labels.annotations import read_annotations
from labels.dataset import Dataset, read_dataset
from seeds.base.errors import InputError
from seeds.base.records import read_records, write_records
from seeds.base.settings import parse
from seeds.document import Document

if TYPE_CHECKING:
    from training.selection.choice import Choice, Pool, Strategy
    from training.selection.saving import Saving

_MANY = 300  # articles; to compare more takes seconds


@dataclass(frozen=True, slots=True)
class Chosen:
    """A line of chosen.jsonl: an article that was chosen to be annotated.

    Attributes:
        document_id: the article.
        arm: what it was chosen for; "random" articles measure what choosing saves.
        strategy: the one asked for.
        reason: in words, for people.
        chosen: when, ISO 8601.
        sent: whether it reached Label Studio; if not, the next command sends it first.
    """

    document_id: str
    arm: str
    strategy: str
    reason: str
    chosen: str
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be annotated next.

    Attributes:
        articles: in order, each with the record of its choice.
        available: articles that could have been chosen, near-duplicates once.
        labels: articles with labels, from which it was chosen.
    """

    articles: tuple[tuple[Document, Chosen], ...]
    available: int
    labels: int


def read_chosen(workspace: Path) -> list[Chosen]:
    """Return the articles chosen so far, in order; [] before the first.

    Raises:
        InputError: a line of chosen.jsonl is not a record of ours.
    """
    path = workspace / "chosen.jsonl"
    if not path.exists():
        return []
    return [parse(record, Chosen, f"{path}:{line}") for line, record in read_records(path)]


def remember_chosen(workspace: Path, batch: Iterable[Chosen]) -> None:
    """Add articles to those chosen so far, or bring their records up to date."""
    records = {record.document_id: record for record in [*read_chosen(workspace), *batch]}
    write_records(workspace / "chosen.jsonl", map(asdict, records.values()))


def mark_sent(batch: Iterable[Chosen]) -> list[Chosen]:
    """Return the records of articles that have reached Label Studio."""
    return [replace(record, sent=True) for record in batch]


def choose_next(
    workspace: Path,
    documents: Mapping[str, Document],
    waiting: Set[str],
    count: int,
    strategy: "Strategy",
) -> Next:
    """Choose the articles to annotate next; those that an earlier command failed to send first.

    Args:
        workspace: of the labels.
        documents: its articles, by id.
        waiting: ids of the articles that Label Studio has.
        count: how many to choose, if there are as many.
        strategy: which to choose.

    Raises:
        InputError: there is none left; says why.
    """
    from training.selection.choice import choose
    from training.selection.similarity import compare_words

    dataset = _read_labels(workspace)
    known = _known_articles(workspace, dataset) | waiting
    unsent = [
        (documents[record.document_id], record)
        for record in read_chosen(workspace)
        if not record.sent and record.document_id in documents.keys() - known
    ][:count]
    known |= {document.id for document, _ in unsent}
    pool = _make_pool(documents, known, dataset)
    if not (unsent or pool.candidates):
        raise InputError(_describe_end(workspace, len(documents), len(waiting)))
    if len(pool.candidates) > _MANY:
        say(f"choosing among {len(pool.candidates):,} articles")
    choices = choose(pool, count - len(unsent), strategy, compare_words)
    labels = len(dataset.examples) if dataset else 0
    articles = (*unsent, *_record_all(choices, strategy))
    return Next(articles, len(unsent) + len(pool.candidates), labels)


def measure_chosen(workspace: Path) -> "Saving | None":
    """Measure what choosing saved so far; None while the random arm is too small to tell.

    An article counts for the random arm wherever its place in the random order has been reached,
    whatever it was chosen for.
    """
    import numpy as np

    from training.selection.random_arm import group_of, rank
    from training.selection.saving import measure_saving

    dataset = _read_labels(workspace)
    if dataset is None:
        return None
    places = {example.document.id: n for n, example in enumerate(dataset.examples)}
    records = [record for record in read_chosen(workspace) if record.document_id in places]
    labelled = dataset.subset(places[record.document_id] for record in records)
    ranks = [rank(group_of(example.document)) for example in labelled.examples]
    pairs = zip(ranks, records, strict=True)
    reached = max((place for place, record in pairs if record.arm == "random"), default="")
    return measure_saving(labelled, np.array([place <= reached for place in ranks], np.bool_))


def _read_labels(workspace: Path) -> Dataset | None:
    """Return the agreed labels; None before the first pull or import."""
    return read_dataset(workspace) if (workspace / "dataset.jsonl").exists() else None


def _known_articles(workspace: Path, dataset: Dataset | None) -> set[str]:
    """Return the ids of the articles that somebody has worked on."""
    annotated = {annotation.document_id for annotation in read_annotations(workspace)}
    examples = dataset.examples if dataset else ()
    return annotated | {example.document.id for example in examples}


def _make_pool(
    documents: Mapping[str, Document], known: Set[str], dataset: Dataset | None
) -> "Pool":
    """Return the articles to choose from: of no group that has a known article."""
    from training.selection.choice import Pool
    from training.selection.random_arm import group_of, shuffle

    articles = [document for name, document in documents.items() if name in known]
    groups = {group_of(document) for document in articles}
    free = [document for document in documents.values() if group_of(document) not in groups]
    return Pool(shuffle(free), [document.text for document in articles], dataset)


def _record_all(choices: "Sequence[Choice]", strategy: str) -> list[tuple[Document, Chosen]]:
    """Return the articles with the records of their choice."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return [
        (choice.document, Chosen(choice.document.id, choice.arm, strategy, choice.reason, now))
        for choice in choices
    ]


def _describe_end(workspace: Path, articles: int, waiting: int) -> str:
    """Say why there is nothing left to choose."""
    if not articles:
        return f"{workspace}: no articles yet. Add some with `classify seeds add PATH`."
    return (
        f"{workspace}: nothing is left to choose: its {articles:,} articles are annotated, in "
        f"Label Studio ({waiting:,}) or near-duplicates of those. Add articles with `classify "
        "seeds add PATH`."
    )
