"""What the service has done in a process of its own: it trains, sends predictions, asks for news.

    python -m classify.serving.label_studio.jobs train|predictions|news WORKSPACE RUN

Notes go to standard error, and what came of it to standard output, as JSON. It ends when standard
input does, as it does when the service ends, however that ends.
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

_TRAINING = "a training of classify serve"  # for a command that has to wait for it
_NICE = 10  # whoever asks the service comes first
_PATIENCE = 900.0  # seconds to wait for a command of a person in the same workspace


def main() -> None:
    """Do the job that is named; the exit code is 1 for what a user can mend."""
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
    while os.read(0, 4096):  # sys.stdin has a lock, which Python wants at its own end
        pass
    os.kill(os.getpid(), signal.SIGINT)


def train(workspace: Path, run: Path) -> dict[str, str]:
    """Fetch the annotations and train as a run was trained; it is promoted if it is not worse.

    Raises:
        InputError: see `classify labels pull` and `classify train`.
    """
    from classify.progress import counting
    from classify.serving.label_studio.connected_project import linked
    from classify.workspace.labels import pull
    from classify.workspace.training import Listener, TrainingSettings, train_and_promote
    from training.runs.facts import read_facts

    project = linked(workspace)
    if project is None:
        raise InputError("no project is connected any more. Run `classify labels connect`.")
    with locked(workspace, _TRAINING, patience=_PATIENCE):
        pull(workspace, project.id)
    settings = TrainingSettings(
        kinds=(read_facts(run).kind,), recipe=run / "recipe.json", task=_TRAINING
    )
    listener = Listener(log=say, track=counting, on_trained=_log_figures)
    outcome = train_and_promote(workspace, settings, listener)
    assert outcome.best
    name = outcome.best.path.name
    if outcome.promoted:
        return {"said": f"{name} was trained and took over"}
    say(outcome.worse)
    return {"said": f"{name} was trained and is kept aside: it is worse than the current run"}


def _log_figures(runs: "Sequence[TrainedRun]") -> None:
    """Log the key figures of the new run and where its report is."""
    from classify.workspace.training import figures, notes

    for line in (*figures(runs), *(note for run in runs for note in notes(run))):
        say(line)


def predictions(workspace: Path, run: Path) -> dict[str, str]:
    """Give each article of the connected project that has a prediction of ours the run's.

    Raises:
        InputError: Label Studio can't be talked to, or the run does not fit the taxonomy.
    """
    from classify.serving.label_studio.connected_project import linked
    from classify.workspace.labels import connect
    from classify.workspace.suggestions import fitting_run, send_predictions
    from labels.taxonomy import ensure_taxonomy

    project = linked(workspace)
    if project is None:
        return {}
    with locked(workspace, "the predictions of classify serve", patience=_PATIENCE):
        model = fitting_run(workspace, str(run.resolve()), ensure_taxonomy(workspace))
        studio, _ = connect(workspace)
        send_predictions(studio, studio.project(project.id), model, "outdated")
    return {}


def news(workspace: Path, _run: Path) -> dict[str, list[int]]:
    """The annotations given or changed since the last training: ids.

    Raises:
        InputError: Label Studio can't be talked to.
    """
    from classify.serving.label_studio.connected_project import linked
    from classify.serving.label_studio.retraining import kept
    from classify.workspace.labels import connect

    project, since = linked(workspace), kept(workspace).since
    if project is None or not since:
        return {}
    studio, _ = connect(workspace)
    given = (each for task in studio.export(project.id) for each in task["annotations"] or ())
    return {
        "annotations": [
            int(each["id"])
            for each in given
            if not each["was_cancelled"] and str(each["updated_at"]) > since
        ]
    }


JOBS = {"train": train, "predictions": predictions, "news": news}

if __name__ == "__main__":
    main()
