"""Label French news articles: `from classify import load, predict`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.decision import Prediction
    from training.runs.run import Run

__all__ = ["load", "predict"]


def load(run: str | Path | None = None, *, workspace: str | Path | None = None) -> "Run":
    """Load a trained run and check its files; its `predict(texts)` returns a Prediction a text.

    Args:
        run: a run's name in the workspace or its directory; None for the current one.
        workspace: the folder; None for $CLASSIFY_WORKSPACE, else ./workspace.

    Raises:
        seeds.base.errors.InputError: there is no such run, or one of its files was altered.
    """
    from seeds.base.settings import workspace_path
    from training.runs.registry import find_run
    from training.runs.run import load_run
    from training.runtime import Runtime

    folder = workspace_path(Path(workspace) if workspace is not None else None)
    if isinstance(run, Path):
        return load_run(run, Runtime())
    return load_run(find_run(folder / "runs", run), Runtime())


def predict(texts: Iterable[str], run: "Run | None" = None) -> "list[Prediction]":
    """Predict the categories of each text, cleaned as by `classify predict`.

    Args:
        texts: articles; a list, even for a single one.
        run: from `load`; None loads the current one.

    Raises:
        seeds.base.errors.InputError: there is no model, or a text is empty; the message names it.
        TypeError: texts is a single string.
    """
    from seeds.base.errors import InputError
    from seeds.clean import clean

    if isinstance(texts, str):
        raise TypeError("predict takes a list of texts; give [text] for a single one")
    cleaned = [clean(text).text for text in texts]
    for number, text in enumerate(cleaned, 1):
        if not text.strip():
            raise InputError(f"text {number} of {len(cleaned)} is empty. Leave it out.")
    return (run or load()).predict(cleaned)
