"""What a soak put in, written down by the soak itself, and whether all of it is there once."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Vote = tuple[str, str]  # an article's text, an annotator
Labels = dict[str, tuple[str, ...]]  # an article's text -> its categories

SHOWN = 200  # characters of a finding
OVERLAP = 2  # votes that settle an article, as in configs/labelstudio.toml


@dataclass
class Findings:
    """What went wrong, counted by kind. lines: one for each, with the step at which it showed."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    step: str = ""

    def add(self, kind: str, detail: str) -> None:
        """Count one."""
        self.counts[kind] += 1
        self.lines.append(f"{self.step}: {kind}: {detail[:SHOWN]}")

    def compare(self, noun: str, expected: Iterable[Any], found: Iterable[Any]) -> None:
        """Compare what must be there, each exactly once, with what is there."""
        wanted, present = Counter(expected), Counter(found)
        for value, number in (wanted - present).items():
            self.add(f"{noun} lost", f"{value} ({number} of {wanted[value]})")
        for value, number in (present - wanted).items():
            kind = "doubled" if value in wanted else "invented"
            self.add(f"{noun} {kind}", f"{value} ({number} too many)")


@dataclass
class Ledger:
    """What must be there.

    Attributes:
        categories: those of the taxonomy, in its order.
        stored: texts that a command has stored.
        pending: texts that a command was to store when something befell it.
        votes: what was submitted to Label Studio.
        imported: labels that came from files.
        pulled, filed: the parts of votes and of imported that the workspace showed last.
        runs: names of the trained models.
    """

    categories: tuple[str, ...]
    stored: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    votes: dict[Vote, tuple[str, ...]] = field(default_factory=dict)
    imported: dict[Vote, tuple[str, ...]] = field(default_factory=dict)
    pulled: dict[Vote, tuple[str, ...]] = field(default_factory=dict)
    filed: dict[Vote, tuple[str, ...]] = field(default_factory=dict)
    runs: set[str] = field(default_factory=set)

    def settle(self, votes: Mapping[Vote, tuple[str, ...]]) -> tuple[Labels, set[str]]:
        """Return the labels on which more than half agree, and the articles that are disputed.

        One person's vote alone settles nothing; one from a file does.
        """
        by_text: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        for (text, annotator), chosen in votes.items():
            by_text[text][annotator] = chosen
        agreed, disputed = Labels(), set()
        for text, choices in by_text.items():
            if len(choices) < OVERLAP and not any(name.startswith("import:") for name in choices):
                continue
            counts = Counter(name for chosen in choices.values() for name in chosen)
            agreed[text] = tuple(n for n in self.categories if 2 * counts[n] > len(choices))
            if any(2 * count == len(choices) for count in counts.values()):
                disputed.add(text)
        return agreed, disputed


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file; none if it is not there yet."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check_articles(folder: Path, ledger: Ledger, findings: Findings, *, settled: bool) -> None:
    """Compare documents.jsonl with the ledger.

    settled: the last command was left alone, so that nothing is pending any more.
    """
    texts = [record["text"] for record in read_lines(folder / "documents.jsonl")]
    if settled:
        ledger.stored |= ledger.pending
        ledger.pending.clear()
    arrived = ledger.pending & set(texts)
    findings.compare("article", ledger.stored | arrived, texts)


def check_labels(folder: Path, ledger: Ledger, findings: Findings, *, settled: bool) -> None:
    """Compare annotations.jsonl, adjudicate.jsonl and dataset.jsonl with the ledger.

    A pull or an import that something befell may have replaced each of the files or not, but
    never a part of it.
    """
    states = _states(ledger, settled=settled)
    texts = {record["id"]: record["text"] for record in read_lines(folder / "documents.jsonl")}
    for noun, found, expected in (
        ("vote", _votes(folder, texts), [_expected_votes(state) for state in states]),
        ("label", _agreed(folder), [list(ledger.settle(state)[0].items()) for state in states]),
        ("dispute", _disputed(folder, texts), [list(ledger.settle(state)[1]) for state in states]),
    ):
        if not any(Counter(found) == Counter(state) for state in expected):
            findings.compare(noun, expected[-1], found)


def _states(ledger: Ledger, *, settled: bool) -> list[dict[Vote, tuple[str, ...]]]:
    """Return the votes that the files may show; the last ones are those they should."""
    if settled:
        ledger.pulled, ledger.filed = dict(ledger.votes), dict(ledger.imported)
    servers, files = (ledger.pulled, ledger.votes), (ledger.filed, ledger.imported)
    return [{**server, **file} for server in servers for file in files]


def _expected_votes(state: Mapping[Vote, tuple[str, ...]]) -> list[Any]:
    return [(*vote, chosen) for vote, chosen in state.items()]


def _votes(folder: Path, texts: Mapping[str, str]) -> list[Any]:
    return [
        (texts.get(vote["document_id"], "?"), vote["annotator"], tuple(vote["categories"]))
        for vote in read_lines(folder / "annotations.jsonl")
    ]


def _agreed(folder: Path) -> list[Any]:
    records = read_lines(folder / "dataset.jsonl")
    return [(record["text"], tuple(record["labels"])) for record in records]


def _disputed(folder: Path, texts: Mapping[str, str]) -> list[Any]:
    records = read_lines(folder / "adjudicate.jsonl")
    return [texts.get(record["document_id"], "?") for record in records]
