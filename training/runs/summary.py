"""A run in a line of a list: read from its small files, without reading the weights."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from training.runs.facts import RESTORE, RunFacts, parse_facts
from training.runs.manifest import read_listed


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Where a run comes from and how good it is: its macro-F1, in [0, 1]."""

    facts: RunFacts
    macro_f1: float


def summarize_run(path: Path) -> RunSummary:
    """Summarise a run. Only the files that are read are checked; `runs verify` checks all.

    Raises:
        InputError: a file is missing, not listed or not what it must be; names it.
    """
    facts = parse_facts(_read(path, "run.json"), path)
    figure = _read(path, "metrics.json").get("macro_f1")
    value = figure.get("value") if isinstance(figure, dict) else None
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(
            f"{path / 'metrics.json'}: 'macro_f1.value' must be from 0 to 1. {RESTORE}"
        )
    return RunSummary(facts, float(value))


def read_card(path: Path) -> str:
    """Return the model card of a run: README.md.

    Raises:
        InputError: as of `summarize_run`.
    """
    return read_listed(path, "README.md").decode("utf-8", "replace")


def _read(path: Path, name: str) -> dict[str, Any]:
    """Return the JSON object in a file of a run."""
    try:
        record = json.loads(read_listed(path, name))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path / name}: not JSON ({error}). {RESTORE}") from error
    if not isinstance(record, dict):
        raise InputError(f"{path / name}: expected a JSON object. {RESTORE}")
    return record
