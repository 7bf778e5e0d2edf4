"""A run in a line of a list, or as its card: read without its weights."""

from dataclasses import dataclass
from pathlib import Path

from seeds.base.errors import InputError
from seeds.base.records import read_object
from training.runs.facts import RESTORE, RunFacts, read_facts
from training.runs.manifest import check_files, check_small_files


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Where a run comes from and how good it is: its macro-F1, in [0, 1]."""

    facts: RunFacts
    macro_f1: float


def summarize_run(path: Path) -> RunSummary:
    """Summarise a run. Of its weights only the length is checked; `runs verify` checks all.

    Raises:
        InputError: a file is missing, altered, not listed or not what it must be; names it.
    """
    check_small_files(path)
    facts = read_facts(path)
    figure = read_object(path / "metrics.json", RESTORE).get("macro_f1")
    value = figure.get("value") if isinstance(figure, dict) else None
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(
            f"{path / 'metrics.json'}: 'macro_f1.value' must be from 0 to 1. {RESTORE}"
        )
    return RunSummary(facts, float(value))


def read_card(path: Path) -> str:
    """Return the model card of a run, README.md, after checking all of its files.

    Raises:
        InputError: a file is missing, altered or not listed; names it.
    """
    check_files(path)
    return (path / "README.md").read_text(encoding="utf-8", errors="replace")
