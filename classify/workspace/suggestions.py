"""What a run says of the articles of a project: shown to annotators as ticked categories."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from classify.progress import counting
from classify.terminal import quantity, say
from seeds.base.errors import InputError

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.project import Project
    from labels.studio.suggestion import Suggestion
    from labels.taxonomy import Taxonomy
    from training.runs.run import Run

_RUN = re.compile(r"\d{8}-\d{6}-[a-z]+-[0-9a-f]{8}[a-z0-9._-]*")  # as `classify train` names them
_TASKS_SHOWN = 5  # ids in a line: enough to look at some


def fitting_run(workspace: Path, name: str | None, taxonomy: "Taxonomy") -> "Run":
    """The run to predict with, one whose answers the labelling interface can show.

    Args:
        workspace: of the runs.
        name: of the run; None: the current one.
        taxonomy: of the labelling interface. Of categories that it lacks none is sent.

    Raises:
        InputError: there is no such run, or it gives several categories where one is wanted.
    """
    from training.runs.registry import find_run
    from training.runs.run import load_run
    from training.runtime import Runtime

    run = load_run(find_run(workspace / "runs", name), Runtime())
    if taxonomy.choice == "single" and run.rule.choice == "multiple":
        raise InputError(
            f"{run.name}: gives several categories an article, and taxonomy.toml now wants one. "
            "Train again, or choose another with --run."
        )
    unknown = [each for each in run.taxonomy.ids if each not in taxonomy.ids]
    if unknown:
        say(
            f"warning: {run.name} also knows {', '.join(unknown)}, which the taxonomy lacks: not "
            "sent. Train again."
        )
    return run


def send_predictions(
    studio: "Studio", project: "Project", run: "Run", which: Literal["all", "outdated"] = "all"
) -> None:
    """Show a run's predictions in the place of an earlier run's, and say what was done."""
    from labels.studio.prediction_sync import replace_predictions
    from labels.studio.suggestion import suggest

    def suggest_all(texts: Sequence[str]) -> "list[Suggestion]":
        """What the run says of some texts."""
        return [
            suggest(run.name, each.categories, each.probabilities, run.rule.choice)
            for each in run.predict(texts)
        ]

    with counting("Predicting", None) as count:
        done = replace_predictions(
            studio,
            project.id,
            run.name,
            suggest_all,
            ours=_is_run_of_ours,
            which=which,
            progress=count,
        )
    for version in done.removed:
        say(f"predictions of {version} removed")
    if done.repaired:
        say(f"{quantity(done.repaired, 'prediction')} removed that stood twice or had been changed")
    say(f"{quantity(done.sent, 'prediction')} sent, {done.present:,} already there: {run.name}")
    if done.foreign:
        more = ", …" if len(done.foreign) > _TASKS_SHOWN else ""
        ids = f"{', '.join(map(str, done.foreign[:_TASKS_SHOWN]))}{more}"
        say(f"{quantity(len(done.foreign), 'task')} left out that hold no article of ours: {ids}")


def _is_run_of_ours(version: str) -> bool:
    """Whether a model version is the name of a run, one that may be deleted meanwhile."""
    return _RUN.fullmatch(version) is not None
