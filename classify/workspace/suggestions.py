"""Predictions of a run in Label Studio: shown to annotators as ticked categories."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from classify.progress import track_count
from classify.terminal import quantity, say
from seeds.base.errors import InputError

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.prediction_result import Suggestion
    from labels.studio.prediction_sync import Replaced
    from labels.studio.project import Project
    from labels.taxonomy import Taxonomy
    from training.runs.run import Run

_RUN_NAME = re.compile(r"\d{8}-\d{6}-[a-z]+-[0-9a-f]{8}[a-z0-9._-]*")  # given by `classify train`
_TASKS_SHOWN = 5  # ids in a line: enough to look at some


def load_suggesting_run(workspace: Path, name: str | None, taxonomy: "Taxonomy") -> "Run":
    """Load a run whose predictions the labelling interface can show.

    Args:
        workspace: of the runs.
        name: of the run; None: the current one.
        taxonomy: of the labelling interface; predictions of categories it lacks are not sent.

    Raises:
        InputError: there is no such run, or it predicts several categories where one is wanted.
    """
    from training.runs.registry import find_run
    from training.runs.run import load_run
    from training.runtime import Runtime

    run = load_run(find_run(workspace / "runs", name), Runtime())
    if taxonomy.choice == "single" and run.rule.choice == "multiple":
        raise InputError(
            f"{run.name}: predicts several categories an article, but taxonomy.toml now allows "
            "one. Train again, or choose another run with --run."
        )
    unknown = [category for category in run.taxonomy.ids if category not in taxonomy.ids]
    if unknown:
        say(
            f"warning: {run.name} also predicts {', '.join(unknown)}, which the taxonomy lacks; "
            "not sent. Train again."
        )
    if run.rule.left_out:
        say(f"{run.name} suggests nothing of {', '.join(run.rule.left_out)}: left out of training")
    return run


def send_predictions(
    studio: "Studio", project: "Project", run: "Run", which: Literal["all", "outdated"] = "all"
) -> None:
    """Replace the predictions of earlier runs in a project by a run's, and print what was done."""
    from labels.studio.prediction_result import suggest
    from labels.studio.prediction_sync import replace_predictions

    def suggest_all(texts: Sequence[str]) -> "list[Suggestion]":
        """Predict texts, for the pages that annotators see."""
        return [
            suggest(run.name, prediction.categories, prediction.probabilities, run.rule.choice)
            for prediction in run.predict(texts)
        ]

    with track_count("Predicting", None) as count:
        result = replace_predictions(
            studio,
            project.id,
            run.name,
            suggest_all,
            ours=_is_run_name,
            which=which,
            progress=count,
        )
    _print_result(run.name, result)


def _print_result(run: str, result: "Replaced") -> None:
    """Print what was done to the predictions of a project."""
    for version in result.removed:
        say(f"predictions of {version} removed")
    if result.repaired:
        say(
            f"{quantity(result.repaired, 'prediction')} removed: duplicates, or altered by somebody"
        )
    say(f"{quantity(result.sent, 'prediction')} sent, {result.present:,} already there: {run}")
    if result.reordered:
        say("annotators now get the articles first that it is least sure of")
    if result.foreign:
        shown = ", ".join(map(str, result.foreign[:_TASKS_SHOWN]))
        ellipsis = ", …" if len(result.foreign) > _TASKS_SHOWN else ""
        tasks = quantity(len(result.foreign), "task")
        say(f"{tasks} skipped that contain no article of this workspace: {shown}{ellipsis}")


def _is_run_name(version: str) -> bool:
    """Tell whether a model version names a run, even one deleted since."""
    return _RUN_NAME.fullmatch(version) is not None
