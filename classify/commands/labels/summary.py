"""What a pull or an import settled, in lines for a person."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from classify.commands.labels.disputes import describe_disputes, dispute_lines
from classify.terminal import quantity, say

if TYPE_CHECKING:
    from classify.workspace.labels import Labels


_DISPUTES_SHOWN = 20  # lines; adjudicate.jsonl lists all


def print_labels(
    folder: Path,
    settled: "Labels",
    counted: Mapping[str, int],
    links: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Print the agreed labels, the disputes, what waits for votes, and the path of the dataset."""
    dataset, disputes, waiting = settled.agreed
    if counted:
        say("annotations: " + ", ".join(f"{n:,} {name}" for name, n in sorted(counted.items())))
    disputed = {dispute.document_id for dispute in disputes}
    agreed = sum(example.document.id not in disputed for example in dataset.examples)
    say(f"{quantity(agreed, 'article')} with agreed labels, {len(disputes):,} to adjudicate")
    if waiting:
        say(
            f"{quantity(len(waiting), 'article')} waiting: not yet {settled.votes_needed} votes. "
            "Where fewer are enough, set votes in labelstudio.toml, then pull again"
        )
    if dataset.unknown_pairs:
        say(
            f"{quantity(dataset.unknown_pairs, 'pair')} of article and category unknown: disputed, "
            "or the category was added later; training leaves out these pairs alone"
        )
    shown = disputes[:_DISPUTES_SHOWN]
    for line in dispute_lines(describe_disputes(shown, settled, links)):
        say(line)
    if len(disputes) > _DISPUTES_SHOWN:
        say(f"  … the full list: {folder / 'adjudicate.jsonl'}")
    click.echo(f"{folder / 'dataset.jsonl'}")
