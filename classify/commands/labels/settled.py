"""What a pull or an import settled, in lines for a person."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.terminal import escape, quantity, say

if TYPE_CHECKING:
    from classify.workspace.labels import Labels


_DISPUTES_SHOWN = 5  # lines; adjudicate.jsonl lists all


def print_labels(folder: Path, settled: "Labels", counted: Mapping[str, int]) -> None:
    """Print the agreed labels, the disputes, and the path of the dataset."""
    dataset, disputes = settled.agreed
    if counted:
        say("annotations: " + ", ".join(f"{n:,} {name}" for name, n in sorted(counted.items())))
    agreed = quantity(len(dataset.examples), "article")
    say(f"{agreed} with agreed labels, {len(disputes):,} to adjudicate")
    for dispute in disputes[:_DISPUTES_SHOWN]:
        title = settled.documents[dispute.document_id].text.partition("\n")[0]
        say(f"  {dispute.document_id}  {escape(title)[:44]:<44}  {', '.join(dispute.disputed)}?")
    if len(disputes) > _DISPUTES_SHOWN:
        say(f"  … the full list: {folder / 'adjudicate.jsonl'}")
    click.echo(f"{folder / 'dataset.jsonl'}")
