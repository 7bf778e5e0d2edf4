"""Runs under the new ids of categories: runs/categories.json says how their outputs are read."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labels.migration.operation import Operation
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.base.records import read_object
from training.runs.outputs import Outputs, Renamed, read_outputs


@dataclass(frozen=True, slots=True)
class RenamedRuns:
    """runs/categories.json after an operation. changed: the runs whose entry is new."""

    text: str
    changed: tuple[str, ...]


def rename_in_runs(workspace: Path, operation: Operation, taxonomy: Taxonomy) -> RenamedRuns:
    """Return how the outputs of each run are read after an operation.

    taxonomy: after the operation.
    """
    runs = workspace / "runs"
    outputs = read_outputs(runs)
    changed = []
    for path in sorted(runs.glob("*/taxonomy.json")):
        name = path.parent.name
        try:
            trained = [str(entry["id"]) for entry in read_object(path)["categories"]]
        except (InputError, LookupError, TypeError):
            continue  # a run that is damaged is not loaded either
        entry = outputs.get(name, Outputs())
        renamed = _rename(entry, trained, operation, taxonomy)
        if renamed != entry:
            outputs[name] = renamed
            changed.append(name)
    records = {name: _record(entry) for name, entry in sorted(outputs.items())}
    return RenamedRuns(json.dumps(records, ensure_ascii=False, indent=2) + "\n", tuple(changed))


def _rename(entry: Outputs, trained: list[str], operation: Operation, after: Taxonomy) -> Outputs:
    """Apply an operation to what the outputs of a run are read as."""
    current = {output: entry.names.get(output, output) for output in trained}
    heirs = dict.fromkeys(operation.ended, "") | operation.mapping
    names = {output: heirs.get(name, name) for output, name in current.items()}
    if names == current:
        return entry
    parts = [target.id for target in operation.targets if operation.kind == "split"]
    new = {category.id: category for category in (*entry.categories, *after.categories)}
    return replace(
        entry,
        renamed=tuple(Renamed(o, name) for o, name in names.items() if name != o),
        left_out=tuple(dict.fromkeys((*entry.left_out, *parts))),
        categories=tuple(new[name] for name in dict.fromkeys(names.values()) if name in new),
    )


def _record(entry: Outputs) -> dict[str, Any]:
    return {
        "renamed": [{"output": one.output, "id": one.id} for one in entry.renamed],
        "left_out": list(entry.left_out),
        "categories": [category.record() for category in entry.categories],
    }
