"""Annotations as they came from annotators, on disk as JSON lines."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from labels.taxonomy import Category, Taxonomy
from seeds.base.records import read_records, write_records
from seeds.base.settings import parse

IMPORTED = "import:"  # begins the annotator of labels that came from a file: "import:labels.csv"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotator's decision on one article.

    Attributes:
        document_id: the article.
        annotator: an e-mail address, or "import:FILE".
        categories: category ids, in taxonomy order; () means "none applies".
        status: only submitted ones count.
        seconds: time spent on the article, 0 if unknown.
        ground_truth: set by a person in Label Studio; settles disagreement.
        created: ISO 8601, "" if unknown.
        comment: the annotator's free comment.
        updated: when it was last changed, ISO 8601, "" if unknown.
        unsure: the annotator could not decide; it counts as no vote.
        origin: where it was made: in the project for disputes, in that for labels in doubt, or with
            `classify labels settle`; "" in the project itself or by an import.
        aside: ids of categories that it has and the taxonomy lacks, such as a retired one: they
            are kept, and do not count.
        shown_run: the run whose suggestion the annotator was shown, "" if none was.
        shown: the categories it suggested, in taxonomy order.
    """

    document_id: str
    annotator: str
    categories: tuple[str, ...]
    status: Literal["submitted", "skipped", "draft"] = "submitted"
    seconds: float = 0.0
    ground_truth: bool = False
    created: str = ""
    comment: str = ""
    updated: str = ""
    unsure: bool = False
    origin: Literal["", "adjudication", "review", "settled"] = ""
    aside: tuple[str, ...] = ()
    shown_run: str = ""
    shown: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether it was made in the workspace, so that no pull takes it away."""
        return self.annotator.startswith(IMPORTED) or self.origin == "settled"

    @property
    def last_change(self) -> tuple[float, str]:
        """When it was made or last changed; a later time compares greater."""
        text = self.updated or self.created
        time = moment(text)
        return (time - _EPOCH).total_seconds() if time else 0.0, text

    def within(self, taxonomy: Taxonomy) -> "Annotation":
        """Return the annotation with just the categories that a taxonomy lacks set aside."""
        is_known = taxonomy.places.__contains__
        if all(map(is_known, self.categories)) and not any(map(is_known, self.aside)):
            return self
        chosen = dict.fromkeys((*self.categories, *self.aside))
        known = tuple(name for name in taxonomy.ids if name in chosen)
        aside = tuple(name for name in chosen if not is_known(name))
        return replace(self, categories=known, aside=aside)


def moment(text: str) -> dt.datetime | None:
    """Return the time that ISO 8601 names, of UTC unless it says otherwise; None for other text."""
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def was_asked(vote: Annotation, category: Category) -> bool:
    """Tell whether a vote is an answer for a category that was added at some time."""
    answered, added = moment(vote.updated or vote.created), moment(category.added)
    is_later = bool(answered and added and answered >= added)
    if category.id in vote.categories or is_later:
        return True
    if category.split_from:  # who said no to the whole said no to each of its parts
        return category.split_from not in vote.aside
    return not (answered and added)


def read_annotations(workspace: Path) -> list[Annotation]:
    """Return the annotations in annotations.jsonl; [] before the first pull or import."""
    path = workspace / "annotations.jsonl"
    if not path.exists():
        return []
    return [parse(record, Annotation, f"{path}:{line}") for line, record in read_records(path)]


def write_annotations(workspace: Path, annotations: Iterable[Annotation]) -> None:
    """Replace annotations.jsonl, atomically."""
    write_records(workspace / "annotations.jsonl", map(asdict, annotations))
