"""The runs of a workspace: list, find, promote, roll back."""

import re
from pathlib import Path

from seeds.base.errors import InputError
from seeds.base.storage import write_text
from training.runs.manifest import is_folder
from training.runs.run import Run, verify_run, verify_scores

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def list_runs(runs: Path) -> list[Path]:
    """Return the run directories, damaged ones too, oldest first."""
    if not runs.is_dir():
        return []
    return sorted(path for path in runs.iterdir() if _NAME.fullmatch(path.name) and path.is_dir())


def find_run(runs: Path, name: str | None = None) -> Path:
    """Return the path of a run by its name or path; without one, of the current run.

    Raises:
        InputError: there is no such run, or the name would leave the folder of runs.
    """
    if name is None:
        promoted = list_promotions(runs)
        if not promoted:
            raise InputError(
                f"{runs}: no trained model yet. Run `classify train` once there are labels."
            )
        return runs / promoted[-1]
    if "/" in name and is_folder(Path(name)):
        return Path(name)
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is not a run name: only a-z, 0-9, '.', '_' and '-' are allowed. "
            "`classify runs list` shows the names."
        )
    if not is_folder(runs / name):
        raise InputError(f"{runs / name}: no such run. `classify runs list` shows the runs.")
    return runs / name


def list_promotions(runs: Path) -> list[str]:
    """Return the names in runs/current: every run promoted, the current one last."""
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
        InputError: it is in another folder, or its golden texts get other scores now.
    """
    if run.path.resolve().parent != runs.resolve():
        raise InputError(f"{run.path}: not in {runs}. Copy the run there, then promote it by name.")
    verify_scores(run)
    earlier = [name for name in list_promotions(runs) if name != run.name]
    write_text(runs / "current", "\n".join([*earlier, run.name]) + "\n")


def roll_back(runs: Path) -> str:
    """Make the run current that was so before; return its name.

    Raises:
        InputError: there is no earlier run.
    """
    names = list_promotions(runs)
    if len(names) < 2:
        raise InputError(f"{runs / 'current'}: no earlier run to go back to. Promote one by name.")
    verify_run(find_run(runs, names[-2]))
    write_text(runs / "current", "\n".join(names[:-1]) + "\n")
    return names[-2]
