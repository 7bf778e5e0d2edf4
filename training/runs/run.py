"""A run: one self-contained directory with a model and all that is needed to use and judge it.

model.safetensors, model.json   the weights and their settings
rule.json                       thresholds, and when an article needs review
taxonomy.json                   the categories
golden.json                     texts with the scores they must get
metrics.json                    how good it is, for programs
report.html, README.md          how good it is, for people
recipe.json, run.json           settings, seed, versions
split.json                      the articles it learned from and those it was measured on
out_of_fold.json                out-of-fold predictions of the articles it learned from
manifest.json                   the SHA-256 of each of the files above
"""

import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import make_readable, sha256, sync, write_text
from training.decision import Prediction, Rule
from training.golden import read_golden
from training.model import Model
from training.models import model_class
from training.runs.facts import RESTORE, RunFacts, read_facts
from training.runs.manifest import check_files, check_unchanged
from training.runs.outputs import original_of, read_as, read_outputs
from training.runs.texts import list_texts
from training.runtime import Runtime

if TYPE_CHECKING:
    from training.runs.trained import Trained

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Run:
    """A run, checked and ready to predict."""

    name: str
    path: Path
    facts: RunFacts
    taxonomy: Taxonomy
    rule: Rule
    model: Model

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one Prediction per text.

        Raises:
            TypeError: texts is no list of strings; names the position.
        """
        return self.rule.predictions(self.model.scores(list_texts(texts)))


def save_run(runs: Path, trained: "Trained") -> Path:
    """Write a run; its directory appears whole or not at all.

    Raises:
        InputError: the disk is full or the folder can't be written to.
    """

    def fill(building: Path) -> None:
        """Write the weights, then the other files."""
        trained.model.save(building)
        for name, value in trained.files.items():
            text = value if isinstance(value, str) else json.dumps(value, indent=2)
            write_text(building / name, text)

    return publish(_free_path(runs / trained.name), fill)


def publish(path: Path, fill: Callable[[Path], None]) -> Path:
    """Make a run's directory and its manifest; it appears whole or not at all.

    Args:
        path: of the new run; nothing may be there yet.
        fill: writes the run's files into an empty folder.

    Raises:
        InputError: the disk is full or the folder can't be written to.
    """
    for stale in path.parent.glob(".writing-*"):  # left by a killed command; the lock is ours
        shutil.rmtree(stale, ignore_errors=True)
    building = path.with_name(f".writing-{path.name}")
    try:
        building.mkdir(parents=True)
        fill(building)
        files = sorted(path for path in building.rglob("*") if path.is_file())
        hashes = {file.relative_to(building).as_posix(): sha256(file) for file in files}
        for file in files:
            make_readable(file)
            sync(file)  # files that a library wrote are on disk, too, before the run appears
        write_text(building / "manifest.json", json.dumps(hashes, indent=2))
        building.rename(path)
        sync(path.parent)
    except OSError as error:
        raise InputError(
            f"{path}: could not be written: {error.strerror or error}. Earlier runs are untouched. "
            "Free some space, or choose another folder."
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return path


def _free_path(path: Path) -> Path:
    """Return the path, numbered if two trainings of the same data ended in the same second."""
    numbered = (path.with_name(f"{path.name}-{n}") for n in itertools.count(2))
    candidates = itertools.chain([path], numbered)
    return next(candidate for candidate in candidates if not candidate.exists())


def load_run(
    path: Path,
    runtime: Runtime | None = None,
    *,
    names: Literal["current", "trained"] = "current",
) -> Run:
    """Load a run from its directory, checking every file against the manifest before parsing it.

    What is loaded is in memory: later changes of the files do not change its answers.

    Args:
        path: of the run.
        runtime: where and how it computes; None: exactly, to compare with figures of its training.
        names: "current": categories that were renamed, merged or retired since its training are
            read as `categories.json` beside it says; "trained": as it was trained.

    Raises:
        InputError: a file is missing, altered, not listed or not what it must be; names the file.
    """
    states = check_files(path)
    facts = read_facts(path)
    taxonomy = _read_part(path / "taxonomy.json", Taxonomy)
    rule = read_rule(path, facts)
    try:
        model = model_class(facts.kind).load(path, runtime or Runtime(dtype="exact"))
    except RecursionError as error:
        raise InputError(f"{path}: a file of it is nested too deep. {RESTORE}") from error
    check_unchanged(path, states)
    if not rule.categories == taxonomy.ids or model.scores([""]).shape != (1, len(taxonomy.ids)):
        raise InputError(f"{path}: model, rule and taxonomy differ in categories. {RESTORE}")
    outputs = read_outputs(path.parent).get(path.name) if names == "current" else None
    if outputs:
        taxonomy, rule, model = read_as(outputs, taxonomy, rule, model)
    return Run(path.name, path, facts, taxonomy, rule, model)


def read_rule(path: Path, facts: RunFacts) -> Rule:
    """Read rule.json of a run; in older runs only the notes of run.json name what was left out.

    Raises:
        InputError: the file is not what it must be.
    """
    rule = _read_part(path / "rule.json", Rule)
    return rule if rule.left_out else replace(rule, left_out=facts.categories_left_out)


def _read_part(file: Path, kind: type[T]) -> T:
    """Read a JSON file of a run into its dataclass."""
    return parse(read_object(file, RESTORE), kind, str(file))


def verify_run(path: Path) -> int:
    """Check a run's files, and that its golden texts still get the scores of its training.

    Returns:
        The number of golden texts compared.

    Raises:
        InputError: something differs; says what.
    """
    return verify_scores(load_run(path))


def verify_scores(run: Run) -> int:
    """Check the scores of a loaded run's golden texts, as `verify_run` does."""
    golden = read_golden(run.path)
    gap = golden.gap(original_of(run.model).scores(golden.texts))
    if not gap <= golden.tolerance:
        raise InputError(
            f"{run.path / 'golden.json'}: scores differ by up to {gap:.2g} from those at training. "
            f"It was trained with {', '.join(run.facts.versions)}. Install those, or train again."
        )
    return len(golden.texts)
