"""The runs of a workspace: list, find, promote, roll back."""

import re
from pathlib import Path

from seeds.base.errors import InputError
from seeds.base.storage import write_text
from training.runs.run import Run, verify_run, verify_scores

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


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
        promoted = list_promotions(runs)
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


def list_promotions(runs: Path) -> list[str]:
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
    verify_scores(run)
    kept = [each for each in list_promotions(runs) if each != run.name]
    write_text(runs / "current", "\n".join([*kept, run.name]) + "\n")


def roll_back(runs: Path) -> str:
    """Go back to the run that was current before; returns its name.

    Raises:
        InputError: there is no earlier one.
    """
    names = list_promotions(runs)
    if len(names) < 2:
        raise InputError(f"{runs / 'current'}: no earlier run to go back to. Promote one by name.")
    verify_run(find_run(runs, names[-2]))
    write_text(runs / "current", "\n".join(names[:-1]) + "\n")
    return names[-2]
