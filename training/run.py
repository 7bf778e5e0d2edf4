"""A run: one self-contained directory with a model and all that is needed to use and to judge it.

model.safetensors, model.json   the weights and how they count
rule.json                       calibration, thresholds, when to ask a person
taxonomy.json                   the categories
golden.json                     texts with the scores they must give
metrics.json                    how good it is, for programs
report.html, README.md          how good it is, for people
recipe.json, run.json           settings, seed, versions
split.json                      the articles it learned from and those it was measured on
out_of_fold.json                what models that had not learned from an article gave it
manifest.json                   the SHA-256 of each of the files above
"""

import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.base.settings import parse
from seeds.base.storage import readable, sync, write_text
from training.model import Model, Prediction, Rule, Runtime
from training.models import model_class

if TYPE_CHECKING:
    from training.train import Trained

FORMAT = 3  # raised when a run of before can no longer be read
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_FILE = re.compile(r"(encoder/)?[A-Za-z0-9_][A-Za-z0-9._-]*")  # in a run: at most one folder down
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
_ALWAYS = (
    "README.md",
    "golden.json",
    "metrics.json",
    "model.json",
    "recipe.json",
    "report.html",
    "rule.json",
    "run.json",
    "split.json",
    "taxonomy.json",
)
# Of float32 sums of a few thousand terms added in another order; golden.json may have its own.
_GOLDEN_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class RunFacts:
    """run.json: where a run comes from.

    exported_from: the run it was converted from, or "". base_model: the encoder it began with, by
    its name on the hub or its folder's; "" without one.
    """

    format: int
    kind: str
    created: str
    classify: str
    dataset: str
    articles: int
    test_articles: int
    seconds: float
    seed: int
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    versions: tuple[str, ...]
    exported_from: str = ""
    base_model: str = ""


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
        """One Prediction a text."""
        return self.rule.predictions(self.model.scores(texts))


def save_run(runs: Path, trained: "Trained") -> Path:
    """Write a run; its directory appears whole or not at all.

    Raises:
        InputError: the disk is full or the folder can't be written to.
    """

    def fill(building: Path) -> None:
        """The weights, then what else is known of the run."""
        trained.model.save(building)
        for name, value in trained.files.items():
            text = value if isinstance(value, str) else json.dumps(value, indent=2)
            write_text(building / name, text)

    return publish(_free(runs / trained.name), fill)


