"""Predictions of a run in Label Studio: shown to annotators as ticked categories."""

from collections.abc import Collection, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from classify.progress import track_count
from classify.terminal import quantity, say
from seeds.base.errors import InputError
from seeds.document import stream_documents

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.prediction_result import Suggestion
    from labels.studio.prediction_sync import Replaced
    from labels.studio.project import Project
    from labels.taxonomy import Taxonomy
    from training.runs.run import Run

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


def read_blind_ids(workspace: Path) -> frozenset[str]:
    """Return the ids of the articles that get no suggestion, for runs are measured on them.

    They are those of the frozen test set, and those that join it once they are labelled.

    Raises:
        InputError: split.json or documents.jsonl can't be read.
    """
    from training.splitting.blind import find_blind_ids
    from training.splitting.split import read_split

    split = read_split(workspace)
    return find_blind_ids(split, stream_documents(workspace)) if split else frozenset()


def remove_blind_suggestions(studio: "Studio", project: "Project", blind: Collection[str]) -> None:
    """Remove our suggestions from articles that are labelled without, and print how many."""
    from labels.studio.prediction_result import is_run_name
    from labels.studio.prediction_sync import remove_predictions

    _print_blind(remove_predictions(studio, project.id, blind, is_run_name))


def send_predictions(
    studio: "Studio",
    project: "Project",
    run: "Run",
    which: Literal["all", "outdated"] = "all",
    *,
    blind: Set[str],
) -> None:
    """Replace the predictions of earlier runs in a project by a run's, and print what was done.

    Args:
        studio: the server.
        project: which to change.
        run: predicts.
        which: see replace_predictions.
        blind: ids of the articles that get none.
    """
    from labels.studio.prediction_result import is_run_name, suggest
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
            ours=is_run_name,
            which=which,
            blind=blind,
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
    _print_blind(result.blind)
    if result.reordered:
        say("annotators now get the articles first that it is least sure of")
    if result.foreign:
        shown = ", ".join(map(str, result.foreign[:_TASKS_SHOWN]))
        ellipsis = ", …" if len(result.foreign) > _TASKS_SHOWN else ""
        tasks = quantity(len(result.foreign), "task")
        say(f"{tasks} skipped that contain no article of this workspace: {shown}{ellipsis}")


def _print_blind(removed: int) -> None:
    """Print how many suggestions were removed from articles that are labelled without."""
    if removed:
        say(f"{quantity(removed, 'suggestion')} removed: runs are measured on these articles")
