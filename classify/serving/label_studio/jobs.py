"""The jobs of the service that take time: train, send predictions, fetch missed annotations.

    python -m classify.serving.label_studio.jobs train|predictions|annotations WORKSPACE RUN

Each runs in a process of its own. Its log goes to standard error, and its result to standard
output, as JSON. It ends when its standard input does, which the end of the service brings about.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classify.terminal import say
from seeds.base.errors import InputError
from seeds.base.locks import locked

if TYPE_CHECKING:
    from classify.workspace.training import TrainedRun

_TRAINING = "a training of classify serve"  # shown to a command that has to wait for it
_NICE = 10  # requests to the service have priority
_PATIENCE = 900.0  # seconds to wait for a person's command in the same workspace


def main() -> None:
    """Do the job named on the command line; exit with 1 for an error that a user can fix."""
    name, workspace, run = sys.argv[1:]
    if hasattr(os, "nice"):
        os.nice(_NICE)
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    try:
        print(json.dumps(JOBS[name](Path(workspace), Path(run))))
    except InputError as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _end_with_the_service() -> None:
    """Interrupt this process when its standard input ends."""
    while os.read(0, 4096):  # not sys.stdin, whose lock Python needs when it exits
        pass
    os.kill(os.getpid(), signal.SIGINT)


def train(workspace: Path, run: Path) -> dict[str, str]:
    """Fetch the annotations and train like a given run; promote the new run unless it is worse.

    Raises:
        InputError: see `classify labels pull` and `classify train`.
    """
    from classify.progress import track_count
    from classify.serving.label_studio.connected_project import read_connected_project
    from classify.workspace.labels import pull_annotations
    from classify.workspace.training import Listener, TrainingSettings, train_and_promote
    from training.runs.facts import read_facts

    project = read_connected_project(workspace)
    if project is None:
        raise InputError("no project is connected any more. Run `classify labels connect`.")
    with locked(workspace, _TRAINING, patience=_PATIENCE):
        pull_annotations(workspace, project)
    settings = TrainingSettings(
        kinds=(read_facts(run).kind,), recipe=run / "recipe.json", task=_TRAINING
    )
    listener = Listener(log=say, track=track_count, on_trained=_log_figures)
    outcome = train_and_promote(workspace, settings, listener)
    assert outcome.best
    name = outcome.best.path.name
    if outcome.promoted:
        return {"outcome": f"{name} was trained and took over"}
    say(outcome.worse)
    return {"outcome": f"{name} was trained but not promoted: it is worse than the current run"}


def _log_figures(runs: "Sequence[TrainedRun]") -> None:
    """Log the key figures of the new run and where its report is."""
    from classify.workspace.training import figures, notes

    for line in (*figures(runs), *(note for run in runs for note in notes(run))):
        say(line)


def update_predictions(workspace: Path, run: Path) -> dict[str, str]:
    """Update the predictions in the connected project that come from earlier runs.

    Raises:
        InputError: Label Studio can't be reached, or the run does not fit the taxonomy.
    """
    from classify.serving.label_studio.connected_project import read_connected_project
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import find_connected
    from classify.workspace.sending.suggestions import (
        load_suggesting_run,
        read_blind_ids,
        send_predictions,
    )
    from labels.taxonomy import ensure_taxonomy

    project = read_connected_project(workspace)
    if project is None:
        return {}
    with locked(workspace, "the predictions of classify serve", patience=_PATIENCE):
        model = load_suggesting_run(workspace, str(run.resolve()), ensure_taxonomy(workspace))
        studio, _ = connect_studio(workspace)
        blind = read_blind_ids(workspace)
        send_predictions(studio, find_connected(studio, project), model, "outdated", blind=blind)
    return {}


def find_missed_annotations(workspace: Path, _run: Path) -> dict[str, list[int]]:
    """Return the ids of the annotations submitted or changed since the last training.

    Raises:
        InputError: Label Studio can't be reached.
    """
    from classify.serving.label_studio.connected_project import read_connected_project
    from classify.serving.label_studio.retraining import read_state
    from classify.workspace.labels import connect_studio
    from classify.workspace.project import find_connected
    from labels.studio.export import list_submitted
    from labels.studio.project import export_tasks

    project, since = read_connected_project(workspace), read_state(workspace).since
    if project is None or not since:
        return {}
    studio, _ = connect_studio(workspace)
    tasks = export_tasks(studio, find_connected(studio, project).id)
    return {"annotations": list_submitted(tasks, since)}


JOBS = {
    "train": train,
    "predictions": update_predictions,
    "annotations": find_missed_annotations,
}

if __name__ == "__main__":
    main()