def publish(path: Path, fill: Callable[[Path], None]) -> Path:
    """Make a run's directory and its manifest; it appears whole or not at all.

    Args:
        path: of the run to be; there must be none yet.
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
        files = sorted(each for each in building.rglob("*") if each.is_file())
        hashes = {each.relative_to(building).as_posix(): _sha256(each) for each in files}
        for each in files:
            readable(each)
            sync(each)  # a library's own files too are on disk before the run appears
        write_text(building / "manifest.json", json.dumps(hashes, indent=2))
        building.rename(path)
        sync(path.parent)
    except OSError as error:
        raise InputError(
            f"{path}: could not be written: {error.strerror or error}. Earlier runs are untouched; "
            "free some space or choose another folder."
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return path


def _free(path: Path) -> Path:
    """The path, numbered if two trainings of the same data ended in the same second."""
    numbered = (path.with_name(f"{path.name}-{n}") for n in itertools.count(2))
    return next(each for each in itertools.chain([path], numbered) if not each.exists())


def load_run(path: Path, runtime: Runtime | None = None) -> Run:
    """A run from its directory, every file checked against the manifest before it is parsed.

    runtime: where and how it computes; None: exactly, to be held against figures of its training.

    Raises:
        InputError: a file is missing, altered or not what it must be; names the file.
    """
    check_files(path)
    facts = read_facts(path)
    model = model_class(facts.kind).load(path, runtime or Runtime(dtype="exact"))
    taxonomy = parse(_read_json(path / "taxonomy.json"), Taxonomy, str(path / "taxonomy.json"))
    rule = parse(_read_json(path / "rule.json"), Rule, str(path / "rule.json"))
    if not rule.categories == taxonomy.ids or model.scores([""]).shape != (1, len(taxonomy.ids)):
        raise InputError(f"{path}: model, rule and taxonomy differ in categories. {_RESTORE}")
    return Run(path.name, path, facts, taxonomy, rule, model)


def read_facts(path: Path) -> RunFacts:
    """run.json of a run.

    Raises:
        InputError: another version wrote it; says which, and what helps.
    """
    record = _read_json(path / "run.json")
    if record.get("format") != FORMAT:
        raise InputError(
            f"{path}: written by classify {record.get('classify', '?')} in run format "
            f"{record.get('format', '?')}; this is format {FORMAT}. "
            "Train again with `classify train`, or install the version that wrote it."
        )
    return parse(record, RunFacts, str(path / "run.json"))


def check_files(path: Path) -> None:
    """Compare every file of a run with its manifest.

    Raises:
        InputError: names the first file that is missing or altered.
    """
    if not path.is_dir():
        raise InputError(f"{path}: no such run. `classify runs list` shows those there are.")
    manifest = _read_json(path / "manifest.json")
    for name, expected in manifest.items():
        file = path / name
        if not _FILE.fullmatch(name) or not file.is_file():
            raise InputError(f"{file}: missing from the run. {_RESTORE}")
        if name.endswith(".safetensors"):
            _refuse_pickle(file)
        if _sha256(file) != expected:
            raise InputError(f"{file}: altered or truncated since training. {_RESTORE}")
    for name in _ALWAYS:
        if name not in manifest:
            raise InputError(f"{path / 'manifest.json'}: does not list {name}. {_RESTORE}")


_RESTORE = "Restore the run from a copy, choose another with --run, or train again."


def verify_run(path: Path) -> int:
    """Check a run's files, and that it still gives the scores its golden texts had.

    Returns:
        How many golden texts were compared.

    Raises:
        InputError: something differs; says what.
    """
    return _verify(load_run(path))


def _verify(run: Run) -> int:
    """The same of a run whose files were checked when it was loaded."""
    golden = _read_json(run.path / "golden.json")
    scores = run.model.scores(golden["texts"])
    gap = float(np.abs(scores - np.array(golden["scores"], np.float32)).max(initial=0))
    if not gap <= golden.get("tolerance", _GOLDEN_TOLERANCE):
        raise InputError(
            f"{run.path / 'golden.json'}: scores differ by up to {gap:.2g} from those at training. "
            f"Versions then: {', '.join(run.facts.versions)}. Install those, or train again."
        )
    return len(golden["texts"])


def list_runs(runs: Path) -> list[Path]:
    """The run directories, damaged ones too, oldest first."""
    if not runs.is_dir():
        return []
    return sorted(each for each in runs.iterdir() if _NAME.fullmatch(each.name) and each.is_dir())


def find_run(runs: Path, name: str | None = None) -> Path:
    """A run by its name or path; without one, the current run.

    Raises:
        InputError: there is none such, or the name would leave the folder of runs.
    """
    if name is None:
        promoted = promotions(runs)
        if not promoted:
            raise InputError(
                f"{runs}: no trained model yet. Run `classify train` once there are labels."
            )
        return runs / promoted[-1]
    if "/" in name and Path(name).is_dir():
        return Path(name)
    if not _NAME.fullmatch(name):
        raise InputError(
            f"run name {name!r} may hold only a-z, 0-9, '.', '_' and '-'. "
            "`classify runs list` shows the names."
        )
    if not (runs / name).is_dir():
        raise InputError(f"{runs / name}: no such run. `classify runs list` shows those there are.")
    return runs / name


def promotions(runs: Path) -> list[str]:
    """The names in runs/current: every run promoted, the current one last."""
    try:
        lines = (runs / "current").read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{runs / 'current'}: {error}. Run `classify runs promote RUN`."
        ) from error
    return [name for name in lines if _NAME.fullmatch(name)]


def promote(runs: Path, run: Run) -> None:
    """Make a run the one that `classify predict` uses, after verifying it.

    Raises:
        InputError: it is elsewhere, or scores its golden texts otherwise.
    """
    if run.path.resolve().parent != runs.resolve():
        raise InputError(f"{run.path}: not in {runs}. Copy the run there, then promote it by name.")
    _verify(run)
    kept = [each for each in promotions(runs) if each != run.name]
    write_text(runs / "current", "\n".join([*kept, run.name]) + "\n")


def roll_back(runs: Path) -> str:
    """Go back to the run that was current before; returns its name.

    Raises:
        InputError: there is no earlier one.
    """
    names = promotions(runs)
    if len(names) < 2:
        raise InputError(f"{runs / 'current'}: no earlier run to go back to. Promote one by name.")
    verify_run(find_run(runs, names[-2]))
    write_text(runs / "current", "\n".join(names[:-1]) + "\n")
    return names[-2]


def _refuse_pickle(file: Path) -> None:
    with file.open("rb") as data:
        start = data.read(4)
    if start.startswith(_PICKLE_STARTS):
        raise InputError(
            f"{file}: a pickle or zip archive in place of safetensors weights; it was not opened. "
            + _RESTORE
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. {_RESTORE}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON. {_RESTORE}") from error
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a JSON object. {_RESTORE}")
    return value


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. {_RESTORE}") from error


def facts_record(facts: RunFacts) -> dict[str, Any]:
    """run.json of a run about to be written."""
    return asdict(facts)
